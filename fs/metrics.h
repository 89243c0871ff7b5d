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
  std::atomic<std::uint64_t> errors = 0;  // replies other than success and ENOENT
};

}  // namespace npyfs
