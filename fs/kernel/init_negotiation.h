// What is agreed on with the kernel by INIT, the first request of a session.
//
// libfuse supports new kernel features years after the kernel has them. Three matter here, and libfuse 3.14 has none:
// large requests (fs.fuse.max_pages_limit, Linux 6.13), shared mappings of files opened for direct I/O
// (FUSE_DIRECT_IO_ALLOW_MMAP, Linux 6.6) and passthrough (Linux 6.9). All are bits and numbers of the INIT reply, so
// FuseChannel has the reply edited here on its way to the kernel.
#pragma once

#include <fuse_lowlevel.h>
#include <linux/fuse.h>
#include <sys/uio.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

namespace npyfs {

// For the session's init callback: gives up capabilities that libfuse asks for by default and npyfs does not want, and
// sets limits of requests. `max_read` is that of the mount options, in bytes: libfuse must be given it twice.
void choose_capabilities(fuse_conn_info& connection, unsigned max_read, bool writable);

// Written while INIT is answered, before any other request is read; safe to read from every thread.
class InitNegotiation {
 public:
  // Whether INIT was answered. Until then every request and every reply must go through the two functions below.
  bool is_done() const { return is_done_.load(std::memory_order_relaxed); }

  // Remembers what the kernel offers, if this request is INIT. `request` is as it was read, with its header.
  void see_request(std::span<const std::byte> request);

  struct Reply {
    fuse_out_header header;
    fuse_init_out body;
  };
  // What is to be written in place of libfuse's reply `reply`; nullopt if that is not the reply to INIT, or an error.
  // To be called before the reply is written.
  std::optional<Reply> edited(std::span<const iovec> reply);

  // To be called once the reply has been written: only then can the kernel's read-ahead be raised.
  void raise_read_ahead(const std::string& mountpoint);

  // Whether a file opened for direct I/O can still be mapped shared, as np.load(mmap_mode='r') does.
  bool can_map_direct_io() const { return can_map_direct_io_; }

  // Whether files can be opened with a backing file: see backing_files.h.
  bool has_passthrough() const { return has_passthrough_; }
  // Whether the kernel can be told that it need not ask for opens: by ENOSYS, in answer to the first one.
  bool can_omit_opens() const { return can_omit_opens_; }

  // The largest READ or WRITE that the kernel may send, in bytes; 0 before INIT.
  std::uint64_t max_request() const { return max_request_; }

  // In words, for .npyfs/status.
  std::string describe() const;

 private:
  void edit(fuse_init_out& reply);

  std::atomic<bool> is_done_ = false;
  std::uint64_t unique_ = 0;   // the INIT request's number
  std::uint64_t offered_ = 0;  // flags and, shifted by 32, flags2 of the INIT request
  std::atomic<bool> can_map_direct_io_ = false;
  std::atomic<bool> has_passthrough_ = false;
  std::atomic<bool> can_omit_opens_ = false;
  std::atomic<std::uint64_t> max_request_ = 0;
  std::atomic<std::uint64_t> kernel_read_ahead_ = 0;  // bytes
};

}  // namespace npyfs
