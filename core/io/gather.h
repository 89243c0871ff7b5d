// The bytes of one read, gathered as pieces of memory: generated headers and bytes of the source, with as few copies as
// possible.
#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "core/array/view.h"
#include "core/base/error.h"
#include "core/io/copy_buffer.h"
#include "core/io/copy_thread.h"
#include "core/source/mapping_cache.h"

namespace npyfs {

// Pieces of memory for one writev(2). Some may be mapped bytes of a source: see Mapping for who may read these.
// Keeps its buffers, so a thread should keep one Pieces and reuse it. Not thread-safe.
class Pieces {
 public:
  // writev(2) takes IOV_MAX = 1,024 pieces. The caller adds a few of its own (the header of its reply).
  static constexpr std::size_t kMaxCount = 1000;

  std::span<const iovec> iovecs() const { return iovecs_; }
  std::uint64_t size() const;  // bytes in all

  void add(const void* address, std::size_t size) { iovecs_.push_back({const_cast<void*>(address), size}); }
  // The same, as part of the last piece if the memory follows that one's.
  void add_behind(std::byte* address, std::size_t size);
  void keep(std::shared_ptr<const Mapping> mapping) { mappings_.push_back(std::move(mapping)); }
  // `size` bytes of memory that stay valid until clear().
  std::byte* buffer(std::size_t size);
  // Removes all pieces and releases the mappings. Keeps one buffer for the next use, unless it is larger than a huge
  // page.
  void clear();

 private:
  std::vector<iovec> iovecs_;
  std::vector<std::shared_ptr<const Mapping>> mappings_;
  std::vector<CopyBuffer> buffers_;
  std::size_t used_buffers_ = 0;
};

// Sets `pieces` to bytes [offset, offset + size) of the view; fewer only at the view's end. The pieces refer to memory
// of `view`, which must outlive them. kTruncated if a source no longer holds all of these bytes, kStale as
// Segment::check_still_holds(), kSystem if a source cannot be read. `helper` takes part in copies that take long, if it
// is not null.
Result<void> gather(const View& view, std::uint64_t offset, std::uint64_t size, Pieces& pieces,
                    CopyThread* helper = nullptr);

// Appends the bytes of the range that the file has now, although it may not have had them when it was opened. kSystem
// if they cannot be read.
Result<void> gather_appended(const SourceFile& file, Extent range, Pieces& pieces);

}  // namespace npyfs
