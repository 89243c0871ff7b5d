#include "core/commands/new_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <utility>

#include "core/base/path_string.h"

namespace npyfs {
namespace {

constexpr mode_t kMode = 0666;

}  // namespace

Error already_exists(std::string path) {
  return Error{ErrorKind::kSystem, std::move(path),
               "is there already, and is not overwritten: remove it or choose another name", EEXIST};
}

NewFile::NewFile(std::string path, UniqueFd directory)
    : path_(std::move(path)), name_(last_component(path_)), directory_(std::move(directory)) {}

NewFile::NewFile(NewFile&& other) noexcept
    : path_(std::move(other.path_)),
      name_(std::move(other.name_)),
      directory_(std::move(other.directory_)),
      fd_(std::move(other.fd_)),
      temporary_name_(std::exchange(other.temporary_name_, {})) {}

NewFile::~NewFile() {
  if (!temporary_name_.empty()) ::unlinkat(directory_.get(), temporary_name_.c_str(), 0);
}

Result<NewFile> NewFile::create(const std::string& path, Staging staging) {
  const std::string parent = parent_directory(path);
  UniqueFd directory(::open(parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory) return std::unexpected(system_error(parent, "open", errno));
  NewFile file(path, std::move(directory));
  if (file.name_.empty()) return std::unexpected(system_error(path, "open", EISDIR));
  if (auto absent = file.check_absent(); !absent) return std::unexpected(absent.error());
  auto opened = staging == Staging::kNamed ? file.open_named() : file.open_unnamed();
  if (!opened) return std::unexpected(opened.error());
  return file;
}

// publish() would fail as well, but perhaps after hours of work.
Result<void> NewFile::check_absent() const {
  struct stat status;
  if (::fstatat(directory_.get(), name_.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0) {
    return std::unexpected(already_exists(path_));
  }
  if (errno != ENOENT) return std::unexpected(system_error(path_, "stat", errno));
  return {};
}

Result<void> NewFile::open_unnamed() {
  fd_ = UniqueFd(::openat(directory_.get(), ".", O_TMPFILE | O_RDWR | O_CLOEXEC, kMode));
  if (fd_) return {};
  // The errors of filesystems and kernels without O_TMPFILE: see open(2).
  if (errno == EOPNOTSUPP || errno == EISDIR || errno == ENOENT || errno == EINVAL) return open_named();
  return std::unexpected(system_error(path_, "open", errno));
}

Result<void> NewFile::open_named() {
  for (int attempt = 0; attempt < kMaxTemporaryNames; ++attempt) {
    const std::string name = temporary_name();
    fd_ = UniqueFd(::openat(directory_.get(), name.c_str(), O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, kMode));
    if (fd_) {
      temporary_name_ = name;
      return {};
    }
    if (errno != EEXIST) break;
  }
  return std::unexpected(system_error(path_, "open", errno));
}

Result<void> NewFile::publish() {
  return temporary_name_.empty() ? link_unnamed() : rename_temporary();
}

// linkat(2) never replaces a file.
Result<void> NewFile::link_unnamed() {
  const std::string link = fmt::format("/proc/self/fd/{}", fd_.get());
  if (::linkat(AT_FDCWD, link.c_str(), directory_.get(), name_.c_str(), AT_SYMLINK_FOLLOW) == 0) return {};
  return std::unexpected(publish_error(errno));
}

Result<void> NewFile::rename_temporary() {
  const int directory = directory_.get();
  if (::renameat2(directory, temporary_name_.c_str(), directory, name_.c_str(), RENAME_NOREPLACE) == 0) {
    temporary_name_.clear();
    return {};
  }
  // Some filesystems do not support RENAME_NOREPLACE. After linkat(2), the destructor removes the temporary name.
  const bool is_unsupported = errno == EINVAL || errno == ENOSYS;
  if (is_unsupported && ::linkat(directory, temporary_name_.c_str(), directory, name_.c_str(), 0) == 0) return {};
  return std::unexpected(publish_error(errno));
}

Error NewFile::publish_error(int error) const {
  return error == EEXIST ? already_exists(path_) : system_error(path_, "link", error);
}

Result<void> NewFile::publish_durably() {
  if (::fsync(fd()) != 0) return std::unexpected(system_error(path_, "fsync", errno));
  if (auto published = publish(); !published) return published;
  if (::fsync(directory_.get()) != 0) return std::unexpected(system_error(path_, "fsync of its directory", errno));
  return {};
}

}  // namespace npyfs
