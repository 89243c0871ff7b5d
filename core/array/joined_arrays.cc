#include "core/array/joined_arrays.h"

#include <dirent.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "core/array/array_name.h"
#include "core/array/natural_order.h"
#include "core/base/path_string.h"
#include "core/paths/directory_stream.h"

namespace npyfs {
namespace {

constexpr int kMaxAttempts = 3;  // to look at a directory that changes meanwhile

// Opens the parts of a joined array. Views keep it; see JoinedArrays for what must outlive them.
class CachedPartFiles : public PartFiles {
 public:
  CachedPartFiles(const SourceRoot& root, SourceCache& sources, WrittenHere written_here, std::string directory,
                  std::shared_ptr<const JoinedParts> parts)
      : root_(root),
        sources_(sources),
        written_here_(written_here),
        directory_(std::move(directory)),
        parts_(std::move(parts)) {}

  Result<Opened> open(std::size_t number) const override {
    const auto status = checked_status(number);
    if (!status) return std::unexpected(status.error());
    const auto file = with_descriptors(sources_, [&] { return sources_.array(path(number), *status); });
    if (!file) return std::unexpected(file.error());
    if ((*file)->version().hash() != (*parts_)[number].version) return stale(number);
    return Opened{(*file)->file(), (*file)->guard()};
  }

  Result<void> check(std::size_t number) const override {
    const auto status = checked_status(number);
    return status ? Result<void>{} : std::unexpected(status.error());
  }

  std::string path(std::size_t number) const override { return path_in(directory_, (*parts_)[number].name); }

 private:
  std::unexpected<Error> stale(std::size_t number) const {
    return std::unexpected(Error{ErrorKind::kStale, path(number), "is not the file that was joined to the others"});
  }

  // kStale if the part's status is not what it was. Rows that are written through this mount change its times.
  Result<SourceStatus> checked_status(std::size_t number) const {
    const JoinedPart& part = (*parts_)[number];
    auto status = with_descriptors(sources_, [&] { return root_.status(path(number)); });
    if (!status && is_shortage(status.error())) return status;
    if (!status) return stale(number);
    auto now = FileVersion::of(*status);
    auto then = FileVersion::of(part.status);
    if (written_here_ == WrittenHere::kYes) {
      now = now.without_times();
      then = then.without_times();
    }
    if (now != then || status->birth_ns != part.status.birth_ns) return stale(number);
    return status;
  }

