// A cache of joined arrays: which files a directory had and what their headers said, checked again as they change.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/array/joined_array.h"
#include "core/array/source_cache.h"
#include "core/base/error.h"
#include "core/base/mutex.h"
#include "core/paths/source_root.h"

namespace npyfs {

// Whether a file of this name is a part of the array that is joined from its directory: *.npy, and not hidden.
bool is_part_name(std::string_view name);

// Thread-safe. Keeps what was read of the headers of the most recently used arrays, and no descriptor.
class JoinedArrays {
 public:
  using Clock = std::chrono::steady_clock;
  // Arrays in the cache.
  static constexpr std::size_t kCapacity = 64;
  // Checking the parts takes at most this fraction of the time.
  static constexpr int kMostOfTime = 20;

  // `root` and `sources` must outlive it, and all views of its arrays. `known_for`: how long the status of a part
  // counts as known; for a directory of very many files it is kMostOfTime times as long as it takes to look at them.
  JoinedArrays(const SourceRoot& root, SourceCache& sources, WrittenHere written_here, Clock::duration known_for)
      : root_(root), sources_(sources), written_here_(written_here), known_for_(known_for) {}

  // The array of the directory at `path`, which has just been found with this status and SourceStatus::identity() (0
  // for any). Lists the directory again if it may have other names; asks for the status of every part if that was not
  // done for a while, or after distrust(); reads the headers of new and changed parts. Threads that ask for the same
  // array wait for each other. kStale if the directory changes again and again meanwhile; shortages as errors, since
  // they say nothing about the parts.
  Result<std::shared_ptr<const JoinedArray>> array(const std::string& path, const struct stat& directory,
                                                   std::uint64_t identity);

  // The parts of this directory are checked at its next use. To be called after a change.
  void distrust(std::string_view path) const;
  void distrust_all() const;

 private:
  struct Entry {
    explicit Entry(std::string entry_path) : path(std::move(entry_path)) {}

    const std::string path;
    std::atomic<bool> is_distrusted = false;
    Mutex refreshing;  // held while files are looked at. Locked before the mutexes of SourceCache, and none of this
                       // class.
    std::shared_ptr<const JoinedArray> array GUARDED_BY(refreshing);  // null at first, and if it could not be read
    FileVersion directory GUARDED_BY(refreshing);                     // when it was listed
    bool is_listing_racy GUARDED_BY(refreshing) = true;
    std::vector<std::string> listed GUARDED_BY(refreshing);  // the names in the order of the listing
    std::vector<std::string> names GUARDED_BY(refreshing);   // and in that of the parts
    Clock::time_point known_until GUARDED_BY(refreshing);
  };
  using Entries = std::list<std::shared_ptr<Entry>>;

  std::shared_ptr<Entry> entry(const std::string& path) EXCLUDES(mutex_);
  Result<void> refresh(Entry& entry, std::uint64_t identity) REQUIRES(entry.refreshing);
  Result<bool> list(Entry& entry, int directory) REQUIRES(entry.refreshing);
  Result<bool> look_at_parts(Entry& entry, int directory) REQUIRES(entry.refreshing);
  // What a listed name leads to.
  struct Found {
    const std::string* name;
    Result<SourceStatus> status;
  };
  Result<std::optional<std::vector<Found>>> statuses(const Entry& entry, int directory) REQUIRES(entry.refreshing);
  Result<JoinedParts> parts_at(const Entry& entry, const JoinedParts& old, const std::vector<Found>& found);
  Result<JoinedPart> read_part(const std::string& directory, const Found& found, const JoinedPart* previous);
  static bool is_known(const JoinedPart& part, const Found& found);

  const SourceRoot& root_;
  SourceCache& sources_;
  const WrittenHere written_here_;
  const Clock::duration known_for_;
  mutable Mutex mutex_;                 // No other lock is taken while it is held.
  Entries entries_ GUARDED_BY(mutex_);  // most recently used first
  std::unordered_map<std::string_view, Entries::iterator> index_ GUARDED_BY(mutex_);  // keys are Entry::path
};

}  // namespace npyfs
