// A kernel that takes backing files (fs/kernel/backing_files.h). Linking backing_files.cc with --wrap=ioctl puts it in
// the way.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <set>

namespace npyfs {

// While it lives, the kernel that this thread asks takes backing files. One at a time.
class KernelWithBackingFiles {
 public:
  KernelWithBackingFiles();
  KernelWithBackingFiles(const KernelWithBackingFiles&) = delete;
  KernelWithBackingFiles& operator=(const KernelWithBackingFiles&) = delete;
  ~KernelWithBackingFiles();

  // The answer to this request of ioctl(2).
  int answer(unsigned long request, const void* argument);

  int refusal = 0;                   // the errno for which no more are taken; 0: all are
  std::int32_t last_id = 0;          // of the last one that was opened
  std::set<std::int32_t> open = {};  // ids
};

}  // namespace npyfs
