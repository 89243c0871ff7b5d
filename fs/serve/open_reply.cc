#include "fs/serve/open_reply.h"

#include <utility>

#include "fs/serve/cache_policy.h"
#include "fs/serve/pending_reply.h"

namespace npyfs {

void reply_open(fuse_req_t request, std::shared_ptr<const OpenFile> file, fuse_file_info info) {
  MountState& mount = mount_of(request);
  PendingOpen pending(mount, std::move(file));
  choose_caching(mount.options.cache, mount.negotiation.can_map_direct_io(), *pending, info);
  if (info.keep_cache) mount.preload.first_open(mount.notices, mount.tree, *pending);
  info.fh = pending.handle();
  if (fuse_reply_open(request, &info) == 0) pending.delivered();
}

}  // namespace npyfs
