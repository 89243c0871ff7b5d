// Exports of arrays that are joined from the files of a directory.
#include <sys/stat.h>

#include <cerrno>
#include <string_view>
#include <utility>

#include "core/array/joined_arrays.h"
#include "core/array/source_cache.h"
#include "core/commands/array_export.h"
#include "core/paths/source_root.h"

namespace npyfs {

// What the views of a joined array open its parts with.
struct ArrayExport::Directory {
  static constexpr std::size_t kOpenSources = 64;

  explicit Directory(SourceRoot opened)
      : root(std::move(opened)),
        sources(root, SourceIo::kPread, kOpenSources, WrittenHere::kNo),
        arrays(root, sources, WrittenHere::kNo, {}) {}

  Result<ArrayState> state() {
    const auto status = root.status("");
    if (!status) return std::unexpected(status.error());
    auto joined = arrays.array("", *status, 0);
    if (!joined) return std::unexpected(joined.error());
    const Error no_file{ErrorKind::kIsADirectory, root.absolute(""), "is a directory of parts"};
    return ArrayState{(*joined)->status(*status), std::unexpected(no_file),
                      root.path_of(std::make_shared<const std::string>()), *joined};
  }

  const SourceRoot root;
  SourceCache sources;
  JoinedArrays arrays;
};

std::string ArrayExport::directory_to_join(const std::string& path) {
  constexpr std::string_view kNpy = ".npy";
  for (std::size_t end = 0; end != std::string::npos;) {
    end = path.find('/', end + 1);
    const std::string prefix = path.substr(0, end);
    if (!prefix.ends_with(kNpy)) continue;
    const std::string directory = prefix.substr(0, prefix.size() - kNpy.size());
    struct stat status;
    const bool is_free = ::lstat(prefix.c_str(), &status) != 0 && errno == ENOENT;
    const bool has_name = !directory.empty() && !directory.ends_with('/');
    if (is_free && has_name && ::stat(directory.c_str(), &status) == 0 && S_ISDIR(status.st_mode)) return directory;
  }
  return "";
}

Result<ArrayExport> ArrayExport::open_joined(const std::string& directory, std::uint64_t default_chunks) {
  auto root = SourceRoot::open(directory, Symlinks::kAnywhere, Users::kOwner);
  if (!root) return std::unexpected(root.error());
  auto opened = std::make_shared<Directory>(std::move(*root));
  auto state = opened->state();
  if (!state) return std::unexpected(state.error());
  if (!state->array()) {
    Error why = state->array().error();
    why.subject = directory;
    return std::unexpected(why);
  }
  ArrayExport array(std::move(*state), default_chunks);
  array.parts_ = std::move(opened);
  return array;
}

Result<void> ArrayExport::check_parts_unchanged() const {
  const auto now = parts_->state();
  if (!now) return std::unexpected(now.error());
  if (now->version() == array_.version()) return {};
  return std::unexpected(
      Error{ErrorKind::kStale, array_.path.absolute(), "was changed while it was exported: export it again"});
}

}  // namespace npyfs
