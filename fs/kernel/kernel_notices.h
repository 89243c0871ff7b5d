// Notices: what npyfs says to the kernel about a node without being asked.
#pragma once

#include <linux/fuse.h>
#include <sys/uio.h>

#include <cstdint>
#include <span>

#include "fs/kernel/fuse_channel.h"

namespace npyfs {

// Thread-safe. A notice about a node that the kernel does not know does nothing.
class KernelNotices {
 public:
  // `channel` must outlive it.
  explicit KernelNotices(FuseChannel& channel) : channel_(channel) {}

  // Puts `pieces`, `size` bytes and the whole of a file, into the page cache of `node`, which the kernel must know.
  // Waits for pages of it that are being read. Stops at bytes of a mapping that cannot be read.
  void store_pages(std::uint64_t node, std::span<const iovec> pieces, std::uint64_t size);

  // Has the kernel ask for the attributes of `node` when they are wanted next. Leaves its pages alone, and waits for
  // nobody.
  void expire_attributes(std::uint64_t node);

  // Has the kernel write back and drop all pages of `node` (Linux: invalidate_inode_pages2). Returns when the daemon
  // has answered these writes; a page that the kernel is using at the moment stays.
  void drop_pages(std::uint64_t node);

 private:
  void invalidate(std::uint64_t node, std::int64_t offset);
  void send(int code, fuse_out_header& header, std::span<const iovec> message);

  FuseChannel& channel_;
};

}  // namespace npyfs
