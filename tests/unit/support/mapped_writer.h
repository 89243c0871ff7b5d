// Somebody who changes a file and leaves its times alone.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <algorithm>
#include <string>
#include <string_view>

#include "core/base/unique_fd.h"

namespace npyfs {

// Maps a file and has written every page of it: what is stored from then on moves no times, for as long as the system
// does not write the pages to the disk.
class MappedWriter {
 public:
  explicit MappedWriter(const std::string& path) {
    const UniqueFd fd(::open(path.c_str(), O_RDWR | O_CLOEXEC));
    struct stat status = {};
    EXPECT_EQ(::fstat(fd.get(), &status), 0) << path;
    size_ = static_cast<std::size_t>(status.st_size);
    void* const address = ::mmap(nullptr, size_, PROT_READ | PROT_WRITE, MAP_SHARED, fd.get(), 0);
    EXPECT_NE(address, MAP_FAILED) << path;
    bytes_ = static_cast<char*>(address);
    store(0, std::string(bytes_, size_));
  }
  MappedWriter(const MappedWriter&) = delete;
  MappedWriter& operator=(const MappedWriter&) = delete;
  ~MappedWriter() { ::munmap(bytes_, size_); }

  void store(std::size_t offset, std::string_view bytes) { std::ranges::copy(bytes, bytes_ + offset); }

 private:
  char* bytes_;
  std::size_t size_;
};

}  // namespace npyfs
