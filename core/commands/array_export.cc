#include "core/commands/array_export.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <cerrno>
#include <utility>

#include "core/array/array_listing.h"
#include "core/array/array_name.h"
#include "core/array/npz_archive.h"
#include "core/array/view.h"
#include "core/base/path_string.h"
#include "core/commands/new_directory.h"
#include "core/commands/new_file.h"
#include "core/paths/source_root.h"

namespace npyfs {
namespace {

// The path of the file, with what stands behind it moved to `below`: data.npy/fields/x is data.npy and fields/x.
std::string split_at_file(std::string path, std::string& below) {
  struct stat status;
  while (path.find('/') != std::string::npos && ::stat(path.c_str(), &status) != 0 && errno == ENOTDIR) {
    below = last_component(path) + (below.empty() ? "" : "/") + below;
    path.resize(path.rfind('/'));
  }
  return path;
}

// Opens the member of an archive that `below` begins with, and moves its name from there to `member`.
Result<std::shared_ptr<const NpyFile>> open_member(const SourceRoot& root, const std::string& path, std::string& below,
                                                   std::string& member) {
  const auto archive = NpzArchive::open(root, path, SourceIo::kPread, nullptr);
  if (!archive) return std::unexpected(archive.error());
  if ((*archive)->problem()) return std::unexpected(*(*archive)->problem());
  for (std::string name; !(name = take_component(below)).empty();) {
    member = path_in(member, name);
    if ((*archive)->names().find(member)) return NpyFile::open_member(**archive, member);
  }
  return std::unexpected(Error{ErrorKind::kInvalidArgument, path_in(path, member),
                               "is no member of the archive: name one, as in " + path + "/arr_0.npy/chunks/16"});
}

bool lists_numbers(NameKind kind) {
  return kind == NameKind::kChunks || kind == NameKind::kChunksOf || kind == NameKind::kAligned ||
         kind == NameKind::kBatchesOf || kind == NameKind::kItems;
}

}  // namespace

Result<ArrayExport> ArrayExport::open(const std::string& path, std::uint64_t default_chunks) {
  auto opened = open_any(path, default_chunks);
  if (!opened || opened->directory_.name.kind != NameKind::kArray) return opened;
  return std::unexpected(Error{ErrorKind::kInvalidArgument, path,
                               "is a whole array: add --chunks N, or name a directory below it, as in " +
                                   last_component(path) + "/batches/256"});
}

Result<ArrayExport> ArrayExport::open_any(const std::string& path, std::uint64_t default_chunks) {
  if (const std::string directory = directory_to_join(path); !directory.empty()) {
    auto joined = open_joined(directory, default_chunks);
    return joined ? at(std::move(*joined), path.substr(joined_path(directory).size()), path) : joined;
  }
  std::string below;
  const std::string file = split_at_file(path, below);
  const auto root = SourceRoot::open(parent_directory(file), Symlinks::kAnywhere, Users::kOwner);
  if (!root) return std::unexpected(root.error());
  const std::string name = last_component(file);
  std::string member;
  auto source = is_archive_name(name, S_IFREG)
                    ? open_member(*root, name, below, member)
                    : NpyFile::open(*root, name, SourceIo::kPread, nullptr, WrittenHere::kNo);
  if (!source) return std::unexpected(source.error());
  if (!(*source)->array()) return std::unexpected((*source)->array().error());
  const auto status = root->status(name);
  if (!status) return std::unexpected(status.error());
  ArrayState state{*status, std::move(*source), root->path_of(std::make_shared<const std::string>(name))};
  state.member = member;
  return at(ArrayExport(std::move(state), default_chunks), below, path);
}

// The directory `below` of the array.
Result<ArrayExport> ArrayExport::at(ArrayExport opened, const std::string& below, const std::string& path) {
  auto descended = opened.descend(below);
  if (descended) return opened;
  descended.error().subject = path;
  return std::unexpected(descended.error());
}

Result<ArrayExport> ArrayExport::open_chunks(const std::string& path, std::uint64_t axis, std::uint64_t sections) {
  auto opened = open_any(path, sections);
  if (!opened) return opened;
  const auto view = selected_view(opened->directory_, opened->array_);
  if (!view) return std::unexpected(view.error());
  const std::size_t dimensions = view->selection.ndim();
  if (axis >= dimensions) {
    return std::unexpected(
        Error{ErrorKind::kInvalidArgument, path,
              fmt::format("has no axis {}: it has {} dimensions, and axes are counted from 0", axis, dimensions)});
  }
  const std::string along = axis == 0 ? "" : fmt::format("axis{}/", axis);
  if (auto descended = opened->descend(fmt::format("{}chunks/{}", along, sections)); !descended) {
    return std::unexpected(descended.error());
  }
  return opened;
}

Result<void> ArrayExport::descend(std::string below) {
  for (std::string name; !(name = take_component(below)).empty();) {
    if (!is_directory(directory_.name)) break;
    auto found = find_name(directory_, name, array_);
    if (!found) return std::unexpected(found.error());
    directory_ = std::move(found->path);
  }
  if (is_directory(directory_.name)) return {};
  return std::unexpected(Error{ErrorKind::kInvalidArgument, "", "leads to a file: name a directory that lists files"});
}

Result<void> ArrayExport::visit(const VirtualPath& directory, const Visit& visit) const {
  const ArrayListing listing(directory, array_, default_chunks_);
  for (std::uint64_t i = 0; i < listing.count(); ++i) {
    const std::string name = listing.name(i);
    const auto found = find_name(directory, name, array_);
    if (!found) return std::unexpected(found.error());
    if (auto visited = visit(found->path, name); !visited) return visited;
  }
  return {};
}

Result<std::uint64_t> ArrayExport::size_below(const VirtualPath& directory) const {
  if (lists_numbers(directory.name.kind)) {
    if (ArrayListing(directory, array_, default_chunks_).count() == 0) return 0;
    const auto of = selected_view(directory, array_);  // they are all of it
    if (!of) return std::unexpected(of.error());
    return view_size(*of->array, of->selection, Form::kBin);
  }
  std::uint64_t size = 0;
  const auto visited = visit(directory, [&](const VirtualPath& path, const std::string&) -> Result<void> {
    Result<std::uint64_t> more = 0;
    if (is_directory(path.name)) {
      more = size_below(path);
    } else if (const auto content = content_of(path, array_)) {
      more = content->body_size();
    } else {
      more = std::unexpected(content.error());
    }
    if (!more) return std::unexpected(more.error());
    size += *more;
    return {};
  });
  if (!visited) return std::unexpected(visited.error());
  return size;
}

Result<void> ArrayExport::write(const std::string& out, const Copied& copied) const {
  auto directory = NewDirectory::create(out);
  if (!directory) return std::unexpected(directory.error());
  if (auto written = write_directory(directory_, directory->temporary_path(), copied); !written) return written;
  if (auto unchanged = check_unchanged(); !unchanged) return unchanged;
  return directory->publish();
}

Result<void> ArrayExport::write_directory(const VirtualPath& directory, const std::string& out,
                                          const Copied& copied) const {
  return visit(directory, [&](const VirtualPath& path, const std::string& name) -> Result<void> {
    const std::string to = out + "/" + name;
    if (!is_directory(path.name)) return write_file(path, to, copied);
    if (::mkdir(to.c_str(), 0777) != 0) return std::unexpected(system_error(to, "mkdir", errno));
    return write_directory(path, to, copied);
  });
}

Result<void> ArrayExport::write_file(const VirtualPath& path, const std::string& out, const Copied& copied) const {
  const auto view = content_of(path, array_);
  if (!view) return std::unexpected(view.error());
  auto file = NewFile::create(out);
  if (!file) return std::unexpected(file.error());
  if (auto written = copy_view(*view, file->fd(), out, copied); !written) return written;
  return file->publish();
}

Result<void> ArrayExport::check_unchanged() const {
  if (parts_) return check_parts_unchanged();
  const NpyFile& source = **array_.file;
  const auto status = status_of(source.file()->fd(), source.file()->path());
  if (!status) return std::unexpected(status.error());
  if (source.is_version_of(*status)) return {};
  return std::unexpected(
      Error{ErrorKind::kStale, source.file()->path(), "was changed while it was exported: export it again"});
}

}  // namespace npyfs