  const SourceRoot& root_;
  SourceCache& sources_;
  const WrittenHere written_here_;
  const std::string directory_;
  const std::shared_ptr<const JoinedParts> parts_;
};

}  // namespace

bool is_part_name(std::string_view name) {
  return !name.starts_with('.') && is_array_name(name, S_IFREG);
}

// Whether this is the part, and nothing was written to it since its header was read.
bool JoinedArrays::is_known(const JoinedPart& part, const Found& found) {
  return !part.is_racy && part.name == *found.name && found.status &&
         FileVersion::of(part.status) == FileVersion::of(*found.status) &&
         part.status.birth_ns == found.status->birth_ns;
}

std::shared_ptr<JoinedArrays::Entry> JoinedArrays::entry(const std::string& path) {
  std::shared_ptr<Entry> evicted;  // destroyed after the lock is released
  const MutexLock lock(mutex_);
  if (const auto found = index_.find(path); found != index_.end()) {
    entries_.splice(entries_.begin(), entries_, found->second);
    return entries_.front();
  }
  if (entries_.size() >= kCapacity) {
    evicted = entries_.back();
    index_.erase(evicted->path);
    entries_.pop_back();
  }
  Entries added;
  added.push_front(std::make_shared<Entry>(path));
  index_.emplace(added.front()->path, added.begin());  // the last call that may throw
  entries_.splice(entries_.begin(), added);
  return entries_.front();
}

Result<std::shared_ptr<const JoinedArray>> JoinedArrays::array(const std::string& path, const struct stat& directory,
                                                               std::uint64_t identity) {
  const auto shared = entry(path);
  const MutexLock lock(shared->refreshing);
  const bool has_names = shared->array && !shared->is_listing_racy && shared->directory == FileVersion::of(directory);
  const bool is_trusted = !shared->is_distrusted.exchange(false) && Clock::now() < shared->known_until;
  if (has_names && is_trusted) return shared->array;
  if (!is_trusted) shared->known_until = {};
  if (auto refreshed = refresh(*shared, identity); !refreshed) {
    shared->known_until = {};
    return std::unexpected(refreshed.error());
  }
  return shared->array;
}

Result<void> JoinedArrays::refresh(Entry& entry, std::uint64_t identity) {
  bool has_looked = false;
  for (int attempt = 0; attempt < kMaxAttempts; ++attempt) {
    const auto fd = with_descriptors(sources_, [&] { return root_.open_directory(entry.path, identity); });
    if (!fd) return std::unexpected(fd.error());
    const auto has_new_names = list(entry, fd->get());
    if (!has_new_names) return std::unexpected(has_new_names.error());
    if (entry.array && !*has_new_names && (has_looked || Clock::now() < entry.known_until)) return {};
    const auto is_complete = look_at_parts(entry, fd->get());
    if (!is_complete) return std::unexpected(is_complete.error());
    has_looked = *is_complete;
    const auto now = status_of(fd->get(), entry.path);
    if (!now) return std::unexpected(now.error());
    if (has_looked && FileVersion::of(*now) == entry.directory) return {};
  }
  return std::unexpected(Error{ErrorKind::kStale, entry.path, "changes while its parts are read"});
}

// Lists the directory. Returns whether the names of the parts have changed.
Result<bool> JoinedArrays::list(Entry& entry, int directory) {
  const auto clock = file_clock();
  const auto status = status_of(directory, entry.path);
  if (!status) return std::unexpected(status.error());
  UniqueFd copy(::openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!copy) return std::unexpected(system_error(entry.path, "open", errno));
  const auto stream = directory_stream(std::move(copy), entry.path);
  if (!stream) return std::unexpected(stream.error());
  std::vector<std::string> names;
  while (true) {
    errno = 0;
    const dirent* found = ::readdir(stream->get());
    if (found == nullptr && errno == EINTR) continue;
    if (found == nullptr && errno != 0) return std::unexpected(system_error(entry.path, "readdir", errno));
    if (found == nullptr) break;
    const bool may_be_file = found->d_type == DT_REG || is_of_unsure_type(*found);
    if (may_be_file && is_part_name(found->d_name)) names.emplace_back(found->d_name);
  }
  entry.directory = FileVersion::of(*status);
  entry.is_listing_racy = npyfs::is_racy(*status, clock);
  if (names == entry.listed) return false;
  entry.names = names;
  std::ranges::sort(entry.names, is_naturally_before);
  entry.listed = std::move(names);
  return true;
}

// Makes the array of the listed names, unless it is the one that is there. Returns false if a name has gone, or leads
// to another file, meanwhile.
Result<bool> JoinedArrays::look_at_parts(Entry& entry, int directory) {
  const auto started = Clock::now();
  const auto found = statuses(entry, directory);
  if (!found) return std::unexpected(found.error());
  if (!*found) return false;
  const JoinedParts none;
  const JoinedParts& old = entry.array ? entry.array->parts() : none;
  const bool is_same = entry.array && std::ranges::equal(old, **found, is_known);
  bool is_readable = true;
  if (!is_same) {
    auto parts = parts_at(entry, old, **found);
    if (!parts && parts.error().kind == ErrorKind::kStale) return false;
    if (!parts) return std::unexpected(parts.error());
    is_readable = std::ranges::none_of(
        *parts, [](const JoinedPart& part) { return part.problem && part.problem->kind == ErrorKind::kSystem; });
    entry.array = std::make_shared<const JoinedArray>(
        entry.path, std::move(*parts), root_.device(), [&](std::shared_ptr<const JoinedParts> all) {
          return std::make_shared<CachedPartFiles>(root_, sources_, written_here_, entry.path, std::move(all));
        });
  }
  const auto ended = Clock::now();
  entry.known_until = is_readable ? ended + std::max(known_for_, (ended - started) * kMostOfTime) : Clock::time_point{};
  return true;
}

// What the listed names lead to, without those that are no files: links to directories and out of the source. nullopt
// if a name has gone.
Result<std::optional<std::vector<JoinedArrays::Found>>> JoinedArrays::statuses(const Entry& entry, int directory) {
  std::vector<Found> found;
  found.reserve(entry.names.size());
  for (const std::string& name : entry.names) {
    auto status = with_descriptors(sources_, [&] { return root_.status_at(directory, entry.path, name); });
    if (!status && status.error().os_error == ENOENT) return std::nullopt;
    if (!status && is_shortage(status.error())) return std::unexpected(status.error());
    if (!status || S_ISREG(status->st_mode)) found.push_back({&name, std::move(status)});
  }
  return found;
}

// The parts as they are now; headers are read only of those that are not known from `old`. kStale if a file is replaced
// meanwhile, and shortages.
Result<JoinedParts> JoinedArrays::parts_at(const Entry& entry, const JoinedParts& old,
                                           const std::vector<Found>& found) {
  JoinedParts parts;
  parts.reserve(found.size());
  auto known = old.begin();
  for (const Found& now : found) {
    while (known != old.end() && is_naturally_before(known->name, *now.name)) ++known;
    if (known != old.end() && is_known(*known, now)) {
      parts.push_back(*known);
      continue;
    }
    auto part = read_part(entry.path, now, parts.empty() ? nullptr : &parts.back());
    if (!part) return std::unexpected(part.error());
    parts.push_back(std::move(*part));
  }
  return parts;
}

// kStale if the file is replaced meanwhile, and shortages; any other error is the part's problem.
Result<JoinedPart> JoinedArrays::read_part(const std::string& directory, const Found& found,
                                           const JoinedPart* previous) {
  const std::string& name = *found.name;
  if (!found.status) return unreadable_part(name, {}, found.status.error());
  const SourceStatus& status = *found.status;
  const auto file = with_descriptors(sources_, [&] { return sources_.array(path_in(directory, name), status); });
  const Error* why = !file ? &file.error() : (*file)->header() ? nullptr : &(*file)->header().error();
  if (why != nullptr && (is_shortage(*why) || why->kind == ErrorKind::kStale)) return std::unexpected(*why);
  if (!file) return unreadable_part(name, status, file.error());
  if (!(*file)->is_version_of(status)) {
    return std::unexpected(Error{ErrorKind::kStale, path_in(directory, name), "was replaced while it was opened"});
  }
  return part_of(name, status, **file, previous);
}

void JoinedArrays::distrust(std::string_view path) const {
  const MutexLock lock(mutex_);
  if (const auto found = index_.find(path); found != index_.end()) (*found->second)->is_distrusted = true;
}

void JoinedArrays::distrust_all() const {
  const MutexLock lock(mutex_);
  for (const auto& entry : entries_) entry->is_distrusted = true;
}

}  // namespace npyfs
