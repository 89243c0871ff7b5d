// What a reader gets of a view of the file "a.npy".
#pragma once

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cstdint>
#include <memory>
#include <string>

#include "core/array/npy_file.h"
#include "core/io/gather.h"
#include "tests/unit/support/temp_directory.h"

namespace npyfs {

class GatherTest : public testing::Test {
 protected:
  GatherTest() : root_(*SourceRoot::open(directory_.path(), Symlinks::kWithinRoot, Users::kOwner)) {}

  std::shared_ptr<const SourceFile> open(SourceIo io) const {
    auto file = SourceFile::open(root_, "a.npy", io, mappings_);
    if (!file) ADD_FAILURE() << to_message(file.error());
    return file.value_or(nullptr);
  }
  std::shared_ptr<const Array> open_array(SourceIo io) const {
    const auto file = NpyFile::open(root_, "a.npy", io, mappings_, WrittenHere::kNo);
    return file.value()->array().value();
  }

  // What a reader gets. Writes the pieces to a file, as the daemon does to the kernel.
  std::string read(const View& view, std::uint64_t offset, std::uint64_t size) {
    const auto gathered = gather(view, offset, size, pieces_);
    if (!gathered) return "error: " + to_message(gathered.error());
    EXPECT_LE(pieces_.iovecs().size(), Pieces::kMaxCount);
    const UniqueFd sink(::memfd_create("reply", MFD_CLOEXEC));
    const auto iovecs = pieces_.iovecs();
    EXPECT_EQ(::writev(sink.get(), iovecs.data(), static_cast<int>(iovecs.size())),
              static_cast<ssize_t>(pieces_.size()));
    std::string bytes(pieces_.size(), '\0');
    EXPECT_EQ(::pread(sink.get(), bytes.data(), bytes.size(), 0), static_cast<ssize_t>(bytes.size()));
    return bytes;
  }

  const TempDirectory directory_;
  const SourceRoot root_;
  const std::shared_ptr<MappingCache> mappings_ = std::make_shared<MappingCache>(std::size_t{4} << 30, 8);
  Pieces pieces_;
};

}  // namespace npyfs
