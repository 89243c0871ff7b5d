#include "fs/serve/mount_state.h"

#include <sys/resource.h>

#include <algorithm>
#include <utility>

#include "fs/serve/control_texts.h"
#include "fs/serve/write_operations.h"

namespace npyfs {
namespace {

// Sources may take a quarter of the descriptors; the rest is for directories being listed and for opening.
std::size_t max_open_sources() {
  rlimit limit;
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return 16;
  return std::clamp<std::size_t>(limit.rlim_cur / 4, 1, 1024);
}

}  // namespace

MountState::MountState(const Options& mount_options, SourceRoot root)
    : options(mount_options),
      tree(std::move(root),
           TreeOptions{.default_chunks = options.chunks,
                       .source_io = options.source_io,
                       .max_open_sources = max_open_sources(),
                       .writable = options.writable},
           control_files(*this)),
      preload(options.max_threads),
      waiting_opens(&try_to_open_for_writing) {
  tree.claims().after_each_release([this] { waiting_opens.try_again(); });
}

std::optional<Drain::Pass> MountState::pass_to_read(NodeId node) {
  if (!options.writable || !tree.claims().is_claimed(node)) return Drain::Pass();
  Drain::Pass pass = drain.pass();
  if (!pass) return std::nullopt;
  return pass;
}

}  // namespace npyfs
