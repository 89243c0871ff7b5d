#include "fs/serve/open_reply.h"

#include <fcntl.h>

#include <cstdint>
#include <utility>

#include "fs/kernel/backing_files.h"
#include "fs/serve/cache_policy.h"
#include "fs/serve/pending_reply.h"

namespace npyfs {
namespace {

void reply_passthrough(fuse_req_t request, PendingOpen& pending, fuse_file_info info, std::int32_t backing_file) {
  mount_of(request).tree.note_passthrough(*pending);
  info.fh = pending.handle();
  // The disk wants direct reads to be aligned. The mount takes any, so they go through npyfs as before.
  info.direct_io = (info.flags & O_DIRECT) != 0;
  if (reply_open_with_backing_file(request, info, backing_file) == 0) pending.delivered();
}

}  // namespace

void reply_open(fuse_req_t request, std::shared_ptr<const OpenFile> file, fuse_file_info info) {
  MountState& mount = mount_of(request);
  PendingOpen pending(mount, std::move(file));
  choose_caching(mount.options.cache, mount.negotiation.can_map_direct_io(), *pending, info);
  if (const auto backing_file = pending.backing_file()) return reply_passthrough(request, pending, info, *backing_file);
  if (info.keep_cache) mount.preload.first_open(mount.notices, mount.tree, *pending);
  info.fh = pending.handle();
  if (fuse_reply_open(request, &info) == 0) pending.delivered();
}

}  // namespace npyfs
