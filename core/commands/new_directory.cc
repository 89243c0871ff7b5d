#include "core/commands/new_directory.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <system_error>
#include <utility>

#include "core/base/path_string.h"
#include "core/commands/new_file.h"

namespace npyfs {

NewDirectory::NewDirectory(std::string path, UniqueFd parent) : path_(std::move(path)), parent_(std::move(parent)) {}

NewDirectory::NewDirectory(NewDirectory&& other) noexcept
    : path_(std::move(other.path_)),
      parent_(std::move(other.parent_)),
      temporary_path_(std::exchange(other.temporary_path_, {})) {}

NewDirectory::~NewDirectory() {
  if (temporary_path_.empty()) return;
  std::error_code ignored;
  std::filesystem::remove_all(temporary_path_, ignored);
}

Result<NewDirectory> NewDirectory::create(std::string path) {
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  struct stat status;
  if (::lstat(path.c_str(), &status) == 0) return std::unexpected(already_exists(std::move(path)));
  if (errno != ENOENT) return std::unexpected(system_error(std::move(path), "stat", errno));
  const std::string parent_path = parent_directory(path);
  UniqueFd parent(::open(parent_path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!parent) return std::unexpected(system_error(parent_path, "open", errno));
  NewDirectory directory(std::move(path), std::move(parent));
  if (auto made = directory.make(); !made) return std::unexpected(made.error());
  return directory;
}

Result<void> NewDirectory::make() {
  for (int attempt = 0; attempt < kMaxTemporaryNames; ++attempt) {
    std::string name = parent_directory(path_) + "/" + temporary_name();
    if (::mkdir(name.c_str(), 0777) == 0) {
      temporary_path_ = std::move(name);
      return {};
    }
    if (errno != EEXIST) break;
  }
  return std::unexpected(system_error(path_, "mkdir", errno));
}

Result<void> NewDirectory::rename_to_name() {
  if (::renameat2(AT_FDCWD, temporary_path_.c_str(), AT_FDCWD, path_.c_str(), RENAME_NOREPLACE) == 0) return {};
  // Some filesystems (NFS) do not support the flag. rename(2) replaces an empty directory, but nothing else.
  if ((errno == EINVAL || errno == ENOSYS) && ::rename(temporary_path_.c_str(), path_.c_str()) == 0) return {};
  const bool is_taken = errno == EEXIST || errno == ENOTEMPTY || errno == ENOTDIR;
  return std::unexpected(is_taken ? already_exists(path_) : system_error(path_, "rename", errno));
}

Result<void> NewDirectory::publish() {
  const UniqueFd directory(::open(temporary_path_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory) return std::unexpected(system_error(temporary_path_, "open", errno));
  // One call for any number of files. It also writes back files of others on this filesystem.
  if (::syncfs(directory.get()) != 0) return std::unexpected(system_error(path_, "syncfs", errno));
  if (auto renamed = rename_to_name(); !renamed) return renamed;
  temporary_path_.clear();
  if (::fsync(parent_.get()) != 0) return std::unexpected(system_error(path_, "fsync of its parent", errno));
  return {};
}

}  // namespace npyfs
