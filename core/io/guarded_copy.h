// Copying out of mapped files, of which the last pages may be gone at any moment.
#pragma once

#include <cstddef>
#include <cstdint>

namespace npyfs {

// Copies `count` runs of `size` bytes each, which are `stride` bytes apart, one behind the other to `out`. False if a
// page of them cannot be read: its file was truncated, or its disk failed. Then a part of `out` is written. Costs no
// more than memcpy(3): to read such a page raises SIGBUS, whose handler ends the copy that this thread is in.
// Thread-safe.
//
// The first call installs the handler. It passes a SIGBUS that comes from elsewhere on to the handler that was there
// before; by default that ends the process.
[[nodiscard]] bool copy_guarded(const std::byte* from, std::size_t size, std::int64_t stride, std::size_t count,
                                std::byte* out);

}  // namespace npyfs
