// Paths as strings: splitting, joining, and names for temporary files. No function here makes a system call on a path.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace npyfs {

// ".npyfs-XXXXXXXX.tmp" with random hexadecimal digits. The leading dot hides the file, and it is no name of an array.
std::string temporary_name();

// How many temporary names to try before giving up. Of 2^32 names, hardly any are taken.
inline constexpr int kMaxTemporaryNames = 100;

// Everything before the last '/' of `path`: "." if there is no '/', "/" if the last one is the first character.
std::string parent_directory(const std::string& path);

// The directory that the path, relative to the root of the source, is in: "" is the root. The inverse of path_in().
std::string containing_directory(std::string_view path);

// Everything after the last '/' of `path`: "" if `path` ends with one.
std::string last_component(const std::string& path);

// Removes the first component from `path`, with the slashes before it, and returns it. "" if there is none.
std::string take_component(std::string& path);

std::string without_leading_slashes(std::string_view path);

// "directory/name", or `name` if `directory` is "" (the root of the source).
std::string path_in(std::string_view directory, std::string_view name);

// The relative path from `directory` to `path`, "" if they are equal. nullopt if `path` is not at or below `directory`.
// Both are absolute; `directory` has no trailing '/' ("" is the root of the filesystem).
std::optional<std::string> relative_path(std::string_view directory, std::string_view path);

}  // namespace npyfs
