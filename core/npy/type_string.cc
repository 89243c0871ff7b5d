#include "core/npy/type_string.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <optional>
#include <span>
#include <utility>

#include "core/base/sentence.h"
#include "core/npy/dtype.h"

namespace npyfs {
namespace {

using Parsed = std::expected<TypeString, std::string>;

struct Alias {
  std::string_view name;
  char kind;
  std::uint64_t itemsize;
};

// The codes of one letter that say more than their kind ('S' alone is a kind without a size).
constexpr Alias kCodes[] = {
    {"?", 'b', 1}, {"b", 'i', 1}, {"B", 'u', 1},  {"h", 'i', 2}, {"H", 'u', 2},  {"i", 'i', 4},  {"I", 'u', 4},
    {"l", 'i', 8}, {"L", 'u', 8}, {"q", 'i', 8},  {"Q", 'u', 8}, {"p", 'i', 8},  {"P", 'u', 8},  {"e", 'f', 2},
    {"f", 'f', 4}, {"d", 'f', 8}, {"g", 'f', 16}, {"F", 'c', 8}, {"D", 'c', 16}, {"G", 'c', 32}, {"c", 'S', 1},
    {"S", 'S', 0}, {"a", 'S', 0}, {"U", 'U', 0},  {"V", 'V', 0}, {"O", 'O', 8},  {"M", 'M', 8},  {"m", 'm', 8},
};

// The names that numpy 1 and numpy 2 both know. None of them can have a byte order in front.
constexpr Alias kNames[] = {
    {"bool", 'b', 1},        {"bool_", 'b', 1},     {"byte", 'i', 1},        {"int8", 'i', 1},
    {"ubyte", 'u', 1},       {"uint8", 'u', 1},     {"short", 'i', 2},       {"int16", 'i', 2},
    {"ushort", 'u', 2},      {"uint16", 'u', 2},    {"intc", 'i', 4},        {"int32", 'i', 4},
    {"uintc", 'u', 4},       {"uint32", 'u', 4},    {"int", 'i', 8},         {"int_", 'i', 8},
    {"intp", 'i', 8},        {"int64", 'i', 8},     {"long", 'i', 8},        {"longlong", 'i', 8},
    {"uint", 'u', 8},        {"uintp", 'u', 8},     {"uint64", 'u', 8},      {"ulong", 'u', 8},
    {"ulonglong", 'u', 8},   {"half", 'f', 2},      {"float16", 'f', 2},     {"single", 'f', 4},
    {"float32", 'f', 4},     {"float", 'f', 8},     {"double", 'f', 8},      {"float64", 'f', 8},
    {"longdouble", 'f', 16}, {"float128", 'f', 16}, {"csingle", 'c', 8},     {"complex64", 'c', 8},
    {"complex", 'c', 16},    {"cdouble", 'c', 16},  {"complex128", 'c', 16}, {"clongdouble", 'c', 32},
    {"complex256", 'c', 32}, {"bytes", 'S', 0},     {"bytes_", 'S', 0},      {"str", 'U', 0},
    {"str_", 'U', 0},        {"void", 'V', 0},      {"object", 'O', 8},      {"object_", 'O', 8},
};

constexpr std::string_view kDatetimeUnits[] = {"Y", "M", "W", "D", "h", "m", "s", "ms", "us", "ns", "ps", "fs", "as"};

// The sizes that exist of the kinds that have some sizes only.
std::span<const std::uint64_t> sizes_of(char kind) {
  static constexpr std::uint64_t kBool[] = {1};
  static constexpr std::uint64_t kInt[] = {1, 2, 4, 8};
  static constexpr std::uint64_t kFloat[] = {2, 4, 8, 16};
  static constexpr std::uint64_t kComplex[] = {8, 16, 32};
  static constexpr std::uint64_t kObject[] = {4, 8};  // as a 32-bit and a 64-bit numpy wrote it
  switch (kind) {
    case 'b':
      return kBool;
    case 'i':
    case 'u':
      return kInt;
    case 'f':
      return kFloat;
    case 'c':
      return kComplex;
    case 'O':
      return kObject;
    default:
      return {};
  }
}

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool is_digits(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

// A decimal number of at most `limit`.
std::optional<std::uint64_t> number_up_to(std::string_view digits, std::uint64_t limit) {
  std::uint64_t value = 0;
  for (char c : digits) {
    value = value * 10 + static_cast<unsigned>(c - '0');
    if (value > limit) return std::nullopt;
  }
  return value;
}

// dtype.str. `order` is '<', '>' or '|'.
TypeString make_type(char order, char kind, std::uint64_t itemsize) {
  const bool has_order =
      kind == 'U' || kind == 'M' || kind == 'm' || (kind != 'S' && kind != 'V' && kind != 'O' && itemsize > 1);
  const char printed_order = !has_order ? '|' : order == '>' ? '>' : '<';
  if (kind == 'O') return {"|O", 8, kind};
  return {fmt::format("{}{}{}", printed_order, kind, kind == 'U' ? itemsize / 4 : itemsize), itemsize, kind};
}

// "M8", "M8[25s]", "datetime64[us]" and their likes with 'm': `metadata` is what follows the name.
Parsed parse_datetime(char order, char kind, std::string_view metadata) {
  TypeString type = make_type(order, kind, 8);
  if (metadata.empty() || metadata == "[generic]") return type;
  if (metadata.size() < 3 || metadata.front() != '[' || metadata.back() != ']') {
    return Sentence("the unit of a datetime stands in brackets, as in M8[us]");
  }
  metadata = metadata.substr(1, metadata.size() - 2);
  const std::size_t digits = std::min(metadata.find_first_not_of("0123456789"), metadata.size());
  std::string_view unit = metadata.substr(digits);
  if (unit == "\u03BCs") unit = "us";
  if (std::find(std::begin(kDatetimeUnits), std::end(kDatetimeUnits), unit) == std::end(kDatetimeUnits)) {
    return Sentence(fmt::format("there is no datetime unit of that name ({} exist)", fmt::join(kDatetimeUnits, ", ")));
  }
  const auto multiple = digits == 0 ? 1 : number_up_to(metadata.substr(0, digits), kMaxItemsize).value_or(0);
  if (multiple == 0) return Sentence("a multiple of a datetime unit is a number from 1 to 2^31 - 1");
  type.canonical += multiple == 1 ? fmt::format("[{}]", unit) : fmt::format("[{}{}]", multiple, unit);
  return type;
}

// "f8", "S10": a kind and the digits of its size; of 'U' in characters of 4 bytes.
Parsed parse_sized(char order, char kind, std::string_view digits) {
  const bool is_text = kind == 'S' || kind == 'a' || kind == 'U' || kind == 'V';
  const auto size = number_up_to(digits, kMaxItemsize / (kind == 'U' ? 4 : 1));
  if (is_text) {
    if (!size) return Sentence("an item of it would have more than 2^31 - 1 bytes");
    return make_type(order, kind == 'a' ? 'S' : kind, kind == 'U' ? *size * 4 : *size);
  }
  const auto sizes = sizes_of(kind);
  if (!sizes.empty() && (!size || std::find(sizes.begin(), sizes.end(), *size) == sizes.end())) {
    return Sentence(fmt::format("there is no '{}' of that many bytes ({} exist)", kind, fmt::join(sizes, ", ")));
  }
  if (kind == 'T') return Sentence("strings of variable width (StringDType) have no fixed row size");
  if (sizes.empty()) return Sentence("numpy knows no type of that name");
  return make_type(order, kind, *size);
}

// Spellings that np.dtype reads and that mean more than one type, or a type repeated.
std::optional<std::string> compound_reason(std::string_view type) {
  if (!type.empty() && (is_digits(type.substr(0, 1)) || type[0] == '(')) {
    return "it repeats a type; subarrays are read as (name, descr, shape) in a list of fields only";
  }
  const std::size_t bracket = type.find('[');
  if (type.substr(0, bracket).find(',') != std::string_view::npos) {
    return "it lists several formats; np.save writes fields as a list of tuples";
  }
  return std::nullopt;
}

// Why a string that is neither a code, a name nor a kind with a size is no type.
std::string unknown_reason(std::string_view type) {
  if (type == "T") return "strings of variable width (StringDType) have no fixed row size";
  const std::string_view size = type.substr(1);
  const bool has_kind = !sizes_of(type[0]).empty() || std::string_view("SaUV").find(type[0]) != std::string_view::npos;
  if (has_kind && size.size() > 1 && size[0] == '-' && is_digits(size.substr(1))) return "its size is negative";
  const bool has_digit = size.find_first_of("0123456789") != std::string_view::npos;
  if (has_kind && has_digit && !is_letter(size[0])) return "its size is not a plain decimal number";
  return "numpy knows no type of that name";
}

template <std::size_t kCount>
const Alias* find_alias(const Alias (&aliases)[kCount], std::string_view name) {
  const auto* const found =
      std::find_if(std::begin(aliases), std::end(aliases), [&](const Alias& alias) { return alias.name == name; });
  return found == std::end(aliases) ? nullptr : found;
}

}  // namespace

std::expected<TypeString, std::string> parse_type_string(std::string_view text) {
  if (text.empty()) return Sentence("an empty string names no type");
  const bool has_order = std::string_view("<>=|").find(text[0]) != std::string_view::npos;
  const char order = has_order ? text[0] : '=';
  const std::string_view type = text.substr(has_order ? 1 : 0);
  if (type.empty()) return Sentence("a byte order alone names no type");
  if (auto reason = compound_reason(type)) return Sentence(std::move(*reason));
  for (const auto& [name, kind] :
       {std::pair<std::string_view, char>{"M8", 'M'}, {"m8", 'm'}, {"datetime64", 'M'}, {"timedelta64", 'm'}}) {
    if (type.starts_with(name)) return parse_datetime(order, kind, type.substr(name.size()));
  }
  if (const Alias* const code = find_alias(kCodes, type)) return make_type(order, code->kind, code->itemsize);
  if (is_digits(type.substr(1))) return parse_sized(order, type[0], type.substr(1));
  if (const Alias* const name = has_order ? nullptr : find_alias(kNames, type)) {
    return make_type(order, name->kind, name->itemsize);
  }
  return Sentence(unknown_reason(type));
}

}  // namespace npyfs
