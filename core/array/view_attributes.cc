#include "core/array/view_attributes.h"

#include <fmt/format.h>

#include <optional>
#include <utility>

#include "core/array/item_type.h"
#include "core/npy/npy_header.h"

namespace npyfs {
namespace {

// If the view is a[..., start:stop, ...], a range along one axis and nothing else: that axis.
std::optional<std::size_t> axis_of_range(const Selection& selection) {
  if (!selection.fields().empty() || selection.ndim() != selection.axes().size()) return std::nullopt;
  std::size_t axis = 0;
  int narrowed = 0;
  for (std::size_t i = 0; i < selection.ndim(); ++i) {
    const auto& [length, index] = selection.axes()[i];
    if (selection.axis_of(i) != i || index.step != 1) return std::nullopt;
    if (index.count == length) continue;
    axis = i;
    ++narrowed;
  }
  return narrowed <= 1 ? std::optional(axis) : std::nullopt;
}

// The paths of the files that the view has items of, one a line: as many as fit.
std::string source_of(const VirtualPath& path, const ArrayState& array) {
  const std::string source = array.path.absolute();
  if (!array.joined) return source;
  constexpr std::size_t kReserved = 40;  // for the last line
  const auto numbers = touched_parts(path, array);
  std::string text;
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    const std::string line = source + "/" + array.joined->parts()[numbers[i]].name;
    const bool is_last = i + 1 == numbers.size();
    if (text.size() + 1 + line.size() + (is_last ? 0 : kReserved) > kMaxAttributeSize) {
      return text + fmt::format("{}and {} more", i == 0 ? "" : "\n", numbers.size() - i);
    }
    text += (i == 0 ? "" : "\n") + line;
  }
  return text.empty() ? source : text;
}

}  // namespace

Result<std::vector<ExtendedAttribute>> extended_attributes(const VirtualPath& path, const ArrayState& array) {
  std::vector<ExtendedAttribute> attributes;
  if (!is_view(path.name)) return attributes;
  const auto of = selected_view(path, array);
  if (!of) return std::unexpected(of.error());
  const auto add = [&](const char* name, std::string value) {
    if (value.size() <= kMaxAttributeSize) attributes.push_back({name, std::move(value)});
  };
  add("user.npyfs.source", source_of(path, array));
  if (!array.member.empty()) add("user.npyfs.member", array.member);
  if (const auto axis = axis_of_range(of->selection)) {
    const AxisIndex& rows = of->selection.axes()[*axis].index;
    add("user.npyfs.axis", fmt::format("{}", *axis));
    add("user.npyfs.start", fmt::format("{}", rows.start));
    add("user.npyfs.stop", fmt::format("{}", rows.start + rows.count));
  }
  add("user.npyfs.index", index_notation(*of->array, of->selection));
  add("user.npyfs.shape", format_shape(of->selection.shape()));
  add("user.npyfs.descr", descr_text(item_type(*of->array, of->selection).descr));
  return attributes;
}

}  // namespace npyfs
