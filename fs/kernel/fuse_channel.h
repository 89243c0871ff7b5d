// What is agreed on with the kernel at the start of a session, beyond what libfuse 3.14 can say.
//
// libfuse learns of new kernel features years after the kernel does. Two matter here: large requests (fs.fuse.
// max_pages_limit, Linux 6.13) and shared mappings of files opened for direct I/O (FUSE_DIRECT_IO_ALLOW_MMAP,
// Linux 6.6). Both are bits and numbers of the INIT reply, so the reply is edited on its way to the kernel.
#pragma once

#include <fuse_lowlevel.h>
#include <linux/fuse.h>
#include <sys/uio.h>

#include <atomic>
#include <cstdint>
#include <span>
#include <string>

#include "core/base/error.h"
#include "fs/kernel/metrics.h"

namespace npyfs {

// The session's user data must be a FuseChannel (fuse_session_new takes a pointer to it), since libfuse hands that and
// nothing else to the functions that read requests and write replies. Written while INIT is answered, before any other
// request is read; safe to read from every thread.
class FuseChannel {
 public:
  // To be called once, after the mount and before the loop. `mountpoint` is an absolute path.
  Result<void> attach(fuse_session* session, std::string mountpoint);

  // For the session's init callback: which capabilities are wanted of those that libfuse knows.
  // `max_read` is that of the mount options, which libfuse wants to hear twice.
  void choose_capabilities(fuse_conn_info& connection, unsigned max_read, bool writable) const;

  // Whether a file opened for direct I/O can still be mapped shared, as np.load(mmap_mode='r') does.
  bool can_map_direct_io() const { return can_map_direct_io_; }

  // The largest request the kernel may send, in bytes.
  std::uint64_t max_request() const { return max_request_; }

  // Puts the `size` bytes in `pieces`, the whole of a file, into the page cache of `node`, which the kernel must know.
  // Waits for pages that are being read. Mapped pieces that cannot be had are left out.
  void store_pages(std::uint64_t node, std::span<const iovec> pieces, std::uint64_t size);

  // Has the kernel ask anew for the attributes of `node` when they are wanted next. Leaves its pages alone, and waits
  // for nobody.
  void expire_attributes(std::uint64_t node);

  // The errno with which writing a reply failed, and by that ended the session; 0 where none has.
  int failure() const { return failure_; }

  // In words, for .npyfs/status.
  std::string describe() const;

  Metrics metrics;  // here, where every request and every reply comes through

 private:
  static ssize_t read_request(int fd, void* buffer, size_t size, void* self);
  static ssize_t write_reply(int fd, iovec* pieces, int count, void* self);
  void refuse(const void* request);
  void take_init_request(const void* request, std::size_t size);
  void count_request(const void* request, std::size_t size);
  ssize_t write_init_reply(int fd, iovec* pieces, int count);
  void end_session(int error) noexcept;
  ssize_t write(int fd, const iovec* pieces, std::size_t count);
  void edit_init_reply(fuse_init_out& reply);
  void notify(int code, std::span<const iovec> body);

  std::atomic<bool> in_init_ = true;  // until the INIT reply has been written
  std::uint64_t init_unique_ = 0;     // the INIT request's number
  std::uint64_t offered_ = 0;         // flags and, shifted by 32, flags2 of the INIT request
  std::atomic<bool> can_map_direct_io_ = false;
  std::atomic<std::uint64_t> max_request_ = 0;
  std::atomic<std::uint64_t> kernel_read_ahead_ = 0;
  std::atomic<int> failure_ = 0;
  std::string mountpoint_;
  fuse_session* session_ = nullptr;
};

}  // namespace npyfs
