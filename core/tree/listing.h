// Directories being read.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <string_view>

#include "core/base/error.h"

namespace npyfs {

struct ListedName {
  std::string_view name;  // valid during the visit only
  ino_t inode;
  mode_t type;  // S_IFMT bits
  // The cookie with which reading continues after this name. Stays valid while the directory is open, even if names
  // are added or removed.
  std::uint64_t next_cookie;
};

// One open directory. Cookie 0 is its beginning. Thread-safe.
class Listing {
 public:
  using Visit = std::function<bool(const ListedName&)>;

  virtual ~Listing() = default;
  // Visits the names from `cookie` on, including "." and "..". Ends when `visit` returns false: that name was not
  // taken, and the next read visits it again.
  virtual Result<void> read(std::uint64_t cookie, const Visit& visit) = 0;
};

// In listings whose cookies count the names: "." and ".." come first.
inline constexpr std::uint64_t kDots = 2;

}  // namespace npyfs
