#include "core/source_watch.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <mutex>
#include <utility>

#include "core/remote_filesystem.h"

namespace npyfs {
namespace {

constexpr std::uint32_t kComeOrGone = IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO;
constexpr std::uint32_t kSelf = IN_DELETE_SELF | IN_MOVE_SELF | IN_UNMOUNT;
constexpr std::uint32_t kHeard = kComeOrGone | IN_CLOSE_WRITE | IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF;

// Of events that are taken at a time: thousands.
constexpr std::size_t kBufferSize = std::size_t{64} << 10;

std::string joined(const std::string& directory, const char* name) {
  return directory.empty() ? std::string(name) : fmt::format("{}/{}", directory, name);
}

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
  return directories_.size() < max_directories_ && !directories_.contains(directory);
}

void SourceWatch::add(NodeId directory, const std::shared_ptr<const std::string>& path) {
  if (!events_ || !is_wanted(directory)) return;
  const auto fd = root_.open_directory(*path);
  if (!fd && is_shortage(fd.error())) return;  // the next time, perhaps
  const bool can_be_watched = fd && !is_remote(fd->get());
  const auto watched = watch(directory, path, can_be_watched ? fd->get() : kNone);
  if (!watched && !was_refused_.exchange(true)) on_refusal_(watched.error());
}

// `fd` is open on the directory; kNone where it is not to be watched. That it is not is noted, too, so that it is tried
// once alone.
Result<void> SourceWatch::watch(NodeId directory, const std::shared_ptr<const std::string>& path, int fd) {
  const std::unique_lock lock(mutex_);
  const auto [entry, is_new] = directories_.try_emplace(directory, Directory{kNone, path});
  if (!is_new || fd == kNone) return {};
  // Through /proc, since there is no other way to watch what a descriptor is open on.
  const int added =
      ::inotify_add_watch(events_.get(), fmt::format("/proc/self/fd/{}", fd).c_str(), kHeard | IN_ONLYDIR);
  if (added < 0) return std::unexpected(system_error(root_.absolute(*path), "inotify_add_watch", errno));
  by_watch_[added].push_back(directory);  // where it throws, this is a watch of nobody: what it tells is passed over
  entry->second.watch = added;
  return {};
}

void SourceWatch::remove(NodeId node) noexcept {
  {
    const std::shared_lock lock(mutex_);
    if (!directories_.contains(node)) return;
  }
  const std::unique_lock lock(mutex_);
  drop(node);
}

void SourceWatch::drop(NodeId directory) noexcept {
  const auto found = directories_.find(directory);
  if (found == directories_.end()) return;
  if (const auto same = by_watch_.find(found->second.watch); same != by_watch_.end()) {
    std::erase(same->second, directory);
    if (same->second.empty()) {
      (void)::inotify_rm_watch(events_.get(), same->first);  // EINVAL: it went with its directory
      by_watch_.erase(same);
    }
  }
  directories_.erase(found);
}

void SourceWatch::drop_all(int watch) {
  const auto found = by_watch_.find(watch);
  const auto directories = found == by_watch_.end() ? std::vector<NodeId>() : found->second;
  for (const NodeId directory : directories) drop(directory);
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
      changes.add(joined(*path, event.name), has_come_or_gone);
      if (has_come_or_gone) changes.directories.insert(*path);
    } else if ((event.mask & IN_ATTRIB) != 0) {
      changes.directories.insert(*path);
    }
  }
  if ((event.mask & (IN_IGNORED | IN_UNMOUNT)) != 0) drop_all(event.wd);  // the system has dropped it
}

// A watch goes with its directory to another name, and would tell of that one's changes by the old one. Where events
// were lost, it may be any.
void SourceWatch::drop_what_moved(const SourceChanges& changes) {
  const bool any = std::ranges::any_of(changes.paths, [](const auto& path) { return path.second; });
  if (!any && !changes.everything) return;
  std::vector<NodeId> moved;
  for (const auto& [id, directory] : directories_) {
    if (changes.everything || has_moved(changes, *directory.path)) moved.push_back(id);
  }
  for (const NodeId directory : moved) drop(directory);
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
