#include "core/paths/acl_mode_cache.h"

#include <fcntl.h>

#include <cerrno>
#include <string>

#include "core/base/unique_fd.h"
#include "core/paths/access_control_list.h"
#include "core/paths/file_version.h"

namespace npyfs {
namespace {

// Whether a list could grant less than the mode. Links have no lists, and a mode that grants something to the owner
// alone cannot be reduced.
bool may_grant_too_much(const struct stat& status) {
  return !S_ISLNK(status.st_mode) && (status.st_mode & (S_IRWXG | S_IRWXO)) != 0;
}

}  // namespace

std::optional<mode_t> AclModeCache::find(const SourceStatus& status) {
  const MutexLock lock(mutex_);
  const auto known = known_.find(status.identity());
  if (known == known_.end() || known->second.ctime_ns != nanoseconds(status.st_ctim)) return std::nullopt;
  return known->second.mode;
}

void AclModeCache::note(const SourceStatus& status, mode_t mode) {
  const MutexLock lock(mutex_);
  if (known_.size() >= kMaxKnown) known_.clear();
  known_.insert_or_assign(status.identity(), Known{nanoseconds(status.st_ctim), mode});
}

Result<SourceStatus> AclModeCache::status(int directory, const std::string& name, const std::string& path) {
  auto status = status_with_birth(directory, name, path);
  if (!status || !may_grant_too_much(*status)) return status;
  if (const auto mode = find(*status)) {
    status->st_mode = *mode;
    return status;
  }
  // Status and list are read from one descriptor, so that they belong to the same file.
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
