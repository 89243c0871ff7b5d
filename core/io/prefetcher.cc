#include "core/io/prefetcher.h"

#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <exception>
#include <iterator>
#include <new>
#include <utility>

namespace npyfs {
namespace {

constexpr std::uint64_t kPiece = std::uint64_t{1} << 20;  // bytes that are read at once

}  // namespace

Prefetcher::~Prefetcher() {
  {
    const MutexLock lock(mutex_);
    is_ending_ = true;
  }
  changed_.notify_all();
  const MutexLock lock(joining_);
  if (thread_.joinable()) thread_.join();
}

bool Prefetcher::start(const std::shared_ptr<ReadAhead>& reader, std::vector<Range> ranges) {
  if (ranges.empty()) return true;
  const MutexLock joining(joining_);
  const MutexLock lock(mutex_);
  if (reader_ && reader_ != reader) return false;
  if (!thread_.joinable()) {
    try {
      buffer_ = std::make_unique_for_overwrite<std::byte[]>(kPiece);
      thread_ = std::thread([this] { run(); });
    } catch (const std::exception&) {  // no thread or no memory: the reader then reads by itself
      return false;
    }
  }
  const std::uint64_t position = ranges.front().position;
  try {
    ranges_.insert(ranges_.end(), std::move_iterator(ranges.begin()), std::move_iterator(ranges.end()));
  } catch (const std::bad_alloc&) {
    return false;
  }
  if (!reader_) read_until_ = position;
  reader_ = reader;
  changed_.notify_all();
  return true;
}

void Prefetcher::wait(const ReadAhead& reader, std::uint64_t position) {
  const MutexLock lock(mutex_);
  while (reader_.get() == &reader && read_until_ < position && !is_ending_) changed_.wait(mutex_);
}

Prefetcher::Range Prefetcher::take_piece() {
  Range& first = ranges_.front();
  Range piece = first;
  piece.bytes.size = std::min(piece.bytes.size, kPiece);
  first.bytes = {first.bytes.offset + piece.bytes.size, first.bytes.size - piece.bytes.size};
  first.position += piece.bytes.size;
  if (first.bytes.size == 0) ranges_.pop_front();
  return piece;
}

void Prefetcher::run() {
  std::shared_ptr<ReadAhead> reader;
  while (true) {
    Range piece;
    {
      const MutexLock lock(mutex_);
      while (ranges_.empty() && !is_ending_) changed_.wait(mutex_);
      if (is_ending_) return;
      piece = take_piece();
      reader = reader_;
    }
    const long waits = voluntary_waits();
    // What cannot be read is an error for the reader, who will read it, too.
    (void)!::pread(piece.file->fd(), buffer_.get(), piece.bytes.size, static_cast<off_t>(piece.bytes.offset));
    reader->note_prefetched(voluntary_waits() != waits);
    reader.reset();
    piece.file.reset();  // before anybody is told
    const MutexLock lock(mutex_);
    read_until_ = piece.position + piece.bytes.size;
    if (ranges_.empty()) reader_.reset();
    changed_.notify_all();
  }
}

}  // namespace npyfs
