#include "core/tree/node_source.h"

#include <sys/stat.h>

#include <string_view>
#include <utility>

#include "core/base/path_string.h"

namespace npyfs {
namespace {

constexpr int kMaxAttempts = 3;  // to open a source that is replaced meanwhile

// The kind of a node from its name and type in the source.
NodeKind kind_of(std::string_view name, mode_t type, const ArraySuffixes& suffixes) {
  if (S_ISDIR(type)) return NodeKind::kDirectory;
  if (is_array_name(name, type, suffixes)) return NodeKind::kVirtual;
  return S_ISREG(type) ? NodeKind::kFile : NodeKind::kOther;
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

Result<SourceStatus> NodeSource::status(const Node& node) const {
  auto status = with_descriptors(sources_, [&] { return root_.status(*node.path); });
  if (!status) return status;
  if (kind_of(last_component(*node.path), status->st_mode, suffixes_) != node.kind) return stale(node);
  if (node.kind == NodeKind::kFile && FileVersion::of(*status).hash() != node.pinned_version()) return stale(node);
  const std::uint64_t identity = node.pinned_identity();
  if (identity != 0 && identity != status->identity()) return stale(node);
  return status;
}

Result<std::shared_ptr<const SourceFile>> NodeSource::file(const Node& node, const struct stat& status) const {
  auto file = with_descriptors(sources_, [&] { return sources_.file(*node.path, status); });
  if (file && !(*file)->is_version_of(status)) return stale(node);
  return file;
}

Result<ArrayState> NodeSource::array(const Node& node) const {
  for (int attempt = 0; attempt < kMaxAttempts; ++attempt) {
    const auto status = this->status(node);
    if (!status) return std::unexpected(status.error());
    auto file = with_descriptors(sources_, [&] { return sources_.array(*node.path, *status); });
    ArrayState state{*status, std::move(file), root_.absolute(*node.path)};
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

}  // namespace npyfs
