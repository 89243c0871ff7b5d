#include "core/commands/create_array.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <limits>
#include <string>
#include <vector>

#include "core/npy/npy_header.h"
#include "tests/unit/support/temp_directory.h"

namespace npyfs {
namespace {

using Shape = std::vector<std::uint64_t>;

class CreateArrayTest : public testing::Test {
 protected:
  std::string path() const { return directory_.path("out.npy"); }
  std::string bytes() const {
    std::ifstream file(path(), std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  Result<NpyHeader> header() const {
    const std::string all = bytes();
    const auto front = std::as_bytes(std::span(all));
    const auto size = npy_header_size(front, all.size(), "out.npy");
    if (!size) return std::unexpected(size.error());
    return parse_npy_header(front.first(*size), "out.npy");
  }
  std::string refusal(std::string_view dtype, const Shape& shape) const {
    const auto created = create_array(path(), dtype, false, shape);
    if (created) return "created";
    EXPECT_EQ(created.error().kind, ErrorKind::kInvalidArgument);
    EXPECT_EQ(created.error().subject, path());
    EXPECT_TRUE(std::filesystem::is_empty(directory_.path())) << "nothing is left";
    return created.error().sentence;
  }

  const TempDirectory directory_;
};

TEST_F(CreateArrayTest, ZerosOnAnEdgeOfAPage) {
  for (const bool fortran_order : {false, true}) {
    ASSERT_TRUE(create_array(path(), "<f4", fortran_order, Shape{1000, 3}));
    const auto read = header();
    ASSERT_TRUE(read) << to_message(read.error());
    EXPECT_EQ(read->descr, "'<f4'");
    EXPECT_EQ(read->fortran_order, fortran_order);
    EXPECT_EQ(read->shape, (Shape{1000, 3}));
    EXPECT_EQ(read->data_offset, 4096u);
    const std::string all = bytes();
    EXPECT_EQ(all.size(), 4096u + 12000u);
    EXPECT_TRUE(std::all_of(all.begin() + 4096, all.end(), [](char c) { return c == '\0'; }));
    std::filesystem::remove(path());
  }
}

TEST_F(CreateArrayTest, ItsSpaceIsReserved) {
  ASSERT_TRUE(create_array(path(), "<f8", false, Shape{1 << 20}));
  EXPECT_GE(static_cast<std::uint64_t>(stat_of(path()).st_blocks) * 512, std::uint64_t{8} << 20);
}

TEST_F(CreateArrayTest, DtypesAsNumpyWritesThem) {
  for (const auto& [given, written] : std::vector<std::pair<std::string, std::string>>{
           {"f4", "'<f4'"},
           {"float32", "'<f4'"},
           {">i2", "'>i2'"},
           {"M8[25s]", "'<M8[25s]'"},
           {"[('a', '<i4'), ('p', 'f8', (3,))]", "[('a', '<i4'), ('p', '<f8', (3,))]"}}) {
    ASSERT_TRUE(create_array(path(), given, false, Shape{2})) << given;
    EXPECT_EQ(header()->descr, written);
    std::filesystem::remove(path());
  }
}

// numpy says so, too, of an array that is both.
TEST_F(CreateArrayTest, OneDimensionIsNoFortranOrder) {
  ASSERT_TRUE(create_array(path(), "<f8", true, Shape{5}));
  EXPECT_FALSE(header()->fortran_order);
}

TEST_F(CreateArrayTest, AnArrayWithoutItems) {
  ASSERT_TRUE(create_array(path(), "<f8", false, Shape{0, 7}));
  EXPECT_EQ(header()->shape, (Shape{0, 7}));
  EXPECT_EQ(bytes().size(), 128u) << "the header of np.save: numpy maps nothing behind a padded one";
}

TEST_F(CreateArrayTest, AHeaderBeyondOnePage) {
  std::string fields;
  for (int i = 0; i < 200; ++i) fields += (i == 0 ? "[" : ", ") + ("('field_number_" + std::to_string(i) + "', '<f4')");
  ASSERT_TRUE(create_array(path(), fields + "]", false, Shape{3}));
  EXPECT_EQ(header()->data_offset, 8192u);
  std::filesystem::remove(path());
  for (int i = 200; i < 300; ++i) fields += ", ('field_number_" + std::to_string(i) + "', '<f4')";
  EXPECT_NE(refusal(fields + "]", {3}).find("10000"), std::string::npos) << "np.load would not read it";
}

TEST_F(CreateArrayTest, RefusesWhatMakesNoArray) {
  EXPECT_NE(refusal("<f3", {2}).find("f3"), std::string::npos);
  EXPECT_NE(refusal("", {2}), "created");
  EXPECT_NE(refusal("[('a', ", {2}), "created");
  EXPECT_EQ(refusal("\xFF\x1B", {2}), "dtype \\xff\\x1b is not UTF-8");
  EXPECT_NE(refusal("O", {2}).find("Python objects"), std::string::npos);
  EXPECT_NE(refusal("S0", {2}).find("0 bytes"), std::string::npos);
  EXPECT_NE(refusal("<f4", {}).find("no dimensions"), std::string::npos);
  EXPECT_NE(refusal("<f4", Shape(65, 1)).find("65 dimensions"), std::string::npos);
  EXPECT_NE(refusal("<f8", {std::uint64_t{1} << 60}).find("2^63 - 1"), std::string::npos);
  EXPECT_NE(refusal("<f8", {std::uint64_t{1} << 32, std::uint64_t{1} << 32}).find("2^63 - 1"), std::string::npos);
  EXPECT_NE(refusal("<f8", {0, std::uint64_t{1} << 62}).find("2^63 - 1"), std::string::npos);
  EXPECT_NE(refusal("|u1", {std::numeric_limits<std::uint64_t>::max()}).find("2^63 - 1"), std::string::npos);
}

TEST_F(CreateArrayTest, MoreThanTheDiskHoldsIsToldNow) {
  const auto created = create_array(path(), "|u1", false, Shape{std::uint64_t{1} << 61});
  ASSERT_FALSE(created);
  EXPECT_EQ(created.error().kind, ErrorKind::kSystem);
  EXPECT_NE(created.error().sentence.find("2305843009213698048 bytes cannot be reserved"), std::string::npos)
      << created.error().sentence;
  EXPECT_TRUE(std::filesystem::is_empty(directory_.path()));
}

TEST_F(CreateArrayTest, NeverOverwrites) {
  directory_.write("out.npy", "old");
  const auto created = create_array(path(), "<f4", false, Shape{2});
  ASSERT_FALSE(created);
  EXPECT_EQ(created.error().os_error, EEXIST);
  EXPECT_EQ(bytes(), "old");
}

}  // namespace
}  // namespace npyfs
