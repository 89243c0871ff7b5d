#include "core/base/readable_size.h"

#include <fmt/format.h>

#include <array>
#include <cstddef>

namespace npyfs {

std::string readable_size(std::uint64_t bytes, std::string_view unit_of_bytes) {
  static constexpr std::array kUnits = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  if (bytes < 1024) return fmt::format("{} {}", bytes, unit_of_bytes);
  auto number = static_cast<double>(bytes) / 1024;
  std::size_t unit = 0;
  // 1023.95 would be printed as 1024.0.
  for (; number >= 1023.95 && unit + 1 < kUnits.size(); ++unit) number /= 1024;
  return fmt::format("{:.1f} {}", number, kUnits[unit]);
}

}  // namespace npyfs
