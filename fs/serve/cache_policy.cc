#include "fs/serve/cache_policy.h"

namespace npyfs {
namespace {

// Below this, fewer round trips count for more than a copy saved.
constexpr std::uint64_t kLarge = std::uint64_t{1} << 20;

}  // namespace

void choose_caching(CachePolicy policy, bool can_map_direct_io, const OpenFile& file, fuse_file_info& info) {
  info.noflush = file.writing == nullptr;  // its flush would say nothing
  if (file.may_be_written()) {
    const bool through_pages = file.writing != nullptr && file.writing->path() == WritePath::kThroughPages;
    info.direct_io = can_map_direct_io && !through_pages;
    return;
  }
  const bool by_default = can_map_direct_io && file.size() >= kLarge;
  const bool direct =
      file.is_generated_anew || policy == CachePolicy::kDirectIo || (policy == CachePolicy::kAuto && by_default);
  info.direct_io = direct;
  info.keep_cache = !direct && file.doubt == Nodes::kNoDoubt;
}

}  // namespace npyfs
