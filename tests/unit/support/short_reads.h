// pread(2) that is interrupted and gives less than was asked for when a test wants it to, as signals and network
// filesystems may make it. Linking short_reads.cc with --wrap=pread64 puts it in the way.
#pragma once

namespace npyfs {

// While it lives, every other pread of this thread fails with EINTR, and the rest give 1 to 7 bytes.
class ShortReads {
 public:
  ShortReads();
  ShortReads(const ShortReads&) = delete;
  ShortReads& operator=(const ShortReads&) = delete;
  ~ShortReads();

  // How many calls there were.
  long calls() const;
};

}  // namespace npyfs
