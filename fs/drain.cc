#include "fs/drain.h"

#include <mutex>

#include "fs/log.h"

namespace npyfs {

Drain::Pass Drain::pass() {
  if (has_begun_) return {};  // and does not hold up drain(), which waits for those inside
  Pass pass(mutex_);
  if (has_begun_) pass.unlock();
  return pass;
}

// Notices to drop a file's pages write back the dirty ones first, and return when that is done (Linux:
// invalidate_inode_pages2). A page that is in use by the kernel at that moment is left where it is, so this goes on
// until there was nothing to write back.
void Drain::drain(fuse_session* session, const Claims& claims) {
  has_begun_ = true;
  std::unique_lock(mutex_).unlock();  // all who had a pass have given it back
  std::uint64_t written = 0;
  std::uint64_t total = 0;
  do {
    written = written_pages_;
    for (const NodeId view : claims.views()) (void)::fuse_lowlevel_notify_inval_inode(session, view, 0, 0);
    total += written_pages_ - written;
  } while (written_pages_ != written);
  if (total > 0) log(LogLevel::kInfo, "wrote back mapped pages in {} writes before the end", total);
}

}  // namespace npyfs
