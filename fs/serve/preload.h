// Small files are put into the kernel's page cache when they are first opened, so that reading them needs no request.
#pragma once

#include <atomic>
#include <cstdint>
#include <semaphore>

#include "core/tree/tree.h"
#include "fs/kernel/kernel_notices.h"

namespace npyfs {

// A round trip to the daemon costs more than copying 64 KiB, above all if reader and daemon run on two CPUs. Measured
// with chunks of 64 KiB, each loaded once: 302 to 327 us with preloading, 347 to 450 without (2 CPUs, Linux 6.18).
//
// Storing pages waits for pages that are locked by somebody's READ, which only another thread can answer. Before the
// first open of a node is answered, nobody can have such a page. But a second open may be answered meanwhile, and its
// reader may lock one. So at least one thread never stores; if there is only one thread, there can be no second open.
//
// Thread-safe.
class Preload {
 public:
  explicit Preload(unsigned threads) : has_two_threads_(threads > 1), free_(threads > 1 ? threads - 1 : 1) {}

  // To be called before the open is answered, for a file whose pages the kernel may keep. Does nothing if the file is
  // not small, or if its node was opened before. A failure is ignored: bytes that are not in the page cache are read by
  // request, and the reader gets the error.
  void first_open(KernelNotices& notices, const Tree& tree, const OpenFile& file);

  // The same for a client that does not ask for opens. To be called when a request shows that it is about to read the
  // file. Somebody else may be reading it already, so with only one thread this does nothing.
  void before_read(KernelNotices& notices, Tree& tree, NodeId node);

  // How many bytes were stored so far.
  std::uint64_t bytes() const { return bytes_; }

 private:
  void store(KernelNotices& notices, const Tree& tree, const OpenFile& file);

  const bool has_two_threads_;
  std::atomic<std::uint64_t> bytes_ = 0;
  std::counting_semaphore<> free_;  // how many more threads may store at the moment
};

}  // namespace npyfs
