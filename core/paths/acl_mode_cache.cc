#include "core/paths/acl_mode_cache.h"

#include <fcntl.h>

#include <cerrno>
#include <string>

#include "core/base/unique_fd.h"
#include "core/paths/access_control_list.h"
#include "core/paths/file_version.h"

namespace npyfs {
namespace {

// Whether a list can take something away: links have none, and nobody but the owner may be granted anything at all.
bool may_grant_too_much(const struct stat& status) {
  return !S_ISLNK(status.st_mode) && (status.st_mode & (S_IRWXG | S_IRWXO)) != 0;
}

bool is_same(const timespec& a, const timespec& b) {
  return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

}  // namespace

std::optional<mode_t> AclModeCache::find(const SourceStatus& status) {
  const std::lock_guard lock(mutex_);
  const auto known = known_.find(status.identity());
  if (known == known_.end() || !is_same(known->second.ctime, status.st_ctim)) return std::nullopt;
  return known->second.mode;
}

void AclModeCache::note(const SourceStatus& status, mode_t mode) {
  const std::lock_guard lock(mutex_);
  if (known_.size() >= kMaxKnown) known_.clear();
  known_.insert_or_assign(status.identity(), Known{status.st_ctim, mode});
}

Result<SourceStatus> AclModeCache::status(int directory, const std::string& name, const std::string& path) {
  auto status = status_with_birth(directory, name, path);
  if (!status || !may_grant_too_much(*status)) return status;
  if (const auto mode = find(*status)) {
    status->st_mode = *mode;
    return status;
  }
  // By a descriptor of its own, so that status and list are of the same file.
  UniqueFd opened;
  if (!name.empty()) {
    opened = UniqueFd(::openat(directory, name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
    if (!opened) return std::unexpected(system_error(path, "open", errno));
    status = status_with_birth(opened.get(), "", path);
    if (!status || !may_grant_too_much(*status)) return status;
  }
  const bool was_racy = is_racy(*status, file_clock());
  const auto list = access_control_list(opened ? opened.get() : directory, path);
  if (!list) return std::unexpected(list.error());
  const mode_t mode = mode_within(*list, status->st_mode);
  if (!was_racy) note(*status, mode);
  status->st_mode = mode;
  return status;
}

}  // namespace npyfs
