#include "core/npy/dtype.h"

#include <fmt/format.h>

#include <iterator>
#include <optional>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

#include "core/npy/python_repr.h"
#include "core/npy/type_string.h"

namespace npyfs {
namespace {

using Kind = PythonLiteral::Kind;
using Sentence = std::unexpected<std::string>;

// A dtype within another, where a subarray may stand.
struct Element {
  std::string descr;       // of a subarray: of its base
  std::string shape = {};  // of a subarray: "(2, 3)"; empty otherwise
  std::uint64_t itemsize = 0;
  std::size_t dimensions = 0;  // of all subarrays around each other
  bool holds_objects = false;
  bool is_void = false;     // dtype.type is np.void and there are no fields: what numpy takes for padding if unnamed
  bool is_unsized = false;  // 0 bytes without being a list of fields: numpy takes a shape for its missing size

  // As numpy's _array_descr writes it where it is not the format of a field.
  std::string nested_descr() const { return shape.empty() ? descr : fmt::format("({}, {})", descr, shape); }
};

using ParsedElement = std::expected<Element, std::string>;

ParsedElement parse_element(const PythonLiteral& descr);

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

// (base, shape)
ParsedElement make_subarray(Element base, const PythonLiteral& shape) {
  if (base.is_unsized) {
    return Sentence(fmt::format("a subarray of {} has items of 0 bytes", shortened(base.nested_descr())));
  }
  const auto dimensions = parse_subarray_shape(shape);
  if (!dimensions) return Sentence(dimensions.error());
  if (dimensions->empty()) return base;
  Element subarray{.descr = base.nested_descr(), .shape = python_repr(*dimensions)};
  subarray.dimensions = base.dimensions + dimensions->size();
  if (subarray.dimensions > kMaxDimensions) {
    return Sentence(fmt::format("a subarray has {} dimensions, {} are the most", subarray.dimensions, kMaxDimensions));
  }
  const auto size = subarray_size(base.itemsize, *dimensions);
  if (!size) {
    return Sentence(fmt::format("a subarray of shape {} with items of {} bytes is larger than 2^31 - 1 bytes",
                                subarray.shape, base.itemsize));
  }
  subarray.itemsize = *size;
  subarray.holds_objects = base.holds_objects;
  subarray.is_void = true;
  subarray.is_unsized = *size == 0;
  return subarray;
}

// The fields of a structured dtype, as they are read one after the other.
class Fields {
 public:
  std::expected<void, std::string> add(const PythonLiteral& field, std::size_t index);
  Element finish() &&;

 private:
  std::expected<std::string, std::string> parse_name(const PythonLiteral& name);
  void flush_padding();

  std::string descr_;
  std::uint64_t itemsize_ = 0;
  std::uint64_t padding_ = 0;    // bytes behind the last field that no field has
  std::set<std::string> names_;  // names and titles: numpy looks both up in one dict
  bool holds_objects_ = false;
};

// Checks a name, or (title, name), and returns its repr.
std::expected<std::string, std::string> Fields::parse_name(const PythonLiteral& name) {
  const bool has_title = name.kind == Kind::kTuple && name.items.size() == 2;
  const PythonLiteral& plain = has_title ? name.items[1] : name;
  if (plain.kind != Kind::kStr || (has_title && name.items[0].kind != Kind::kStr)) {
    return Sentence(
        fmt::format("the name of a field is {}, expected a str or a tuple of two (title, name)", description(name)));
  }
  if (!names_.insert(plain.text).second) {
    return Sentence(fmt::format("the field name {} is used twice", quoted_name(plain.text)));
  }
  if (!has_title) return python_repr(plain.text);
  if (!names_.insert(name.items[0].text).second) {
    return Sentence(fmt::format("the field title {} is used twice", quoted_name(name.items[0].text)));
  }
  return fmt::format("({}, {})", python_repr(name.items[0].text), python_repr(plain.text));
}

void Fields::flush_padding() {
  if (padding_ != 0) descr_ += fmt::format("{}('', '|V{}')", descr_.empty() ? "" : ", ", padding_);
  padding_ = 0;
}

std::expected<void, std::string> Fields::add(const PythonLiteral& field, std::size_t index) {
  if (field.kind != Kind::kTuple) {
    return Sentence(fmt::format("field {} is {}, expected a tuple (name, descr)", index, description(field)));
  }
  if (field.items.size() != 2 && field.items.size() != 3) {
    return Sentence(fmt::format("field {} is a tuple of length {} ({}), expected (name, descr) or (name, descr, shape)",
                                index, field.items.size(), excerpt(field.source)));
  }
  const PythonLiteral& name = field.items[0];
  const std::string_view shown_name =
      name.kind == Kind::kTuple && name.items.size() == 2 ? name.items[1].text : name.text;
  ParsedElement element = parse_element(field.items[1]);
  if (element && field.items.size() == 3) element = make_subarray(std::move(*element), field.items[2]);
  if (!element) return Sentence(in_field(shown_name, element.error()));
  itemsize_ += element->itemsize;  // at most 2^31 - 1 each, and checked each time: no overflow
  if (itemsize_ > kMaxItemsize) return Sentence("the fields together have more than 2^31 - 1 bytes");
  if (name.kind == Kind::kStr && name.text.empty() && element->is_void) {
    padding_ += element->itemsize;
    return {};
  }
  auto printed_name = parse_name(name);
  if (!printed_name) return Sentence(std::move(printed_name.error()));
  flush_padding();
  if (!descr_.empty()) descr_ += ", ";
  const std::string shape = element->shape.empty() ? "" : ", " + element->shape;
  fmt::format_to(std::back_inserter(descr_), "({}, {}{})", *printed_name, element->descr, shape);
  holds_objects_ = holds_objects_ || element->holds_objects;
  return {};
}

Element Fields::finish() && {
  flush_padding();
  Element element{.descr = fmt::format("[{}]", descr_), .itemsize = itemsize_};
  element.holds_objects = holds_objects_;
  return element;
}

ParsedElement parse_element(const PythonLiteral& descr) {
  if (descr.kind == Kind::kStr) {
    auto type = parse_type_string(descr.text);
    if (!type) return Sentence(fmt::format("{} is no dtype: {}", excerpt(descr.source), type.error()));
    Element element{.descr = fmt::format("'{}'", type->canonical), .itemsize = type->itemsize};
    element.holds_objects = type->kind == 'O';
    element.is_void = type->kind == 'V';
    element.is_unsized = type->itemsize == 0;
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
  return Dtype{std::move(element->descr), element->itemsize, element->holds_objects};
}

}  // namespace npyfs
