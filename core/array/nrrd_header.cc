#include "core/array/nrrd_header.h"

#include <fmt/format.h>

#include <algorithm>
#include <expected>
#include <utility>

#include "core/array/item_type.h"

namespace npyfs {
namespace {

constexpr std::size_t kMaxNrrdDimensions = 16;  // NRRD_DIM_MAX

struct Described {
  std::string type;
  Shape sizes;  // the fastest axis first
  std::string endian;
};

std::expected<Described, std::string> describe(const Array& array, const Selection& selection) {
  Described described;
  const std::string descr = item_type(array, selection).descr;
  const std::string text = descr_text(descr);
  if (text == "|i1") described.type = "int8";
  if (text == "|u1") described.type = "uint8";
  for (const int bytes : {2, 4, 8}) {
    if (text.ends_with(fmt::format("i{}", bytes))) described.type = fmt::format("int{}", 8 * bytes);
    if (text.ends_with(fmt::format("u{}", bytes))) described.type = fmt::format("uint{}", 8 * bytes);
  }
  if (text.ends_with("f4")) described.type = "float";
  if (text.ends_with("f8")) described.type = "double";
  const bool is_plain = text.size() == 3;
  if (!is_plain || described.type.empty()) return std::unexpected("NRRD has no items of type " + descr);
  if (text.front() != '|') described.endian = text.front() == '>' ? "big" : "little";
  described.sizes = selection.shape();
  if (described.sizes.empty() || described.sizes.size() > kMaxNrrdDimensions) {
    return std::unexpected(fmt::format("NRRD has arrays of 1 to {} dimensions", kMaxNrrdDimensions));
  }
  if (selection.is_empty()) return std::unexpected("NRRD has no arrays without items");
  if (!array.fortran_order) std::ranges::reverse(described.sizes);
  return described;
}

}  // namespace

Result<std::string> nrrd_header(const Array& array, const Selection& selection, std::string_view body) {
  const auto not_found = [&](std::string why) {
    return std::unexpected(Error{ErrorKind::kNotFound, std::string(body), std::move(why)});
  };
  const auto described = describe(array, selection);
  if (!described) return not_found(described.error());
  if (body.find('\n') != body.npos)
    return not_found("a header of NRRD cannot name a file with a line break in its name");
  std::string text = fmt::format("NRRD0004\ntype: {}\ndimension: {}\nsizes: {}\n", described->type,
                                 described->sizes.size(), fmt::join(described->sizes, " "));
  if (!described->endian.empty()) text += fmt::format("endian: {}\n", described->endian);
  // Readers skip spaces before the name, and take LIST for the beginning of a list.
  const char* here = body.starts_with(' ') || body.starts_with("LIST") ? "./" : "";
  return text + fmt::format("encoding: raw\ndata file: {}{}\n", here, body);
}

std::string nrrd_type(const Array& array, const Selection& selection) {
  const auto described = describe(array, selection);
  return described ? described->type : "";
}

}  // namespace npyfs
