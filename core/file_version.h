// Which file, in which state: what tells a replaced, rewritten or grown source from the one that was opened.
#pragma once

#include <sys/stat.h>

#include <cstdint>

namespace npyfs {

// Good bits out of any bits: the finaliser of splitmix64 (Steele, Lea, Flood 2014). A bijection.
constexpr std::uint64_t mix(std::uint64_t bits) {
  bits += 0x9E3779B97F4A7C15u;
  bits = (bits ^ (bits >> 30)) * 0xBF58476D1CE4E5B9u;
  bits = (bits ^ (bits >> 27)) * 0x94D049BB133111EBu;
  return bits ^ (bits >> 31);
}

constexpr std::uint64_t mix(std::uint64_t a, std::uint64_t b) {
  return mix(mix(a) ^ b);
}

// ctime is part of it, since mtime can be set back by anyone who writes the file (touch -r, rsync -t). The times of an
// array that is written through the mount say nothing, since they move with every row: there its header counts.
struct FileVersion {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::uint64_t size = 0;  // bytes
  std::int64_t mtime_ns = 0;
  std::int64_t ctime_ns = 0;
  std::uint64_t header = 0;  // hash of its bytes, where the times do not count

  static FileVersion of(const struct stat& status) {
    return {status.st_dev,
            status.st_ino,
            static_cast<std::uint64_t>(status.st_size),
            nanoseconds(status.st_mtim),
            nanoseconds(status.st_ctim),
            0};
  }

  FileVersion without_times() const { return {device, inode, size, 0, 0, 0}; }

  bool operator==(const FileVersion&) const = default;

  // Never 0, so that 0 can stand for "no version".
  std::uint64_t hash() const {
    const std::uint64_t times = mix(static_cast<std::uint64_t>(mtime_ns), static_cast<std::uint64_t>(ctime_ns));
    return mix(mix(mix(mix(device, inode), size), times), header) | 1;
  }

 private:
  // Wraps around for times beyond the year 2262: only equality matters.
  static std::int64_t nanoseconds(const struct timespec& time) {
    return static_cast<std::int64_t>(static_cast<std::uint64_t>(time.tv_sec) * 1'000'000'000u +
                                     static_cast<std::uint64_t>(time.tv_nsec));
  }
};

}  // namespace npyfs
