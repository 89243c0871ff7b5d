// The bytes of a file of the mount: a generated header or text, followed by bytes of source files.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/array/array.h"
#include "core/base/error.h"
#include "core/slice/path_grammar.h"
#include "core/slice/runs.h"
#include "core/slice/selection.h"

namespace npyfs {

// The bytes of a view that come from one file.
struct Segment {
  std::shared_ptr<const SourceFile> file;
  std::shared_ptr<const HeaderGuard> guard;  // null if the meaning of the bytes does not depend on a header
  Runs runs;

  // Whether bytes of `hull` may be served; to be called after they were copied or mapped. kTruncated if the file no
  // longer has all of them, kStale if its header was rewritten and they now belong to another array.
  Result<void> check_still_holds(Extent hull) const;
};

// Owns its sources: they stay open for as long as the view lives. Immutable.
struct View {
  std::string header;
  std::vector<Segment> segments;  // one after the other

  std::uint64_t body_size() const;
  std::uint64_t size() const { return header.size() + body_size(); }
  // Whether one or two reads fetch the whole file: Linux by default reads 128 KiB ahead, however little was asked for.
  // Preparing for further reads then costs more than it gains, and all of the file may as well be sent at once.
  bool is_small() const { return size() <= kSmall; }
  static constexpr std::uint64_t kSmall = std::uint64_t{128} << 10;  // bytes, with the header

  // Calls visit(segment, extent) for each part of bytes [offset, offset + size) of the view that lies in one segment,
  // in order, until it returns an error. `extent` is a range of bytes of the segment. Bytes beyond the view's end are
  // left out. offset >= header.size().
  template <typename Visit>
  Result<void> visit(std::uint64_t offset, std::uint64_t size, Visit visit) const;
};

template <typename Visit>
Result<void> View::visit(std::uint64_t offset, std::uint64_t size, Visit visit) const {
  offset -= header.size();
  for (const Segment& segment : segments) {
    const std::uint64_t segment_size = segment.runs.size();
    if (size == 0) break;
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
// the source's order: np.save of np.ascontiguousarray, or of np.asfortranarray if the array is in Fortran order.
View make_view(const Array& array, const Selection& selection, Form form);
// The size of that file, without making it.
std::uint64_t view_size(const Array& array, const Selection& selection, Form form);

// All bytes of a file, up to the size that it had when it was opened.
View whole_file_view(std::shared_ptr<const SourceFile> file);

// A generated text.
View text_view(std::string text);

}  // namespace npyfs
