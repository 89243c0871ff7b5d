// Counts of what the daemon has done.
#pragma once

#include <atomic>
#include <cstdint>

namespace npyfs {

// Each counter is exact; two of them read together may be of different moments.
struct Metrics {
  std::atomic<std::uint64_t> lookups = 0;
  std::atomic<std::uint64_t> opens = 0;
  std::atomic<std::uint64_t> reads = 0;
  std::atomic<std::uint64_t> bytes_read = 0;
  std::atomic<std::uint64_t> writes = 0;
  std::atomic<std::uint64_t> bytes_written = 0;  // generated headers among them
  std::atomic<std::uint64_t> failed_writes = 0;  // and failed syncs: bytes that may be lost
  std::atomic<std::uint64_t> errors = 0;         // replies other than success and ENOENT
};

}  // namespace npyfs
