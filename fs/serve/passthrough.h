// Passthrough: what is served whole, the kernel reads from the file of the source by itself.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>

#include "core/base/mutex.h"
#include "core/tree/tree.h"
#include "fs/kernel/fuse_channel.h"
#include "fs/kernel/init_negotiation.h"

namespace npyfs {

// Reading then costs what it costs from the file itself, by read, mmap, sendfile or splice, and whoever has the file
// open sees it grow and shrink as in the source.
//
// It is for files that OpenFile::is_whole_file(), on local filesystems, unless the user has chosen how files are
// cached, or has promised that they do not change (-o immutable), which is checked at each read. It is not for views,
// also where all bytes of a view are those of the source: of a source that is rewritten, a reader would get an old
// header and new rows, and of one that is truncated a short answer. It is not for what may be written through the
// mount: who writes it needs the kernel's page cache, and the kernel refuses both for one node.
//
// All open files of a node are opened in the same way, as the kernel demands: that of the first one. The kernel keeps
// the backing file. Our own descriptor stays open nevertheless, for the attributes of files that were replaced.
//
// Thread-safe.
class Passthrough {
 public:
  // Both must outlive it. `is_wanted`: whether the options of the mount leave room for it.
  Passthrough(const InitNegotiation& negotiation, const FuseChannel& channel, bool is_wanted)
      : negotiation_(negotiation), channel_(channel), is_wanted_(is_wanted) {}

  // To be called before an open of `file` is answered. Returns the backing file to answer it with; nullopt if the file
  // is read by requests.
  std::optional<std::int32_t> open(const OpenFile& file);

  // To be called once for each open(): when the file was released, or if the client never got it.
  void close(const OpenFile& file);

  // In words, for .npyfs/status.
  std::string describe() const;

 private:
  static constexpr std::int32_t kNone = 0;  // no backing file

  struct OpenNode {
    std::size_t opens = 0;
    std::int32_t backing_file = kNone;
  };

  bool may_be_for(const OpenFile& file) const;
  std::int32_t backing_file_of(const SourceFile& source);

  const InitNegotiation& negotiation_;
  const FuseChannel& channel_;
  const bool is_wanted_;
  mutable Mutex mutex_;  // no other lock is taken while holding it
  std::unordered_map<NodeId, OpenNode> nodes_ GUARDED_BY(mutex_);
  std::atomic<bool> is_used_ = false;  // a backing file was opened
  std::atomic<int> last_refusal_ = 0;  // the errno for which none was opened; 0: there was always one
};

}  // namespace npyfs
