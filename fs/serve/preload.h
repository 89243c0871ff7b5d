// Small files put into the kernel's page cache when they are first opened, so that reading them asks for nothing more.
#pragma once

#include <atomic>
#include <cstdint>
#include <semaphore>

#include "core/tree/tree.h"
#include "fs/kernel/fuse_channel.h"

namespace npyfs {

// A round trip to the daemon costs more than copying 64 KiB, above all where reader and daemon run on two CPUs.
// Measured with chunks of 64 KiB, each loaded once: 302 to 327 us in place of 347 to 450 (2 CPUs, Linux 6.18).
//
// Storing waits for pages that are locked by somebody's READ, which only another thread can answer. Nobody can have
// such a page before the first open of a node is answered, but a second open may be answered meanwhile. So one thread
// at least is always left out of it; where there is but one thread, there can be no second open.
//
// Thread-safe.
class Preload {
 public:
  explicit Preload(unsigned threads) : free_(threads > 1 ? threads - 1 : 1) {}

  // To be called before the open is answered, for a file whose pages the kernel may keep. Does nothing for files that
  // are not small, or not opened for the first time. A failure is of no interest: what is not in the page cache is
  // asked for, and whoever asks hears of the error.
  void first_open(FuseChannel& kernel, const Tree& tree, const OpenFile& file);

  // How many bytes the kernel was given so far.
  std::uint64_t bytes() const { return bytes_; }

 private:
  std::atomic<std::uint64_t> bytes_ = 0;
  std::counting_semaphore<> free_;  // threads that may still start to store
};

}  // namespace npyfs
