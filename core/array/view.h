// A file of the mount as bytes: some that are generated, followed by bytes of source files.
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
  std::shared_ptr<const HeaderGuard> guard;  // null if the bytes mean the same whatever a header says
  Runs runs;

  // Before bytes of `hull` are served: kTruncated if the file has become too short for them since it was opened, kStale
  // if a rewritten header makes something else of them.
  Result<void> check_still_holds(Extent hull) const;
};

// It owns its sources: they stay open for as long as it lives. Immutable.
struct View {
  std::string header;
  std::vector<Segment> segments;  // one behind the other

  std::uint64_t body_size() const;
  std::uint64_t size() const { return header.size() + body_size(); }
  // Whether its bytes are read in a request or two, so that preparing for more costs more than it gives.
  bool is_small() const { return body_size() <= std::uint64_t{128} << 10; }

  // Calls visit(segment, extent) with each part of the segments that bytes [offset, offset + size) of the view are in,
  // in order, until it returns an error: `extent` counts the bytes of the segment. What lies beyond the end is left out.
  // offset >= header.size().
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

// A selection of an array as a file: the bytes that np.save writes for it, in the order of the source (those of
// np.ascontiguousarray, or of np.asfortranarray if the array is in Fortran order), or its body alone (Form::kBin).
View make_view(const Array& array, const Selection& selection, Form form);
// The size of that file, without making it.
std::uint64_t view_size(const Array& array, const Selection& selection, Form form);

// The bytes of a file as they are: all that it had when it was opened.
View whole_file_view(std::shared_ptr<const SourceFile> file);

// A generated text.
View text_view(std::string text);

}  // namespace npyfs
