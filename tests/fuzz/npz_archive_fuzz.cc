// Archives from anywhere: nothing crashes, no member is outside the file, and what is refused has a sentence.
#include <fcntl.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <span>
#include <string>

#include "core/array/archive_error.h"
#include "core/array/npy_file.h"
#include "core/array/npz_archive.h"
#include "tests/fuzz/require.h"

namespace npyfs {
namespace {

// One file, in memory, that takes the bytes of each input.
class Input {
 public:
  Input() {
    std::string path = "/dev/shm/npz_archive_fuzz.XXXXXX";
    require(::mkdtemp(path.data()) != nullptr, "there is a directory in memory");
    directory_ = path;
    fd_ = UniqueFd(::open(file().c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    root_.emplace(std::move(*SourceRoot::open(directory_, Symlinks::kWithinRoot, Users::kOwner)));
  }
  Input(const Input&) = delete;
  Input& operator=(const Input&) = delete;
  ~Input() {
    (void)::unlink(file().c_str());
    (void)::rmdir(directory_.c_str());
  }

  std::shared_ptr<const NpzArchive> opened(std::span<const std::byte> bytes) const {
    require(::ftruncate(fd_.get(), 0) == 0, "the file can be emptied");
    require(::pwrite(fd_.get(), bytes.data(), bytes.size(), 0) == static_cast<ssize_t>(bytes.size()),
            "it can be written");
    auto archive = NpzArchive::open(*root_, "a.npz", SourceIo::kPread, nullptr);
    require(archive.has_value(), "a damaged archive can be opened, too");
    return *archive;
  }

 private:
  std::string file() const { return directory_ + "/a.npz"; }

  std::string directory_;
  UniqueFd fd_;
  std::optional<SourceRoot> root_;
};

void check_directory(const NpzNames& names, const std::string& directory, std::uint64_t& visited) {
  std::uint64_t next = 0;
  while (const auto child = names.child(directory, next)) {
    require(child->next > next && child->next <= names.count(), "a listing comes to its end");
    require(!child->name.empty() && child->name != "." && child->name != "..", "a name is a component");
    require(child->name.find('/') == std::string_view::npos, "a component has no slash");
    next = child->next;
    const std::string path = directory.empty() ? std::string(child->name) : directory + "/" + std::string(child->name);
    require(names.has_directory(path) == child->is_directory, "a directory is found");
    require(names.find(path).has_value() != child->is_directory, "a member is found");
    if (child->is_directory) {
      check_directory(names, path, visited);
    } else {
      ++visited;
    }
  }
}

void check(std::span<const std::byte> bytes) {
  static const Input input;
  const auto archive = input.opened(bytes);
  const NpzNames& names = archive->names();
  if (archive->problem()) {
    require_sentence(to_message(*archive->problem()));
    require(names.count() == 0, "a damaged archive has no names");
  }
  require(names.memory() <= bytes.size() + 64, "names take no more memory than the archive");
  std::uint64_t files = 0;
  for (std::uint64_t i = 0; i < names.count(); ++i) {
    const std::string name(names.name(i).path);
    if (name.ends_with('/')) continue;
    ++files;
    const auto body = archive->body(name);
    if (!body) {
      require_sentence(to_message(body.error()));
      continue;
    }
    require(body->data.size <= bytes.size() && body->data.offset <= bytes.size() - body->data.size,
            "data are in the file");
    require(body->local_header.end() == body->data.offset, "data begin behind the local header");
    const auto file = NpyFile::open_member(*archive, name);
    require(file.has_value(), "a member can be opened");
    if (!(*file)->array()) require_sentence(to_message((*file)->array().error()));
  }
  std::uint64_t visited = 0;
  check_directory(names, "", visited);
  require(visited == files, "each member is listed once");
  (void)archive_error(*archive, "a.npz", {});
}

}  // namespace
}  // namespace npyfs

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  npyfs::check(std::as_bytes(std::span(data, size)));
  return 0;
}
