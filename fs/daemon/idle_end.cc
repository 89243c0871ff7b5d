#include "fs/daemon/idle_end.h"

#include <linux/fuse.h>

#include <algorithm>
#include <utility>

#include "core/base/escape.h"
#include "fs/daemon/mountpoint.h"
#include "fs/log/log.h"

namespace npyfs {
namespace {

using Clock = std::chrono::steady_clock;

// How often the thread looks, as a part of the timeout and at least this often.
constexpr int kLooks = 10;
constexpr IdleEnd::Seconds kLongestSleep{1};

std::uint64_t opens_so_far(const MountState& mount) {
  return mount.requests.of(FUSE_OPEN).succeeded + mount.requests.of(FUSE_OPENDIR).succeeded;
}

bool has_open(const MountState& mount) {
  return mount.files.count() + mount.directories.count() != 0;
}

}  // namespace

IdleEnd::IdleEnd(MountState& mount, std::string mountpoint, Seconds timeout)
    : mount_(mount), mountpoint_(std::move(mountpoint)), timeout_(timeout) {
  if (timeout_ == Seconds::zero()) return;
  const MutexLock lock(joining_);
  thread_ = std::thread([this] { run(); });
}

void IdleEnd::stop() {
  {
    const MutexLock lock(mutex_);
    is_stopping_ = true;
  }
  stopping_.notify_one();
  const MutexLock lock(joining_);
  if (thread_.joinable()) thread_.join();
}

void IdleEnd::run() {
  Clock::time_point idle_since = Clock::now();
  std::uint64_t opens_before = opens_so_far(mount_);
  while (sleep()) {
    // Opens that have ended since the last look count as well.
    const std::uint64_t opens = opens_so_far(mount_);
    if (has_open(mount_) || opens != std::exchange(opens_before, opens)) idle_since = Clock::now();
    if (Clock::now() - idle_since < timeout_) continue;
    if (unmount_unless_busy(mountpoint_)) {
      log(LogLevel::kInfo, "{}: unmounted after {} s with nothing open", escaped(mountpoint_), timeout_.count());
      return;
    }
    idle_since = Clock::now();
  }
}

bool IdleEnd::sleep() {
  const auto end = Clock::now() + std::chrono::ceil<Clock::duration>(std::min(timeout_ / kLooks, kLongestSleep));
  const MutexLock lock(mutex_);
  while (!is_stopping_ && stopping_.wait_until(mutex_, end)) continue;
  return !is_stopping_;
}

}  // namespace npyfs
