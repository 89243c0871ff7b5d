#include "core/commands/chunk_export.h"

#include <fmt/format.h>

#include <utility>

#include "core/base/path_string.h"
#include "core/commands/new_directory.h"
#include "core/commands/new_file.h"
#include "core/paths/source_root.h"
#include "core/slice/path_grammar.h"
#include "core/slice/view.h"

namespace npyfs {

Result<ChunkExport> ChunkExport::open(const std::string& path, std::uint64_t axis, std::uint64_t sections) {
  const auto root = SourceRoot::open(parent_directory(path), LeavingLinks::kAreFollowed, Users::kOwner);
  if (!root) return std::unexpected(root.error());
  auto source = SourceFile::open(*root, last_component(path), SourceRole::kArray, SourceIo::kPread, nullptr);
  if (!source) return std::unexpected(source.error());
  if (!(*source)->sliceable()) return std::unexpected((*source)->sliceable().error());
  const std::size_t dimensions = (*source)->header()->shape.size();
  if (axis >= dimensions) {
    return std::unexpected(
        Error{ErrorKind::kInvalidArgument, path,
              fmt::format("has no axis {}: it has {} dimensions, and axes are counted from 0", axis, dimensions)});
  }
  return ChunkExport(std::move(*source), static_cast<std::uint8_t>(axis), sections);
}

Result<void> ChunkExport::write(const std::string& out, const Copied& copied) const {
  auto directory = NewDirectory::create(out);
  if (!directory) return std::unexpected(directory.error());
  for (std::uint64_t index = 0; index < sections_; ++index) {
    if (auto written = write_chunk(index, directory->temporary_path(), copied); !written) return written;
  }
  if (auto unchanged = check_unchanged(); !unchanged) return unchanged;
  return directory->publish();
}

Result<void> ChunkExport::write_chunk(std::uint64_t index, const std::string& directory, const Copied& copied) const {
  const Place place{PlaceKind::kChunk, Form::kNpy, axis_, 0, index, sections_};
  const auto view = make_view(place, *source_->header());
  if (!view) return std::unexpected(view.error());
  const std::string path = directory + "/" + format_name(place);
  auto file = NewFile::create(path);
  if (!file) return std::unexpected(file.error());
  if (auto written = copy_view(*view, *source_, file->fd(), path, copied); !written) return written;
  return file->publish();
}

Result<void> ChunkExport::check_unchanged() const {
  const auto status = status_of(source_->fd(), source_->path());
  if (!status) return std::unexpected(status.error());
  if (source_->is_version_of(*status)) return {};
  return std::unexpected(
      Error{ErrorKind::kStale, source_->path(), "was changed while it was exported: export it again"});
}

}  // namespace npyfs
