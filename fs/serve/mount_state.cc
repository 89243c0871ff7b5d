#include "fs/serve/mount_state.h"

#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <utility>

namespace npyfs {
namespace {

// Sources may take a quarter of the descriptors; the rest is for directories being listed and for opening.
std::size_t max_open_sources() {
  rlimit limit;
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return 16;
  return std::clamp<std::size_t>(limit.rlim_cur / 4, 1, 1024);
}

}  // namespace

MountState::MountState(const Options& mount_options, SourceRoot root, ControlFiles (*texts)(const MountState&),
                       WaitingOpens::Attempt attempt)
    : options(mount_options),
      channel(negotiation, requests),
      notices(channel),
      tree(std::move(root),
           TreeOptions{.default_chunks = options.chunks,
                       .source_io = options.source_io,
                       .max_open_sources = max_open_sources(),
                       .writable = options.writable,
                       .immutable = options.immutable,
                       .after_release = [this] { waiting_opens.try_again(); },
                       .suffixes = options.suffixes,
                       .parts_known_for = std::chrono::duration_cast<JoinedArrays::Clock::duration>(
                           std::chrono::duration<double>(std::min(options.attr_timeout, 1e6)))},
           texts(*this)),
      preload(options.max_threads),
      passthrough(negotiation, channel, options.cache == CachePolicy::kAuto && !options.immutable),
      waiting_opens(std::move(attempt)),
      inode_numbers(options.inode32),
      // Where the kernel checks permissions it goes by what is shown.
      owner(options.writable && options.users == Users::kOwner ? MappedOwner::of_this_process() : MappedOwner()) {}

std::optional<Drain::Pass> MountState::pass_to_read(NodeId node) {
  if (!options.writable || !tree.range_locks().is_locked(node)) return Drain::Pass();
  Drain::Pass pass = drain.pass();
  if (!pass) return std::nullopt;
  return pass;
}

}  // namespace npyfs
