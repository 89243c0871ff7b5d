#include "core/io/gather.h"

#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "core/io/copy_runs.h"
#include "core/io/guarded_copy.h"

namespace npyfs {
namespace {

// Pages are populated before the copy only for up to this many pieces, and not for small views (View::is_small()):
// otherwise the kernel faults them in as it copies them.
constexpr std::size_t kMaxPopulated = 16;
// A file that is opened for one read only is not mapped for less than this: that takes longer than to copy so few
// bytes.
constexpr std::uint64_t kWorthMapping = 64 << 10;
// Up to so many stretches of items with zeros between them are pieces of their own; otherwise all is copied into one
// buffer.
constexpr std::size_t kMaxPaddedPieces = 32;

std::size_t page_size() {
  static const auto size = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  return size;
}

// Maps the pages of a range into the page table, so that the copy that follows takes no page faults. One byte of each
// 64 KiB is read: at the fault that this takes the kernel maps all of these 64 KiB that are in the page cache
// (fault-around), and it costs next to nothing if they are mapped. MADV_POPULATE_READ looks at each page: it is slower
// where the page cache has pages of 4 KiB.
void populate(const std::byte* address, std::size_t size) {
  constexpr std::size_t kFaultAround = 64 << 10;
  std::byte byte{};
  std::size_t at = 0;
  while (at < size && copy_guarded(address + at, 1, 0, 1, &byte)) {
    at += kFaultAround - std::bit_cast<std::uintptr_t>(address + at) % kFaultAround;
  }
}

// Appends the mapped memory of runs to `pieces`. Consecutive runs are mostly in the same window, which is looked up
// once.
class MappedRuns {
 public:
  MappedRuns(const SourceFile& source, bool populated, Pieces& pieces)
      : source_(source), populated_(populated), pieces_(pieces) {}

  Result<void> add(Extent extent) {
    while (extent.size > 0) {
      const std::uint64_t index = extent.offset / MappingCache::kWindowSize;
      if (!window_ || index != index_) {
        auto window = source_.window(index);
        if (!window) return std::unexpected(window.error());
        window_ = window->get();
        index_ = index;
        pieces_.keep(std::move(*window));
      }
      const std::uint64_t within = extent.offset % MappingCache::kWindowSize;
      const std::uint64_t length = std::min(extent.size, MappingCache::kWindowSize - within);
      const std::byte* address = window_->address() + within;
      if (populated_) populate(address, length);
      pieces_.add(address, length);
      extent.offset += length;
      extent.size -= length;
    }
    return {};
  }

 private:
  const SourceFile& source_;
  const bool populated_;
  Pieces& pieces_;
  const Mapping* window_ = nullptr;  // kept by pieces_
  std::uint64_t index_ = 0;
};

// Memory for the bytes of a read that are copied, one behind the other: however many segments they come from, they are
// few pieces.
class CopiedBytes {
 public:
  // `size`: of the rest of the read, which is the most that can be needed.
  CopiedBytes(std::uint64_t size, Pieces& pieces) : left_(size), pieces_(pieces) {}

  // Appends `size` bytes to the pieces, for the caller to fill.
  std::byte* add(std::uint64_t size) {
    if (next_ == nullptr) next_ = pieces_.buffer(left_);
    std::byte* const added = next_;
    pieces_.add_behind(added, size);
    next_ += size;
    left_ -= size;
    return added;
  }
  // These bytes of the read are mapped.
  void skip(std::uint64_t size) { left_ -= size; }

