#include "fs/serve/mount.h"

#include <utility>

#include "fs/serve/control_texts.h"
#include "fs/serve/write_operations.h"

namespace npyfs {
namespace {

ssize_t read_request(int fd, void* buffer, size_t size, void* user_data) {
  return mount_in(user_data).channel.read_request(fd, buffer, size);
}

ssize_t write_reply(int fd, iovec* pieces, int count, void* user_data) {
  return mount_in(user_data).channel.write_reply(fd, {pieces, static_cast<std::size_t>(count)});
}

}  // namespace

MountState make_mount(const Options& options, SourceRoot root) {
  return MountState(options, std::move(root), &control_files, &try_to_open_for_writing);
}

Result<void> attach(MountState& mount, fuse_session* session, std::string mountpoint) {
  const fuse_custom_io io = {
      .writev = &write_reply, .read = &read_request, .splice_receive = nullptr, .splice_send = nullptr};
  return mount.channel.attach(session, io, std::move(mountpoint));
}

}  // namespace npyfs
