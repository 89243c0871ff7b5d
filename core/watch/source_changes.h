// What may have changed in the source.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>

namespace npyfs {

// Paths are relative to the root of the source. There may be no change at all, as after a mount elsewhere.
struct SourceChanges {
  bool everything = false;  // events were lost or the root was replaced: the rest is incomplete
  bool mounts = false;      // something was mounted or unmounted anywhere

  // What is at these paths may be another file, or have other bytes or attributes. The value is true if the name was
  // created, removed or renamed: then nothing is valid any more that was known of it and of what is below it.
  std::map<std::string, bool, std::less<>> paths;

  std::set<std::string, std::less<>> directories;  // whose own attributes have changed

  void add(std::string path, bool is_name_change) { paths[std::move(path)] |= is_name_change; }
};

}  // namespace npyfs
