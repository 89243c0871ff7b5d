// mmap(2), read(2), getxattr(2), pwrite(2) and pwritev(2) that fail when a test wants them to, as they do when memory
// is short, a mount has gone, or a disk cannot read or is full. Linking failing_calls.cc with --wrap=mmap64,
// --wrap=read,
// --wrap=getxattr, --wrap=pwrite64 and --wrap=pwritev64 puts it in the way.
#pragma once

#include <functional>

namespace npyfs {

enum class FailingCall { kMmap, kRead, kGetxattr, kPwrite, kPwritev };

// While it lives, this call of this thread fails with `error`; with 0 it succeeds without doing anything. One at a
// time.
class CallFailure {
 public:
  CallFailure(FailingCall call, int error);
  CallFailure(const CallFailure&) = delete;
  CallFailure& operator=(const CallFailure&) = delete;
  ~CallFailure();
};

// While it lives, mmap(2) of this thread first calls `call`. One at a time.
class BeforeMmap {
 public:
  explicit BeforeMmap(std::function<void()> call);
  BeforeMmap(const BeforeMmap&) = delete;
  BeforeMmap& operator=(const BeforeMmap&) = delete;
  ~BeforeMmap();
};

}  // namespace npyfs
