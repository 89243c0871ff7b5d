// The version of a file, which differs if the file was replaced, rewritten or extended; and racy timestamps.
#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <ctime>

#include "core/base/hash.h"

namespace npyfs {

// A timestamp younger than this is racy: a later write may leave it unchanged. Two reasons: write(2) moves the
// timestamps before it copies the bytes, and filesystem clocks tick in steps of up to 2 s (FAT; 1 s on ext4 with small
// inodes), so several writes may get the same timestamp.
inline constexpr std::time_t kRacySeconds = 2;

// The clock that the kernel takes the timestamps of files from.
inline timespec file_clock() {
  timespec now = {};
  (void)::clock_gettime(CLOCK_REALTIME_COARSE, &now);
  return now;
}

// Whether a timestamp of the file is racy at the time `now` (file_clock()), as git calls it: the file may change after
// `now` without a change of its FileVersion. If it is not racy, everything that is read from `now` on belongs to this
// version for as long as the version stays the same. True for timestamps in the future. Two writes go unnoticed all the
// same: a single write(2) that takes longer than kRacySeconds, and a store into a mapping whose page is dirty already.
constexpr bool is_racy(const struct stat& status, const timespec& now) {
  const auto is_old = [&](const timespec& time) {
    const std::time_t seconds = now.tv_sec - kRacySeconds;
    return time.tv_sec != seconds ? time.tv_sec < seconds : time.tv_nsec < now.tv_nsec;
  };
  return !is_old(status.st_mtim) || !is_old(status.st_ctim);
}

// Nanoseconds since 1970, for comparison only: they wrap around beyond the year 2262.
constexpr std::int64_t nanoseconds(const timespec& time) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(time.tv_sec) * 1'000'000'000u +
                                   static_cast<std::uint64_t>(time.tv_nsec));
}

// Includes ctime, because every writer of the file can set mtime back (touch -r, rsync -t). Includes the header of an
// array, because the timestamps may stay the same while the header is rewritten: see is_racy(). For arrays that are
// written through the mount, without_times() is used: each written row changes the timestamps.
struct FileVersion {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::uint64_t size = 0;  // bytes
  std::int64_t mtime_ns = 0;
  std::int64_t ctime_ns = 0;
  std::uint64_t header = 0;  // hash of the header bytes of an array; 0 for any other file

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

  // Never 0: callers use 0 for "no version".
  std::uint64_t hash() const {
    const std::uint64_t times = mix(static_cast<std::uint64_t>(mtime_ns), static_cast<std::uint64_t>(ctime_ns));
    return mix(mix(mix(mix(device, inode), size), times), header) | 1;
  }
};

}  // namespace npyfs
