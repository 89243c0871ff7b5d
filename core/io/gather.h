// What the reply to one read is made of: the header's bytes and the source's, with as few copies as can be.
#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "core/array/view.h"
#include "core/base/error.h"
#include "core/source/mapping_cache.h"

namespace npyfs {

// Memory for one writev(2). Part of it may be mapped source bytes, at which nobody but the kernel may look (see
// Mapping). Meant to be kept and used again by the same thread: it keeps its buffers.
class Pieces {
 public:
  // fuse_reply_iov of libfuse 3.14 takes 1,023 pieces, and one of them is the reply's own header.
  static constexpr std::size_t kMaxCount = 1000;

  std::span<const iovec> iovecs() const { return iovecs_; }
  std::uint64_t size() const;  // bytes in all

  void add(const void* address, std::size_t size) { iovecs_.push_back({const_cast<void*>(address), size}); }
  void keep(std::shared_ptr<const Mapping> mapping) { mappings_.push_back(std::move(mapping)); }
  // `size` bytes of memory that stay valid until clear().
  std::byte* buffer(std::size_t size);
  // Forgets the pieces and lets go of the mappings. Keeps one buffer for the next time, unless it is larger than usual.
  void clear();

 private:
  std::vector<iovec> iovecs_;
  std::vector<std::shared_ptr<const Mapping>> mappings_;
  struct Buffer {
    std::unique_ptr<std::byte[]> bytes;
    std::size_t size = 0;
  };
  std::vector<Buffer> buffers_;
  std::size_t used_buffers_ = 0;
};

// Bytes [offset, offset + size) of the view; fewer only at the view's end. `pieces` is cleared first. It refers to
// memory of `view`, which must outlive it. kTruncated if a source no longer holds all of them, kStale as
// Segment::check_still_holds(), kSystem if a source cannot be read.
Result<void> gather(const View& view, std::uint64_t offset, std::uint64_t size, Pieces& pieces);

}  // namespace npyfs
