// Checks requests as they were read from /dev/fuse, before libfuse unpacks them.
#pragma once

#include <cstddef>

namespace npyfs {

// How many bytes of a buffer of `capacity` bytes a request may fill, so that make_safe() has room behind it. 0 if the
// buffer is too small.
std::size_t room_for_request(std::size_t capacity);

// Makes the request in the first `size` of `capacity` bytes safe to unpack. libfuse 3.14 trusts the lengths and counts
// in a request, and expects whole structures and strings: zeros are written behind the request, so that what is missing
// of these reads as zeros. Returns whether the request is whole: as long as its header says, with room behind it for
// the zeros (room_for_request()), and with all the forgets or bytes that it counts. Otherwise it must not be unpacked.
bool make_safe(void* request, std::size_t size, std::size_t capacity);

}  // namespace npyfs
