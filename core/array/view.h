// The bytes of a file of the mount: a generated header or text, followed by bytes of source files.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/array/array.h"
#include "core/base/error.h"
#include "core/slice/padding.h"
#include "core/slice/path_grammar.h"
#include "core/slice/runs.h"
#include "core/slice/selection.h"

namespace npyfs {

// The bytes of a view that come from one file.
struct Segment {
  std::shared_ptr<const SourceFile> file;
  std::shared_ptr<const HeaderGuard> guard;  // null if the meaning of the bytes does not depend on a header
  Runs runs;
  // If `file` is null, the part's file is opened for each use, and these say which it is.
  std::shared_ptr<const PartFiles> files = nullptr;
  std::size_t number = 0;

  // The same segment with its file open. Errors as PartFiles::open().
  Result<Segment> opened() const;
  // The path of the file, for messages.
  std::string path() const { return file ? file->path() : files->path(number); }

  // Whether bytes of `hull` may be served; to be called after they were copied or mapped. kTruncated if the file no
  // longer has all of them, kStale if its header was rewritten and they now belong to another array.
  Result<void> check_still_holds(Extent hull) const;
};

// Owns its sources: they stay open for as long as the view lives. Immutable.
struct View {
  std::string header;
  std::vector<Segment> segments;  // one after the other
  // Where each segment ends in the body, so that one of many is found by binary search. May be left empty.
  std::vector<std::uint64_t> segment_ends = {};
  // If the body has zeros between and behind the items: where. The segments have the bytes of the items alone.
  std::optional<Padding> padding = std::nullopt;

  std::uint64_t body_size() const;
  std::uint64_t size() const { return header.size() + body_size(); }
  // Whether one or two reads fetch the whole file: Linux by default reads 128 KiB ahead, however little was asked for.
  // Preparing for further reads then costs more than it gains, and all of the file may as well be sent at once.
  bool is_small() const { return size() <= kSmall; }
  static constexpr std::uint64_t kSmall = std::uint64_t{128} << 10;  // bytes, with the header

  // Calls visit(segment, extent) for each part of bytes [offset, offset + size) of the view that lies in one segment,
  // in order, until it returns an error. `extent` is a range of bytes of the segment. Bytes beyond the view's end are
  // left out. offset >= header.size(). Bytes are counted as if there were no padding.
  template <typename Visit>
  Result<void> visit(std::uint64_t offset, std::uint64_t size, Visit visit) const;
};

template <typename Visit>
Result<void> View::visit(std::uint64_t offset, std::uint64_t size, Visit visit) const {
  offset -= header.size();
  const auto skipped = std::ranges::upper_bound(segment_ends, offset) - segment_ends.begin();
  if (skipped > 0) offset -= segment_ends[static_cast<std::size_t>(skipped) - 1];
  for (auto at = segments.begin() + skipped; at != segments.end() && size > 0; ++at) {
    const Segment& segment = *at;
    const std::uint64_t segment_size = segment.runs.size();
    if (offset < segment_size) {
      const std::uint64_t part = std::min(size, segment_size - offset);
      if (auto visited = visit(segment, Extent{offset, part}); !visited) return visited;
      offset += part;
      size -= part;
    }
    offset -= segment_size;
  }
  return {};
}

// A selection of an array as a file: the bytes that np.save writes for it, or only the body (Form::kBin). Items are in
// the source's order: np.save of np.ascontiguousarray, or of np.asfortranarray if the array is in Fortran order. One
// segment for each part that has items of the selection. Opens no file: see hold_files().
View make_view(const Array& array, const Selection& selection, Form form);
// The size of that file, without making it.
std::uint64_t view_size(const Array& array, const Selection& selection, Form form);

// Opens the files of all segments, so that the view keeps the versions that it was made from. If there are more than
// `most`, or if there are not enough descriptors, they are only checked now, and opened for each read. Errors as
// PartFiles::open().
Result<void> hold_files(View& view, std::size_t most);
// Bytes of a file. `guard` as for a segment.
View extent_view(std::shared_ptr<const SourceFile> file, std::shared_ptr<const HeaderGuard> guard, Extent extent);

// All bytes of a file, up to the size that it had when it was opened.
View whole_file_view(std::shared_ptr<const SourceFile> file);

// A generated text.
View text_view(std::string text);

}  // namespace npyfs
