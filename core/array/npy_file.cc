#include "core/array/npy_file.h"

#include <utility>
#include <vector>

#include "core/array/npz_archive.h"
#include "core/base/path_string.h"

namespace npyfs {
namespace {

// `npy` has a value if `header` has one.
Result<std::shared_ptr<const Array>> array_in(const std::shared_ptr<const SourceFile>& file,
                                              const std::optional<Extent>& npy, const std::string& name,
                                              const std::shared_ptr<const HeaderGuard>& guard,
                                              const Result<NpyHeader>& header) {
  if (!header) return std::unexpected(header.error());
  if (auto sliceable = check_sliceable(*header, npy->size, name); !sliceable) {
    return std::unexpected(sliceable.error());
  }
  auto geometry =
      contiguous_geometry(npy->offset + header->data_offset, header->itemsize, header->shape, header->fortran_order);
  auto array = std::make_shared<Array>();
  array->descr = header->descr;
  array->itemsize = header->itemsize;
  array->fields = header->fields;
  array->shape = header->shape;
  array->fortran_order = header->fortran_order;
  array->parts.push_back({file, guard, std::move(geometry)});
  return array;
}

FileVersion version_of(const SourceFile& file, const HeaderGuard& guard, WrittenHere written_here) {
  FileVersion version = file.version();
  if (written_here == WrittenHere::kYes) version = version.without_times();
  version.header = guard.hash();
  return version;
}

}  // namespace

NpyFile::NpyFile(std::shared_ptr<const SourceFile> file, std::optional<Extent> extent, const std::string& name,
                 std::shared_ptr<const HeaderGuard> guard, Result<NpyHeader> header, WrittenHere written_here)
    : file_(std::move(file)),
      extent_(extent),
      guard_(std::move(guard)),
      header_(std::move(header)),
      written_here_(written_here),
      version_(version_of(*file_, *guard_, written_here)),
      array_(array_in(file_, extent_, name, guard_, header_)) {}

Result<std::shared_ptr<const NpyFile>> NpyFile::open(const SourceRoot& root, const std::string& path, SourceIo io,
                                                     std::shared_ptr<MappingCache> mappings, WrittenHere written_here) {
  const auto file = SourceFile::open(root, path, io, std::move(mappings));
  if (!file) return std::unexpected(file.error());
  const bool was_racy = is_racy((*file)->status(), file_clock());
  std::vector<std::byte> bytes;
  const Extent all{0, (*file)->size()};
  const std::string name = last_component(path);
  auto header = read_npy_header(**file, all, name, bytes);
  bytes.shrink_to_fit();
  auto guard = std::make_shared<const HeaderGuard>(*file, 0, std::move(bytes), header ? &*header : nullptr, was_racy);
  std::shared_ptr<const NpyFile> opened(
      new NpyFile(*file, all, name, std::move(guard), std::move(header), written_here));
  if (auto unchanged = opened->check_unchanged(); !unchanged) return std::unexpected(unchanged.error());
  return opened;
}

// The guard begins with the local header, which has the member's checksum: a member that was rewritten by numpy, with
// other data in the same place, is noticed.
Result<std::shared_ptr<const NpyFile>> NpyFile::open_member(const NpzArchive& archive, const std::string& name) {
  const auto& file = archive.file();
  const bool was_racy = is_racy(file->status(), file_clock());
  const auto body = archive.body(name);
  std::vector<std::byte> bytes;
  std::vector<std::byte> npy_bytes;
  Result<NpyHeader> header = NpyHeader();
  if (body) {
    bytes.resize(body->local_header.size);
    auto read = file->read_exactly(bytes.data(), bytes.size(), body->local_header.offset);
    header = read ? read_npy_header(*file, body->data, name, npy_bytes) : std::unexpected(read.error());
    bytes.insert(bytes.end(), npy_bytes.begin(), npy_bytes.end());
  } else if (body.error().kind == ErrorKind::kStale || body.error().kind == ErrorKind::kSystem) {
    return std::unexpected(body.error());
  } else {
    header = std::unexpected(body.error());
  }
  const auto extent = body ? std::optional(body->data) : std::nullopt;
  // Also what is no array is compared with its local header: without a header the guard would find nothing wrong.
  static const NpyHeader kNoHeader;
  auto guard = std::make_shared<const HeaderGuard>(file, body ? body->local_header.offset : 0, std::move(bytes),
                                                   header ? &*header : &kNoHeader, was_racy);
  std::shared_ptr<const NpyFile> opened(
      new NpyFile(file, extent, name, std::move(guard), std::move(header), WrittenHere::kNo));
  if (auto unchanged = opened->check_unchanged(); !unchanged) return std::unexpected(unchanged.error());
  return opened;
}

bool NpyFile::is_version_of(const struct stat& status) const {
  if (written_here_ == WrittenHere::kNo) return file_->is_version_of(status);
  return FileVersion::of(status).without_times() == file_->version().without_times();
}

// If the header was rewritten while it was read, what was read belongs to neither version.
Result<void> NpyFile::check_unchanged() const {
  const auto now = status_of(file_->fd(), file_->path());
  if (!now) return std::unexpected(now.error());
  if (file_->is_version_of(*now)) return {};
  if (written_here_ == WrittenHere::kYes && is_version_of(*now)) return guard_->check();
  return std::unexpected(Error{ErrorKind::kStale, file_->path(), "was changed while its header was read"});
}

}  // namespace npyfs
