#include "fs/serve/passthrough.h"

#include <fmt/format.h>

#include <cerrno>
#include <string_view>
#include <system_error>
#include <utility>

#include "core/paths/remote_filesystem.h"
#include "fs/kernel/backing_files.h"

namespace npyfs {
namespace {

std::string reason(int refusal) {
  switch (refusal) {
    case EREMOTE:
    case ELOOP:
      return "the source is not on a local filesystem of its own";
    default:
      return std::generic_category().message(refusal);
  }
}

}  // namespace

// The same for all open files of a node.
bool Passthrough::may_be_for(const OpenFile& file) const {
  return is_wanted_ && negotiation_.has_passthrough() && file.is_whole_file();
}

std::optional<std::int32_t> Passthrough::open(const OpenFile& file) {
  if (!may_be_for(file)) return std::nullopt;
  const auto answer = [](const OpenNode& node) {
    return node.backing_file == kNone ? std::nullopt : std::optional(node.backing_file);
  };
  {
    const MutexLock lock(mutex_);
    const auto known = nodes_.find(file.node);
    if (known != nodes_.end()) {
      ++known->second.opens;
      return answer(known->second);
    }
  }
  const bool may_have = is_local(file.source().fd());  // without the lock: it may wait for a server
  if (!may_have) last_refusal_ = EREMOTE;
  const MutexLock lock(mutex_);
  OpenNode& node = nodes_[file.node];
  if (node.opens == 0 && may_have) node.backing_file = backing_file_of(file.source());
  ++node.opens;
  return answer(node);
}

void Passthrough::close(const OpenFile& file) {
  if (!may_be_for(file)) return;
  std::int32_t unused = kNone;
  {
    const MutexLock lock(mutex_);
    const auto node = nodes_.find(file.node);
    if (node == nodes_.end() || --node->second.opens > 0) return;
    unused = node->second.backing_file;
    nodes_.erase(node);
  }
  if (unused != kNone) close_backing_file(channel_.connection(), unused);  // without the lock: it may wait
}

std::int32_t Passthrough::backing_file_of(const SourceFile& source) {
  const auto opened = open_backing_file(channel_.connection(), source.fd());
  if (!opened) {
    last_refusal_ = opened.error();
    return kNone;
  }
  is_used_ = true;
  return *opened;
}

std::string Passthrough::describe() const {
  if (!negotiation_.has_passthrough()) return "no: needs root and Linux 6.9";
  if (!is_wanted_) return "no: the options of the mount turn it off";
  const int refusal = last_refusal_;
  if (refusal == 0) return "yes, for what is served whole";
  return fmt::format("{}: {}", is_used_ ? "in part" : "no", reason(refusal));
}

}  // namespace npyfs
