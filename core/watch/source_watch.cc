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
#include <string_view>
#include <utility>

#include "core/base/path_string.h"
#include "core/paths/remote_filesystem.h"

namespace npyfs {
namespace {

constexpr std::uint32_t kNameEvents = IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO;
constexpr std::uint32_t kSelfEvents = IN_DELETE_SELF | IN_MOVE_SELF | IN_UNMOUNT;
constexpr std::uint32_t kWatchedEvents = kNameEvents | IN_CLOSE_WRITE | IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF;

constexpr int kMaxAttempts = 3;  // to watch a directory that is renamed meanwhile

constexpr std::size_t kBufferSize = std::size_t{64} << 10;  // bytes; thousands of events

// Whether the name of `path`, or of a directory above it, was created, removed or renamed.
bool has_moved(const SourceChanges& changes, std::string_view path) {
  while (true) {
    const auto changed = changes.paths.find(path);
    if (changed != changes.paths.end() && changed->second) return true;
    if (path.empty()) return false;
    const std::size_t slash = path.rfind('/');
    path = path.substr(0, slash == std::string_view::npos ? 0 : slash);
  }
}

}  // namespace

Result<void> SourceWatch::start(std::function<void(const Error&)> on_refusal) {
  on_refusal_ = std::move(on_refusal);
  buffer_.resize(kBufferSize);
  stop_event_ = UniqueFd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!stop_event_) return std::unexpected(system_error(root_.absolute(""), "eventfd", errno));
  events_ = UniqueFd(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
  if (!events_) return std::unexpected(system_error(root_.absolute(""), "inotify_init1", errno));
  return {};
}

bool SourceWatch::is_wanted(NodeId directory) const {
  const ReaderLock lock(mutex_);
  const auto found = directories_.find(directory);
  if (by_watch_.size() >= max_directories_) return false;
  if (found != directories_.end()) return !found->second.is_confirmed;
  return directories_.size() < 2 * max_directories_ && !refused_.contains(directory);
}

void SourceWatch::add(NodeId directory, const std::shared_ptr<const std::string>& path) {
  if (!events_ || !is_wanted(directory)) return;
  {
    const WriterLock lock(mutex_);
    directories_.try_emplace(directory, Directory{kNone, false, path});
  }
  try_to_watch(directory, *path);
}

// Watches what is at `path` now, if the directory was added and has no confirmed watch.
void SourceWatch::try_to_watch(NodeId directory, const std::string& path) {
  for (int attempt = 0; attempt < kMaxAttempts; ++attempt) {
    const auto fd = root_.open_directory(path);
    if (!fd) return;  // the next add() or renew() tries again
    const auto watched = watch(directory, path, fd->get());
    if (!watched && !was_refused_.exchange(true)) on_refusal_(watched.error());
    if (!watched || *watched == kNone || confirm(directory, *watched, is_at(fd->get(), path))) return;
  }
}

// Sets a watch on what is open at `fd` and makes it the watch of directory `id`. Returns the watch descriptor, or kNone
// if there is nothing left to do.
Result<int> SourceWatch::watch(NodeId id, const std::string& path, int fd) {
  const bool is_on_remote = is_remote(fd);
  const WriterLock lock(mutex_);
  const auto found = directories_.find(id);
  if (found == directories_.end() || found->second.is_confirmed) return kNone;
  Directory& directory = found->second;
  // inotify_add_watch(2) takes a path only; this one leads to what the descriptor is open on.
  const auto opened = fmt::format("/proc/self/fd/{}", fd);
  const int added =
      is_on_remote ? kNone : ::inotify_add_watch(events_.get(), opened.c_str(), kWatchedEvents | IN_ONLYDIR);
  const int error = errno;
  if (added < 0) {
    refused_.insert(id);
    unwatch(id, directory);
    directories_.erase(found);
    if (is_on_remote) return kNone;
    return std::unexpected(system_error(root_.absolute(path), "inotify_add_watch", error));
  }
  if (added == directory.watch) return added;  // another thread has set the watch for the same directory
  by_watch_[added].push_back(id);              // if this throws, the watch has no directory, and its events are ignored
  unwatch(id, directory);
  directory.watch = added;
  return added;
}

bool SourceWatch::is_at(int fd, const std::string& path) const {
  struct stat opened;
  const auto named = root_.status(path);
  return named && ::fstat(fd, &opened) == 0 && opened.st_dev == named->st_dev && opened.st_ino == named->st_ino;
}

// Returns whether there is nothing left to do for the directory. Before the watch was stored in `directories_`, the
// directory may have been renamed, and the thread in wait() has then found no watch to drop. `is_still_there` says that
// after the watch was stored, the path still led to the watched directory; every later rename is an event.
bool SourceWatch::confirm(NodeId directory, int watch, bool is_still_there) {
  const WriterLock lock(mutex_);
  const auto found = directories_.find(directory);
  if (found == directories_.end() || found->second.is_confirmed) return true;
  if (found->second.watch != watch) return false;  // dropped meanwhile, or replaced by another thread
  if (!is_still_there) unwatch(directory, found->second);
  found->second.is_confirmed = is_still_there;
  return is_still_there;
}

// The directories in lost_ that the kernel has not forgotten.
std::vector<std::pair<std::shared_ptr<const std::string>, NodeId>> SourceWatch::take_lost() {
  std::vector<std::pair<std::shared_ptr<const std::string>, NodeId>> lost;
  const WriterLock lock(mutex_);
  for (const NodeId id : lost_) {
    const auto found = directories_.find(id);
    if (found != directories_.end()) lost.emplace_back(found->second.path, id);
  }
  lost_.clear();
  return lost;
}

void SourceWatch::renew() {
  auto lost = take_lost();
  // A directory comes before those below it, so that a later rename of one of these is an event of the directory. A
  // directory that add() has watched since is watched again, too: a rename above it may have been missed.
  std::ranges::sort(lost, [](const auto& a, const auto& b) { return *a.first < *b.first; });
  for (const auto& [path, id] : lost) {
    if (is_stopped_) return;
    {
      const WriterLock lock(mutex_);
      if (const auto found = directories_.find(id); found != directories_.end()) unwatch(id, found->second);
    }
    if (is_wanted(id)) try_to_watch(id, *path);
  }
}

void SourceWatch::remove(NodeId node) noexcept {
  {
    const ReaderLock lock(mutex_);
    if (!directories_.contains(node) && !refused_.contains(node)) return;
  }
  const WriterLock lock(mutex_);
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
      (void)::inotify_rm_watch(events_.get(), same->first);  // EINVAL if the directory itself was removed
      by_watch_.erase(same);
    }
  }
  directory.watch = kNone;
  directory.is_confirmed = false;
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

