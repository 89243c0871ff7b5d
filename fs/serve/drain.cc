#include "fs/serve/drain.h"

#include <algorithm>
#include <exception>
#include <thread>
#include <vector>

#include "fs/log/log.h"

namespace npyfs {

namespace {

// A notice returns when the source has what was written. A source that hangs must not hold up the pages of all others,
// so this many notices are sent at once.
constexpr std::size_t kNoticesAtOnce = 16;

void drop_pages(KernelNotices& notices, const std::vector<NodeId>& views) {
  std::atomic<std::size_t> next = 0;
  const auto drop = [&] {
    for (std::size_t view = next++; view < views.size(); view = next++) notices.drop_pages(views[view]);
  };
  std::vector<std::jthread> more;
  try {
    while (more.size() + 1 < std::min(views.size(), kNoticesAtOnce)) more.emplace_back(drop);
  } catch (const std::exception&) {
    log_line(LogLevel::kNotice, "no more threads can be started: writing back mapped pages takes longer");
  }
  drop();
}

}  // namespace

Drain::Pass Drain::pass() {
  if (has_begun_) return {};  // without taking the lock, which would make drain() wait
  Pass pass(mutex_);
  if (has_begun_) pass.unlock();
  return pass;
}

std::uint64_t Drain::drain(KernelNotices& notices, const RangeLocks& locks) {
  has_begun_ = true;
  {
    const WriterLock wait_for_all_passes(mutex_);
  }
  const std::uint64_t lost_before = lost_pages_;
  const std::uint64_t written_before = written_pages_;
  std::uint64_t written = 0;
  do {  // again, until there was nothing to write back: the kernel leaves alone a page that it is using at the moment
    written = written_pages_;
    drop_pages(notices, locks.views());
  } while (written_pages_ != written);
  if (written != written_before) {
    log(LogLevel::kInfo, "wrote back mapped pages in {} writes before the end", written - written_before);
  }
  return lost_pages_ - lost_before;
}

}  // namespace npyfs
