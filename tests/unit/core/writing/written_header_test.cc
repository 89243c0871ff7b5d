#include "core/writing/written_header.h"

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "core/array/npy_file.h"
#include "tests/unit/support/npy_bytes.h"
#include "tests/unit/support/sliced_array.h"
#include "tests/unit/support/temp_directory.h"

namespace npyfs {
namespace {

constexpr std::uint64_t kOther = 80;    // bytes of another header
constexpr std::uint64_t kHere = 128;    // bytes of the view's own
constexpr std::uint64_t kBody = 2 * 4;  // bytes

class WrittenHeaderTest : public testing::Test {
 protected:
  WrittenHeaderTest() {
    directory_.write("a.npy", npy_bytes({"'<i4'", 4, false, {6}}));
    const auto file = NpyFile::open(root_, "a.npy", SourceIo::kPread, mappings_, WrittenHere::kYes);
    auto opened =
        ViewWriter::open(root_, view_of(**(*file)->array(), chunk_name(0, 1, 3)), "chunk 1 of 3", "1_of_3.bin");
    writer_ = std::move(*opened);
  }
  static std::string other(std::string_view descr = "<i4") {
    std::string header("\x93NUMPY\1\0\x46\0", 10);
    header += "{'descr': '" + std::string(descr) + "', 'fortran_order': False, 'shape': (2,), }";
    header.resize(kOther - 1, ' ');
    return header + '\n';
  }
  // The bytes of the view where what was written goes; nullopt after an error.
  std::optional<Extent> place(WrittenHeader& header, std::uint64_t offset, std::string_view bytes) const {
    const auto part = header.place(offset, std::as_bytes(std::span(bytes)));
    if (!part) return std::nullopt;
    return Extent{part->offset, part->bytes.size()};
  }

  const TempDirectory directory_;
  const SourceRoot root_ = std::move(*SourceRoot::open(directory_.path(), Symlinks::kWithinRoot, Users::kOwner));
  const std::shared_ptr<MappingCache> mappings_ = std::make_shared<MappingCache>(std::size_t{1} << 30, 8);
  std::unique_ptr<const ViewWriter> writer_;
};

TEST_F(WrittenHeaderTest, IsTakenInPiecesOfAnySize) {
  for (std::size_t piece = 1; piece <= kOther + kBody; ++piece) {
    WrittenHeader header(*writer_, true);
    header.note_truncation();
    const std::string bytes = other() + "abcdefgh";
    std::uint64_t written = 0;
    for (std::size_t offset = 0; offset < bytes.size(); offset += piece) {
      const auto part = place(header, offset, bytes.substr(offset, piece));
      ASSERT_TRUE(part) << piece << " at " << offset;
      if (part->size == 0) continue;
      ASSERT_EQ(part->offset, kHere + written);
      written += part->size;
    }
    EXPECT_EQ(written, kBody) << piece;
    EXPECT_EQ(header.other_file_size(), kOther + kBody);
    EXPECT_TRUE(header.check_complete());
  }
}

TEST_F(WrittenHeaderTest, NothingIsTakenBehindOneThatSaysSomethingElse) {
  WrittenHeader header(*writer_, true);
  header.note_truncation();
  const std::string wrong = other("<f4");
  EXPECT_TRUE(place(header, 0, wrong.substr(0, 10)));
  EXPECT_FALSE(place(header, 10, wrong.substr(10)));
  EXPECT_TRUE(header.is_refused());
  EXPECT_FALSE(place(header, kHere, "abcd"));
  EXPECT_FALSE(header.check_complete());
  EXPECT_TRUE(place(header, 0, writer_->view().header)) << "the right one";
  EXPECT_TRUE(place(header, kHere, "abcd"));
  EXPECT_TRUE(header.check_complete());
}

TEST_F(WrittenHeaderTest, IsNotTakenWhereTheFileMayBeMapped) {
  WrittenHeader header(*writer_, false);
  EXPECT_FALSE(place(header, 0, other()));
  EXPECT_TRUE(place(header, 0, writer_->view().header));
}

TEST_F(WrittenHeaderTest, MayBeRewrittenAsItIs) {
  WrittenHeader header(*writer_, true);
  header.note_truncation();
  EXPECT_TRUE(place(header, 0, other()));
  EXPECT_TRUE(place(header, 8, other().substr(8, 20)));
  EXPECT_EQ(place(header, 0, other() + "abcd")->offset, kHere);
  EXPECT_FALSE(place(header, 8, "xx"));
  EXPECT_FALSE(place(header, kOther, "abcd")) << "behind a header that was written over";
}

TEST_F(WrittenHeaderTest, IsFollowedByItsBodyWithoutAGapWhereTheFileWasNotEmptied) {
  WrittenHeader header(*writer_, true);
  EXPECT_TRUE(place(header, 0, other()));
  EXPECT_EQ(place(header, kOther, "abcd")->offset, kHere);
  EXPECT_FALSE(header.check_complete()) << "half of the body";
  EXPECT_EQ(place(header, kOther + 4, "efgh")->offset, kHere + 4);
  EXPECT_TRUE(header.check_complete());
  EXPECT_FALSE(place(header, kOther, "abcd")) << "goes back";
}

TEST_F(WrittenHeaderTest, ThatIsNotCompleteIsToldAtTheEnd) {
  WrittenHeader header(*writer_, true);
  header.note_truncation();
  EXPECT_TRUE(place(header, 0, other().substr(0, 30)));
  ASSERT_FALSE(header.check_complete());
  EXPECT_EQ(header.check_complete().error().sentence,
            "chunk 1 of 3 was begun with a header of 80 bytes, of which 30 were written");
  EXPECT_FALSE(header.is_refused());
  EXPECT_FALSE(place(header, 200, "x")) << "somewhere else";
}

TEST_F(WrittenHeaderTest, APartOfItsOwnIsComplete) {
  WrittenHeader header(*writer_, true);
  EXPECT_TRUE(place(header, 0, writer_->view().header.substr(0, 30)));
  EXPECT_TRUE(header.check_complete());
  EXPECT_EQ(place(header, kHere, "abcd")->offset, kHere);
  EXPECT_TRUE(header.check_complete());
}

}  // namespace
}  // namespace npyfs
