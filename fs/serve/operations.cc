#include "fs/serve/operations.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <string_view>
#include <utility>

#include "core/base/escape.h"
#include "fs/log/log.h"
#include "fs/serve/guarded_operation.h"
#include "fs/serve/mount_state.h"
#include "fs/serve/open_reply.h"
#include "fs/serve/pending_reply.h"
#include "fs/serve/reply.h"
#include "fs/serve/write_operations.h"

namespace npyfs {
namespace {

// `changes_before` is Tree::notified_changes() from before the lookup. If the source has changed since, the attributes
// may be old, and the kernel was not notified if it did not know the node yet: it must not keep them. GETATTR needs no
// such check, since the kernel knows its node.
fuse_entry_param entry_param(const MountState& mount, const Entry& entry, std::uint64_t changes_before) {
  const bool may_be_old = mount.tree.notified_changes() != changes_before;
  fuse_entry_param param = {};
  param.ino = entry.node;
  param.attr = entry.attributes;
  param.attr.st_ino = mount.inode_numbers.shown(param.attr.st_ino);
  mount.owner.show(param.attr);
  param.attr_timeout = may_be_old ? 0 : mount.options.attr_timeout;
  param.entry_timeout = entry.is_for_one_open ? 0 : mount.options.entry_timeout;
  return param;
}

void init(void* user_data, fuse_conn_info* connection) {
  const Options& options = mount_in(user_data).options;
  choose_capabilities(*connection, options.max_read, options.writable);
}

void lookup(fuse_req_t request, fuse_ino_t parent, const char* name) {
  MountState& mount = mount_of(request);
  PendingLookups pending(mount.tree);
  const auto changes_before = mount.tree.notified_changes();
  const auto entry = pending.lookup(parent, name);
  if (!entry && to_errno(entry.error()) == ENOENT && mount.options.negative_timeout > 0) {
    fuse_entry_param missing = {};
    missing.entry_timeout = mount.options.negative_timeout;
    fuse_reply_entry(request, &missing);
    return;
  }
  if (!entry) return reply_error(request, entry.error());
  const fuse_entry_param param = entry_param(mount, *entry, changes_before);
  // If the caller was killed meanwhile, the kernel does not take the reply and does not count the lookup.
  if (fuse_reply_entry(request, &param) == 0) pending.delivered();
}

void forget(fuse_req_t request, fuse_ino_t node, uint64_t lookups) {
  mount_of(request).tree.forget(node, lookups);
  fuse_reply_none(request);
}

void forget_multi(fuse_req_t request, size_t count, fuse_forget_data* forgets) {
  for (size_t i = 0; i < count; ++i) mount_of(request).tree.forget(forgets[i].ino, forgets[i].nlookup);
  fuse_reply_none(request);
}

void getattr(fuse_req_t request, fuse_ino_t node, fuse_file_info*) {
  reply_attributes(request, node);
}

void readlink(fuse_req_t request, fuse_ino_t node) {
  const auto target = mount_of(request).tree.read_link(node);
  if (!target) return reply_error(request, target.error());
  fuse_reply_readlink(request, target->c_str());
}

void open(fuse_req_t request, fuse_ino_t node, fuse_file_info* info) {
  MountState& mount = mount_of(request);
  if (mount.omits_opens()) {
    fuse_reply_err(request, ENOSYS);  // the kernel will not ask again
    return;
  }
  if ((info->flags & O_ACCMODE) != O_RDONLY) return open_for_writing(request, node, *info);
  auto file = mount.tree.open(node);
  if (!file) return reply_error(request, file.error());
  reply_open(request, std::move(*file), *info);
}

void release(fuse_req_t request, fuse_ino_t, fuse_file_info* info) {
  MountState& mount = mount_of(request);
  if (const auto file = mount.files.remove(info->fh)) {
    fill_before_release(mount, *file);
    mount.passthrough.close(*file);
    mount.tree.close(*file);
  }
  fuse_reply_err(request, 0);
}

// Null if there is no such handle.
Result<std::shared_ptr<const OpenFile>> file_to_read(MountState& mount, fuse_ino_t node, std::uint64_t handle) {
  constexpr std::uint64_t kNotOpened = 0;
  if (handle == kNotOpened && mount.omits_opens()) return mount.tree.open_kept(node);
  return mount.files.find(handle);
}

void read(fuse_req_t request, fuse_ino_t node, size_t size, off_t offset, fuse_file_info* info) {
  MountState& mount = mount_of(request);
  const auto found = file_to_read(mount, node, info->fh);
  if (!found) return reply_logged_error(request, found.error());
  const auto& file = *found;
  if (!file) {
    fuse_reply_err(request, EBADF);
    return;
  }
  if (offset < 0 || size > mount.negotiation.max_request()) {
    fuse_reply_err(request, EINVAL);
    return;
  }
  const auto pass = mount.pass_to_read(node);
  if (!pass) {
    fuse_reply_err(request, EIO);
    return;
  }
  thread_local Pieces pieces;
  const auto gathered =
      mount.tree.read(*file, static_cast<std::uint64_t>(offset), size, pieces, fuse_req_ctx(request)->pid);
  if (!gathered) {
    pieces.clear();
    ++mount.counters.source_errors;
    return reply_logged_error(request, gathered.error());
  }
  mount.counters.bytes_read += pieces.size();
  if (reply_bytes(request, pieces.iovecs()) == EFAULT) {
    ++mount.counters.source_errors;
    ++mount.counters.errors;
    const std::string path = file->source_path();
    log_repeated(LogLevel::kWarning, path, fmt::format("{}: bytes from {} on cannot be read", escaped(path), offset));
  }
  pieces.clear();
}

// There are none. But Python asks each file that it opens whether it is a terminal, and reads it next.
void ioctl(fuse_req_t request, fuse_ino_t node, unsigned, void*, fuse_file_info*, unsigned, const void*, size_t,
           size_t) {
  MountState& mount = mount_of(request);
  if (mount.omits_opens()) mount.preload.before_read(mount.notices, mount.tree, node);
  fuse_reply_err(request, ENOSYS);  // the kernel tells the caller ENOTTY
}

void opendir(fuse_req_t request, fuse_ino_t node, fuse_file_info* info) {
  MountState& mount = mount_of(request);
  auto listing = mount.tree.open_directory(node);
  if (!listing) return reply_error(request, listing.error());
  info->cache_readdir = info->keep_cache = mount.options.immutable;
  info->fh = mount.directories.add(std::move(*listing));
  if (fuse_reply_open(request, info) != 0) mount.directories.remove(info->fh);
}

void releasedir(fuse_req_t request, fuse_ino_t, fuse_file_info* info) {
  mount_of(request).directories.remove(info->fh);
  fuse_reply_err(request, 0);
}

// Larger than any request for names that the kernel makes.
constexpr size_t kMaxListingReply = size_t{1} << 20;

// Replies with names of an open directory. `add(char* at, size_t left, const ListedName& listed)` writes one name to
// the reply buffer at `at`, where `left` bytes are free, and returns how many bytes the name needs: more than `left` if
// it does not fit. Returns whether the kernel has taken the names.
template <typename Add>
bool reply_names(fuse_req_t request, size_t size, off_t offset, const fuse_file_info* info, Add add) {
  const auto listing = mount_of(request).directories.find(info->fh);
  if (!listing) return fuse_reply_err(request, EBADF) == 0;
  std::string buffer(std::min(size, kMaxListingReply), '\0');
  size_t used = 0;
  const auto result = listing->read(static_cast<std::uint64_t>(offset), [&](const ListedName& listed) {
    const size_t left = buffer.size() - used;
    const size_t needed = add(&buffer[used], left, listed);
    if (needed > left) return false;
    used += needed;
    return true;
  });
  if (result || used > 0) return fuse_reply_buf(request, buffer.data(), used) == 0;
  reply_error(request, result.error());
  return false;
}

struct stat listed_stat(const MountState& mount, const ListedName& listed) {
  struct stat status = {};
  status.st_ino = mount.inode_numbers.shown(listed.inode);
  status.st_mode = listed.type;
  return status;
}

void readdir(fuse_req_t request, fuse_ino_t, size_t size, off_t offset, fuse_file_info* info) {
  reply_names(request, size, offset, info, [&](char* at, size_t left, const ListedName& listed) {
    const struct stat status = listed_stat(mount_of(request), listed);
    const std::string name(listed.name);
    return fuse_add_direntry(request, at, left, name.c_str(), &status, static_cast<off_t>(listed.next_cookie));
  });
}

void readdirplus(fuse_req_t request, fuse_ino_t directory, size_t size, off_t offset, fuse_file_info* info) {
  MountState& mount = mount_of(request);
  PendingLookups pending(mount.tree);
  const bool is_delivered =
      reply_names(request, size, offset, info, [&](char* at, size_t left, const ListedName& listed) {
        const std::string name(listed.name);
        const size_t needed = fuse_add_direntry_plus(request, nullptr, 0, name.c_str(), nullptr, 0);
        if (needed > left) return needed;
        fuse_entry_param param = {};  // node 0: the kernel looks the name up when it needs to
        param.attr = listed_stat(mount, listed);
        if (name != "." && name != "..") {
          const auto changes_before = mount.tree.notified_changes();
          if (const auto entry = pending.lookup(directory, name)) param = entry_param(mount, *entry, changes_before);
        }
        return fuse_add_direntry_plus(request, at, left, name.c_str(), &param, static_cast<off_t>(listed.next_cookie));
      });
  if (is_delivered) pending.delivered();
}

void statfs(fuse_req_t request, fuse_ino_t node) {
  const auto status = mount_of(request).tree.filesystem_status(node);
  if (!status) return reply_error(request, status.error());
  fuse_reply_statfs(request, &*status);
}

// The reply to getxattr and listxattr: the value, or its size if `size` is 0.
void reply_attribute(fuse_req_t request, const std::string& value, size_t size) {
  if (size == 0) {
    fuse_reply_xattr(request, value.size());
  } else if (size < value.size()) {
    fuse_reply_err(request, ERANGE);
  } else {
    fuse_reply_buf(request, value.data(), value.size());
  }
}

void getxattr(fuse_req_t request, fuse_ino_t node, const char* name, size_t size) {
  // Labels, access control lists, capabilities: EOPNOTSUPP says that this filesystem has none at all, so `ls -l` asks
  // once for each. After ENODATA, which says so of one file, it would ask three times for each name.
  if (!std::string_view(name).starts_with("user.")) {
    fuse_reply_err(request, EOPNOTSUPP);
    return;
  }
  const auto attributes = mount_of(request).tree.extended_attributes(node);
  if (!attributes) return reply_error(request, attributes.error());
  for (const auto& attribute : *attributes) {
    if (attribute.name == name) return reply_attribute(request, attribute.value, size);
  }
  fuse_reply_err(request, ENODATA);
}

void listxattr(fuse_req_t request, fuse_ino_t node, size_t size) {
  const auto attributes = mount_of(request).tree.extended_attributes(node);
  if (!attributes) return reply_error(request, attributes.error());
  std::string names;
  for (const auto& attribute : *attributes) names += attribute.name + '\0';
  reply_attribute(request, names, size);
}

}  // namespace

const fuse_lowlevel_ops kOperations = [] {
  fuse_lowlevel_ops operations = {};
  operations.init = Guarded<init>::call;
  operations.lookup = Guarded<lookup>::call;
  operations.forget = Guarded<forget>::forget;
  operations.getattr = Guarded<getattr>::call;
  operations.readlink = Guarded<readlink>::call;
  operations.open = Guarded<open>::call;
  operations.read = Guarded<read>::call;
  operations.release = Guarded<release>::call;
  operations.ioctl = Guarded<ioctl>::call;
  operations.opendir = Guarded<opendir>::call;
  operations.readdir = Guarded<readdir>::call;
  operations.releasedir = Guarded<releasedir>::call;
  operations.statfs = Guarded<statfs>::call;
  operations.getxattr = Guarded<getxattr>::call;
  operations.listxattr = Guarded<listxattr>::call;
  operations.forget_multi = Guarded<forget_multi>::forget;
  operations.readdirplus = Guarded<readdirplus>::call;
  add_write_operations(operations);
  return operations;
}();

}  // namespace npyfs
