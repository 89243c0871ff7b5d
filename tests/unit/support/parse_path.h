// A whole path below an array's directory as the filesystem takes it: one component at a time.
#pragma once

#include <optional>
#include <string_view>

#include "core/slice/path_grammar.h"

namespace npyfs {

// What the last component of `path` is; nullopt if the grammar has no such path. "" is the array's directory itself.
inline std::optional<VirtualName> parse_path(std::string_view path) {
  VirtualName name;
  while (!path.empty()) {
    const std::string_view component = path.substr(0, path.find('/'));
    const auto parsed = parse_name(name, component);
    if (!parsed) return std::nullopt;
    name = parsed->name;
    if (component.size() == path.size()) break;
    path.remove_prefix(component.size() + 1);
    if (path.empty()) return std::nullopt;  // a '/' at the end
  }
  return name;
}

}  // namespace npyfs
