// Parts of paths, and names for files and directories that are not finished.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace npyfs {

// ".npyfs-XXXXXXXX.tmp" with random hexadecimal digits: hidden, and nobody takes it for an array.
std::string temporary_name();

// How many such names are tried until one is free: 2^32 of them are seldom taken.
inline constexpr int kMaxTemporaryNames = 100;

// The directory that `path` is in ("." where it names none), and its last component ("" behind a final '/').
std::string parent_directory(const std::string& path);
std::string last_component(const std::string& path);

// Takes the first component off `path`, with the slashes before it; "" where there is none.
std::string take_component(std::string& path);

std::string without_slashes_before(std::string_view path);

// The path of `name` in `directory`, which is "" where paths begin.
std::string path_in(std::string_view directory, std::string_view name);

// The other way round, for absolute paths, that of `directory` without a final '/': the path from there to `path`.
// nullopt where that does not begin with it.
std::optional<std::string> path_from(std::string_view directory, std::string_view path);

}  // namespace npyfs
