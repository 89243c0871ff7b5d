#include "core/io/gather.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
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

Result<void> map_runs(const View& view, const SourceFile& source, Extent wanted, Pieces& pieces) {
  const StridedRuns& runs = view.body;
  MappedRuns mapped(source, !view.is_small() && wanted.size / runs.run < kMaxPopulated, pieces);
  Result<void> result;
  for_each_extent(runs, wanted.offset, wanted.size, [&](Extent extent) {
    if (result) result = mapped.add(extent);
  });
  return result;
}

// Reads whole blocks of the file, gaps included, and takes the runs out of them.
Result<void> copy_close_runs(const StridedRuns& runs, const SourceFile& source, Extent wanted, std::byte* out) {
  thread_local const auto block = std::make_unique_for_overwrite<std::byte[]>(kSpanBlock);
  const std::uint64_t runs_at_once = std::max<std::uint64_t>(1, kSpanBlock / runs.stride);
  while (wanted.size > 0) {
    const std::uint64_t part =
        std::min({wanted.size, runs_at_once * runs.run - wanted.offset % runs.run, std::uint64_t{kSpanBlock}});
    const Extent span = span_of(runs, wanted.offset, part);
    if (auto read = source.read_exactly(block.get(), span.size, span.offset); !read) return read;
    for_each_extent(runs, wanted.offset, part, [&](Extent extent) {
      std::memcpy(out, block.get() + (extent.offset - span.offset), extent.size);
      out += extent.size;
    });
    wanted.offset += part;
    wanted.size -= part;
  }
  return {};
}

Result<void> read_runs(const StridedRuns& runs, const SourceFile& source, Extent wanted, std::byte* out) {
  Result<void> result;
  for_each_extent(runs, wanted.offset, wanted.size, [&](Extent extent) {
    if (result) result = source.read_exactly(out, extent.size, extent.offset);
    out += extent.size;
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

Result<void> copy_far_runs(const View& view, const SourceFile& source, Extent wanted, std::byte* out) {
  const StridedRuns& runs = view.body;
  Pieces mapped;
  if (auto result = map_runs(view, source, wanted, mapped); !result) return result;
  const auto copied = copy_mapped(mapped.iovecs(), source, out);
  if (!copied) {
    const Extent span = span_of(runs, wanted.offset, wanted.size);
    if (auto whole = source.check_still_holds(span); !whole) return whole;
  }
  // Some container profiles forbid the call.
  if (!copied && (copied.error().os_error == EPERM || copied.error().os_error == ENOSYS)) {
    return read_runs(runs, source, wanted, out);
  }
  return copied;
}

Result<void> copy_runs(const View& view, const SourceFile& source, Extent wanted, std::byte* out) {
  const StridedRuns& runs = view.body;
  if (runs.count > 1 && runs.stride <= (source.is_mapped() ? kCloseInMapping : kCloseInFile)) {
    return copy_close_runs(runs, source, wanted, out);
  }
  return source.is_mapped() ? copy_far_runs(view, source, wanted, out) : read_runs(runs, source, wanted, out);
}

// A truncation takes the size away before it fills what is left of the last page, or of a larger folio, with zeros. So
// bytes that were copied while the file was as long as ever have none of these.
Result<void> add_body(const View& view, const SourceFile& source, Extent wanted, Pieces& pieces) {
  const StridedRuns& runs = view.body;
  const Extent span = span_of(runs, wanted.offset, wanted.size);
  // Each run is one piece, and each window's edge cuts one in two.
  const std::uint64_t most_pieces = wanted.size / runs.run + 2 + span.size / MappingCache::kWindowSize + 1;
  const bool few_runs = most_pieces < Pieces::kMaxCount;
  if (source.is_mapped() && few_runs) {
    if (auto result = map_runs(view, source, wanted, pieces); !result) return result;
    return source.check_still_holds(span);
  }
  std::byte* out = pieces.buffer(wanted.size);
  pieces.add(out, wanted.size);
  if (auto copied = copy_runs(view, source, wanted, out); !copied) return copied;
  return source.check_still_holds(span);
}

}  // namespace

std::uint64_t Pieces::size() const {
  std::uint64_t size = 0;
  for (const iovec& piece : iovecs_) size += piece.iov_len;
  return size;
}

std::byte* Pieces::buffer(std::size_t size) {
  if (buffer_size_ < size) {
    buffer_ = std::make_unique_for_overwrite<std::byte[]>(size);
    buffer_size_ = size;
  }
  return buffer_.get();
}

void Pieces::clear() {
  iovecs_.clear();
  mappings_.clear();
  if (buffer_size_ > kUsualBuffer) {
    buffer_.reset();
    buffer_size_ = 0;
  }
}

Result<void> gather(const View& view, const SourceFile* source, std::uint64_t offset, std::uint64_t size,
                    Pieces& pieces) {
  pieces.clear();
  if (offset >= view.size()) return {};
  size = std::min(size, view.size() - offset);
  const std::uint64_t header_size = view.header.size();
  if (offset < header_size) {
    const std::uint64_t part = std::min(size, header_size - offset);
    pieces.add(view.header.data() + offset, part);
    offset += part;
    size -= part;
  }
  if (size == 0) return {};
  return add_body(view, *source, {offset - header_size, size}, pieces);
}

}  // namespace npyfs
