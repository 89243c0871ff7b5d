// Memory that bytes are copied into before the kernel copies them on.
#pragma once

#include <cstddef>
#include <memory>
#include <new>

namespace npyfs {

// Large ones are huge pages, if the kernel has them: it then looks up one page in place of 512 when it copies the bytes
// on. Not thread-safe.
class CopyBuffer {
 public:
  static constexpr std::size_t kHugePage = std::size_t{2} << 20;  // bytes, on x86-64 and aarch64

  CopyBuffer() = default;
  // For at least `size` bytes. Throws std::bad_alloc.
  explicit CopyBuffer(std::size_t size);

  std::byte* bytes() const { return memory_.get(); }
  std::size_t size() const { return size_; }

 private:
  struct Delete {
    std::align_val_t alignment;
    void operator()(std::byte* memory) const { ::operator delete(memory, alignment); }
  };

  std::size_t size_ = 0;
  std::unique_ptr<std::byte, Delete> memory_ = {nullptr, Delete{std::align_val_t{1}}};
};

}  // namespace npyfs
