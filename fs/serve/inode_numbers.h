// -o inode32: inode numbers below 2^32, for programs whose stat() has no room for larger ones.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <unordered_map>

#include "core/base/mutex.h"
#include "core/base/thread_annotations.h"

namespace npyfs {

// A 32-bit program that was built without large file support gets EOVERFLOW from stat() where an inode number needs
// more bits. Thread-safe.
class InodeNumbers {
 public:
  explicit InodeNumbers(bool fits_32_bits) : fits_32_bits_(fits_32_bits) {}

  // The number to show for `inode`. It stays the same while mounted, and different numbers stay different. Without
  // inode32 it is `inode` itself. With inode32 numbers below 2^31 stay as they are, and all others get the next one
  // from 2^31 on; each takes some 40 bytes of memory. Throws std::bad_alloc when all are used up.
  ino_t shown(ino_t inode) const;

 private:
  const bool fits_32_bits_;
  mutable Mutex mutex_;  // no other lock is taken while it is held
  mutable std::unordered_map<ino_t, std::uint32_t> given_ GUARDED_BY(mutex_);  // counted from 0
};

}  // namespace npyfs
