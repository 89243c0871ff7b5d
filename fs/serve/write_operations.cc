#include "fs/serve/write_operations.h"

#include <fcntl.h>

#include <cerrno>
#include <span>
#include <utility>

#include "fs/log/log.h"
#include "fs/serve/guarded_operation.h"
#include "fs/serve/mount_state.h"
#include "fs/serve/open_reply.h"
#include "fs/serve/reply.h"

namespace npyfs {
namespace {

Error mount_is_ending() {
  return Error{ErrorKind::kSystem, "writing", "the mount is ending", ESHUTDOWN};
}

Result<std::shared_ptr<const OpenFile>> opened_for_writing(fuse_req_t request, fuse_ino_t node, int flags) {
  MountState& mount = mount_of(request);
  const Drain::Pass pass = mount.drain.pass();
  if (!pass) return std::unexpected(mount_is_ending());
  const bool reads = (flags & O_ACCMODE) == O_RDWR;
  return mount.tree.open_for_writing(node, reads ? Opening::kForReadingAndWriting : Opening::kForWriting,
                                     fuse_req_ctx(request)->pid);
}

// A process that has mapped the file learns of a failed write only by msync, so the log has every one of them.
void log_failed_write(MountState& mount, const Error& error) {
  ++mount.counters.errors;
  ++mount.counters.failed_writes;
  log(LogLevel::kError, "{}", to_message(error));
}

void reply_failed_write(fuse_req_t request, const Error& error) {
  log_failed_write(mount_of(request), error);
  fuse_reply_err(request, to_errno(error));
}

void write(fuse_req_t request, fuse_ino_t, const char* data, size_t size, off_t offset, fuse_file_info* info) {
  MountState& mount = mount_of(request);
  const auto file = mount.files.find(info->fh);
  if (!file || offset < 0) {
    fuse_reply_err(request, file ? EINVAL : EBADF);
    return;
  }
  const bool is_page = info->writepage != 0;  // of a mapping
  // Mapped pages are taken to the last, also during the drain. Any other write may leave a page in the kernel's cache,
  // where a mapping could then make it dirty: it needs a pass.
  const Drain::Pass pass = is_page ? Drain::Pass() : mount.drain.pass();
  if (!is_page && !pass) return reply_failed_write(request, mount_is_ending());
  if (is_page) mount.drain.note_written_page();
  auto written = mount.tree.write(*file, static_cast<std::uint64_t>(offset), std::as_bytes(std::span(data, size)));
  // The kernel sends no FSYNC after a direct write. O_SYNC includes this bit, and a write with RWF_DSYNC has it.
  if (written && (info->flags & O_DSYNC) != 0) written = mount.tree.sync(*file);
  if (!written) {
    if (is_page) mount.drain.note_lost_page();
    return reply_failed_write(request, written.error());
  }
  mount.counters.bytes_written += size;
  fuse_reply_write(request, size);
}

// Sent by close(), after all dirty pages.
void flush(fuse_req_t request, fuse_ino_t, fuse_file_info* info) {
  MountState& mount = mount_of(request);
  if (!mount.options.writable) {
    fuse_reply_err(request, ENOSYS);  // the kernel will not ask again
    return;
  }
  const auto file = mount.files.find(info->fh);
  const auto flushed = file ? mount.tree.flush(*file) : Result<void>{};
  // The write that was refused is in the log already.
  const bool is_refused =
      !flushed && flushed.error().kind == ErrorKind::kInvalidArgument && file->writing->is_refused();
  if (!flushed && !is_refused) return reply_failed_write(request, flushed.error());
  fuse_reply_err(request, is_refused ? EINVAL : 0);
}

void fsync(fuse_req_t request, fuse_ino_t, int, fuse_file_info* info) {
  MountState& mount = mount_of(request);
  const auto file = mount.files.find(info->fh);
  if (!file) {
    fuse_reply_err(request, mount.omits_opens() ? ENOSYS : EBADF);  // ENOSYS: the kernel will not ask again
    return;
  }
  const auto synced = mount.tree.sync(*file);
  if (!synced) return reply_failed_write(request, synced.error());
  fuse_reply_err(request, 0);
}

// How the three truncations of Linux differ (fs/fuse/dir.c, update_mtime): truncate() sets a new time along with the
// size; ftruncate() and open() with O_TRUNC set the size alone, ftruncate() with a handle and open() without.
constexpr int kNewTime = FUSE_SET_ATTR_MTIME | FUSE_SET_ATTR_MTIME_NOW;
constexpr int kOwnerOrMode = FUSE_SET_ATTR_MODE | FUSE_SET_ATTR_UID | FUSE_SET_ATTR_GID;

bool has_owner_and_mode(const struct stat& now, const struct stat& wanted, int to_set) {
  constexpr mode_t kPermissions = 07777;
  const bool same_mode = (now.st_mode & kPermissions) == (wanted.st_mode & kPermissions);
  return ((to_set & FUSE_SET_ATTR_MODE) == 0 || same_mode) &&
         ((to_set & FUSE_SET_ATTR_UID) == 0 || now.st_uid == wanted.st_uid) &&
         ((to_set & FUSE_SET_ATTR_GID) == 0 || now.st_gid == wanted.st_gid);
}

// Programs that copy a file set its times, owner and mode at the end (cp -p, rsync -a). Where they may write, and ask
// for the owner and mode that are there, nothing is done, and the times stay those of the last write to the source.
void keep_attributes(fuse_req_t request, fuse_ino_t node, const struct stat& wanted, int to_set) {
  MountState& mount = mount_of(request);
  auto now = mount.tree.attributes(node);
  if (!now) return reply_error(request, now.error());
  mount.owner.show(*now);
  if (!has_owner_and_mode(*now, wanted, to_set) || !mount.tree.can_be_written(node)) {
    fuse_reply_err(request, EPERM);
    return;
  }
  reply_attributes(request, *now);
}

void setattr(fuse_req_t request, fuse_ino_t node, struct stat* wanted, int to_set, fuse_file_info* info) {
  MountState& mount = mount_of(request);
  if ((to_set & FUSE_SET_ATTR_SIZE) == 0) return keep_attributes(request, node, *wanted, to_set);
  if ((to_set & kOwnerOrMode) != 0) {
    fuse_reply_err(request, EPERM);
    return;
  }
  const bool is_truncation_at_open = wanted->st_size == 0 && info == nullptr && (to_set & kNewTime) == 0;
  const auto size = static_cast<std::uint64_t>(wanted->st_size);
  const auto file = info == nullptr ? nullptr : mount.files.find(info->fh);
  const auto set = is_truncation_at_open ? mount.tree.note_truncation(node, fuse_req_ctx(request)->pid)
                                         : mount.tree.set_size(node, size, file.get());
  if (!set) return reply_error(request, set.error());
  reply_attributes(request, node);
}

template <typename... Arguments>
void not_permitted(fuse_req_t request, Arguments...) {
  fuse_reply_err(request, EPERM);
}

bool attempt_to_open(const WaitingOpens::Open& open, bool is_last) {
  auto file = opened_for_writing(open.request, open.node, open.info.flags);
  if (file) {
    reply_open(open.request, std::move(*file), open.info);
    return true;
  }
  if (file.error().kind == ErrorKind::kReleasing && !is_last) return false;
  reply_error(open.request, file.error());
  return true;
}

}  // namespace

void fill_before_release(MountState& mount, const OpenFile& file) {
  if (!file.writing) return;
  if (const auto filled = file.writing->fill_with_zeros(); !filled) log_failed_write(mount, filled.error());
}

bool try_to_open_for_writing(const WaitingOpens::Open& open, bool is_last) noexcept {
  bool is_answered = true;  // also if the attempt throws
  answer_guarded(open.request, [&] { is_answered = attempt_to_open(open, is_last); });
  return is_answered;
}

void open_for_writing(fuse_req_t request, fuse_ino_t node, const fuse_file_info& info) {
  const WaitingOpens::Open open = {request, node, info};
  if (!try_to_open_for_writing(open, false)) mount_of(request).waiting_opens.add(open);
}

void add_write_operations(fuse_lowlevel_ops& operations) {
  operations.setattr = Guarded<setattr>::call;
  operations.write = Guarded<write>::call;
  operations.flush = Guarded<flush>::call;
  operations.fsync = Guarded<fsync>::call;
  operations.mknod = not_permitted;
  operations.mkdir = not_permitted;
  operations.unlink = not_permitted;
  operations.rmdir = not_permitted;
  operations.symlink = not_permitted;
  operations.rename = not_permitted;
  operations.link = not_permitted;
  operations.create = not_permitted;
}

}  // namespace npyfs