void SourceWatch::add_event(const inotify_event& event, SourceChanges& changes) {
  if ((event.mask & IN_Q_OVERFLOW) != 0) changes.everything = true;
  for (const auto& path : paths_of(event.wd)) {
    if ((event.mask & kSelfEvents) != 0) {
      // Paths are relative to the root, so they stay valid if the root itself is renamed.
      if (!path->empty() || (event.mask & IN_MOVE_SELF) == 0) changes.add(*path, true);
    } else if (event.len > 0) {
      const bool is_name_change = (event.mask & kNameEvents) != 0;
      changes.add(path_in(*path, event.name), is_name_change);
      if (is_name_change) changes.directories.insert(*path);
    } else if ((event.mask & IN_ATTRIB) != 0) {
      changes.directories.insert(*path);
    }
  }
  if ((event.mask & (IN_IGNORED | IN_UNMOUNT)) != 0) unwatch_all(event.wd);  // the system has removed the watch
}

// Drops the watches of directories that may have been moved. A watch stays on its directory when that is renamed, and
// its events would be reported under the old path. If events were lost, any directory may have been moved. Then add()
// may also try again what was refused. renew() does not: it runs in the one thread that waits for changes, and to ask a
// remote filesystem may take forever.
void SourceWatch::drop_moved(const SourceChanges& changes) {
  const bool any = std::ranges::any_of(changes.paths, [](const auto& path) { return path.second; });
  if (!any && !changes.everything) return;
  for (auto& [id, directory] : directories_) {
    if (!changes.everything && !has_moved(changes, *directory.path)) continue;
    lost_.push_back(id);
    unwatch(id, directory);
  }
  if (changes.everything) refused_.clear();
}

void SourceWatch::drop_all() {
  SourceChanges changes;
  changes.everything = true;
  const WriterLock lock(mutex_);
  drop_moved(changes);
}

// The changes that the first `size` bytes of buffer_ report.
SourceChanges SourceWatch::changes_in(std::size_t size) {
  SourceChanges changes;
  const WriterLock lock(mutex_);
  for (std::size_t at = 0; at < size;) {
    const auto& event = *reinterpret_cast<const inotify_event*>(&buffer_[at]);  // the kernel aligns each event
    add_event(event, changes);
    at += sizeof event + event.len;
  }
  drop_moved(changes);
  return changes;
}

// The events that are there; no changes if there are none.
Result<SourceChanges> SourceWatch::read_events() {
  while (true) {
    const ssize_t got = ::read(events_.get(), buffer_.data(), buffer_.size());
    if (got >= 0) return changes_in(static_cast<std::size_t>(got));
    if (errno == EAGAIN) return SourceChanges();
    if (errno != EINTR) return std::unexpected(system_error(root_.absolute(""), "read of inotify", errno));
  }
}

Result<std::optional<SourceChanges>> SourceWatch::wait(int mounts) {
  // poll(2) ignores the descriptor -1.
  std::array<pollfd, 3> ready = {pollfd{events_.get(), POLLIN, 0}, pollfd{stop_event_.get(), POLLIN, 0},
                                 pollfd{mounts, POLLPRI, 0}};
  while (::poll(ready.data(), ready.size(), -1) < 0) {
    if (errno != EINTR) return std::unexpected(system_error(root_.absolute(""), "poll", errno));
  }
  if (is_stopped_) return std::nullopt;
  auto changes = ready[0].revents != 0 ? read_events() : SourceChanges();
  if (!changes) return std::unexpected(changes.error());
  changes->mounts = ready[2].revents != 0;
  return std::move(*changes);
}

bool SourceWatch::sleep_for(std::chrono::milliseconds duration) const {
  pollfd ready = {stop_event_.get(), POLLIN, 0};
  (void)::poll(&ready, 1, static_cast<int>(std::min<std::int64_t>(duration.count(), 1'000'000)));
  return is_stopped_;
}

void SourceWatch::stop() noexcept {
  is_stopped_ = true;
  const std::uint64_t one = 1;
  if (stop_event_) (void)!::write(stop_event_.get(), &one, sizeof one);
}

std::size_t SourceWatch::count() const {
  const ReaderLock lock(mutex_);
  return by_watch_.size();
}

}  // namespace npyfs
