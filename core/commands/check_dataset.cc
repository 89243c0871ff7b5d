#include "core/commands/check_dataset.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <deque>
#include <set>
#include <string_view>
#include <utility>

#include "core/array/joined_arrays.h"
#include "core/array/npy_file.h"
#include "core/array/npz_archive.h"
#include "core/array/source_cache.h"
#include "core/base/escape.h"
#include "core/base/path_string.h"
#include "core/npy/npy_framing.h"
#include "core/paths/directory_stream.h"
#include "core/tree/control_files.h"

namespace npyfs {
namespace {

// False also if the bytes cannot be read.
bool begins_as_npy(const SourceFile& file, std::uint64_t offset) {
  std::array<std::byte, kNpyMagic.size()> bytes;
  if (file.size() - offset < bytes.size() || !file.read_exactly(bytes.data(), bytes.size(), offset)) return false;
  return std::memcmp(bytes.data(), kNpyMagic.data(), bytes.size()) == 0;
}

class Walk {
 public:
  Walk(const SourceRoot& root, const ArraySuffixes& suffixes) : root_(root), suffixes_(suffixes) {}

  FoundArrays run(const std::function<void(std::uint64_t)>& found) {
    directories_.emplace_back();
    while (!directories_.empty() || !linked_.empty()) {
      // Directories behind links come last, so that each directory is visited under its own name first.
      auto& next = directories_.empty() ? linked_ : directories_;
      const std::string path = std::move(next.front());
      next.pop_front();
      if (auto read = read_directory(path); !read) found_.unreadable.push_back(read.error());
      found(found_.paths.size());
    }
    std::ranges::sort(found_.paths);
    std::ranges::sort(found_.links, {}, &UnfollowedLink::path);
    return std::move(found_);
  }

 private:
  Result<void> read_directory(const std::string& path) {
    auto fd = root_.open_directory(path);
    if (!fd) return std::unexpected(fd.error());
    const auto status = status_of(fd->get(), path);
    if (!status) return std::unexpected(status.error());
    if (!visited_.emplace(status->st_dev, status->st_ino).second) return {};
    const auto directory = directory_stream(std::move(*fd), path);
    if (!directory) return std::unexpected(directory.error());
    while (true) {
      errno = 0;
      const dirent* entry = ::readdir(directory->get());
      if (entry == nullptr && errno != 0) return std::unexpected(system_error(path, "readdir", errno));
      if (entry == nullptr) return {};
      take(path, *entry);
    }
  }

  void take(const std::string& directory, const dirent& entry) {
    const std::string_view name(entry.d_name);
    if (name == "." || name == ".." || (directory.empty() && name == kControlDirectoryName)) return;
    std::string path = path_in(directory, name);
    auto type = static_cast<mode_t>(DTTOIF(entry.d_type));
    const bool is_certain = !is_of_unsure_type(entry);
    if (!is_certain) {
      const auto status = root_.status(path);
      if (!status) return found_.unreadable.push_back(status.error());
      type = status->st_mode & S_IFMT;
    }
    if (is_array_name(name, type, suffixes_) || is_archive_name(name, type)) {
      found_.paths.push_back(std::move(path));
    } else if (S_ISDIR(type)) {
      (is_certain ? directories_ : linked_).push_back(std::move(path));
    } else if (S_ISLNK(type)) {
      found_.links.push_back(unfollowed_link(std::move(path)));
    }
  }

  // Follows the link to the end only to say where it leads: nothing is opened there.
  UnfollowedLink unfollowed_link(std::string path) const {
    const auto target = root_.read_link(path);
    const std::string to = target ? fmt::format(" (to {})", escaped(*target)) : "";
    struct stat status;
    if (::stat(root_.absolute(path).c_str(), &status) == 0) {
      return {std::move(path), "leaves SOURCE" + to + "; -o follow_symlinks follows it", false};
    }
    const bool is_loop = errno == ELOOP;
    if (errno == ENOENT || errno == ENOTDIR || is_loop) {
      return {std::move(path), (is_loop ? "leads in a circle" : "leads nowhere") + to, true};
    }
    return {std::move(path), fmt::format("cannot be followed{}: {}", to, std::strerror(errno)), false};
  }

