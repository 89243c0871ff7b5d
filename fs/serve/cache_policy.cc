#include "fs/serve/cache_policy.h"

namespace npyfs {
namespace {

// Bytes. For smaller files, fewer round trips to the daemon are worth more than a copy saved.
constexpr std::uint64_t kLargeFile = std::uint64_t{1} << 20;

}  // namespace

void choose_caching(CachePolicy policy, bool can_map_direct_io, const OpenFile& file, fuse_file_info& info) {
  info.noflush = file.writing == nullptr;  // without it, a flush has nothing to report
  if (file.may_be_written) {
    const bool is_cached = file.writing != nullptr && file.writing->path() == WritePath::kCached;
    info.direct_io = can_map_direct_io && !is_cached;
    return;
  }
  const bool by_default = can_map_direct_io && file.size() >= kLargeFile;
  const bool direct =
      file.is_generated_anew || policy == CachePolicy::kDirectIo || (policy == CachePolicy::kAuto && by_default);
  info.direct_io = direct;
  info.keep_cache = !direct && file.stale_mark == Nodes::kNotStale;
}

}  // namespace npyfs
