// Change notifications for the source: inotify(7) watches on the directories of the source that the kernel has looked
// up names in.
//
// Notifications only make changes visible sooner: whatever the kernel caches expires by its timeouts anyway. There is
// no notification of what other machines change, of stores into mappings, of changes through another hard link, of
// changes to the targets of symbolic links, and of directories beyond the limit.
//
// IN_MODIFY is left out on purpose. Each write(2) and truncate(2) would cause an event and slow down the writer,
// including writes through the mount. A file that is being written has no reliable size before it is closed
// (IN_CLOSE_WRITE), and every open asks for the file's state anyway.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "core/base/error.h"
#include "core/base/mutex.h"
#include "core/base/node_id.h"
#include "core/base/unique_fd.h"
#include "core/paths/source_root.h"
#include "core/watch/source_changes.h"

struct inotify_event;  // NOLINT(readability-identifier-naming): the system's name

namespace npyfs {

// Thread-safe after start(), except that wait() and renew() are for one thread.
class SourceWatch {
 public:
  // Of watched directories. Half of what the smallest systems allow a user, and 4 MiB of kernel memory. Changes in
  // other directories show within the timeouts.
  static constexpr std::size_t kMaxDirectories = 4096;

  // Watches nothing before start(). `root` must outlive the watch.
  explicit SourceWatch(SourceRoot& root, std::size_t max_directories = kMaxDirectories)
      : root_(root), max_directories_(max_directories) {}

  // To be called once, before any other thread uses the watch. An error if the system has no inotify, or the user has
  // too many inotify instances; then no directory is watched, but wait() works. `on_refusal` is called, without a lock
  // held, the first time that the system refuses a watch.
  Result<void> start(std::function<void(const Error&)> on_refusal = [](const Error&) {});
  // Whether wait() may be called.
  bool is_started() const { return static_cast<bool>(stop_event_); }

  // Watches `directory`, a node of kind kDirectory at `path`, unless it is watched already, which is cheap. To be
  // called before any name in the directory is looked up, so that no later change is missed. Does nothing beyond the
  // limit, and for directories on remote filesystems: these notify of this machine's changes only, and to set a watch
  // may wait for a server forever.
  void add(NodeId directory, const std::shared_ptr<const std::string>& path) EXCLUDES(mutex_);

  // To be called when the kernel has forgotten a node of any kind.
  void remove(NodeId node) noexcept EXCLUDES(mutex_);

  // Blocks until something has changed, or until `mounts` has POLLPRI (SourceMount::descriptor(); -1 for none). nullopt
  // after stop(). What was renamed or removed, and what is below it, is not watched any more: renew() or add() watches
  // what is there now. To be called only if is_started().
  Result<std::optional<SourceChanges>> wait(int mounts = -1) EXCLUDES(mutex_);

  // To be called when the root of the source was replaced: all watches are on directories of the old one. Drops them
  // for renew() and add() to set again.
  void drop_all() EXCLUDES(mutex_);

  // Watches what is there now at the paths whose watches were dropped. To be called after wait(), and before the kernel
  // is told of the changes: the kernel then asks for the attributes of names that it knows, without a lookup that would
  // call add().
  void renew() EXCLUDES(mutex_);

  // Blocks for `duration`, or until stop(). Returns whether stop() was called.
  bool sleep_for(std::chrono::milliseconds duration) const;

  // Ends wait() and sleep_for() permanently.
  void stop() noexcept;
  bool is_stopped() const { return is_stopped_; }

  // The inotify descriptor, from now on the caller's. Nothing else may be called any more. Closing it takes 10 to 30 ms
  // (the kernel waits for an SRCU grace period): close it after all that others may be waiting for.
  UniqueFd take_inotify() { return std::move(events_); }

  // Watched directories.
  std::size_t count() const EXCLUDES(mutex_);

 private:
  struct Directory {
    int watch;          // inotify's watch descriptor; kNone if nothing is watched yet, or any more
    bool is_confirmed;  // after the watch was set, the path still led to the watched directory
    std::shared_ptr<const std::string> path;
  };
  static constexpr int kNone = -1;

  bool is_wanted(NodeId directory) const EXCLUDES(mutex_);
  void try_to_watch(NodeId directory, const std::string& path) EXCLUDES(mutex_);
  Result<int> watch(NodeId id, const std::string& path, int fd) EXCLUDES(mutex_);
  bool is_at(int fd, const std::string& path) const;
  bool confirm(NodeId directory, int watch, bool is_still_there) EXCLUDES(mutex_);
  std::vector<std::pair<std::shared_ptr<const std::string>, NodeId>> take_lost() EXCLUDES(mutex_);
  Result<SourceChanges> read_events() EXCLUDES(mutex_);
  SourceChanges changes_in(std::size_t size) EXCLUDES(mutex_);

  std::vector<std::shared_ptr<const std::string>> paths_of(int watch) const REQUIRES_SHARED(mutex_);
  void add_event(const inotify_event& event, SourceChanges& changes) REQUIRES(mutex_);
  void unwatch(NodeId id, Directory& directory) noexcept REQUIRES(mutex_);
  void unwatch_all(int watch) REQUIRES(mutex_);
  void drop_moved(const SourceChanges& changes) REQUIRES(mutex_);

  SourceRoot& root_;
  const std::size_t max_directories_;
  std::function<void(const Error&)> on_refusal_;  // set by start()
  UniqueFd events_;                               // inotify; none before start()
  UniqueFd stop_event_;                           // an eventfd, readable after stop(); none before start()
  std::vector<char> buffer_;                      // of wait(): events as the kernel writes them
  std::atomic<bool> is_stopped_ = false;
  std::atomic<bool> was_refused_ = false;

  mutable SharedMutex mutex_;  // No other lock is taken while it is held.
  // Directories that were added; not those in refused_. At most twice as many as may be watched: some have no watch.
  std::unordered_map<NodeId, Directory> directories_ GUARDED_BY(mutex_);
  // By watch descriptor. Links may lead to one directory by several paths, and these share the watch.
  std::unordered_map<int, std::vector<NodeId>> by_watch_ GUARDED_BY(mutex_);
  std::unordered_set<NodeId> refused_ GUARDED_BY(mutex_);  // remote, or refused by the system: add() does not try again
  std::vector<NodeId> lost_ GUARDED_BY(mutex_);            // whose watches were dropped, for renew()
};

}  // namespace npyfs
