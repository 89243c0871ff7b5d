#include "fs/serve/operations.h"

#include <fmt/format.h>

#include <cerrno>
#include <string>
#include <string_view>
#include <utility>

#include "core/base/escape.h"
#include "fs/kernel/exception_guard.h"
#include "fs/log/log.h"
#include "fs/serve/mount_state.h"
#include "fs/serve/pending_reply.h"
#include "fs/serve/reply.h"
#include "fs/serve/write_operations.h"

namespace npyfs {
namespace {

// `told_changes` is Tree::told_changes() from before the lookup. The kernel sees by itself what was told of a node that
// it knew, so GETATTR needs none.
fuse_entry_param entry_param(const MountState& filesystem, const Entry& entry, std::uint64_t told_changes) {
  const bool may_be_old = filesystem.tree.told_changes() != told_changes;
  fuse_entry_param param = {};
  param.ino = entry.node;
  param.attr = entry.attributes;
  param.attr_timeout = may_be_old ? 0 : filesystem.options.attr_timeout;
  param.entry_timeout = filesystem.options.entry_timeout;
  return param;
}

void init(void* user_data, fuse_conn_info* connection) {
  const auto& filesystem = static_cast<const MountState&>(*static_cast<FuseChannel*>(user_data));
  filesystem.choose_capabilities(*connection, filesystem.options.max_read, filesystem.options.writable);
}

void lookup(fuse_req_t request, fuse_ino_t parent, const char* name) {
  MountState& filesystem = filesystem_of(request);
  ++filesystem.metrics.lookups;
  PendingLookups given(filesystem.tree);
  const auto told_changes = filesystem.tree.told_changes();
  const auto entry = given.lookup(parent, name);
  if (!entry && to_errno(entry.error()) == ENOENT && filesystem.options.negative_timeout > 0) {
    fuse_entry_param missing = {};
    missing.entry_timeout = filesystem.options.negative_timeout;
    fuse_reply_entry(request, &missing);
    return;
  }
  if (!entry) return reply_error(request, entry.error());
  const fuse_entry_param param = entry_param(filesystem, *entry, told_changes);
  // A reply that the kernel no longer wants (the caller was killed) leaves it without the lookup.
  if (fuse_reply_entry(request, &param) == 0) given.hand_over();
}

void forget(fuse_req_t request, fuse_ino_t node, uint64_t lookups) {
  filesystem_of(request).tree.forget(node, lookups);
  fuse_reply_none(request);
}

void forget_multi(fuse_req_t request, size_t count, fuse_forget_data* forgets) {
  for (size_t i = 0; i < count; ++i) filesystem_of(request).tree.forget(forgets[i].ino, forgets[i].nlookup);
  fuse_reply_none(request);
}

void getattr(fuse_req_t request, fuse_ino_t node, fuse_file_info*) {
  reply_attributes(request, node);
}

void readlink(fuse_req_t request, fuse_ino_t node) {
  const auto target = filesystem_of(request).tree.read_link(node);
  if (!target) return reply_error(request, target.error());
  fuse_reply_readlink(request, target->c_str());
}

void open(fuse_req_t request, fuse_ino_t node, fuse_file_info* info) {
  if ((info->flags & O_ACCMODE) != O_RDONLY) return open_for_writing(request, node, *info);
  auto file = filesystem_of(request).tree.open(node);
  if (!file) return reply_error(request, file.error());
  reply_open(request, std::move(*file), *info);
}

void release(fuse_req_t request, fuse_ino_t, fuse_file_info* info) {
  MountState& filesystem = filesystem_of(request);
  if (const auto file = filesystem.files.remove(info->fh)) {
    const auto left_out = file->writing ? file->writing->what_was_left_out(file->size()) : std::nullopt;
    if (left_out) log(LogLevel::kWarning, "{}", to_message(*left_out));
    filesystem.tree.close(*file);
  }
  fuse_reply_err(request, 0);
}

void read(fuse_req_t request, fuse_ino_t node, size_t size, off_t offset, fuse_file_info* info) {
  MountState& filesystem = filesystem_of(request);
  const auto file = filesystem.files.find(info->fh);
  if (!file) {
    fuse_reply_err(request, EBADF);
    return;
  }
  if (offset < 0 || size > filesystem.max_request()) {
    fuse_reply_err(request, EINVAL);
    return;
  }
  const auto pass = filesystem.pass_to_read(node);
  if (!pass) {
    fuse_reply_err(request, EIO);
    return;
  }
  thread_local Pieces pieces;
  const auto gathered = filesystem.tree.read(*file, static_cast<std::uint64_t>(offset), size, pieces);
  if (!gathered) {
    pieces.clear();
    ++filesystem.metrics.source_errors;
    return reply_logged_error(request, gathered.error());
  }
  ++filesystem.metrics.reads;
  filesystem.metrics.bytes_read += pieces.size();
  const auto iovecs = pieces.iovecs();
  // EFAULT: a mapped page could not be had (truncated, or a bad block). The kernel has told the reader EIO by itself.
  if (fuse_reply_iov(request, iovecs.data(), static_cast<int>(iovecs.size())) != 0 && reply_failure() == EFAULT) {
    ++filesystem.metrics.source_errors;
    ++filesystem.metrics.errors;
    const std::string& path = file->content.source->path();
    log_repeated(LogLevel::kWarning, path, fmt::format("{}: bytes from {} on cannot be read", escaped(path), offset));
  }
  pieces.clear();
}

void opendir(fuse_req_t request, fuse_ino_t node, fuse_file_info* info) {
  MountState& filesystem = filesystem_of(request);
  auto listing = filesystem.tree.open_directory(node);
  if (!listing) return reply_error(request, listing.error());
  info->fh = filesystem.directories.add(std::move(*listing));
  if (fuse_reply_open(request, info) != 0) filesystem.directories.remove(info->fh);
}

void releasedir(fuse_req_t request, fuse_ino_t, fuse_file_info* info) {
  filesystem_of(request).directories.remove(info->fh);
  fuse_reply_err(request, 0);
}

// Larger than any request for names that the kernel makes.
constexpr size_t kMaxListingReply = size_t{1} << 20;

// Reads names into a reply buffer. `add` appends one name to what is left of the buffer, and returns its size there,
// which is larger than what was left where it did not fit.
// Returns whether the kernel has taken the reply.
template <typename Add>
bool reply_names(fuse_req_t request, size_t size, off_t offset, const fuse_file_info* info, Add add) {
  const auto listing = filesystem_of(request).directories.find(info->fh);
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

struct stat listed_stat(const ListedName& listed) {
  struct stat status = {};
  status.st_ino = listed.inode;
  status.st_mode = listed.type;
  return status;
}

void readdir(fuse_req_t request, fuse_ino_t, size_t size, off_t offset, fuse_file_info* info) {
  reply_names(request, size, offset, info, [&](char* at, size_t left, const ListedName& listed) {
    const struct stat status = listed_stat(listed);
    const std::string name(listed.name);
    return fuse_add_direntry(request, at, left, name.c_str(), &status, static_cast<off_t>(listed.next_cookie));
  });
}

void readdirplus(fuse_req_t request, fuse_ino_t directory, size_t size, off_t offset, fuse_file_info* info) {
  MountState& filesystem = filesystem_of(request);
  PendingLookups given(filesystem.tree);
  const bool taken = reply_names(request, size, offset, info, [&](char* at, size_t left, const ListedName& listed) {
    const std::string name(listed.name);
    const size_t needed = fuse_add_direntry_plus(request, nullptr, 0, name.c_str(), nullptr, 0);
    if (needed > left) return needed;
    fuse_entry_param param = {};  // node 0: the kernel looks the name up itself when it needs to
    param.attr = listed_stat(listed);
    if (name != "." && name != "..") {
      const auto told_changes = filesystem.tree.told_changes();
      if (const auto entry = given.lookup(directory, name)) param = entry_param(filesystem, *entry, told_changes);
    }
    return fuse_add_direntry_plus(request, at, left, name.c_str(), &param, static_cast<off_t>(listed.next_cookie));
  });
  if (taken) given.hand_over();
}

void statfs(fuse_req_t request, fuse_ino_t node) {
  const auto status = filesystem_of(request).tree.filesystem_status(node);
  if (!status) return reply_error(request, status.error());
  fuse_reply_statfs(request, &*status);
}

// The answer to getxattr and listxattr: the value, or its size where `size` is 0.
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
  // Labels, access control lists, capabilities: who hears that there is no such thing here asks once, as ls -l does. It
  // would ask three times a name where each file says that it has none.
  if (!std::string_view(name).starts_with("user.")) {
    fuse_reply_err(request, EOPNOTSUPP);
    return;
  }
  const auto attributes = filesystem_of(request).tree.extended_attributes(node);
  if (!attributes) return reply_error(request, attributes.error());
  for (const auto& attribute : *attributes) {
    if (attribute.name == name) return reply_attribute(request, attribute.value, size);
  }
  fuse_reply_err(request, ENODATA);
}

void listxattr(fuse_req_t request, fuse_ino_t node, size_t size) {
  const auto attributes = filesystem_of(request).tree.extended_attributes(node);
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
