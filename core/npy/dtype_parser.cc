#include "core/npy/dtype_parser.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <optional>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/sentence.h"
#include "core/npy/python_repr.h"
#include "core/npy/type_string.h"

namespace npyfs {
namespace {

using Kind = PythonLiteral::Kind;

// A dtype within another, where a subarray may stand.
struct Element {
  Dtype dtype;                                             // of a subarray: of its innermost elements
  std::vector<std::vector<std::uint64_t>> subarrays = {};  // see Field
  std::uint64_t itemsize = 0;                              // bytes, those of all elements of a subarray
  bool is_void = false;     // dtype.type is np.void and there are no fields: what numpy takes for padding if unnamed
  bool is_unsized = false;  // 0 bytes without being a list of fields: numpy takes a shape for its missing size

  std::size_t dimensions() const;  // of all subarrays
};

using ParsedElement = std::expected<Element, std::string>;

ParsedElement parse_element(const PythonLiteral& descr);

std::size_t Element::dimensions() const {
  std::size_t count = 0;
  for (const auto& shape : subarrays) count += shape.size();
  return count;
}

std::string quoted_name(std::string_view name) {
  return shortened(python_repr(name));
}

// "field 'a': " in front of a sentence about its dtype. Where fields nest far, the outermost are left out.
std::string in_field(std::string_view name, std::string sentence) {
  static constexpr std::size_t kReadable = 500;
  return sentence.size() > kReadable ? sentence : fmt::format("field {}: {}", quoted_name(name), sentence);
}

// The dimensions of a subarray: a tuple of ints, or one int.
std::expected<std::vector<std::uint64_t>, std::string> parse_subarray_shape(const PythonLiteral& shape) {
  if (shape.kind != Kind::kTuple && shape.kind != Kind::kInt) {
    return Sentence(fmt::format("the shape of a subarray is {}, expected a tuple of ints", description(shape)));
  }
  std::vector<std::uint64_t> dimensions;
  const bool is_tuple = shape.kind == Kind::kTuple;
  for (std::size_t i = 0; i < (is_tuple ? shape.items.size() : 1); ++i) {
    const PythonLiteral& dimension = is_tuple ? shape.items[i] : shape;
    if (dimension.kind != Kind::kInt) {
      return Sentence(fmt::format("a dimension of a subarray is {}, expected an int", description(dimension)));
    }
    if (dimension.negative) {
      return Sentence(fmt::format("a dimension of a subarray is negative ({})", excerpt(dimension.source)));
    }
    if (dimension.magnitude.value_or(UINT64_MAX) > kMaxItemsize) {
      return Sentence(fmt::format("a dimension of a subarray is {}, larger than 2^31 - 1", excerpt(dimension.source)));
    }
    dimensions.push_back(*dimension.magnitude);
  }
  // numpy reads the int 1 as "no subarray" and has announced that it will mean (1,) one day.
  if (!is_tuple && dimensions[0] == 1) return Sentence("the shape of a subarray is the int 1, expected the tuple (1,)");
  return dimensions;
}

// Bytes of a subarray. Zero dimensions do not hide an overflow of the others.
std::optional<std::uint64_t> subarray_size(std::uint64_t itemsize, const std::vector<std::uint64_t>& dimensions) {
  std::uint64_t items = 1;
  bool is_empty = false;
  for (const std::uint64_t dimension : dimensions) {
    is_empty = is_empty || dimension == 0;
    // Both factors are at most 2^31 - 1: no overflow.
    if (dimension != 0) items *= dimension;
    if (items > kMaxItemsize) return std::nullopt;
  }
  const std::uint64_t size = items * itemsize;  // both at most 2^31 - 1
  if (size > kMaxItemsize) return std::nullopt;
  return is_empty ? 0 : size;
}

// (element, shape)
ParsedElement make_subarray(Element element, const PythonLiteral& shape) {
  if (element.is_unsized) {
    return Sentence(fmt::format("a subarray of {} has items of 0 bytes",
                                shortened(subarray_descr(element.dtype, element.subarrays))));
  }
  const auto shape_parsed = parse_subarray_shape(shape);
  if (!shape_parsed) return Sentence(shape_parsed.error());
  if (shape_parsed->empty()) return element;
  const std::size_t dimensions = element.dimensions() + shape_parsed->size();
  if (dimensions > kMaxDimensions) {
    return Sentence(fmt::format("a subarray has {} dimensions, {} are the most", dimensions, kMaxDimensions));
  }
  const auto size = subarray_size(element.itemsize, *shape_parsed);
  if (!size) {
    return Sentence(fmt::format("a subarray of shape {} with items of {} bytes is larger than 2^31 - 1 bytes",
                                python_repr(*shape_parsed), element.itemsize));
  }
  element.subarrays.insert(element.subarrays.begin(), *shape_parsed);
  element.itemsize = *size;
  element.is_void = true;
  element.is_unsized = *size == 0;
  return element;
}

// The fields of a structured dtype, as they are read one after the other.
class Fields {
 public:
  std::expected<void, std::string> add(const PythonLiteral& literal, std::size_t index);
  Element finish() &&;

