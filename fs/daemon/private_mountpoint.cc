#include "fs/daemon/private_mountpoint.h"

#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <system_error>

namespace npyfs {

Result<std::string> make_private_mountpoint() {
  const char* given = std::getenv("TMPDIR");
  const std::string parent = given == nullptr || *given == '\0' ? "/tmp" : given;
  std::error_code error;
  std::string path = (std::filesystem::absolute(parent, error) / "npyfs-XXXXXX").string();
  if (error) return std::unexpected(system_error(parent, "getcwd", error.value()));
  if (::mkdtemp(path.data()) == nullptr) return std::unexpected(system_error(parent, "mkdtemp", errno));
  return path;
}

void remove_private_mountpoint(const std::string& path) {
  (void)::rmdir(path.c_str());
}

}  // namespace npyfs
