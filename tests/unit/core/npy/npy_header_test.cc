#include "core/npy/npy_header.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace npyfs {
namespace {

using namespace std::string_view_literals;

struct Row {
  std::string_view descr;
  bool fortran_order;
  std::vector<std::uint64_t> shape;
  std::string_view front;
  std::size_t padding;

  std::string header() const { return std::string(front) + std::string(padding, ' ') + '\n'; }
};

std::vector<Row> numpy_table() {
  return {
#include "tests/unit/core/npy/npy_header_table.inc"
  };
}

Result<NpyHeader> parse(const std::string& header, std::string_view file_name = "a.npy") {
  return parse_npy_header(std::as_bytes(std::span(header)), file_name);
}

TEST(FormatNpyHeader, ByteForByteAsNumpy) {
  const auto table = numpy_table();
  ASSERT_GT(table.size(), 40u);
  for (const Row& row : table) {
    EXPECT_EQ(format_npy_header(row.descr, row.fortran_order, row.shape), row.header());
  }
}

TEST(FormatNpyHeader, MultiplesOf64) {
  for (std::size_t length = 1; length < 200; ++length) {
    const std::string header = format_npy_header("[('" + std::string(length, 'n') + "', '<i4')]", false, {});
    EXPECT_EQ(header.size() % 64, 0u) << length;
    EXPECT_EQ(header.back(), '\n') << length;
  }
}

// The header keeps its size while the growing axis goes from one digit to twenty.
TEST(FormatNpyHeader, RoomForTheGrowingAxis) {
  for (const bool fortran_order : {false, true}) {
    for (std::uint64_t rows = 1; rows < 10'000'000'000'000'000'000u; rows *= 10) {
      const std::vector<std::uint64_t> shape =
          fortran_order ? std::vector<std::uint64_t>{2, rows} : std::vector{rows, std::uint64_t{2}};
      EXPECT_EQ(format_npy_header("'<f8'", fortran_order, shape).size(), 128u) << rows;
    }
  }
}

// Numbers from numpy 1.24: np.dtype([('n' * length, '<i4')]), shape (3,).
TEST(FormatNpyHeader, Version2WhereVersion1CannotHoldTheLength) {
  const auto header = [](std::size_t length) {
    return format_npy_header("[('" + std::string(length, 'n') + "', '<i4')]", false, std::vector<std::uint64_t>{3});
  };
  const std::string last = header(65'439);
  EXPECT_EQ(last.substr(0, 10), "\x93NUMPY\x01\x00\xF6\xFF"sv);
  EXPECT_EQ(last.size(), 65'536u);
  const std::string next = header(65'440);
  EXPECT_EQ(next.substr(0, 12), "\x93NUMPY\x02\x00\x34\x00\x01\x00"sv);
  EXPECT_EQ(next.size(), 65'600u);
}

TEST(NpyHeader, RoundTripOfNumpysHeaders) {
  for (const Row& row : numpy_table()) {
    const std::string header = row.header();
    EXPECT_EQ(npy_header_size(std::as_bytes(std::span(header).first(12)), header.size(), "a.npy"), header.size());
    const auto parsed = parse(header);
    ASSERT_TRUE(parsed) << to_message(parsed.error());
    EXPECT_EQ(parsed->descr, row.descr);
    EXPECT_EQ(parsed->fortran_order, row.fortran_order);
    EXPECT_EQ(parsed->shape, row.shape);
    EXPECT_EQ(parsed->data_offset, header.size());
  }
}

TEST(NpyHeader, BytesBehindTheHeaderAreNotItsOwn) {
  const std::string header = format_npy_header("'<f8'", false, std::vector<std::uint64_t>{3});
  const std::string file = header + std::string(1000, 'x');
  EXPECT_EQ(npy_header_size(std::as_bytes(std::span(file)), file.size(), "a.npy"), header.size());
  EXPECT_EQ(parse(file)->data_offset, header.size());
}

TEST(NpyHeader, ObjectsParse) {
  const auto header = parse(format_npy_header("'|O'", false, std::vector<std::uint64_t>{3}));
  ASSERT_TRUE(header) << to_message(header.error());
  EXPECT_TRUE(header->holds_objects);
}

// A dtype of `count` fields as cryoSPARC's .cs files have them, and np.save's descr of it.
std::string descr_of_fields(int count) {
  std::string descr;
  for (int i = 0; i < count; ++i) {
    descr += fmt::format("{}('alignments3D/field_{}', '<f4', (3,))", i == 0 ? "" : ", ", i);
  }
  return "[" + descr + "]";
}

// np.load reads 10,000 characters by itself, and more where max_header_size says so.
TEST(NpyHeader, HundredsAndThousandsOfFields) {
  for (const int count : {300, 3'000, 20'000}) {
    const std::string text = format_npy_header(descr_of_fields(count), false, std::vector<std::uint64_t>{7});
    ASSERT_GT(text.size(), 10'000u);
    EXPECT_EQ(npy_header_size(std::as_bytes(std::span(text).first(12)), text.size(), "a.cs"), text.size());
    const auto header = parse(text);
    ASSERT_TRUE(header) << to_message(header.error());
    ASSERT_EQ(header->fields.size(), static_cast<std::size_t>(count));
    EXPECT_EQ(header->itemsize, static_cast<std::uint64_t>(count) * 12);
    EXPECT_EQ(header->fields.back().name, fmt::format("alignments3D/field_{}", count - 1));
    EXPECT_EQ(header->fields.back().offset, static_cast<std::uint64_t>(count - 1) * 12);
    EXPECT_EQ(format_npy_header(header->descr, false, header->shape), text);
  }
}

TEST(NpyHeader, TextOfExactly1MiB) {
  const std::string name(1'048'576 - 110, 'n');
  const auto text_of = [&](std::size_t longer) {
    std::string descr = "[('" + name + std::string(longer, 'n') + "', '<i4')]";
    return format_npy_header(descr, false, std::vector<std::uint64_t>{3});
  };
  std::size_t longer = 0;
  while (text_of(longer + 1).size() <= kMaxHeaderBytes) ++longer;
  EXPECT_TRUE(parse(text_of(longer)));
  EXPECT_FALSE(parse(text_of(longer + 1)));
}

TEST(NpyHeader, FieldsAreThoseOfTheDescr) {
  const auto header = parse(
      format_npy_header("[('a', '<i4'), ('', '|V4'), ('b', [('c', '|S2')])]", false, std::vector<std::uint64_t>{3}));
  ASSERT_TRUE(header);
  ASSERT_EQ(header->fields.size(), 2u);
  EXPECT_EQ(header->fields[1].offset, 8u);
  EXPECT_EQ(header->fields[1].dtype.descr(), "[('c', '|S2')]");
  EXPECT_TRUE(parse(format_npy_header("'<f8'", false, std::vector<std::uint64_t>{3}))->fields.empty());
}

TEST(NpyHeader, SizesUpToTheLimitOfFileOffsets) {
  // The data ends at 2^63 - 1, the last byte offset there is, or one behind.
  const auto with_rows = [](std::uint64_t rows) {
    return parse(format_npy_header("'|u1'", false, std::vector<std::uint64_t>{rows}));
  };
  EXPECT_EQ(data_size(*with_rows(INT64_MAX - 128)), static_cast<std::uint64_t>(INT64_MAX - 128));
  EXPECT_FALSE(with_rows(INT64_MAX - 127));
}

TEST(NpyHeader, DimensionsUpTo64) {
  EXPECT_TRUE(parse(format_npy_header("'|u1'", false, std::vector<std::uint64_t>(64, 1))));
  EXPECT_FALSE(parse(format_npy_header("'|u1'", false, std::vector<std::uint64_t>(65, 1))));
}

TEST(NpyHeader, ErrorsNameTheFile) {
  const auto refused = parse("\x93NUMPX\x01", "bad\n.npy");
  ASSERT_FALSE(refused);
  EXPECT_EQ(to_message(refused.error()).substr(0, 12), "bad\\n.npy: t");
}

TEST(DataSize, OfItems) {
  const auto size = [](std::uint64_t itemsize, std::vector<std::uint64_t> shape) {
    return data_size(NpyHeader{.descr = "", .itemsize = itemsize, .shape = std::move(shape)});
  };
  EXPECT_EQ(size(8, {}), 8u);
  EXPECT_EQ(size(8, {3}), 24u);
  EXPECT_EQ(size(3, {4, 5}), 60u);
  EXPECT_EQ(size(8, {4, 0, 5}), 0u);
}

TEST(IsExtensionOf, WhereMoreFollowsAndAllElseIsTheSame) {
  const NpyHeader array{.descr = "'<f8'", .itemsize = 8, .shape = {3, 4}, .data_offset = 128};
  const auto changed = [&](auto change) {
    NpyHeader header = array;
    change(header);
    return header;
  };
  EXPECT_TRUE(is_extension_of(array, array));
  EXPECT_TRUE(is_extension_of(changed([](NpyHeader& header) { header.shape[0] = 5; }), array));
  EXPECT_FALSE(is_extension_of(changed([](NpyHeader& header) { header.shape[0] = 2; }), array)) << "rows are gone";
  EXPECT_FALSE(is_extension_of(changed([](NpyHeader& header) { header.shape[1] = 5; }), array)) << "rows are longer";
  EXPECT_FALSE(is_extension_of(changed([](NpyHeader& header) { header.shape = {12}; }), array));
  EXPECT_FALSE(is_extension_of(changed([](NpyHeader& header) { header.shape = {3, 4, 1}; }), array));
  EXPECT_FALSE(is_extension_of(changed([](NpyHeader& header) { header.descr = "'>f8'"; }), array));
  EXPECT_FALSE(is_extension_of(changed([](NpyHeader& header) { header.data_offset = 192; }), array));
  EXPECT_FALSE(is_extension_of(changed([](NpyHeader& header) { header.fortran_order = true; }), array));
  const auto fortran = changed([](NpyHeader& header) { header.fortran_order = true; });
  const auto longer = [&](std::size_t axis) {
    NpyHeader header = fortran;
    ++header.shape[axis];
    return header;
  };
  EXPECT_FALSE(is_extension_of(longer(0), fortran));
  EXPECT_TRUE(is_extension_of(longer(1), fortran)) << "the last axis is the slowest";
  const auto scalar = changed([](NpyHeader& header) { header.shape.clear(); });
  EXPECT_FALSE(is_extension_of(scalar, scalar)) << "it has no rows";
}

TEST(CheckDataSize, ExactAndMoreAreGood) {
  const auto header = parse(format_npy_header("'<f8'", false, std::vector<std::uint64_t>{100}));
  EXPECT_TRUE(check_data_size(*header, 128 + 800, "a.npy"));
  EXPECT_TRUE(check_data_size(*header, 128 + 801, "a.npy"));
  const auto refused = check_data_size(*header, 128 + 400, "bad.npy");
  ASSERT_FALSE(refused);
  EXPECT_EQ(to_message(refused.error()),
            "bad.npy: the header promises 800 bytes of data (shape (100,), descr '<f8'), the file holds 400");
  EXPECT_FALSE(check_data_size(*header, 5, "a.npy"));
}

TEST(IsFortranContiguousOnly, WhereMoreThanOneDimensionIsLargerThan1) {
  const auto is_only = [](std::vector<std::uint64_t> shape) { return is_fortran_contiguous_only(shape); };
  EXPECT_TRUE(is_only({2, 3}));
  EXPECT_TRUE(is_only({2, 1, 3}));
  EXPECT_FALSE(is_only({}));
  EXPECT_FALSE(is_only({5}));
  EXPECT_FALSE(is_only({5, 1}));
  EXPECT_FALSE(is_only({1, 5, 1}));
  EXPECT_FALSE(is_only({2, 0, 3}));
}

TEST(FormatShape, AsPythonPrintsATuple) {
  EXPECT_EQ(format_shape({}), "()");
  EXPECT_EQ(format_shape(std::vector<std::uint64_t>{3}), "(3,)");
  EXPECT_EQ(format_shape(std::vector<std::uint64_t>{3, 0, UINT64_MAX}), "(3, 0, 18446744073709551615)");
}

}  // namespace
}  // namespace npyfs
