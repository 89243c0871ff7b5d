// Zip archives of stored members, byte by byte.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace npyfs {

inline std::string little(std::uint64_t value, std::size_t bytes) {
  std::string text;
  for (; text.size() < bytes; value >>= 8) text += static_cast<char>(value & 0xFF);
  return text;
}

// The checksum is said to be 0: nothing here reads it.
inline std::string zip_bytes(const std::vector<std::pair<std::string, std::string>>& members) {
  std::string bytes;
  std::string directory;
  for (const auto& [name, content] : members) {
    const std::string common = little(20, 2) + little(1 << 11, 2) + little(0, 2) + little(0, 4) + little(0, 4) +
                               little(content.size(), 4) + little(content.size(), 4) + little(name.size(), 2) +
                               little(0, 2);
    directory += "PK\1\2" + little(20, 2) + common + little(0, 2) + little(0, 2) + little(0, 2) + little(0, 4) +
                 little(bytes.size(), 4) + name;
    bytes += "PK\3\4" + common + name + content;
  }
  const std::uint64_t begin = bytes.size();
  return bytes + directory + "PK\5\6" + little(0, 4) + little(members.size(), 2) + little(members.size(), 2) +
         little(directory.size(), 4) + little(begin, 4) + little(0, 2);
}

}  // namespace npyfs
