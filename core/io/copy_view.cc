#include "core/io/copy_view.h"

#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <vector>

#include "core/base/write_all.h"
#include "core/io/gather.h"

namespace npyfs {
namespace {

constexpr std::uint64_t kSharedBlock = 4096;                    // bytes; filesystems share multiples of this
constexpr std::uint64_t kMostAtOnce = std::uint64_t{64} << 20;  // bytes a call, so that `copied` is called often
constexpr std::uint64_t kBuffer = std::uint64_t{1} << 20;

Error interrupted(const std::string& path) {
  return Error{ErrorKind::kSystem, path, "was interrupted", EINTR};
}

// How much to copy next: first up to a block edge, if `from` and `to` are equally far from one; then whole blocks.
std::uint64_t next_length(std::uint64_t from, std::uint64_t to, std::uint64_t left) {
  const std::uint64_t within = from % kSharedBlock;
  const bool is_off_edge = within != 0 && within == to % kSharedBlock;
  return std::min(left, is_off_edge ? kSharedBlock - within : kMostAtOnce);
}

// Whether the error means only that copy_file_range(2) does not work for these two files.
bool is_unsupported(int error) {
  return error == EXDEV || error == EINVAL || error == EOPNOTSUPP || error == ENOSYS || error == EPERM;
}

// Copies the body, one run of one file, with copy_file_range(2). Returns how many bytes were copied: 0 if the call is
// not supported.
Result<std::uint64_t> copy_in_kernel(const View& view, int out, const std::string& out_path, const Copied& copied) {
  const Segment& segment = view.segments.front();
  const std::uint64_t size = segment.runs.size();
  std::uint64_t done = 0;
  while (done < size) {
    auto from = static_cast<off_t>(segment.runs.first() + done);
    auto to = static_cast<off_t>(view.header.size() + done);
    const std::uint64_t length =
        next_length(static_cast<std::uint64_t>(from), static_cast<std::uint64_t>(to), size - done);
    const ssize_t moved = ::copy_file_range(segment.file->fd(), &from, out, &to, length, 0);
    if (moved < 0 && errno == EINTR) continue;
    if (moved == 0 || (moved < 0 && is_unsupported(errno))) return done;
    if (moved < 0) return std::unexpected(system_error(out_path, "copy_file_range", errno));
    done += static_cast<std::uint64_t>(moved);
    if (!copied(static_cast<std::uint64_t>(moved))) return std::unexpected(interrupted(out_path));
  }
  return done;
}

}  // namespace

Result<void> copy_view(const View& view, int out, const std::string& out_path, const Copied& copied) {
  Pieces pieces;
  CopyThread helper;
  std::uint64_t done = 0;
  const auto write_next = [&](std::uint64_t size) -> Result<void> {
    if (auto gathered = gather(view, done, size, pieces, &helper); !gathered) return gathered;
    std::vector<iovec> iovecs(pieces.iovecs().begin(), pieces.iovecs().end());
    if (auto written = pwritev_all(out, iovecs, done, out_path); !written) return written;
    done += pieces.size();
    return {};
  };
  if (auto header = write_next(view.header.size()); !header) return header;
  if (!copied(0)) return std::unexpected(interrupted(out_path));
  if (view.segments.size() == 1 && view.segments.front().runs.is_contiguous() && !view.padding) {
    const auto moved = copy_in_kernel(view, out, out_path, copied);
    if (!moved) return std::unexpected(moved.error());
    done += *moved;
  }
  while (done < view.size()) {
    const std::uint64_t before = done;
    if (auto written = write_next(kBuffer); !written) return written;
    if (!copied(done - before)) return std::unexpected(interrupted(out_path));
  }
  return {};
}

}  // namespace npyfs
