#include "core/tree/node_source.h"

#include <sys/stat.h>

#include <cerrno>
#include <optional>
#include <string_view>
#include <utility>

#include "core/base/hash.h"
#include "core/base/path_string.h"
#include "core/tree/control_files.h"

namespace npyfs {
namespace {

constexpr std::string_view kNpy = ".npy";
constexpr int kMaxAttempts = 3;  // to open a source that is replaced meanwhile

// The kind of a node from its name and type in the source.
NodeKind kind_of(std::string_view name, mode_t type, const ArraySuffixes& suffixes) {
  if (S_ISDIR(type)) return NodeKind::kDirectory;
  if (is_archive_name(name, type)) return NodeKind::kArchive;
  if (is_array_name(name, type, suffixes)) return NodeKind::kVirtual;
  return S_ISREG(type) ? NodeKind::kFile : NodeKind::kOther;
}

// An inode number for the array that is joined from the files of this directory, other than that of the directory. As a
// number that no filesystem has, it becomes one that is made here: see attributes.h.
ino_t joined_inode(const struct stat& directory) {
  return mix(directory.st_ino, 0x6a6f696e /* "join" */) | std::uint64_t{1} << 63;
}

// The directory whose files `path` is joined from, if it is no name of the source and there is this directory:
// "a/shards" of "a/shards.npy", and the root of ".npy".
std::optional<std::string> directory_to_join(const std::string& path) {
  if (!path.ends_with(kNpy)) return std::nullopt;
  std::string directory = path.substr(0, path.size() - kNpy.size());
  const std::string name = last_component(directory);
  const bool is_root = directory.empty();
  const bool is_no_name = (name.empty() && !is_root) || name == "." || name == "..";
  if (is_no_name || directory == kControlDirectoryName) return std::nullopt;
  return directory;
}

// Why the array's header is unknown; null if it is known.
const Error* reason_without_header(const ArrayState& state) {
  if (!state.file) return &state.file.error();
  return (*state.file)->header() ? nullptr : &(*state.file)->header().error();
}

}  // namespace

std::unexpected<Error> stale(const Node& node) {
  return std::unexpected(Error{ErrorKind::kStale, *node.path, "has changed since it was looked up"});
}

Node NodeSource::node_at(std::string path, const SourceStatus& status) const {
  const NodeKind kind = kind_of(last_component(path), status.st_mode, suffixes_);
  const std::uint64_t identity = root_.users() == Users::kOthers ? status.identity() : 0;
  return Node{.kind = kind,
              .path = std::make_shared<const std::string>(std::move(path)),
              .pin = kind == NodeKind::kFile ? FileVersion::of(status).hash() : identity};
}

Result<Node> NodeSource::joined_node(const Node& directory, std::string_view name) const {
  const std::string path = path_in(*directory.path, name);
  const auto none = [&] { return std::unexpected(system_error(path, "open", ENOENT)); };
  const auto joined = directory_to_join(path);
  if (!joined) return none();
  const auto status = with_descriptors(sources_, [&] {
    return joined->empty() ? root_.status("")
                           : root_.status_in(*directory.path, directory.pinned_identity(), last_component(*joined));
  });
  if (!status && status.error().os_error != ENOENT) return std::unexpected(status.error());
  if (!status || !S_ISDIR(status->st_mode)) return none();
  return Node{.kind = NodeKind::kJoined,
              .path = std::make_shared<const std::string>(*joined),
              .pin = root_.users() == Users::kOthers ? status->identity() : 0};
}

Result<SourceStatus> NodeSource::status(const Node& node) const {
  auto status = status_in_source(node);
  if (status && node.kind == NodeKind::kJoined) status->st_ino = joined_inode(*status);
  return status;
}

// Whether nothing is at `path` any more, so that the name stands for what is joined from the files of a directory.
bool NodeSource::is_name_of_joined(const std::string& path, const Error& error) const {
  const auto directory = directory_to_join(path);
  if (error.os_error != ENOENT || !directory) return false;
  const auto status = root_.status(*directory);
  return status && S_ISDIR(status->st_mode);
}

// status() as the source has it.
Result<SourceStatus> NodeSource::status_in_source(const Node& node) const {
  auto status = with_descriptors(sources_, [&] { return root_.status(*node.path); });
  if (!status && is_name_of_joined(*node.path, status.error())) return stale(node);
  if (!status) return status;
  const bool is_joined = node.kind == NodeKind::kJoined;
  const NodeKind expected = node.is_of_archive() ? NodeKind::kArchive : is_joined ? NodeKind::kDirectory : node.kind;
  if (kind_of(last_component(*node.path), status->st_mode, suffixes_) != expected) return stale(node);
  if (is_joined && root_.status(joined_path(*node.path))) return stale(node);  // what has the name by now comes first
  const bool is_file = node.kind == NodeKind::kFile || node.kind == NodeKind::kArchiveFile;
  if (is_file && FileVersion::of(*status).hash() != node.pinned_version()) return stale(node);
  const std::uint64_t identity = node.pinned_identity();
  if (identity != 0 && identity != status->identity()) return stale(node);
  return status;
}

Result<std::shared_ptr<const SourceFile>> NodeSource::file(const Node& node, const struct stat& status) const {
  auto file = with_descriptors(sources_, [&] { return sources_.file(*node.path, status); });
  if (file && !(*file)->is_version_of(status)) return stale(node);
  return file;
}

Result<ArrayState> NodeSource::joined_array(const Node& node) const {
  auto directory = status_in_source(node);
  if (!directory) return std::unexpected(directory.error());
  const auto joined = joined_.array(*node.path, *directory, node.pinned_identity());
  directory->st_ino = joined_inode(*directory);
  if (!joined) return std::unexpected(joined.error());
  const Error no_file{ErrorKind::kIsADirectory, *node.path, "is a directory of parts"};
  ArrayState state{(*joined)->status(*directory), std::unexpected(no_file), root_.path_of(node.path), *joined};
  if (node.at.is_below_view() && state.version() != node.pinned_version()) return stale(node);
  return state;
}

Result<std::shared_ptr<const NpyFile>> NodeSource::member(const Node& node, const struct stat& status) const {
  auto member = with_descriptors(sources_, [&] { return sources_.member(*node.path, status, *node.member); });
  if (member && !(*member)->is_version_of(status)) return stale(node);
  return member;
}

Result<ArrayState> NodeSource::array(const Node& node) const {
  if (node.kind == NodeKind::kJoined) return joined_array(node);
  for (int attempt = 0; attempt < kMaxAttempts; ++attempt) {
    const auto status = this->status(node);
    if (!status) return std::unexpected(status.error());
    auto file = with_descriptors(sources_, [&] {
      return node.member ? sources_.member(*node.path, *status, *node.member) : sources_.array(*node.path, *status);
    });
    ArrayState state{*status, std::move(file), root_.path_of(node.path)};
    state.member = node.in_archive();
    if (const Error* why = reason_without_header(state); why != nullptr && is_shortage(*why)) {
      return std::unexpected(*why);  // does not mean that there is no array
    }
    const bool moved_on =
        state.file ? !(*state.file)->is_version_of(*status) : state.file.error().kind == ErrorKind::kStale;
    if (moved_on) continue;
    if (node.at.is_below_view() && state.version() != node.pinned_version()) return stale(node);
    return state;
  }
  return stale(node);
}

Result<ArchiveState> NodeSource::archive(const Node& node) const {
  for (int attempt = 0; attempt < kMaxAttempts; ++attempt) {
    const auto status = this->status(node);
    if (!status) return std::unexpected(status.error());
    auto archive = with_descriptors(sources_, [&] { return sources_.archive(*node.path, *status); });
    if (!archive && archive.error().kind != ErrorKind::kStale) return std::unexpected(archive.error());
    if (!archive || !(*archive)->file()->is_version_of(*status)) continue;
    return ArchiveState{*status, std::move(*archive), root_.path_of(node.path)};
  }
  return stale(node);
}

}  // namespace npyfs
