#include "fs/kernel/kernel_notices.h"

#include <linux/fuse.h>

#include <vector>

namespace npyfs {

// fuse_lowlevel_notify_store() of libfuse copies data that is in more than one piece. This daemon must not touch the
// bytes of a mapping: that may raise SIGBUS.
void KernelNotices::store_pages(std::uint64_t node, std::span<const iovec> pieces, std::uint64_t size) {
  fuse_notify_store_out notice = {};
  notice.nodeid = node;
  notice.size = static_cast<std::uint32_t>(size);
  std::vector<iovec> body = {{&notice, sizeof notice}};
  body.insert(body.end(), pieces.begin(), pieces.end());
  notify(FUSE_NOTIFY_STORE, body);
}

void KernelNotices::expire_attributes(std::uint64_t node) {
  invalidate(node, -1);  // below 0: no pages
}

void KernelNotices::drop_pages(std::uint64_t node) {
  invalidate(node, 0);
}

// The attributes of the node, and its pages from `offset` (bytes) to the end.
void KernelNotices::invalidate(std::uint64_t node, std::int64_t offset) {
  fuse_notify_inval_inode_out notice = {.ino = node, .off = offset, .len = 0};
  const iovec body = {&notice, sizeof notice};
  notify(FUSE_NOTIFY_INVAL_INODE, {&body, 1});
}

void KernelNotices::notify(int code, std::span<const iovec> body) {
  fuse_out_header header = {.len = sizeof header, .error = code, .unique = 0};  // unique 0 makes it a notice
  std::vector<iovec> message = {{&header, sizeof header}};
  message.insert(message.end(), body.begin(), body.end());
  for (const iovec& piece : body) header.len += static_cast<std::uint32_t>(piece.iov_len);
  channel_.write_notice(message);
}

}  // namespace npyfs
