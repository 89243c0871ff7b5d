// Every file of tests/accepted is read as numpy reads it.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "core/npy/npy_header.h"
#include "tests/unit/support/corpus.h"

namespace npyfs {
namespace {

Result<NpyHeader> parse(const std::string& contents, const std::string& name) {
  const auto bytes = as_bytes(contents);
  const auto size = npy_header_size(bytes.first(std::min<std::size_t>(bytes.size(), 12)), bytes.size(), name);
  if (!size) return std::unexpected(size.error());
  return parse_npy_header(bytes.first(*size), name);
}

TEST(Accepted, EveryFileAsNumpyReadsIt) {
  const auto index = corpus_index("accepted");
  ASSERT_GT(index.size(), 50u);
  for (const auto& [name, expected] : index.items()) {
    const std::string contents = read_file(corpus("accepted") / name);
    const auto header = parse(contents, name);
    ASSERT_TRUE(header) << to_message(header.error());
    EXPECT_EQ(header->descr, expected["descr"].get<std::string>()) << name;
    EXPECT_EQ(header->itemsize, expected["itemsize"].get<std::uint64_t>()) << name;
    EXPECT_EQ(header->fortran_order, expected["fortran_order"].get<bool>()) << name;
    EXPECT_EQ(header->shape, expected["shape"].get<std::vector<std::uint64_t>>()) << name;
    EXPECT_EQ(header->data_offset, expected["data_offset"].get<std::uint64_t>()) << name;
    EXPECT_FALSE(header->holds_objects) << name;
    EXPECT_EQ(data_size(*header) + header->data_offset, contents.size()) << name;
    const auto sliceable = check_sliceable(*header, contents.size(), name);
    EXPECT_EQ(sliceable.has_value(), !header->shape.empty()) << name;
  }
}

TEST(Accepted, HeadersWrittenAgainSayTheSame) {
  for (const std::string& name : corpus_files("accepted")) {
    const auto header = parse(read_file(corpus("accepted") / name), name);
    ASSERT_TRUE(header) << to_message(header.error());
    const std::string text = format_npy_header(header->descr, header->fortran_order, header->shape);
    const auto again = parse(text, name);
    ASSERT_TRUE(again) << to_message(again.error());
    EXPECT_EQ(again->descr, header->descr) << name;
    EXPECT_EQ(again->itemsize, header->itemsize) << name;
    EXPECT_EQ(again->fortran_order, header->fortran_order) << name;
    EXPECT_EQ(again->shape, header->shape) << name;
    EXPECT_EQ(again->data_offset, text.size()) << name;
    EXPECT_EQ(format_npy_header(again->descr, again->fortran_order, again->shape), text) << name;
  }
}

TEST(Accepted, IndexAndDirectoryAgree) {
  EXPECT_EQ(index_files(corpus_index("accepted")), corpus_files("accepted"));
}

}  // namespace
}  // namespace npyfs
