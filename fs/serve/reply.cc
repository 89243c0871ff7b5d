#include "fs/serve/reply.h"

#include <fmt/format.h>

#include <cerrno>
#include <string>

#include "fs/kernel/current_request.h"
#include "fs/log/log.h"
#include "fs/serve/mount_state.h"

namespace npyfs {

// fuse_reply_iov() of libfuse 3.14 takes 1,023 pieces, and one of them is the reply's own header.
static_assert(Pieces::kMaxCount <= 1022);

void reply_error(fuse_req_t request, const Error& error) {
  const int code = to_errno(error);
  if (code != ENOENT && code != ESTALE) return reply_logged_error(request, error);
  log(LogLevel::kDebug, "{}", to_message(error));
  fuse_reply_err(request, code);
}

void reply_logged_error(fuse_req_t request, const Error& error) {
  const int code = to_errno(error);
  ++mount_of(request).counters.errors;
  // A source that fails does so for each of its bytes: one line a minute for each source and errno. A refusal has a
  // reason of its own each time.
  const bool is_source =
      error.kind == ErrorKind::kSystem || error.kind == ErrorKind::kTruncated || error.kind == ErrorKind::kStale;
  const std::string message = to_message(error);
  log_repeated(LogLevel::kWarning, is_source ? fmt::format("{} {}", code, error.subject) : message, message);
  fuse_reply_err(request, code);
}

void reply_attributes(fuse_req_t request, struct stat attributes) {
  const MountState& mount = mount_of(request);
  attributes.st_ino = mount.inode_numbers.shown(attributes.st_ino);
  mount.owner.show(attributes);
  fuse_reply_attr(request, &attributes, mount.options.attr_timeout);
}

void reply_attributes(fuse_req_t request, NodeId node) {
  const auto attributes = mount_of(request).tree.attributes(node);
  if (!attributes) return reply_error(request, attributes.error());
  reply_attributes(request, *attributes);
}

int reply_bytes(fuse_req_t request, std::span<const iovec> bytes) {
  if (fuse_reply_iov(request, bytes.data(), static_cast<int>(bytes.size())) == 0) return 0;
  return current_request().reply_error;
}

}  // namespace npyfs
