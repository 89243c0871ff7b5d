#include "fs/kernel/kernel_notices.h"

#include <vector>

namespace npyfs {

// fuse_lowlevel_notify_store() of libfuse copies data that is in more than one piece. This daemon must not touch the
// bytes of a mapping: that may raise SIGBUS.
void KernelNotices::store_pages(std::uint64_t node, std::span<const iovec> pieces, std::uint64_t size) {
  fuse_notify_store_out notice = {};
  notice.nodeid = node;
  notice.size = static_cast<std::uint32_t>(size);
  fuse_out_header header = {};
  std::vector<iovec> message;
  message.reserve(2 + pieces.size());
  message.push_back({&header, sizeof header});
  message.push_back({&notice, sizeof notice});
  message.insert(message.end(), pieces.begin(), pieces.end());
  send(FUSE_NOTIFY_STORE, header, message);
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
  fuse_out_header header = {};
  const iovec message[] = {{&header, sizeof header}, {&notice, sizeof notice}};
  send(FUSE_NOTIFY_INVAL_INODE, header, message);
}

// `message` begins with `header`, which is filled in here.
void KernelNotices::send(int code, fuse_out_header& header, std::span<const iovec> message) {
  header = {.len = 0, .error = code, .unique = 0};  // unique 0 makes it a notice
  for (const iovec& piece : message) header.len += static_cast<std::uint32_t>(piece.iov_len);
  channel_.write_notice(message);
}

}  // namespace npyfs
