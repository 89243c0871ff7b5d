#include "core/array/zarr_dtype.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <span>
#include <utility>

#include "core/base/escape.h"
#include "core/base/json_string.h"
#include "core/base/sentence.h"
#include "core/base/utf8.h"

namespace npyfs {
namespace {

// A type as versions 2 and 3 of the format need it: plain, or a record.
struct Type {
  std::string_view plain;  // a canonical type string: "<f8"; empty if the type is a record
  std::span<const Field> fields;
  std::uint64_t itemsize = 0;

  static Type of(const Dtype& dtype) {
    return {dtype.is_structured ? std::string_view() : dtype.type_string, dtype.fields, dtype.itemsize};
  }
};

Type type_of(const ItemType& item, const std::string& text) {
  const bool is_record = item.descr.starts_with('[');
  return {is_record ? std::string_view() : std::string_view(text), item.fields, item.itemsize};
}

std::expected<void, std::string> check_name(const Field& field) {
  if (field.name.empty()) return Sentence("Zarr has no fields without a name");
  if (!is_utf8(field.name)) return Sentence(fmt::format("the name of field {} is not UTF-8", escaped(field.name)));
  return {};
}

// A name for padding that no field has.
std::string padding_name(std::span<const Field> fields, std::uint64_t offset) {
  std::string name = fmt::format("padding{}", offset);
  while (std::ranges::find(fields, name, &Field::name) != fields.end()) name += '_';
  return name;
}

// A list of [name, type] or [name, type, shape].
class Zarr2 {
 public:
  static std::expected<std::string, std::string> text(const Type& type) {
    if (type.plain.empty()) return record(type);
    const bool has_no_unit = (type.plain[1] == 'M' || type.plain[1] == 'm') && !type.plain.ends_with(']');
    if (has_no_unit) return Sentence(fmt::format("Zarr version 2 has no times without a unit, as '{}'", type.plain));
    return fmt::format("\"{}\"", type.plain);
  }

 private:
  static std::expected<std::string, std::string> record(const Type& type) {
    std::string list;
    std::uint64_t end = 0;
    const auto add = [&](const std::string& entry) { list += (list.empty() ? "" : ", ") + entry; };
    const auto add_padding = [&](std::uint64_t until) {
      if (until == end) return;
      add(fmt::format(R"(["{}", "|V{}"])", padding_name(type.fields, end), until - end));
    };
    for (const Field& field : type.fields) {
      if (auto named = check_name(field); !named) return Sentence(named.error());
      auto inner = text(Type::of(field.dtype));
      if (!inner) return inner;
      add_padding(field.offset);
      end = field.offset + field.size();
      const auto shape = field.shape();
      const std::string lengths = shape.empty() ? "" : fmt::format(", [{}]", fmt::join(shape, ", "));
      add(fmt::format("[{}, {}{}]", json_string(field.name), *inner, lengths));
    }
    add_padding(type.itemsize);
    return "[" + list + "]";
  }
};

std::string with_configuration(std::string_view name, const std::string& configuration) {
  return fmt::format(R"({{"name": "{}", "configuration": {{{}}}}})", name, configuration);
}

ZarrDtype of_length(std::string_view name, std::uint64_t bytes, std::string fill_value) {
  return {with_configuration(name, fmt::format("\"length_bytes\": {}", bytes)), std::move(fill_value), {}};
}

// "[25s]" of a type string "<M8[25s]"; no unit is "generic".
ZarrDtype of_time(std::string_view name, std::string_view text) {
  const std::size_t bracket = text.find('[');
  std::string_view unit = bracket == text.npos ? "generic" : text.substr(bracket + 1, text.size() - bracket - 2);
  const std::size_t digits = std::min(unit.find_first_not_of("0123456789"), unit.size());
  const std::string_view factor = digits == 0 ? "1" : unit.substr(0, digits);
  unit.remove_prefix(digits);
  return {with_configuration(name, fmt::format(R"("unit": "{}", "scale_factor": {})", unit, factor)), "0", {}};
}

std::string base64_of_zeros(std::uint64_t bytes) {
  const std::uint64_t rest = bytes % 3;
  std::string text(bytes / 3 * 4, 'A');
  if (rest != 0) text += rest == 1 ? "AA==" : "AAA=";
  return "\"" + text + "\"";
}

class Zarr3 {
 public:
  static std::expected<ZarrDtype, std::string> dtype(const Type& type) {
    if (type.plain.empty()) return record(type);
    auto plain = without_endian(type);
    const bool has_units = type.plain[1] != 'S' && type.plain[1] != 'V' && type.plain[0] != '|';
    if (plain && has_units) plain->endian = type.plain[0] == '>' ? "big" : "little";
    return plain;
  }

