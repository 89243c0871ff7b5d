#include "core/npy/dtype.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "core/npy/python_repr.h"

namespace npyfs {
namespace {

// The elements of dtype.descr: appended to `out`, so that far nested fields are not copied at each level.
void append_descr(std::string& out, const Dtype& dtype);

// ((base, inner), outer), without the shape of the outermost subarray where that stands in the field's tuple.
void append_nested(std::string& out, const Dtype& base, std::span<const std::vector<std::uint64_t>> subarrays) {
  out.append(subarrays.size(), '(');
  append_descr(out, base);
  for (auto shape = subarrays.rbegin(); shape != subarrays.rend(); ++shape) {
    fmt::format_to(std::back_inserter(out), ", {})", python_repr(*shape));
  }
}

void append_field(std::string& out, const Field& field) {
  const std::string name = python_repr(field.name);
  out += '(';
  out += field.title ? fmt::format("({}, {})", python_repr(*field.title), name) : name;
  out += ", ";
  if (field.subarrays.empty()) {
    append_descr(out, field.dtype);
  } else {
    append_nested(out, field.dtype, std::span(field.subarrays).subspan(1));
    out += ", ";
    out += python_repr(field.subarrays.front());
  }
  out += ')';
}

void append_padding(std::string& out, std::uint64_t bytes) {
  if (bytes != 0) fmt::format_to(std::back_inserter(out), "('', '|V{}'), ", bytes);
}

void append_descr(std::string& out, const Dtype& dtype) {
  if (!dtype.is_structured) {
    fmt::format_to(std::back_inserter(out), "'{}'", dtype.type_string);
    return;
  }
  out += '[';
  const std::size_t begin = out.size();
  std::uint64_t end = 0;  // of the last field
  for (const Field& field : dtype.fields) {
    append_padding(out, field.offset - end);
    append_field(out, field);
    out += ", ";
    end = field.offset + field.size();
  }
  append_padding(out, dtype.itemsize - end);
  if (out.size() > begin) out.resize(out.size() - 2);  // the last comma
  out += ']';
}

}  // namespace

std::string Dtype::descr() const {
  std::string out;
  append_descr(out, *this);
  return out;
}

std::string subarray_descr(const Dtype& base, std::span<const std::vector<std::uint64_t>> subarrays) {
  std::string out;
  append_nested(out, base, subarrays);
  return out;
}

std::vector<std::uint64_t> Field::shape() const {
  std::vector<std::uint64_t> dimensions;
  for (const auto& subarray : subarrays) dimensions.insert(dimensions.end(), subarray.begin(), subarray.end());
  return dimensions;
}

std::uint64_t Field::size() const {
  std::uint64_t bytes = dtype.itemsize;
  for (const std::uint64_t dimension : shape()) bytes *= dimension;
  return bytes;
}

const Field* find_field(std::span<const Field> fields, std::string_view name) {
  const auto found = std::find_if(fields.begin(), fields.end(),
                                  [&](const Field& field) { return field.name == name || field.title == name; });
  return found == fields.end() ? nullptr : &*found;
}

}  // namespace npyfs