  const SourceRoot& root_;
  const ArraySuffixes& suffixes_;
  FoundArrays found_;
  std::deque<std::string> directories_;  // to be read, by their own names
  std::deque<std::string> linked_;       // to be read, through links
  std::set<std::pair<dev_t, ino_t>> visited_;
};

void take_from(const NpyFile& file, CheckedArray& checked) {
  const Extent extent = file.extent().value_or(Extent());
  if (!checked.archive.empty() && file.extent()) checked.member_offset = extent.offset;
  checked.file_size = extent.size;
  if (file.header()) checked.header = *file.header();
  if (!file.array()) checked.problem = file.array().error();
  if (const std::uint64_t trailing = checked.trailing_bytes(); trailing > 0) {
    checked.is_followed_by_npy = begins_as_npy(*file.file(), extent.end() - trailing);
  }
}

}  // namespace

FoundArrays find_arrays(const SourceRoot& root, const std::function<void(std::uint64_t)>& found,
                        const ArraySuffixes& suffixes) {
  return Walk(root, suffixes).run(found);
}

std::uint64_t CheckedArray::trailing_bytes() const {
  if (!header || header->holds_objects || is_damaged()) return 0;
  return file_size - header->data_offset - data_size(*header);
}

CheckedArray check_array(const SourceRoot& root, const std::string& path) {
  CheckedArray checked;
  checked.path = path;
  const auto file = NpyFile::open(root, path, SourceIo::kPread, nullptr, WrittenHere::kNo);
  if (!file) {
    checked.problem = file.error();
    if (const auto status = root.status(path)) checked.file_size = static_cast<std::uint64_t>(status->st_size);
    return checked;
  }
  take_from(**file, checked);
  return checked;
}

CheckedArchive check_archive(const SourceRoot& root, const std::string& path, const ArraySuffixes& suffixes) {
  CheckedArchive checked{.path = path, .file_size = 0, .problem = std::nullopt, .members = {}};
  const auto archive = NpzArchive::open(root, path, SourceIo::kPread, nullptr);
  if (!archive) {
    checked.problem = archive.error();
    if (const auto status = root.status(path)) checked.file_size = static_cast<std::uint64_t>(status->st_size);
    return checked;
  }
  checked.file_size = (*archive)->file()->size();
  checked.problem = (*archive)->problem();
  const auto add = [&](const std::string& name) -> CheckedArray& {
    CheckedArray& member = checked.members.emplace_back();
    member.path = path_in(path, name);
    member.archive = path;
    return member;
  };
  const NpzNames& names = (*archive)->names();
  for (std::uint64_t i = 0; i < names.count(); ++i) {
    const std::string name(names.name(i).path);
    if (!is_array_name(name, S_IFREG, suffixes)) continue;
    CheckedArray& member = add(name);
    const auto file = NpyFile::open_member(**archive, name);
    if (file) {
      take_from(**file, member);
    } else {
      member.problem = file.error();
    }
  }
  for (const Error& error : names.left_out()) add(error.subject).problem = error;
  return checked;
}

std::vector<std::string> joined_directories(const SourceRoot& root, const std::vector<std::string>& paths) {
  std::set<std::string> directories;
  for (const auto& path : paths) {
    if (is_part_name(last_component(path))) directories.insert(containing_directory(path));
  }
  std::erase_if(directories, [&](const auto& directory) { return root.status(joined_path(directory)).has_value(); });
  return {directories.begin(), directories.end()};
}

CheckedArray check_joined(const SourceRoot& root, const std::string& directory) {
  CheckedArray checked;
  checked.path = joined_path(directory);
  constexpr std::size_t kOpenSources = 1;
  SourceCache sources(root, SourceIo::kPread, kOpenSources, WrittenHere::kNo);
  JoinedArrays arrays(root, sources, WrittenHere::kNo, {});
  const auto status = root.status(directory);
  const auto joined = status ? arrays.array(directory, *status, 0) : std::unexpected(status.error());
  const auto array = joined ? (*joined)->array() : std::unexpected(joined.error());
  if (!array) {
    checked.problem = array.error();
    return checked;
  }
  checked.header = NpyHeader{.descr = (*array)->descr, .itemsize = (*array)->itemsize, .shape = (*array)->shape};
  checked.file_size = data_size(*checked.header);
  return checked;
}

}  // namespace npyfs