 private:
  std::expected<void, std::string> set_name(Field& field, const PythonLiteral& name);

  Dtype dtype_;
  std::set<std::string> names_;  // names and titles: numpy looks both up in one dict
};

// Checks a name, or (title, name).
std::expected<void, std::string> Fields::set_name(Field& field, const PythonLiteral& name) {
  const bool has_title = name.kind == Kind::kTuple && name.items.size() == 2;
  const PythonLiteral& plain = has_title ? name.items[1] : name;
  if (plain.kind != Kind::kStr || (has_title && name.items[0].kind != Kind::kStr)) {
    return Sentence(
        fmt::format("the name of a field is {}, expected a str or a tuple of two (title, name)", description(name)));
  }
  field.name = plain.text;
  if (!names_.insert(field.name).second) {
    return Sentence(fmt::format("the field name {} is used twice", quoted_name(field.name)));
  }
  if (!has_title) return {};
  field.title = name.items[0].text;
  if (!names_.insert(*field.title).second) {
    return Sentence(fmt::format("the field title {} is used twice", quoted_name(*field.title)));
  }
  return {};
}

std::expected<void, std::string> Fields::add(const PythonLiteral& literal, std::size_t index) {
  if (literal.kind != Kind::kTuple) {
    return Sentence(fmt::format("field {} is {}, expected a tuple (name, descr)", index, description(literal)));
  }
  if (literal.items.size() != 2 && literal.items.size() != 3) {
    return Sentence(fmt::format("field {} is a tuple of length {} ({}), expected (name, descr) or (name, descr, shape)",
                                index, literal.items.size(), excerpt(literal.source)));
  }
  const PythonLiteral& name = literal.items[0];
  const std::string_view shown_name =
      name.kind == Kind::kTuple && name.items.size() == 2 ? name.items[1].text : name.text;
  ParsedElement element = parse_element(literal.items[1]);
  if (element && literal.items.size() == 3) element = make_subarray(std::move(*element), literal.items[2]);
  if (!element) return Sentence(in_field(shown_name, element.error()));
  const std::uint64_t offset = dtype_.itemsize;
  dtype_.itemsize += element->itemsize;  // at most 2^31 - 1 each, and checked each time: no overflow
  if (dtype_.itemsize > kMaxItemsize) return Sentence("the fields together have more than 2^31 - 1 bytes");
  const bool is_padding = name.kind == Kind::kStr && name.text.empty() && element->is_void;
  if (is_padding) return {};
  Field field{.offset = offset, .dtype = std::move(element->dtype), .subarrays = std::move(element->subarrays)};
  if (auto named = set_name(field, name); !named) return named;
  dtype_.holds_objects = dtype_.holds_objects || field.dtype.holds_objects;
  dtype_.fields.push_back(std::move(field));
  return {};
}

Element Fields::finish() && {
  dtype_.is_structured = true;
  const std::uint64_t itemsize = dtype_.itemsize;
  return {.dtype = std::move(dtype_), .itemsize = itemsize};
}

ParsedElement parse_element(const PythonLiteral& descr) {
  if (descr.kind == Kind::kStr) {
    auto type = parse_type_string(descr.text);
    if (!type) return Sentence(fmt::format("{} is no dtype: {}", excerpt(descr.source), type.error()));
    Element element;
    element.itemsize = type->itemsize;
    element.is_void = type->kind == 'V';
    element.is_unsized = type->itemsize == 0;
    element.dtype.type_string = std::move(type->canonical);
    element.dtype.itemsize = type->itemsize;
    element.dtype.holds_objects = type->kind == 'O';
    return element;
  }
  if (descr.kind == Kind::kList) {
    Fields fields;
    for (std::size_t i = 0; i < descr.items.size(); ++i) {
      if (auto added = fields.add(descr.items[i], i); !added) return Sentence(std::move(added.error()));
    }
    return std::move(fields).finish();
  }
  if (descr.kind == Kind::kTuple && descr.items.size() == 2) {
    ParsedElement base = parse_element(descr.items[0]);
    if (!base) return base;
    return make_subarray(std::move(*base), descr.items[1]);
  }
  return Sentence(fmt::format("expected a str or a list of fields, found {}", description(descr)));
}

}  // namespace

std::expected<Dtype, std::string> parse_dtype(const PythonLiteral& descr) {
  auto element = parse_element(descr);
  if (!element) return Sentence("descr: " + element.error());
  if (descr.kind == Kind::kTuple) {
    return Sentence(
        fmt::format("descr: {} is a subarray, and the header's shape would not be the array's", excerpt(descr.source)));
  }
  return std::move(element->dtype);
}

}  // namespace npyfs
