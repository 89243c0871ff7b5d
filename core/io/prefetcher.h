// Reads bytes of source files into the page cache ahead of a reader.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <thread>
#include <vector>

#include "core/base/extent.h"
#include "core/base/mutex.h"
#include "core/io/read_ahead.h"
#include "core/source/source_file.h"

namespace npyfs {

// One thread, which works for one reader at a time: many readers at once keep the disk busy by themselves. It reads as
// any sequential program does, so that the kernel fills the page cache in its largest units. POSIX_FADV_WILLNEED fills
// it with single pages of 4 KiB, and every later load of them is slower. Measured on Linux 6.18, cold chunks of 256 MiB
// against a plain file: 0.85 to 0.92, and with POSIX_FADV_WILLNEED 0.35 to 0.46.
//
// Thread-safe. The thread starts with the first range, not before: a process that goes to the background has no
// threads.
class Prefetcher {
 public:
  // Bytes of a file that are at `position` in the body of a view.
  struct Range {
    std::shared_ptr<const SourceFile> file;
    Extent bytes;
    std::uint64_t position;
  };

  Prefetcher() = default;
  Prefetcher(const Prefetcher&) = delete;
  Prefetcher& operator=(const Prefetcher&) = delete;
  ~Prefetcher() EXCLUDES(mutex_);

  // Begins to read these ranges, in order of their positions, behind those that it is still to read for `reader`. False
  // if it is at work for another reader, or if there is no thread or no memory for it. Calls reader->note_prefetched()
  // for each mebibyte.
  bool start(const std::shared_ptr<ReadAhead>& reader, std::vector<Range> ranges) EXCLUDES(mutex_);

  // Waits while bytes below this position of the view's body are still to be read for `reader`: its thread would
  // otherwise read them at the same time, page by page.
  void wait(const ReadAhead& reader, std::uint64_t position) EXCLUDES(mutex_);

 private:
  void run() EXCLUDES(mutex_);
  // Takes at most kPiece bytes off the front of ranges_.
  Range take_piece() REQUIRES(mutex_);

  Mutex joining_;  // Locked before mutex_.
  std::thread thread_ GUARDED_BY(joining_);
  std::unique_ptr<std::byte[]> buffer_;  // of the thread
  Mutex mutex_;                          // No other lock is taken while it is held.
  Condition changed_;
  bool is_ending_ GUARDED_BY(mutex_) = false;
  std::shared_ptr<ReadAhead> reader_ GUARDED_BY(mutex_);  // null: nothing is to be read
  std::deque<Range> ranges_ GUARDED_BY(mutex_);
  std::uint64_t read_until_ GUARDED_BY(mutex_) = 0;  // the position of what is being read, or is next
};

}  // namespace npyfs
