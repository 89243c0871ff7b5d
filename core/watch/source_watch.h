// Hears of changes in the source as they are made: inotify(7) watches on those of its directories in which the kernel
// knows names, and the table of mounts.
//
// A help and no more: what the kernel keeps ends by its timeouts, whether or not anybody hears of a change. Nothing is
// heard of what other machines do, of what is changed through a mapping or through another hard link, of the targets of
// symbolic links, and of directories beyond the bound.
//
// IN_MODIFY is left out on purpose. Every write(2) and truncate(2) would be an event, for the one who writes as for us,
// and a writer through the mount would make one of each of its own writes; a file that is being written has no size to
// rely on before it is closed (IN_CLOSE_WRITE), and whoever opens it asks for its state anyway.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <shared_mutex>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "core/base/error.h"
#include "core/base/node_id.h"
#include "core/base/unique_fd.h"
#include "core/paths/source_mount.h"
#include "core/paths/source_root.h"

struct inotify_event;  // NOLINT(readability-identifier-naming): the name that the system has for it

namespace npyfs {

// What may have changed: perhaps nothing, as where something was mounted elsewhere. Paths in the source.
struct SourceChanges {
  bool everything = false;  // the rest says but a part of it

  // Whatever has these paths may be another file or have other bytes or attributes. True where the name has come, gone
  // or been given to something else, so that nothing that was known beneath it holds.
  std::map<std::string, bool, std::less<>> paths;

  std::set<std::string, std::less<>> directories;  // whose own attributes have changed

  void add(std::string path, bool has_come_or_gone) { paths[std::move(path)] |= has_come_or_gone; }
};

// Thread-safe, but for start(), on_refusal() and on_refused_root(), which come first, and wait(), which is for one
// thread.
class SourceWatch {
 public:
  // The most directories that are watched: half of what the smallest systems let one user watch, and 4 MiB of the
  // kernel's memory. Those that come later are left to the timeouts.
  static constexpr std::size_t kMaxDirectories = 4096;

  // Watches nothing before start(), and at most `max_directories` after it. `root` must outlive it.
  explicit SourceWatch(SourceRoot& root, std::size_t max_directories = kMaxDirectories)
      : root_(root), max_directories_(max_directories) {}

  // An error where the system has no inotify, or this user has too many: then no directory is watched. `mountpoint` is
  // where npyfs is to be mounted, an absolute path without links; empty for nowhere.
  Result<void> start(const std::string& mountpoint = {});
  // Whether there is something to wait for.
  bool is_started() const { return static_cast<bool>(end_); }

  // `call` is called at the first time that the system refuses a watch, with no lock held.
  void on_refusal(std::function<void(const Error&)> call) { on_refusal_ = std::move(call); }

  // `call` is called by wait() where another mount has taken the place of the source's that cannot be its root.
  void on_refused_root(std::function<void(const Error&)> call) { on_refused_root_ = std::move(call); }

  // Hears of changes in `directory`, a node of kind kDirectory at `path`, from now on: to be called before anything is
  // found out about its names. Cheap where that was done before. Directories of network filesystems are not watched:
  // they tell of this machine's changes alone, and asking may take for ever.
  void add(NodeId directory, const std::shared_ptr<const std::string>& path);

  // The kernel has forgotten a node, of whatever kind.
  void remove(NodeId node) noexcept;

  // Blocks until something has changed; empty once stop() was called. Where another mount has taken the place of the
  // source's, the root is that one from then on (SourceRoot::replace), and everything has changed. What was renamed or
  // removed is watched no longer, nor what is beneath it: add() finds what is there now. To be called where
  // is_started().
  Result<std::optional<SourceChanges>> wait();

  // Blocks for that long, or until stop() was called, and returns whether it was.
  bool rest(std::chrono::milliseconds duration) const;

  // Does as add() for what is there now in place of what is watched no longer since wait(). The kernel asks for the
  // attributes of names that it knows without looking anything up: so this comes after wait() and before it is told to
  // ask. For one thread, that of wait().
  void renew();

  // Ends wait() and rest(), now and ever after.
  void stop() noexcept;
  bool is_stopped() const { return is_stopped_; }

  // Directories that are watched.
  std::size_t count() const;

 private:
  struct Directory {
    int watch;     // its number; kNone where there is nothing at its path, or that is to be found out
    bool is_sure;  // the path has led to what is watched since it is watched
    std::shared_ptr<const std::string> path;
  };
  static constexpr int kNone = -1;

  bool is_wanted(NodeId directory) const;
  void try_to_watch(NodeId directory, const std::string& path);
  Result<int> watch(NodeId id, const std::string& path, int fd);
  bool is_at(int fd, const std::string& path) const;
  bool confirm(NodeId directory, int watch, bool is_still_there);
  std::vector<std::pair<std::shared_ptr<const std::string>, NodeId>> take_lost();
  std::vector<std::shared_ptr<const std::string>> paths_of(int watch) const;
  void take(const inotify_event& event, SourceChanges& changes);
  void unwatch(NodeId id, Directory& directory) noexcept;
  void unwatch_all(int watch);
  void drop_what_moved(const SourceChanges& changes);
  SourceChanges changes_in(std::size_t size);
  bool has_new_root();

  SourceRoot& root_;
  const std::size_t max_directories_;
  UniqueFd events_;  // inotify; none before start()
  UniqueFd end_;     // an eventfd, readable once stop() was called
  std::optional<SourceMount> mount_;
  std::vector<char> buffer_;  // of wait(): events as they come
  std::atomic<bool> is_stopped_ = false;
  std::atomic<bool> was_refused_ = false;
  std::function<void(const Error&)> on_refusal_ = [](const Error&) {};
  std::function<void(const Error&)> on_refused_root_ = [](const Error&) {};

  mutable std::shared_mutex mutex_;  // guards what follows; a leaf
  // Those that were added and are watched or have gone, at most twice as many as may be watched.
  std::unordered_map<NodeId, Directory> directories_;
  std::unordered_map<int, std::vector<NodeId>> by_watch_;  // one directory may have several paths, by links
  std::unordered_set<NodeId> refused_;  // remote, or the system watches no more: not to be tried each time
  std::vector<NodeId> lost_;            // for renew()
};

}  // namespace npyfs
