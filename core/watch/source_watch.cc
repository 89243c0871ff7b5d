#include "core/watch/source_watch.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <mutex>
#include <utility>

#include "core/base/path_string.h"
#include "core/paths/remote_filesystem.h"

namespace npyfs {
namespace {

constexpr std::uint32_t kComeOrGone = IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO;
constexpr std::uint32_t kSelf = IN_DELETE_SELF | IN_MOVE_SELF | IN_UNMOUNT;
constexpr std::uint32_t kHeard = kComeOrGone | IN_CLOSE_WRITE | IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF;

constexpr int kMaxAttempts = 3;  // at watching a directory that is being renamed

// Of events that are taken at a time: thousands.
constexpr std::size_t kBufferSize = std::size_t{64} << 10;

// Whether `path`, or a directory that it is beneath, has come or gone.
bool has_moved(const SourceChanges& changes, std::string_view path) {
  while (true) {
    const auto changed = changes.paths.find(path);
    if (changed != changes.paths.end() && changed->second) return true;
    const std::size_t slash = path.rfind('/');
    if (path.empty()) return false;
    path = path.substr(0, slash == std::string_view::npos ? 0 : slash);
  }
}

}  // namespace

Result<void> SourceWatch::start(const std::string& mountpoint) {
  UniqueFd end(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!end) return std::unexpected(system_error(root_.absolute(""), "eventfd", errno));
  buffer_.resize(kBufferSize);
  mount_.emplace(root_.mount(mountpoint));
  end_ = std::move(end);
  events_ = UniqueFd(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
  if (!events_) return std::unexpected(system_error(root_.absolute(""), "inotify_init1", errno));
  return {};
}

bool SourceWatch::is_wanted(NodeId directory) const {
  const std::shared_lock lock(mutex_);
  const auto found = directories_.find(directory);
  if (by_watch_.size() >= max_directories_) return false;
  if (found != directories_.end()) return !found->second.is_sure;
  return directories_.size() < 2 * max_directories_ && !refused_.contains(directory);
}

void SourceWatch::add(NodeId directory, const std::shared_ptr<const std::string>& path) {
  if (!events_ || !is_wanted(directory)) return;
  {
    const std::unique_lock lock(mutex_);
    directories_.try_emplace(directory, Directory{kNone, false, path});
  }
  try_to_watch(directory, *path);
}

// Watches what is at `path` now, where the directory has been added and is not watched.
void SourceWatch::try_to_watch(NodeId directory, const std::string& path) {
  for (int attempt = 0; attempt < kMaxAttempts; ++attempt) {
    const auto fd = root_.open_directory(path);
    if (!fd) return;  // the next time, perhaps
    const auto watched = watch(directory, path, fd->get());
    if (!watched && !was_refused_.exchange(true)) on_refusal_(watched.error());
    if (!watched || *watched == kNone || confirm(directory, *watched, is_at(fd->get(), path))) return;
  }
}

// The number of a watch of what is open at `fd`, the directory's own from now on; kNone where there is nothing left to
// do.
Result<int> SourceWatch::watch(NodeId id, const std::string& path, int fd) {
  const bool is_elsewhere = is_remote(fd);
  const std::unique_lock lock(mutex_);
  const auto found = directories_.find(id);
  if (found == directories_.end() || found->second.is_sure) return kNone;
  Directory& directory = found->second;
  // Through /proc, since there is no other way to watch what a descriptor is open on.
  const auto opened = fmt::format("/proc/self/fd/{}", fd);
  const int added = is_elsewhere ? kNone : ::inotify_add_watch(events_.get(), opened.c_str(), kHeard | IN_ONLYDIR);
  const int error = errno;
  if (added < 0) {
    refused_.insert(id);
    unwatch(id, directory);
    directories_.erase(found);
    if (is_elsewhere) return kNone;
    return std::unexpected(system_error(root_.absolute(path), "inotify_add_watch", error));
  }
  if (added == directory.watch) return added;  // another thread's, of the same directory
  by_watch_[added].push_back(id);              // where it throws, a watch of nobody: what it tells is passed over
  unwatch(id, directory);
  directory.watch = added;
  return added;
}

bool SourceWatch::is_at(int fd, const std::string& path) const {
  struct stat opened;
  const auto named = root_.status(path);
  return named && ::fstat(fd, &opened) == 0 && opened.st_dev == named->st_dev && opened.st_ino == named->st_ino;
}

// Whether nothing is left to do for the directory. It may have been renamed before `watch` was its own, and who hears
// of that may have heard of it too early to drop it. From the moment that its path led to what is watched, as
// `is_still_there` says, every rename is heard of later.
bool SourceWatch::confirm(NodeId directory, int watch, bool is_still_there) {
  const std::unique_lock lock(mutex_);
  const auto found = directories_.find(directory);
  if (found == directories_.end() || found->second.is_sure) return true;
  if (found->second.watch != watch) return false;  // dropped since, or another thread's
  if (!is_still_there) unwatch(directory, found->second);
  found->second.is_sure = is_still_there;
  return is_still_there;
}

// The paths of directories that were lost and that the kernel still knows.
std::vector<std::pair<std::shared_ptr<const std::string>, NodeId>> SourceWatch::take_lost() {
  std::vector<std::pair<std::shared_ptr<const std::string>, NodeId>> lost;
  const std::unique_lock lock(mutex_);
  for (const NodeId id : lost_) {
    const auto found = directories_.find(id);
    if (found != directories_.end()) lost.emplace_back(found->second.path, id);
  }
  lost_.clear();
  return lost;
}

void SourceWatch::renew() {
  auto lost = take_lost();
  // A directory before those beneath it: what comes to one of their names later is then heard of. One that has been
  // added since then is watched anew, too: a rename above it may not have been heard.
  std::ranges::sort(lost, [](const auto& a, const auto& b) { return *a.first < *b.first; });
  for (const auto& [path, id] : lost) {
    if (is_stopped_) return;
    {
      const std::unique_lock lock(mutex_);
      if (const auto found = directories_.find(id); found != directories_.end()) unwatch(id, found->second);
    }
    if (is_wanted(id)) try_to_watch(id, *path);
  }
}

void SourceWatch::remove(NodeId node) noexcept {
  {
    const std::shared_lock lock(mutex_);
    if (!directories_.contains(node) && !refused_.contains(node)) return;
  }
  const std::unique_lock lock(mutex_);
  refused_.erase(node);
  const auto found = directories_.find(node);
  if (found == directories_.end()) return;
  unwatch(node, found->second);
  directories_.erase(found);
}

void SourceWatch::unwatch(NodeId id, Directory& directory) noexcept {
  if (const auto same = by_watch_.find(directory.watch); same != by_watch_.end()) {
    std::erase(same->second, id);
    if (same->second.empty()) {
      (void)::inotify_rm_watch(events_.get(), same->first);  // EINVAL: it went with its directory
      by_watch_.erase(same);
    }
  }
  directory.watch = kNone;
  directory.is_sure = false;
}

void SourceWatch::unwatch_all(int watch) {
  const auto found = by_watch_.find(watch);
  const auto directories = found == by_watch_.end() ? std::vector<NodeId>() : found->second;
  for (const NodeId id : directories) unwatch(id, directories_.at(id));
}

std::vector<std::shared_ptr<const std::string>> SourceWatch::paths_of(int watch) const {
  std::vector<std::shared_ptr<const std::string>> paths;
  if (const auto found = by_watch_.find(watch); found != by_watch_.end()) {
    for (const NodeId directory : found->second) paths.push_back(directories_.at(directory).path);
  }
  return paths;
}

void SourceWatch::take(const inotify_event& event, SourceChanges& changes) {
  if ((event.mask & IN_Q_OVERFLOW) != 0) changes.everything = true;
  for (const auto& path : paths_of(event.wd)) {
    if ((event.mask & kSelf) != 0) {
      // Paths are those beneath the root, wherever it is moved.
      if (!path->empty() || (event.mask & IN_MOVE_SELF) == 0) changes.add(*path, true);
    } else if (event.len > 0) {
      const bool has_come_or_gone = (event.mask & kComeOrGone) != 0;
      changes.add(path_in(*path, event.name), has_come_or_gone);
      if (has_come_or_gone) changes.directories.insert(*path);
    } else if ((event.mask & IN_ATTRIB) != 0) {
      changes.directories.insert(*path);
    }
  }
  if ((event.mask & (IN_IGNORED | IN_UNMOUNT)) != 0) unwatch_all(event.wd);  // the system has dropped it
}

// A watch goes with its directory to another name, and would tell of that one's changes by the old one. Where events
// were lost, it may be any; what was refused is then tried once more, but not by renew(): asking may take for ever.
void SourceWatch::drop_what_moved(const SourceChanges& changes) {
  const bool any = std::ranges::any_of(changes.paths, [](const auto& path) { return path.second; });
  if (!any && !changes.everything) return;
  for (auto& [id, directory] : directories_) {
    if (!changes.everything && !has_moved(changes, *directory.path)) continue;
    lost_.push_back(id);
    unwatch(id, directory);
  }
  if (changes.everything) refused_.clear();
}

// What the first `size` bytes of the buffer tell.
SourceChanges SourceWatch::changes_in(std::size_t size) {
  SourceChanges changes;
  const std::unique_lock lock(mutex_);
  for (std::size_t at = 0; at < size;) {
    const auto& event = *reinterpret_cast<const inotify_event*>(&buffer_[at]);  // the kernel has aligned it
    take(event, changes);
    at += sizeof event + event.len;
  }
  drop_what_moved(changes);
  return changes;
}

bool SourceWatch::has_new_root() {
  auto root = mount_->replacement();
  if (!root) on_refused_root_(root.error());
  return root && *root && root_.replace(std::move(**root));
}

Result<std::optional<SourceChanges>> SourceWatch::wait() {
  while (true) {
    // Descriptors that there are none of are -1, which poll passes over.
    std::array<pollfd, 3> ready = {pollfd{events_.get(), POLLIN, 0}, pollfd{end_.get(), POLLIN, 0},
                                   pollfd{mount_->descriptor(), POLLPRI, 0}};
    if (::poll(ready.data(), ready.size(), -1) < 0) {
      if (errno == EINTR) continue;
      return std::unexpected(system_error(root_.absolute(""), "poll", errno));
    }
    if (is_stopped_) return std::nullopt;
    if (ready[2].revents != 0 && has_new_root()) {
      SourceChanges changes;
      changes.everything = true;
      const std::unique_lock lock(mutex_);
      drop_what_moved(changes);
      return changes;
    }
    if (ready[0].revents == 0) return SourceChanges();
    const ssize_t got = ::read(events_.get(), buffer_.data(), buffer_.size());
    if (got > 0) return changes_in(static_cast<std::size_t>(got));
    if (got < 0 && errno != EINTR && errno != EAGAIN) {
      return std::unexpected(system_error(root_.absolute(""), "read of inotify", errno));
    }
  }
}

bool SourceWatch::rest(std::chrono::milliseconds duration) const {
  pollfd ready = {end_.get(), POLLIN, 0};
  (void)::poll(&ready, 1, static_cast<int>(std::min<std::int64_t>(duration.count(), 1'000'000)));
  return is_stopped_;
}

void SourceWatch::stop() noexcept {
  is_stopped_ = true;
  const std::uint64_t one = 1;
  if (end_) (void)!::write(end_.get(), &one, sizeof one);
}

std::size_t SourceWatch::count() const {
  const std::shared_lock lock(mutex_);
  return by_watch_.size();
}

}  // namespace npyfs
