#include "core/io/copy_buffer.h"

#include <sys/mman.h>

namespace npyfs {
namespace {

// Smaller buffers are not worth a huge page. Measured: requests of 1 MiB for columns, runs of 256 bytes to 8 KiB, take
// 0.92 of the time with one.
constexpr std::size_t kWorthHugePages = std::size_t{256} << 10;

}  // namespace

CopyBuffer::CopyBuffer(std::size_t size) : size_(size) {
  const bool is_huge = size >= kWorthHugePages;
  if (is_huge) size_ = (size + kHugePage - 1) / kHugePage * kHugePage;
  const std::align_val_t alignment{is_huge ? kHugePage : alignof(std::max_align_t)};
  memory_ = {static_cast<std::byte*>(::operator new(size_, alignment)), Delete{alignment}};
  if (is_huge) (void)::madvise(memory_.get(), size_, MADV_HUGEPAGE);  // without it the buffer is slower, but as good
}

}  // namespace npyfs
