#include "fs/serve/drain.h"

#include <algorithm>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

#include "fs/log/log.h"

namespace npyfs {

Drain::Pass Drain::pass() {
  if (has_begun_) return {};  // and does not hold up drain(), which waits for those inside
  Pass pass(mutex_);
  if (has_begun_) pass.unlock();
  return pass;
}

namespace {

// A notice returns when the source has what was written, so one for a source that hangs must not hold up all others.
constexpr std::size_t kNoticesAtOnce = 16;

// Has the kernel write back and drop the pages of each view (Linux: invalidate_inode_pages2).
void drop_pages(fuse_session* session, const std::vector<NodeId>& views) {
  std::atomic<std::size_t> next = 0;
  const auto drop = [&] {
    for (std::size_t view = next++; view < views.size(); view = next++) {
      (void)::fuse_lowlevel_notify_inval_inode(session, views[view], 0, 0);
    }
  };
  std::vector<std::jthread> helpers;
  try {
    while (helpers.size() + 1 < std::min(views.size(), kNoticesAtOnce)) helpers.emplace_back(drop);
  } catch (const std::exception&) {
    log_line(LogLevel::kNotice, "too little room for threads: writing back mapped pages takes longer");
  }
  drop();
}

}  // namespace

// A page that the kernel itself uses at the moment is left where it is, so this goes on until there was nothing to
// write back.
std::uint64_t Drain::drain(fuse_session* session, const Claims& claims) {
  has_begun_ = true;
  std::unique_lock(mutex_).unlock();  // all who had a pass have given it back
  const std::uint64_t lost_before = lost_pages_;
  const std::uint64_t written_before = written_pages_;
  std::uint64_t written = 0;
  do {
    written = written_pages_;
    drop_pages(session, claims.views());
  } while (written_pages_ != written);
  if (written != written_before) {
    log(LogLevel::kInfo, "wrote back mapped pages in {} writes before the end", written - written_before);
  }
  return lost_pages_ - lost_before;
}

}  // namespace npyfs
