#include "core/array/npz_archive.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <string_view>
#include <utility>

#include "core/base/hash.h"
#include "core/base/path_string.h"
#include "core/base/utf8.h"
#include "core/npy/python_repr.h"

namespace npyfs {
namespace {

constexpr std::uint64_t kSmallestRecord = 46;  // bytes of the central directory for a member, without its name
constexpr std::uint64_t kMostReserved = std::uint64_t{1} << 20;  // names: the end may claim any number
constexpr std::uint64_t kLongestEnd = 98 + 0xFFFF;               // bytes: all end records, with the longest comment

std::unexpected<Error> refused(ErrorKind kind, std::string_view name, std::string sentence) {
  return std::unexpected(Error{kind, std::string(name), std::move(sentence)});
}

std::string method_name(unsigned method) {
  switch (method) {
    case 8:
      return "deflate";
    case 9:
      return "deflate64";
    case 12:
      return "bzip2";
    case 14:
      return "LZMA";
    case 93:
      return "Zstandard";
    case 95:
      return "xz";
    default:
      return fmt::format("method {}", method);
  }
}

// The line of numpy that makes an archive without compression of `archive`.
std::string line_that_stores(const std::string& archive) {
  const std::string stem = archive.substr(0, archive.rfind('.'));
  const auto literal = [](const std::string& name) { return is_utf8(name) ? python_repr(name) : "'...'"; };
  return fmt::format("np.savez({}, **np.load({}))", literal(stem + "-stored.npz"), literal(archive));
}

Result<void> check_stored(const ZipMember& member, const SourceFile& file) {
  if (member.is_on_other_disk) {
    return refused(ErrorKind::kMalformed, member.name(), "it is in another part of a split archive");
  }
  if (member.is_encrypted) {
    return refused(ErrorKind::kNotSliceable, member.name(), "it is encrypted, so its bytes are not in the archive");
  }
  if (member.method == 0) return {};
  return refused(ErrorKind::kNotSliceable, member.name(),
                 fmt::format("it is compressed ({}, {} bytes in {}), and only what is stored can be sliced: {}",
                             method_name(member.method), member.size, member.packed_size,
                             line_that_stores(last_component(file.path()))));
}

}  // namespace

Result<std::shared_ptr<const NpzArchive>> NpzArchive::open(const SourceRoot& root, const std::string& path, SourceIo io,
                                                           std::shared_ptr<MappingCache> mappings) {
  const auto file = SourceFile::open(root, path, io, std::move(mappings));
  if (!file) return std::unexpected(file.error());
  std::shared_ptr<NpzArchive> archive(new NpzArchive(*file, npyfs::is_racy((*file)->status(), file_clock())));
  auto read = archive->read();
  const auto now = status_of((*file)->fd(), path);
  if (!now) return std::unexpected(now.error());
  if (!(*file)->is_version_of(*now) || (!read && read.error().kind == ErrorKind::kTruncated)) {
    return std::unexpected(Error{ErrorKind::kStale, path, "was changed while its central directory was read"});
  }
  if (read) return archive;
  if (read.error().kind == ErrorKind::kSystem) return std::unexpected(read.error());
  archive->names_ = NpzNames();
  archive->problem_ = std::move(read.error());
  return archive;
}

Result<void> NpzArchive::read() {
  auto opened = ZipReader::open(file_);
  if (!opened) return std::unexpected(opened.error());
  ZipReader& reader = **opened;
  const std::uint64_t most = std::min({reader.count(), file_->size() / kSmallestRecord, kMostReserved});
  names_.reserve(most);
  begins_.reserve(most);
  bool fits = true;
  auto visited = reader.visit([&](const ZipMember& member) {
    if (!fits) return;
    names_.add(member);
    begins_.push_back(member.header_offset);
    fits = names_.memory() + begins_.size() * sizeof(std::uint64_t) <= file_->size();
  });
  if (!visited) return visited;
  if (!fits) {
    return refused(ErrorKind::kMalformed, file_->path(),
                   "the names in the central directory of the archive take more memory than the archive has bytes");
  }
  names_.sort();
  std::ranges::sort(begins_);
  directory_ = reader.directory();
  const auto hash = hash_of_directory();
  if (!hash) return std::unexpected(hash.error());
  hash_ = *hash;
  reader_ = std::move(*opened);
  return {};
}

Result<std::uint64_t> NpzArchive::hash_of_directory() const {
  const std::uint64_t end = std::min(file_->size() - directory_.end(), kLongestEnd);
  std::vector<std::byte> block(std::size_t{64} << 10);
  std::uint64_t hash = 0;
  for (Extent extent : {directory_, Extent{file_->size() - end, end}}) {
    while (extent.size > 0) {
      const std::size_t size = std::min<std::uint64_t>(block.size(), extent.size);
      if (auto read = file_->read_exactly(block.data(), size, extent.offset); !read)
        return std::unexpected(read.error());
      hash = mix(hash, std::hash<std::string_view>()({reinterpret_cast<const char*>(block.data()), size}));
      extent = {extent.offset + size, extent.size - size};
    }
  }
  return hash;
}

Result<void> NpzArchive::check() const {
  const auto hash = hash_of_directory();
  if (hash && *hash == hash_) return {};
  if (!hash && hash.error().kind != ErrorKind::kTruncated) return std::unexpected(hash.error());
  return refused(ErrorKind::kStale, file_->path(), "has another central directory than when it was opened");
}

Result<ZipBody> NpzArchive::body(std::string_view name) const {
  const auto found = names_.find(name);
  if (!found) return refused(ErrorKind::kNotFound, name, "is no member of the archive");
  const MutexLock lock(mutex_);
  const auto member = reader_->member(found->position);
  if (!member && member.error().kind == ErrorKind::kSystem) return std::unexpected(member.error());
  if (!member || member->name() != name) {
    return refused(ErrorKind::kStale, file_->path(), "has another central directory than when it was opened");
  }
  if (auto stored = check_stored(*member, *file_); !stored) return std::unexpected(stored.error());
  auto body = reader_->body(*member);
  if (body) {
    if (auto alone = check_alone(*member, *body); !alone) return std::unexpected(alone.error());
  } else if (body.error().kind == ErrorKind::kMalformed) {
    body.error().subject = name;
  }
  return body;
}

// As zipfile of Python 3.12 has it: no two members share bytes, so a small archive holds no large ones.
Result<void> NpzArchive::check_alone(const ZipMember& member, const ZipBody& body) const {
  const auto [first, behind] = std::ranges::equal_range(begins_, member.header_offset);
  const std::uint64_t limit = behind == begins_.end() ? directory_.offset : std::min(*behind, directory_.offset);
  if (behind - first == 1 && body.data.end() <= limit) return {};
  return refused(ErrorKind::kMalformed, member.name(),
                 "it overlaps another member or the central directory, as in a zip bomb");
}

}  // namespace npyfs
