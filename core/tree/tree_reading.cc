// How bytes of an open file are read.

#include <algorithm>
#include <utility>
#include <vector>

#include "core/tree/tree.h"

namespace npyfs {
namespace {

// Whether the view is one run of each of its files, so that it can be read ahead. Views that do not keep their files
// open are not.
bool is_in_file_order(const View& view) {
  const auto is_run = [](const Segment& segment) { return segment.file && segment.runs.is_contiguous(); };
  return !view.padding && !view.segments.empty() && view.segments.size() <= kMostHeldForReading &&
         std::ranges::all_of(view.segments, is_run);
}

// Where bytes of the body of such a view are.
std::vector<Prefetcher::Range> ranges_of(const View& view, Extent bytes) {
  std::vector<Prefetcher::Range> ranges;
  std::uint64_t position = bytes.offset;
  (void)view.visit(view.header.size() + bytes.offset, bytes.size, [&](const Segment& segment, Extent part) {
    ranges.push_back({segment.file, segment.runs.hull(part.offset, part.size), position});
    position += part.size;
    return Result<void>{};
  });
  return ranges;
}

}  // namespace

Result<void> Tree::read(const OpenFile& file, std::uint64_t offset, std::uint64_t size, Pieces& pieces,
                        pid_t process) const {
  if (options_.immutable) return read_unless_changed(file, offset, size, pieces, process);
  return read_now(file, offset, size, pieces, process);
}

Result<void> Tree::read_now(const OpenFile& file, std::uint64_t offset, std::uint64_t size, Pieces& pieces,
                            pid_t process) const {
  if (file.may_be_written && range_locks_.is_locked(file.node)) {
    if (auto filled = fill_with_zeros(file, {offset, size}, process); !filled) return filled;
  }
  const View& view = file.view;
  if (file.grows && offset + size > view.size()) return read_to_present_end(file, offset, size, pieces);
  if (view.is_small() || !is_in_file_order(view)) {
    auto gathered = gather(view, offset, size, pieces, copy_thread_.get());
    if (!gathered) distrust_parts(file.node);
    return gathered;
  }
  const std::uint64_t in_body = offset - std::min<std::uint64_t>(offset, view.header.size());
  prefetch(file, {in_body, size});
  const long waits = voluntary_waits();
  auto gathered = gather(view, offset, size, pieces, copy_thread_.get());
  if (!gathered) distrust_parts(file.node);
  if (voluntary_waits() != waits) file.read_ahead->note_wait();
  return gathered;
}

// Reads what a sequential reader of cold bytes will want next, if nobody else is being read ahead for; otherwise only
// asks for it.
void Tree::prefetch(const OpenFile& file, Extent wanted) const {
  const Extent ahead = file.read_ahead->before_read(wanted, file.view.body_size());
  if (ahead.size > 0 && !prefetcher_->start(file.read_ahead, ranges_of(file.view, ahead))) {
    for (const auto& range : ranges_of(file.view, ahead)) range.file->will_need(range.bytes);
  }
  prefetcher_->wait(*file.read_ahead, wanted.offset + wanted.size);
}

Result<void> Tree::read_to_present_end(const OpenFile& file, std::uint64_t offset, std::uint64_t size,
                                       Pieces& pieces) const {
  if (auto gathered = gather(file.view, offset, size, pieces); !gathered) return gathered;
  const std::uint64_t appended = std::max(offset, file.view.size());
  return gather_appended(file.source(), {appended, offset + size - appended}, pieces);
}

}  // namespace npyfs