 private:
  std::uint64_t left_;
  Pieces& pieces_;
  std::byte* next_ = nullptr;
};

// Appends bytes `wanted` of a segment as mapped memory. `populated`: see populate().
//
// The kernel copies what is mapped after check_still_holds(). If the file is truncated in between, to any size, the
// pages behind that size are gone, and the kernel refuses the reply. But it fills the rest of one page with zeros, and
// if no mapped page follows that one, nothing tells. So of the last two runs in the file, only the bytes up to the
// first one of their last page stay mapped, and the rest is copied before the check. If part of an earlier page became
// zeros, the page of that byte is gone. Only runs of at least a page are sure to have such a byte, if they are not cut
// off by the range.
Result<void> map_runs(const Segment& segment, Extent wanted, bool populated, CopiedBytes& copied, Pieces& pieces) {
  const Runs& runs = segment.runs;
  const std::uint64_t end = runs.hull(wanted.offset, wanted.size).end();
  const auto stride = static_cast<std::uint64_t>(std::abs(runs.stride()));
  MappedRuns mapped(*segment.file, populated, pieces);
  Result<void> result;
  runs.visit(wanted.offset, wanted.size, [&](Extent run) {
    std::uint64_t size = run.size;
    if (run.end() + stride >= end) {
      const std::uint64_t last_page = (run.end() - 1) / page_size() * page_size();
      size = last_page < run.offset ? 0 : last_page + 1 - run.offset;
    }
    if (size > 0) result = mapped.add({run.offset, size});
    copied.skip(size);
    const Extent rest{wanted.offset + size, run.size - size};
    if (result && rest.size > 0) result = copy_runs(segment, rest, true, copied.add(rest.size), nullptr);
    wanted.offset += run.size;
    return result.has_value();
  });
  return result;
}

// The check comes after the copy: a truncation first reduces the size, and then fills the rest of the last page, or of
// a larger folio, with zeros. So bytes that were copied while fstat still reported the full size contain none of these
// zeros.
Result<void> add_segment(const Segment& segment, Extent wanted, bool populated, bool is_opened_for_this,
                         CopyThread* helper, CopiedBytes& copied, Pieces& pieces) {
  const Runs& runs = segment.runs;
  const Extent hull = runs.hull(wanted.offset, wanted.size);
  // One piece for each run, one more for each window edge, and two that are copied.
  const std::uint64_t most_pieces = wanted.size / runs.run_size() + 2 + hull.size / MappingCache::kWindowSize + 3;
  // Runs of less than a page are copied into one buffer: see map_runs(). That is faster, too, as the kernel looks up
  // the pages of each piece: tiles, runs of 1 KiB, 1.29 times as fast on one CPU; of 2 KiB 0.95 to 1.0; of 4 KiB 0.81.
  const bool is_worth_a_piece = runs.is_contiguous() || runs.run_size() >= page_size();
  const bool may_map = segment.file->is_mapped() && (!is_opened_for_this || wanted.size >= kWorthMapping);
  if (may_map && is_worth_a_piece && pieces.iovecs().size() + most_pieces < Pieces::kMaxCount) {
    const bool is_populated = populated && wanted.size / runs.run_size() < kMaxPopulated;
    if (auto result = map_runs(segment, wanted, is_populated, copied, pieces); !result) return result;
  } else {
    std::byte* out = copied.add(wanted.size);
    if (auto result = copy_runs(segment, wanted, may_map, out, helper); !result) return result;
  }
  return segment.check_still_holds(hull);
}

// As View::visit(), with the file of each segment open, and whether it was opened for this alone.
template <typename Visit>
Result<void> visit_opened(const View& view, std::uint64_t offset, std::uint64_t size, Visit visit) {
  return view.visit(offset, size, [&](const Segment& segment, Extent wanted) -> Result<void> {
    if (segment.file) return visit(segment, wanted, false);
    const auto opened = segment.opened();
    if (!opened) return std::unexpected(opened.error());
    return visit(*opened, wanted, true);
  });
}

Result<void> add_items(const View& view, std::uint64_t offset, std::uint64_t size, CopyThread* helper,
                       CopiedBytes& copied, Pieces& pieces) {
  const bool populated = !view.is_small();
  return visit_opened(view, offset, size, [&](const Segment& segment, Extent wanted, bool is_opened_for_this) {
    return add_segment(segment, wanted, populated, is_opened_for_this, helper, copied, pieces);
  });
}

// Copies items to `out`. `wanted`: as if there were no padding.
Result<void> copy_items(const View& view, Extent wanted, CopyThread* helper, std::byte* out) {
  return visit_opened(view, view.header.size() + wanted.offset, wanted.size,
                      [&](const Segment& segment, Extent part, bool is_opened_for_this) {
                        const bool may_map =
                            segment.file->is_mapped() && (!is_opened_for_this || part.size >= kWorthMapping);
                        if (auto copied = copy_runs(segment, part, may_map, out, helper); !copied) return copied;
                        out += part.size;
                        return segment.check_still_holds(segment.runs.hull(part.offset, part.size));
                      });
}

// Items and zeros in one buffer: first the items at its end, without a gap, and then each of them to its place, which
// is never behind the place where it was.
Result<void> copy_padded(const View& view, Extent wanted, CopyThread* helper, std::byte* out) {
  const std::uint64_t first = view.padding->items_before(wanted.offset);
  const std::uint64_t items = view.padding->items_before(wanted.end()) - first;
  std::byte* from = out + (wanted.size - items);
  if (auto copied = copy_items(view, {first, items}, helper, from); !copied) return copied;
  view.padding->visit(wanted.offset, wanted.size, [&](Extent part, std::uint64_t zeros) {
    std::memmove(out, from, part.size);
    std::memset(out + part.size, 0, zeros);
    from += part.size;
    out += part.size + zeros;
  });
  return {};
}

// Bytes of the body of a view with padding.
Result<void> add_padded(const View& view, Extent wanted, CopyThread* helper, CopiedBytes& copied, Pieces& pieces) {
  if (wanted.size / view.padding->block_size() > kMaxPaddedPieces) {
    return copy_padded(view, wanted, helper, copied.add(wanted.size));
  }
  Result<void> result;
  view.padding->visit(wanted.offset, wanted.size, [&](Extent part, std::uint64_t zeros) {
    if (result && part.size > 0)
      result = add_items(view, view.header.size() + part.offset, part.size, helper, copied, pieces);
    if (result && zeros > 0) std::memset(copied.add(zeros), 0, zeros);
  });
  return result;
}

}  // namespace

std::uint64_t Pieces::size() const {
  std::uint64_t size = 0;
  for (const iovec& piece : iovecs_) size += piece.iov_len;
  return size;
}

void Pieces::add_behind(std::byte* address, std::size_t size) {
  if (!iovecs_.empty() && static_cast<std::byte*>(iovecs_.back().iov_base) + iovecs_.back().iov_len == address) {
    iovecs_.back().iov_len += size;
  } else {
    add(address, size);
  }
}

std::byte* Pieces::buffer(std::size_t size) {
  if (used_buffers_ == buffers_.size()) buffers_.emplace_back();
  CopyBuffer& buffer = buffers_[used_buffers_++];
  if (buffer.size() < size) buffer = CopyBuffer(size);
  return buffer.bytes();
}

void Pieces::clear() {
  iovecs_.clear();
  mappings_.clear();
  if (buffers_.size() > 1) buffers_.resize(1);
  if (!buffers_.empty() && buffers_.front().size() > CopyBuffer::kHugePage) buffers_.clear();
  used_buffers_ = 0;
}

Result<void> gather_appended(const SourceFile& file, Extent range, Pieces& pieces) {
  std::byte* const out = pieces.buffer(range.size);
  std::uint64_t done = 0;
  while (done < range.size) {
    const ssize_t got = ::pread(file.fd(), out + done, range.size - done, static_cast<off_t>(range.offset + done));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return std::unexpected(system_error(file.path(), "pread", errno));
    if (got == 0) break;
    done += static_cast<std::uint64_t>(got);
  }
  if (done > 0) pieces.add(out, done);
  return {};
}

Result<void> gather(const View& view, std::uint64_t offset, std::uint64_t size, Pieces& pieces, CopyThread* helper) {
  pieces.clear();
  if (offset < view.header.size()) {
    const std::uint64_t part = std::min(size, view.header.size() - offset);
    pieces.add(view.header.data() + offset, part);
    offset += part;
    size -= part;
  }
  const std::uint64_t left = view.size() - std::min(offset, view.size());
  CopiedBytes copied(std::min(size, left), pieces);
  if (!view.padding) return add_items(view, offset, size, helper, copied, pieces);
  return add_padded(view, {offset - view.header.size(), std::min(size, left)}, helper, copied, pieces);
}

}  // namespace npyfs
