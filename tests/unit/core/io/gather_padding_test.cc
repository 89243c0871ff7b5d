// Chunks that go beyond the edge of their array.
#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "core/io/gather.h"
#include "tests/unit/support/gather_fixture.h"
#include "tests/unit/support/npy_bytes.h"
#include "tests/unit/support/padded_bytes.h"
#include "tests/unit/support/sliced_array.h"

namespace npyfs {
namespace {

struct Padded {
  const char* name;
  TestArray array;
  RowRange rows;  // of axis 0
  std::vector<std::uint64_t> chunk;
};

const std::vector<Padded> kPadded = {
    {"zeros behind the rows", {"'<f8'", 8, false, {3000, 7}}, {2500, 3000}, {1000, 7}},
    {"few rows with zeros", {"'<f8'", 8, false, {12, 3000}}, {2, 12}, {12, 4000}},
    {"many rows with zeros", {"'<i4'", 4, false, {4000, 5}}, {100, 4000}, {4096, 8}},
    {"single bytes", {"'|u1'", 1, false, {300, 100, 1}}, {0, 300}, {300, 100, 2}},
    {"Fortran order", {"'<i2'", 2, true, {70, 30, 5}}, {10, 70}, {64, 33, 5}},
    {"three axes", {"'|V3'", 3, false, {9, 11, 13}}, {3, 9}, {7, 12, 16}},
    {"three axes, zeros in the middle", {"'<f4'", 4, false, {9, 11, 13}}, {0, 9}, {9, 16, 13}},
};

View padded_view(const Array& array, const Padded& padded) {
  const Selection selection = select_in(array, slice_name(0, padded.rows.start, padded.rows.stop)).value();
  View view = make_view(array, selection, Form::kBin);
  view.padding = Padding(array.itemsize, selection.shape(), padded.chunk, array.fortran_order);
  return view;
}

TEST_F(GatherTest, PaddedViewsAreThoseOfThePlainModel) {
  std::mt19937_64 random(1);
  for (const Padded& padded : kPadded) {
    const std::string data = pattern_bytes(padded.array.data_size());
    directory_.write("a.npy", npy_header_bytes(padded.array) + data);
    std::vector<std::uint64_t> shape = padded.array.shape;
    shape[0] = padded.rows.size();
    const std::string items = slice_bytes(padded.array, data, 0, padded.rows);
    const std::string expected =
        padded_bytes(items, padded.array.itemsize, shape, padded.chunk, padded.array.fortran_order);
    for (const SourceIo io : {SourceIo::kMmap, SourceIo::kPread}) {
      const auto array = open_array(io);
      const View view = padded_view(*array, padded);
      ASSERT_EQ(view.size(), expected.size()) << padded.name;
      const auto check = [&](std::uint64_t offset, std::uint64_t size) {
        ASSERT_TRUE(read(view, offset, size) == expected.substr(std::min(offset, expected.size()), size))
            << padded.name << ", " << offset << "+" << size;
      };
      check(0, expected.size());
      check(0, expected.size() + 100'000);
      check(expected.size() - 1, 4096);
      check(expected.size(), 1);
      check(expected.size() + 1, 1);
      for (int i = 0; i < 100; ++i) {
        const std::uint64_t offset = random() % expected.size();
        check(offset, 1 + random() % ((expected.size() >> random() % 12) + 1));
      }
    }
  }
}

TEST_F(GatherTest, ATruncatedSourceOfAPaddedViewIsTruncated) {
  for (const Padded& padded : kPadded) {
    const std::string header = npy_header_bytes(padded.array);
    for (const SourceIo io : {SourceIo::kMmap, SourceIo::kPread}) {
      directory_.write("a.npy", header);
      directory_.truncate("a.npy", header.size() + padded.array.data_size());
      const auto array = open_array(io);
      const View view = padded_view(*array, padded);
      ASSERT_TRUE(gather(view, 0, view.size(), pieces_)) << padded.name;
      directory_.truncate("a.npy", header.size());
      const auto gathered = gather(view, 0, view.size(), pieces_);
      ASSERT_FALSE(gathered) << padded.name;
      EXPECT_EQ(gathered.error().kind, ErrorKind::kTruncated) << padded.name;
    }
  }
}

}  // namespace
}  // namespace npyfs
