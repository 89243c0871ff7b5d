#include "core/commands/chunk_export.h"

#include <fmt/format.h>

#include <utility>

#include "core/array/view.h"
#include "core/base/path_string.h"
#include "core/commands/new_directory.h"
#include "core/commands/new_file.h"
#include "core/paths/source_root.h"
#include "core/slice/path_grammar.h"
#include "core/slice/select.h"

namespace npyfs {

Result<ChunkExport> ChunkExport::open(const std::string& path, std::uint64_t axis, std::uint64_t sections) {
  const auto root = SourceRoot::open(parent_directory(path), LeavingLinks::kAreFollowed, Users::kOwner);
  if (!root) return std::unexpected(root.error());
  auto source = NpyFile::open(*root, last_component(path), SourceIo::kPread, nullptr, WrittenHere::kNo);
  if (!source) return std::unexpected(source.error());
  if (!(*source)->array()) return std::unexpected((*source)->array().error());
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
  const VirtualName name{.kind = NameKind::kChunk, .axis = axis_, .first = index, .second = sections_};
  const Array& array = **source_->array();
  const Selection whole = Selection::whole(array.shape);
  const auto selection = select({whole, array.geometry(), array.fortran_order}, name);
  if (!selection) return std::unexpected(selection.error());
  const View view = make_view(array, *selection, Form::kNpy);
  const std::string path = directory + "/" + format_name(name);
  auto file = NewFile::create(path);
  if (!file) return std::unexpected(file.error());
  if (auto written = copy_view(view, file->fd(), path, copied); !written) return written;
  return file->publish();
}

Result<void> ChunkExport::check_unchanged() const {
  const auto status = status_of(source_->file()->fd(), source_->file()->path());
  if (!status) return std::unexpected(status.error());
  if (source_->is_version_of(*status)) return {};
  return std::unexpected(
      Error{ErrorKind::kStale, source_->file()->path(), "was changed while it was exported: export it again"});
}

}  // namespace npyfs
