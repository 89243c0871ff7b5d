#include "core/tree/control_files.h"

#include <unistd.h>

#include <ctime>

#include "core/array/attributes.h"

namespace npyfs {
namespace {

class ControlListing : public Listing {
 public:
  explicit ControlListing(const ControlFiles& files) : files_(files) {}

  Result<void> read(std::uint64_t cookie, const Visit& visit) override {
    for (; cookie < kDots + files_.size(); ++cookie) {
      const bool is_dot = cookie < kDots;
      const std::string_view name = cookie == 0 ? "." : is_dot ? ".." : std::string_view(files_[cookie - kDots].name);
      const mode_t type = is_dot ? S_IFDIR : S_IFREG;
      if (!visit({name, control_inode(cookie), type, cookie + 1})) return {};
    }
    return {};
  }

 private:
  const ControlFiles& files_;
};

struct stat owned_by_daemon(mode_t mode) {
  struct stat status = {};
  status.st_uid = ::geteuid();
  status.st_gid = ::getegid();
  status.st_mode = mode;
  (void)::clock_gettime(CLOCK_REALTIME, &status.st_mtim);
  status.st_atim = status.st_ctim = status.st_mtim;
  return status;
}

}  // namespace

struct stat control_directory_attributes() {
  return directory_attributes(owned_by_daemon(S_IRUSR | S_IRGRP | S_IROTH), control_inode(0));
}

struct stat control_file_attributes(const ControlFiles& files, std::uint64_t index) {
  const ControlFile& file = files[index];
  return file_attributes(owned_by_daemon(file.mode), control_inode(index + kDots), file.text().size(), Access::kRead);
}

std::unique_ptr<Listing> list_control_files(const ControlFiles& files) {
  return std::make_unique<ControlListing>(files);
}

}  // namespace npyfs
