#include "core/io/gather.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>

#include "core/io/guarded_copy.h"

namespace npyfs {
namespace {

constexpr std::size_t kUsualBuffer = std::size_t{1} << 20;  // the kernel's usual largest request
// Bytes read at once when runs are close together: fits the CPU cache.
constexpr std::size_t kSpanBlock = std::size_t{256} << 10;
// Up to this stride, in bytes, it is cheaper to read the gaps between runs, too, than to skip them with a pread(2) for
// each run. Measured with runs of 4 and 64 bytes on Linux 6.18.
constexpr std::uint64_t kCloseInFile = 64 << 10;
// Shorter runs are copied into one buffer: the kernel needs longer than that to look up the pages of each piece.
// Measured: of 256 bytes 1.1 GiB/s in place of 0.4, of 1 KiB the same, of 2 KiB 1.1 in place of 1.8.
constexpr std::uint64_t kPieceRun = 1 << 10;
// Pages are populated before the copy only for up to this many pieces; otherwise the kernel faults them in as it copies
// them. The same goes for small views (View::is_small()): the kernel maps 16 pages at each fault, and populating those
// of a 64 KiB chunk took 4 us of the 75 that npyfs adds to its first load.
constexpr std::size_t kMaxPopulated = 16;
// A file that is opened for one read only is not mapped for less than this: that takes longer than to copy so few
// bytes.
constexpr std::uint64_t kWorthMapping = 64 << 10;

std::size_t page_size() {
  static const auto size = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  return size;
}

// Maps all pages of a range into the page table in one call, so that the copy that follows takes no page faults. Linux
// 5.14. Without it the copy is slower, but correct, so errors are ignored.
void populate(const std::byte* address, std::size_t size) {
  const auto start = std::bit_cast<std::uintptr_t>(address) & ~(page_size() - 1);
  const auto end = std::bit_cast<std::uintptr_t>(address) + size;
  (void)::madvise(std::bit_cast<void*>(start), end - start, MADV_POPULATE_READ);
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

// Appends bytes `wanted` of a segment as mapped memory. `populated`: see populate().
Result<void> map_runs(const Segment& segment, Extent wanted, bool populated, Pieces& pieces) {
  MappedRuns mapped(*segment.file, populated, pieces);
  Result<void> result;
  segment.runs.visit(wanted.offset, wanted.size, [&](Extent extent) {
    result = mapped.add(extent);
    return result.has_value();
  });
  return result;
}

// Reads whole blocks of the file, including gaps, and copies the runs out of them. Only for runs of one level with a
// small positive stride.
Result<void> copy_close_runs(const Segment& segment, Extent wanted, std::byte* out) {
  thread_local const auto block = std::make_unique_for_overwrite<std::byte[]>(kSpanBlock);
  const Runs& runs = segment.runs;
  const std::uint64_t runs_at_once = std::max<std::uint64_t>(1, kSpanBlock / static_cast<std::uint64_t>(runs.stride()));
  while (wanted.size > 0) {
    const std::uint64_t part = std::min(
        {wanted.size, runs_at_once * runs.run_size() - wanted.offset % runs.run_size(), std::uint64_t{kSpanBlock}});
    const Extent hull = runs.hull(wanted.offset, part);
    if (auto read = segment.file->read_exactly(block.get(), hull.size, hull.offset); !read) return read;
    runs.visit(wanted.offset, part, [&](Extent extent) {
      std::memcpy(out, block.get() + (extent.offset - hull.offset), extent.size);
      out += extent.size;
    });
    wanted.offset += part;
    wanted.size -= part;
  }
  return {};
}

Result<void> read_runs(const Segment& segment, Extent wanted, std::byte* out) {
  Result<void> result;
  segment.runs.visit(wanted.offset, wanted.size, [&](Extent extent) {
    result = segment.file->read_exactly(out, extent.size, extent.offset);
    out += extent.size;
    return result.has_value();
  });
  return result;
}

// How many runs of a row begin and end within `left` bytes from the first one's begin on, if runs go forwards; or
// within `before` bytes up to its begin, if they go backwards.
std::uint64_t runs_within(const Runs::Row& row, std::uint64_t before, std::uint64_t left) {
  if (left < row.size) return 0;
  if (row.count == 1) return 1;
  const bool is_forward = row.stride > 0;
  const std::uint64_t stride =
      is_forward ? static_cast<std::uint64_t>(row.stride) : std::uint64_t{0} - static_cast<std::uint64_t>(row.stride);
  return std::min(row.count, (is_forward ? left - row.size : before) / stride + 1);
}

// Copies runs out of the mapped windows of a file.
class WindowCopy {
 public:
  WindowCopy(const SourceFile& file, std::byte* out) : file_(file), out_(out) {}

  Result<void> copy(Runs::Row row) {
    while (row.count > 0) {
      const std::uint64_t within = row.offset % MappingCache::kWindowSize;
      if (auto found = find_window(row.offset / MappingCache::kWindowSize); !found) return found;
      const std::uint64_t count = runs_within(row, within, window_->size() - within);
      if (count == 0) {  // a run that goes beyond the window
        const std::uint64_t part = window_->size() - within;
        if (auto copied = copy_part({row.offset, part, 0, 1}); !copied) return copied;
        if (auto copied = copy({row.offset + part, row.size - part, 0, 1}); !copied) return copied;
        row.offset += static_cast<std::uint64_t>(row.stride);
        --row.count;
        continue;
      }
      if (auto copied = copy_part({row.offset, row.size, row.stride, count}); !copied) return copied;
      row.offset += count * static_cast<std::uint64_t>(row.stride);
      row.count -= count;
    }
    return {};
  }

 private:
  Result<void> find_window(std::uint64_t index) {
    if (window_ && index == index_) return {};
    auto window = file_.window(index);
    if (!window) return std::unexpected(window.error());
    window_ = std::move(*window);
    index_ = index;
    return {};
  }

  // Of runs that are all in the window.
  Result<void> copy_part(const Runs::Row& row) {
    const std::byte* from = window_->address() + row.offset % MappingCache::kWindowSize;
    if (!copy_guarded(from, row.size, row.stride, row.count, out_)) {
      return std::unexpected(system_error(file_.path(), "reading a mapped page", EIO));
    }
    out_ += row.size * row.count;
    return {};
  }

  const SourceFile& file_;
  std::byte* out_;
  std::shared_ptr<const Mapping> window_;
  std::uint64_t index_ = 0;
};

Result<void> copy_mapped(const Segment& segment, Extent wanted, std::byte* out) {
  WindowCopy copy(*segment.file, out);
  Result<void> result;
  segment.runs.visit_rows(wanted.offset, wanted.size, [&](const Runs::Row& row) {
    result = copy.copy(row);
    return result.has_value();
  });
  if (result) return result;
  // If the file was truncated, that is the better answer.
  auto whole = segment.check_still_holds(segment.runs.hull(wanted.offset, wanted.size));
  return whole ? result : whole;
}

Result<void> copy_runs(const Segment& segment, Extent wanted, bool may_map, std::byte* out) {
  if (may_map) return copy_mapped(segment, wanted, out);
  const Runs& runs = segment.runs;
  const bool is_close =
      runs.has_one_level() && runs.stride() > 0 && runs.stride() <= static_cast<std::int64_t>(kCloseInFile);
  return !runs.is_contiguous() && is_close ? copy_close_runs(segment, wanted, out) : read_runs(segment, wanted, out);
}

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

// The check comes after the copy: a truncation first reduces the size, and then fills the rest of the last page, or of
// a larger folio, with zeros. So bytes that were copied while fstat still reported the full size contain none of these
// zeros.
Result<void> add_segment(const Segment& segment, Extent wanted, bool populated, bool is_opened_for_this,
                         CopiedBytes& copied, Pieces& pieces) {
  const Runs& runs = segment.runs;
  const Extent hull = runs.hull(wanted.offset, wanted.size);
  // One piece for each run, and one more for each window edge.
  const std::uint64_t most_pieces = wanted.size / runs.run_size() + 2 + hull.size / MappingCache::kWindowSize + 1;
  const bool is_worth_a_piece = runs.is_contiguous() || runs.run_size() >= kPieceRun;
  const bool may_map = segment.file->is_mapped() && (!is_opened_for_this || wanted.size >= kWorthMapping);
  if (may_map && is_worth_a_piece && pieces.iovecs().size() + most_pieces < Pieces::kMaxCount) {
    const bool is_populated = populated && wanted.size / runs.run_size() < kMaxPopulated;
    if (auto result = map_runs(segment, wanted, is_populated, pieces); !result) return result;
    copied.skip(wanted.size);
  } else {
    std::byte* out = copied.add(wanted.size);
    if (auto result = copy_runs(segment, wanted, may_map, out); !result) return result;
  }
  return segment.check_still_holds(hull);
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
  Buffer& buffer = buffers_[used_buffers_++];
  if (buffer.size < size) {
    buffer.bytes = std::make_unique_for_overwrite<std::byte[]>(size);
    buffer.size = size;
  }
  return buffer.bytes.get();
}

void Pieces::clear() {
  iovecs_.clear();
  mappings_.clear();
  if (buffers_.size() > 1) buffers_.resize(1);
  if (!buffers_.empty() && buffers_.front().size > kUsualBuffer) buffers_.clear();
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

Result<void> gather(const View& view, std::uint64_t offset, std::uint64_t size, Pieces& pieces) {
  pieces.clear();
  if (offset < view.header.size()) {
    const std::uint64_t part = std::min(size, view.header.size() - offset);
    pieces.add(view.header.data() + offset, part);
    offset += part;
    size -= part;
  }
  const bool populated = !view.is_small();
  const std::uint64_t left = view.size() - std::min(offset, view.size());
  CopiedBytes copied(std::min(size, left), pieces);
  return view.visit(offset, size, [&](const Segment& segment, Extent wanted) -> Result<void> {
    if (segment.file) return add_segment(segment, wanted, populated, false, copied, pieces);
    const auto opened = segment.opened();
    if (!opened) return std::unexpected(opened.error());
    return add_segment(*opened, wanted, populated, true, copied, pieces);
  });
}

}  // namespace npyfs
