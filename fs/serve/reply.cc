#include "fs/serve/reply.h"

#include <fmt/format.h>

#include <cerrno>
#include <string>
#include <utility>

#include "fs/log/log.h"
#include "fs/serve/cache_policy.h"
#include "fs/serve/pending_reply.h"

namespace npyfs {

MountState& filesystem_of(fuse_req_t request) {
  return static_cast<MountState&>(*static_cast<FuseChannel*>(fuse_req_userdata(request)));
}

void reply_error(fuse_req_t request, const Error& error) {
  const int code = to_errno(error);
  if (code != ENOENT && code != ESTALE) return reply_logged_error(request, error);
  log(LogLevel::kDebug, "{}", to_message(error));
  fuse_reply_err(request, code);
}

void reply_logged_error(fuse_req_t request, const Error& error) {
  const int code = to_errno(error);
  ++filesystem_of(request).metrics.errors;
  // What fails with a source fails for each of its bytes; what is refused has a reason of its own each time.
  const bool is_source =
      error.kind == ErrorKind::kSystem || error.kind == ErrorKind::kTruncated || error.kind == ErrorKind::kStale;
  const std::string message = to_message(error);
  log_repeated(LogLevel::kWarning, is_source ? fmt::format("{} {}", code, error.subject) : message, message);
  fuse_reply_err(request, code);
}

void reply_attributes(fuse_req_t request, NodeId node) {
  MountState& filesystem = filesystem_of(request);
  const auto attributes = filesystem.tree.attributes(node);
  if (!attributes) return reply_error(request, attributes.error());
  fuse_reply_attr(request, &*attributes, filesystem.options.attr_timeout);
}

void reply_open(fuse_req_t request, std::shared_ptr<const OpenFile> file, fuse_file_info info) {
  MountState& filesystem = filesystem_of(request);
  PendingOpen given(filesystem, std::move(file));
  choose_caching(filesystem.options.cache, filesystem.can_map_direct_io(), *given, info);
  if (info.keep_cache) filesystem.preload.first_open(filesystem, filesystem.tree, *given);
  info.fh = given.handle();
  ++filesystem.metrics.opens;
  if (fuse_reply_open(request, &info) == 0) given.hand_over();  // else no release will come
}

}  // namespace npyfs
