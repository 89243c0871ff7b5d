// Requests as they come from the kernel's descriptor, before libfuse looks at them.
#pragma once

#include <cstddef>

namespace npyfs {

// How much of a buffer of `capacity` bytes a request may fill to be made safe there. 0 where the buffer is too small.
std::size_t room_for_request(std::size_t capacity);

// Makes the request of `size` bytes at the start of a buffer of `capacity` bytes safe to unpack, since libfuse 3.14
// believes what a request says of itself: what is missing of its structures and strings reads as zeros. Returns whether
// it is whole: as long as it says, with room behind it for these zeros (room_for_request), and with all the forgets or
// bytes that it counts. One that is not must not be unpacked.
bool make_safe(void* request, std::size_t size, std::size_t capacity);

}  // namespace npyfs
