// The input files that lie beside the tests, and what is to be expected of them.
#pragma once

#include <cstddef>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <set>
#include <span>
#include <string>
#include <vector>

namespace npyfs {

// tests/NAME: "refused" or "accepted".
inline std::filesystem::path corpus(const char* name) {
  return std::filesystem::path(NPYFS_TESTS) / name;
}

inline std::string read_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(file), {});
}

inline nlohmann::json corpus_index(const char* name) {
  return nlohmann::json::parse(read_file(corpus(name) / "index.json"));
}

// The .npy files that are there, by name.
inline std::set<std::string> corpus_files(const char* name) {
  std::set<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(corpus(name))) {
    if (entry.path().extension() == ".npy") names.insert(entry.path().filename());
  }
  return names;
}

inline std::set<std::string> index_files(const nlohmann::json& index) {
  std::set<std::string> names;
  for (const auto& [name, expected] : index.items()) names.insert(name);
  return names;
}

inline std::span<const std::byte> as_bytes(const std::string& contents) {
  return std::as_bytes(std::span(contents));
}

}  // namespace npyfs
