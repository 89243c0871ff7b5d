#include "core/array/virtual_path.h"

#include <functional>

#include "core/base/hash.h"

namespace npyfs {

std::uint64_t VirtualPath::hash() const {
  const std::uint64_t of_selection = std::hash<std::string>()(selection);
  if (is_view(name)) return mix(mix(of_selection, static_cast<std::uint64_t>(name.form)), 1);
  const std::uint64_t kinds =
      static_cast<std::uint64_t>(name.kind) << 16 | static_cast<std::uint64_t>(name.form) << 8 | name.axis;
  const std::uint64_t hash = mix(mix(mix(kinds, spelling), mix(name.first, name.second)), mix(of_selection, name.step));
  return parameters_size == 0 ? hash : mix(hash, parameters_size);
}

}  // namespace npyfs
