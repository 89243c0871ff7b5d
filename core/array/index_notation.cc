// A selection in numpy's index notation, and as a path.
#include <fmt/format.h>

#include <algorithm>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/array/item_type.h"
#include "core/npy/python_repr.h"

namespace npyfs {
namespace {

bool is_whole(const SelectedAxis& axis) {
  return axis.index.start == 0 && axis.index.step == 1 && axis.index.count == axis.length && !axis.index.drops_axis;
}

// "10:90:4", "7", ":": how one axis is indexed.
std::string term(const SelectedAxis& axis) {
  const auto& [start, count, step, drops_axis] = axis.index;
  if (drops_axis) return fmt::format("{}", start);
  if (is_whole(axis)) return ":";
  if (count == 0) return "0:0";
  const std::string by = step == 1 ? "" : fmt::format(":{}", step);
  if (step > 0) {
    const bool is_to_the_end = (axis.length - start - 1) / static_cast<std::uint64_t>(step) + 1 == count;
    const std::string from = start == 0 ? "" : fmt::format("{}", start);
    return from + ":" + (is_to_the_end ? "" : fmt::format("{}", start + count * static_cast<std::uint64_t>(step))) + by;
  }
  const std::uint64_t stride = std::uint64_t{0} - static_cast<std::uint64_t>(step);
  const std::uint64_t last = start - (count - 1) * stride;
  const std::string from = start + 1 == axis.length ? "" : fmt::format("{}", start);
  return from + ":" + (last < stride ? "" : fmt::format("{}", last - stride)) + by;
}

// The terms of one index expression, without whole axes at the end. Empty if all axes are taken whole. `before`: the
// number of dimensions before these axes.
std::vector<std::string> terms_of(std::span<const SelectedAxis> axes, std::size_t before) {
  while (!axes.empty() && is_whole(axes.back())) axes = axes.first(axes.size() - 1);
  if (axes.empty()) return {};
  std::vector<std::string> terms(before, ":");
  for (const auto& axis : axes) terms.push_back(term(axis));
  return terms;
}

std::size_t count_kept(std::span<const SelectedAxis> axes) {
  return static_cast<std::size_t>(
      std::ranges::count(axes, false, [](const auto& axis) { return axis.index.drops_axis; }));
}

// An index expression with the term `special` for each new axis that is not longer than `longest`. Empty if there is
// none.
std::vector<std::string> new_axes(const Selection& selection, std::uint64_t longest, const char* special) {
  std::vector<std::string> terms;
  bool has_new = false;
  for (std::size_t i = 0; i < selection.ndim(); ++i) {
    const bool is_new = !selection.axis_of(i) && selection.length(i) <= longest;
    has_new = has_new || is_new;
    terms.emplace_back(is_new ? special : ":");
  }
  return has_new ? terms : std::vector<std::string>();
}

// Calls index(terms) and field(name) for each step of the selection, in order. Leaves out steps that take everything.
template <typename Index, typename TakeField>
void visit_steps(const Array& array, const Selection& selection, Index index, TakeField field) {
  const auto visit_index = [&](const std::vector<std::string>& terms) {
    if (!terms.empty()) index(terms);
  };
  std::size_t first = selection.array_ndim();
  std::size_t kept = count_kept(selection.axes().first(first));
  visit_index(terms_of(selection.axes().first(first), 0));
  const auto names = item_type(array, selection).path;
  for (std::size_t i = 0; i < names.size(); ++i) {
    field(names[i]);
    const auto axes = selection.axes().subspan(first, selection.fields()[i].ndim);
    visit_index(terms_of(axes, kept));
    first += axes.size();
    kept += count_kept(axes);
  }
  visit_index(new_axes(selection, 1, "None"));
  visit_index(new_axes(selection, 0, "0:0"));
}

}  // namespace

std::string index_notation(const Array& array, const Selection& selection) {
  std::string text = "a";
  visit_steps(
      array, selection,
      [&](const std::vector<std::string>& terms) { text += fmt::format("[{}]", fmt::join(terms, ", ")); },
      [&](std::string_view name) { text += fmt::format("[{}]", python_repr(name)); });
  return text;
}

std::string index_path(const Array& array, const Selection& selection, Form form) {
  std::string path;
  const auto add = [&](std::string_view directory, std::string_view name) {
    path += fmt::format("{}{}/{}", path.empty() ? "" : "/", directory, name);
  };
  visit_steps(
      array, selection,
      [&](const std::vector<std::string>& terms) { add("index", fmt::format("{}", fmt::join(terms, ","))); },
      [&](std::string_view name) { add("fields", field_path_name(name).value_or("...")); });
  if (path.empty()) add("index", "...");
  return path + (form == Form::kBin ? ".bin" : ".npy");
}

}  // namespace npyfs
