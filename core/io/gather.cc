#include "core/io/gather.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <bit>
#include <cerrno>
#include <cstring>

namespace npyfs {
namespace {

constexpr std::size_t kUsualBuffer = std::size_t{1} << 20;  // the kernel's usual largest request
constexpr std::size_t kSpanBlock = std::size_t{256}
                                   << 10;  // read at once where runs lie close together: fits the cache
// Distance of runs up to which reading what lies between them costs less than leaving it out. Measured with runs of 4
// and 64 bytes on Linux 6.18: equal at about 8 KiB where the pieces are fetched from a mapping, 1,024 at a call.
constexpr std::uint64_t kCloseInMapping = 8 << 10;
// The same where each run would take a pread(2) of its own.
constexpr std::uint64_t kCloseInFile = 64 << 10;
// More pieces than this are left to be faulted in by the kernel as it copies them. So are small views: the kernel
// enters 16 pages at each fault, and populating those of a 64 KiB chunk took 4 us of the 75 that npyfs adds to its
// first load.
constexpr std::size_t kMaxPopulated = 16;

std::size_t page_size() {
  static const auto size = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  return size;
}

// Enters the pages into the page table in one go: the copy that follows then takes no faults. Linux 5.14; without it
// the copy is slower and just as right, so a failure is of no interest.
void populate(const std::byte* address, std::size_t size) {
  const auto start = std::bit_cast<std::uintptr_t>(address) & ~(page_size() - 1);
  const auto end = std::bit_cast<std::uintptr_t>(address) + size;
  (void)::madvise(std::bit_cast<void*>(start), end - start, MADV_POPULATE_READ);
}

// Appends the mapped memory of the runs. Neighbouring runs are mostly in one window, which is asked for once.
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

// Bytes `wanted` of a segment. `populated`: enter the pages into the page table first.
Result<void> map_runs(const Segment& segment, Extent wanted, bool populated, Pieces& pieces) {
  MappedRuns mapped(*segment.file, populated, pieces);
  Result<void> result;
  segment.runs.visit(wanted.offset, wanted.size, [&](Extent extent) {
    result = mapped.add(extent);
    return result.has_value();
  });
  return result;
}

// Reads whole blocks of the file, gaps included, and takes the runs out of them. For runs of one level that lie close
// together, forwards.
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

// Copies mapped pieces with process_vm_readv(2) on ourselves: up to 1,024 pieces a call, and EFAULT in place of SIGBUS.
Result<void> copy_mapped(std::span<const iovec> pieces, const SourceFile& source, std::byte* out) {
  while (!pieces.empty()) {
    const auto batch = pieces.first(std::min<std::size_t>(pieces.size(), IOV_MAX));
    std::size_t size = 0;
    for (const iovec& piece : batch) size += piece.iov_len;
    const iovec local{out, size};
    const ssize_t copied = ::process_vm_readv(::getpid(), &local, 1, batch.data(), batch.size(), 0);
    if (copied < 0) return std::unexpected(system_error(source.path(), "process_vm_readv", errno));
    if (static_cast<std::size_t>(copied) != size) {
      return std::unexpected(system_error(source.path(), "process_vm_readv", EIO));
    }
    out += size;
    pieces = pieces.subspan(batch.size());
  }
  return {};
}

// Whether process_vm_readv(2) is forbidden here, as some container profiles do: then nobody asks again.
std::atomic<bool> is_copying_forbidden = false;

Result<void> copy_far_runs(const Segment& segment, Extent wanted, std::byte* out) {
  if (is_copying_forbidden) return read_runs(segment, wanted, out);
  Pieces mapped;
  if (auto result = map_runs(segment, wanted, false, mapped); !result) return result;
  const auto copied = copy_mapped(mapped.iovecs(), *segment.file, out);
  if (copied) return copied;
  if (auto whole = segment.check_still_holds(segment.runs.hull(wanted.offset, wanted.size)); !whole) return whole;
  if (copied.error().os_error != EPERM && copied.error().os_error != ENOSYS) return copied;
  is_copying_forbidden = true;
  return read_runs(segment, wanted, out);
}

Result<void> copy_runs(const Segment& segment, Extent wanted, std::byte* out) {
  const Runs& runs = segment.runs;
  const auto closest = static_cast<std::int64_t>(segment.file->is_mapped() ? kCloseInMapping : kCloseInFile);
  const bool is_close = runs.has_one_level() && runs.stride() > 0 && runs.stride() <= closest;
  if (!runs.is_contiguous() && is_close) return copy_close_runs(segment, wanted, out);
  return segment.file->is_mapped() ? copy_far_runs(segment, wanted, out) : read_runs(segment, wanted, out);
}

// A truncation first takes the size away, and fills the rest of the last page, or of a larger folio, with zeros after
// that. So bytes that were copied while fstat still reported the full size hold none of these zeros.
Result<void> add_segment(const Segment& segment, Extent wanted, bool populated, Pieces& pieces) {
  const Runs& runs = segment.runs;
  const Extent hull = runs.hull(wanted.offset, wanted.size);
  // Each run is one piece, and each window's edge cuts one in two.
  const std::uint64_t most_pieces = wanted.size / runs.run_size() + 2 + hull.size / MappingCache::kWindowSize + 1;
  if (segment.file->is_mapped() && pieces.iovecs().size() + most_pieces < Pieces::kMaxCount) {
    const bool is_populated = populated && wanted.size / runs.run_size() < kMaxPopulated;
    if (auto result = map_runs(segment, wanted, is_populated, pieces); !result) return result;
  } else {
    std::byte* out = pieces.buffer(wanted.size);
    pieces.add(out, wanted.size);
    if (auto copied = copy_runs(segment, wanted, out); !copied) return copied;
  }
  return segment.check_still_holds(hull);
}

}  // namespace

std::uint64_t Pieces::size() const {
  std::uint64_t size = 0;
  for (const iovec& piece : iovecs_) size += piece.iov_len;
  return size;
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

Result<void> gather(const View& view, std::uint64_t offset, std::uint64_t size, Pieces& pieces) {
  pieces.clear();
  if (offset < view.header.size()) {
    const std::uint64_t part = std::min(size, view.header.size() - offset);
    pieces.add(view.header.data() + offset, part);
    offset += part;
    size -= part;
  }
  const bool populated = !view.is_small();
  return view.visit(offset, size, [&](const Segment& segment, Extent wanted) {
    return add_segment(segment, wanted, populated, pieces);
  });
}

}  // namespace npyfs
