// Any bytes as a name and as the name of a file: what is encoded decodes to itself, and what decodes has one spelling.
#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/percent.h"
#include "tests/fuzz/require.h"

namespace npyfs {
namespace {

void require_file_name(std::string_view text) {
  require(!text.empty() && text.size() <= kMaxFileName && text != "." && text != "..", "a file can be called so");
  for (const char c : text) require(static_cast<unsigned char>(c) >= 0x20 && c != 0x7F && c != '/', "no control, no /");
}

void check(std::string_view text) {
  const auto spelling = percent_encoded(text);
  if (spelling) {
    require_file_name(*spelling);
    require(percent_decoded(*spelling) == text, "a spelling means its name");
  } else {
    require(text.size() > kMaxFileName / 3, "names of 85 bytes have a spelling");
  }
  const auto name = percent_decoded(text);
  if (!name) return;
  require(name->size() <= text.size(), "a name is no longer than its spelling");
  const auto listed = percent_encoded(*name);
  if (listed) require(percent_decoded(*listed) == *name, "the listed spelling means the same name");
}

}  // namespace
}  // namespace npyfs

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  npyfs::check({reinterpret_cast<const char*>(data), size});
  return 0;
}