 private:
  static std::expected<ZarrDtype, std::string> without_endian(const Type& type) {
    const std::string_view text = type.plain;
    const std::uint64_t bits = 8 * type.itemsize;
    const Sentence unknown(fmt::format("Zarr version 3 has no type '{}'", text));
    switch (text[1]) {
      case 'b':
        return ZarrDtype{"\"bool\"", "false", {}};
      case 'i':
        return ZarrDtype{fmt::format("\"int{}\"", bits), "0", {}};
      case 'u':
        return ZarrDtype{fmt::format("\"uint{}\"", bits), "0", {}};
      case 'f':
        if (bits > 64) return unknown;
        return ZarrDtype{fmt::format("\"float{}\"", bits), "0.0", {}};
      case 'c':
        if (bits > 128) return unknown;
        return ZarrDtype{fmt::format("\"complex{}\"", bits), "[0.0, 0.0]", {}};
      case 'M':
        return of_time("numpy.datetime64", text);
      case 'm':
        return of_time("numpy.timedelta64", text);
      default:
        return bits == 0 ? unknown : strings(type);
    }
  }

  static std::expected<ZarrDtype, std::string> strings(const Type& type) {
    switch (type.plain[1]) {
      case 'S':
        return of_length("null_terminated_bytes", type.itemsize, "\"\"");
      case 'U':
        return of_length("fixed_length_utf32", type.itemsize, "\"\"");
      case 'V':
        return of_length("raw_bytes", type.itemsize, base64_of_zeros(type.itemsize));
      default:
        return Sentence(fmt::format("Zarr version 3 has no type '{}'", type.plain));
    }
  }

  static std::expected<ZarrDtype, std::string> record(const Type& type) {
    ZarrDtype record;
    std::uint64_t end = 0;
    for (const Field& field : type.fields) {
      if (auto named = check_name(field); !named) return Sentence(named.error());
      const std::string name = escaped(field.name);
      if (field.offset != end) return Sentence("Zarr version 3 has no padding between fields, as before " + name);
      if (!field.subarrays.empty()) return Sentence("Zarr version 3 has no fields that are arrays, as " + name);
      const auto inner = dtype(Type::of(field.dtype));
      if (!inner) return inner;
      if (!record.endian.empty() && !inner->endian.empty() && record.endian != inner->endian) {
        return Sentence("Zarr version 3 has one byte order for all fields; that of " + name + " is another");
      }
      if (record.endian.empty()) record.endian = inner->endian;
      const char* comma = end == 0 ? "" : ", ";
      record.type += fmt::format(R"({}{{"name": {}, "data_type": {}}})", comma, json_string(field.name), inner->type);
      record.fill_value += fmt::format("{}{}: {}", comma, json_string(field.name), inner->fill_value);
      end += field.size();
    }
    if (end != type.itemsize) return Sentence("Zarr version 3 has no padding behind the last field");
    record.type = with_configuration("struct", "\"fields\": [" + record.type + "]");
    record.fill_value = "{" + record.fill_value + "}";
    return record;
  }
};

}  // namespace

std::expected<ZarrDtype, std::string> zarr2_dtype(const ItemType& item) {
  const std::string text = descr_text(item.descr);
  auto type = Zarr2::text(type_of(item, text));
  if (!type) return Sentence(type.error());
  return ZarrDtype{std::move(*type), "null", {}};
}

std::expected<ZarrDtype, std::string> zarr3_dtype(const ItemType& item) {
  const std::string text = descr_text(item.descr);
  return Zarr3::dtype(type_of(item, text));
}

}  // namespace npyfs
