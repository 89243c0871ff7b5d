#include "core/array/view.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include "core/array/item_type.h"
#include "core/npy/npy_header.h"

namespace npyfs {
namespace {

// fortran_order of the header. numpy writes True only for arrays that are not C-contiguous, too.
bool is_written_in_fortran_order(const Array& array, const Shape& shape) {
  return array.fortran_order && is_fortran_contiguous_only(shape);
}

std::uint64_t items_of(const Shape& shape) {
  std::uint64_t items = 1;
  for (const std::uint64_t length : shape) {
    if (length == 0) return 0;
    items *= length;
  }
  return items;
}

void add_part(View& view, const Array& array, const ArrayPart& part, const Selection& rows) {
  Runs runs(rows.geometry(part.geometry), array.fortran_order);
  view.segment_ends.push_back(view.body_size() + runs.size());
  view.segments.push_back({part.file, part.guard, std::move(runs), array.files, part.number});
}

Result<std::vector<Segment>> open_segments(const std::vector<Segment>& segments) {
  std::vector<Segment> all;
  all.reserve(segments.size());
  for (const Segment& segment : segments) {
    auto opened = segment.opened();
    if (!opened) return std::unexpected(opened.error());
    all.push_back(std::move(*opened));
  }
  return all;
}

bool is_out_of_descriptors(const Error& error) {
  return error.kind == ErrorKind::kSystem && (error.os_error == EMFILE || error.os_error == ENFILE);
}

}  // namespace

Result<Segment> Segment::opened() const {
  if (file || !files) return *this;
  auto opened = files->open(number);
  if (!opened) return std::unexpected(opened.error());
  return Segment{std::move(opened->file), std::move(opened->guard), runs};
}

Result<void> Segment::check_still_holds(Extent hull) const {
  const auto now = file->check_size(hull);
  if (!now) return std::unexpected(now.error());
  return guard ? guard->check(*now, hull) : Result<void>{};
}

std::uint64_t View::body_size() const {
  if (padding) return padding->size();
  if (!segment_ends.empty()) return segment_ends.back();
  std::uint64_t size = 0;
  for (const Segment& segment : segments) size += segment.runs.size();
  return size;
}

View make_view(const Array& array, const Selection& selection, Form form) {
  View view;
  if (form == Form::kNpy) {
    const ItemType type = item_type(array, selection);
    const Shape shape = selection.shape();
    view.header = format_npy_header(type.descr, is_written_in_fortran_order(array, shape), shape);
  }
  if (array.parts.size() == 1) {
    const ArrayPart& part = array.parts.front();
    Runs runs(selection.geometry(part.geometry), array.fortran_order);
    view.segments.push_back({part.file, part.guard, std::move(runs), array.files, part.number});
  } else {
    visit_parts(array, selection,
                [&](const ArrayPart& part, const Selection& rows) { add_part(view, array, part, rows); });
  }
  return view;
}

std::uint64_t view_size(const Array& array, const Selection& selection, Form form) {
  const Shape shape = selection.shape();
  const ItemType type = item_type(array, selection);
  const std::uint64_t body = items_of(shape) * type.itemsize;
  if (form != Form::kNpy) return body;
  return npy_header_length(type.descr, is_written_in_fortran_order(array, shape), shape) + body;
}

Result<void> hold_files(View& view, std::size_t most) {
  const auto is_held = [](const Segment& segment) { return segment.file || !segment.files; };
  if (std::ranges::all_of(view.segments, is_held)) return {};
  if (view.segments.size() <= most) {
    auto opened = open_segments(view.segments);
    if (opened) view.segments = std::move(*opened);
    if (opened || !is_out_of_descriptors(opened.error())) {
      return opened ? Result<void>{} : std::unexpected(opened.error());
    }
  }
  for (const Segment& segment : view.segments) {
    if (is_held(segment)) continue;
    if (auto same = segment.files->check(segment.number); !same) return same;
  }
  return {};
}

View extent_view(std::shared_ptr<const SourceFile> file, std::shared_ptr<const HeaderGuard> guard, Extent extent) {
  View view;
  view.segments.push_back({std::move(file), std::move(guard), Runs(extent)});
  return view;
}

View whole_file_view(std::shared_ptr<const SourceFile> file) {
  const Extent all{0, file->size()};
  return extent_view(std::move(file), nullptr, all);
}

View text_view(std::string text) {
  return View{std::move(text), {}, {}};
}

}  // namespace npyfs
