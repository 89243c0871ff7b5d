#include "core/array/view.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include "tests/unit/support/npy_bytes.h"
#include "tests/unit/support/sliced_array.h"

namespace npyfs {
namespace {

constexpr std::uint64_t kDataOffset = 128;

Array array_of(const TestArray& array) {
  return array_without_file(array, kDataOffset);
}

Runs runs_of_slice(const Array& array, std::uint8_t axis, RowRange rows) {
  return view_of(array, slice_name(axis, rows.start, rows.stop)).segments.front().runs;
}

std::vector<std::uint64_t> positions_of(const Runs& runs) {
  std::vector<std::uint64_t> positions;
  runs.visit(0, runs.size(), [&](Extent extent) {
    for (std::uint64_t i = 0; i < extent.size; ++i) positions.push_back(extent.offset + i - kDataOffset);
  });
  return positions;
}

// All shapes of up to `dimensions` dimensions with lengths from 0 to `longest`.
std::vector<std::vector<std::uint64_t>> shapes_up_to(std::size_t dimensions, std::uint64_t longest) {
  std::vector<std::vector<std::uint64_t>> shapes = {{}};
  for (std::size_t begin = 0, n = 0; n < dimensions; ++n) {
    const std::size_t end = shapes.size();
    for (; begin < end; ++begin) {
      for (std::uint64_t length = 0; length <= longest; ++length) {
        auto shape = shapes[begin];
        shape.push_back(length);
        shapes.push_back(shape);
      }
    }
  }
  shapes.erase(shapes.begin());
  return shapes;
}

TEST(View, RunsAgreeWithAWalkOverEveryIndex) {
  for (const auto& shape : shapes_up_to(4, 3)) {
    for (const bool fortran_order : {false, true}) {
      const TestArray array{"'|V3'", 3, fortran_order, shape};
      for (std::uint8_t axis = 0; axis < shape.size(); ++axis) {
        for (std::uint64_t stop = 0; stop <= shape[axis]; ++stop) {
          for (std::uint64_t start = 0; start <= stop; ++start) {
            const auto runs = runs_of_slice(array_of(array), axis, {start, stop});
            ASSERT_EQ(positions_of(runs), slice_positions(array, axis, {start, stop}))
                << testing::PrintToString(shape) << (fortran_order ? " F" : " C") << ", axis " << int(axis) << ", "
                << start << ":" << stop;
          }
        }
      }
    }
  }
}

TEST(View, ContiguousSlicesAreOneRun) {
  for (const auto& shape : shapes_up_to(3, 3)) {
    for (const bool fortran_order : {false, true}) {
      const TestArray array{"'<i2'", 2, fortran_order, shape};
      const auto slowest = static_cast<std::uint8_t>(fortran_order ? shape.size() - 1 : 0);
      if (array.data_size() == 0) continue;
      EXPECT_EQ(runs_of_slice(array_of(array), slowest, {0, 1}).count(), 1u) << testing::PrintToString(shape);
      for (std::uint8_t axis = 0; axis < shape.size(); ++axis) {
        EXPECT_EQ(runs_of_slice(array_of(array), axis, {0, shape[axis]}).count(), 1u)
            << "all rows of axis " << int(axis);
      }
    }
  }
}

TEST(View, EmptySlicesHaveNoBytes) {
  EXPECT_EQ(runs_of_slice(array_of({.shape = {3, 4}}), 1, {4, 4}), Runs());
  EXPECT_EQ(runs_of_slice(array_of({.shape = {0, 4}}), 1, {0, 4}).size(), 0u);
  EXPECT_EQ(runs_of_slice(array_of({.descr = "'|S0'", .itemsize = 0, .shape = {3}}), 0, {0, 3}).size(), 0u);
}

// Arrays whose last byte is the last that a file can have.
TEST(View, DoesNotOverflowAtTheLargestArrays) {
  constexpr std::uint64_t kMost = std::numeric_limits<std::int64_t>::max();
  const auto bytes = array_of({"'|u1'", 1, false, {kMost - kDataOffset}});
  const auto last = runs_of_slice(bytes, 0, {kMost - kDataOffset - 1, kMost - kDataOffset});
  EXPECT_EQ(last.first(), kMost - 1);
  EXPECT_EQ(last.size(), 1u);

  constexpr std::uint64_t kRows = std::uint64_t{1} << 40;
  const auto matrix = array_of({"'<f4'", 4, false, {kRows, std::uint64_t{1} << 20}});
  const auto column = runs_of_slice(matrix, 1, {(1u << 20) - 1, 1u << 20});
  EXPECT_EQ(column, Runs(kDataOffset + 4 * ((1u << 20) - 1), 4, 4 << 20, kRows));
  EXPECT_EQ(column.hull(column.size() - 1, 1).offset, kDataOffset + (kRows << 22) - 1);

  const auto fortran = array_of({"'<f4'", 4, true, {kRows, std::uint64_t{1} << 20}});
  const auto row = runs_of_slice(fortran, 0, {kRows - 1, kRows});
  EXPECT_EQ(row, Runs(kDataOffset + 4 * (kRows - 1), 4, 4 * kRows, 1 << 20));
}

TEST(View, HoldsTheHeaderThatNumpyWritesForTheSlice) {
  struct Case {
    TestArray array;
    VirtualName name;
    std::string text;
  };
  const std::vector<Case> cases = {
      {{.shape = {10}}, chunk_name(0, 3, 4), "{'descr': '<f8', 'fortran_order': False, 'shape': (2,), }"},
      {{.shape = {2, 6}}, chunk_name(1, 0, 4), "{'descr': '<f8', 'fortran_order': False, 'shape': (2, 2), }"},
      {{.shape = {2}}, chunk_name(0, 2, 3), "{'descr': '<f8', 'fortran_order': False, 'shape': (0,), }"},
      // In Fortran order numpy says so only where the slice is not contiguous in C order as well.
      {{.fortran_order = true, .shape = {4, 6}},
       chunk_name(0, 0, 2),
       "{'descr': '<f8', 'fortran_order': True, 'shape': (2, 6), }"},
      {{.fortran_order = true, .shape = {4, 6}},
       chunk_name(0, 0, 4),
       "{'descr': '<f8', 'fortran_order': False, 'shape': (1, 6), }"},
      {{.fortran_order = true, .shape = {4, 6}},
       slice_name(1, 2, 3),
       "{'descr': '<f8', 'fortran_order': False, 'shape': (4, 1), }"},
      {{.fortran_order = true, .shape = {4, 6}},
       slice_name(1, 2, 2),
       "{'descr': '<f8', 'fortran_order': False, 'shape': (4, 0), }"},
      {{.fortran_order = true, .shape = {5}},
       slice_name(0, 1, 4),
       "{'descr': '<f8', 'fortran_order': False, 'shape': (3,), }"},
  };
  for (const auto& [array, name, text] : cases) {
    const View view = view_of(array_of(array), name);
    ASSERT_EQ(view.header.size(), 128u) << text;
    EXPECT_EQ(view.header.substr(0, 10), std::string("\x93NUMPY\x01\x00\x76\x00", 10));
    EXPECT_EQ(view.header.substr(10), text + std::string(117 - text.size(), ' ') + '\n');
    EXPECT_EQ(view.size(), 128 + view.body_size());
  }
}

TEST(View, BinIsTheBodyAlone) {
  const Array array = array_of({.shape = {10, 7}});
  const View npy = view_of(array, chunk_name(1, 1, 3));
  const View bin = view_of(array, chunk_name(1, 1, 3, Form::kBin));
  EXPECT_EQ(bin.header, "");
  EXPECT_EQ(bin.segments.front().runs, npy.segments.front().runs);
  EXPECT_EQ(bin.size(), 10u * 2 * 8);
}

// The size is known without the view: of every slice and of views that have fewer dimensions, or more.
TEST(View, HasTheSizeThatIsSaidBeforeItIsMade) {
  for (const bool fortran_order : {false, true}) {
    for (const auto& shape : shapes_up_to(3, 3)) {
      const Array array = array_of({"'<i4'", 4, fortran_order, shape});
      for (const char* expression : {"...", "0:2", ":0", "...,None", "...,:1", "::-1", "None,...,::2"}) {
        const Selection selection = indexed(array, expression);
        for (const Form form : {Form::kNpy, Form::kBin}) {
          ASSERT_EQ(make_view(array, selection, form).size(), view_size(array, selection, form))
              << testing::PrintToString(shape) << " " << expression;
        }
      }
    }
  }
}

struct IndexedCase {
  const char* expression;
  bool fortran_order;
  std::string header;
  std::vector<std::uint64_t> items;  // in the order of the view's bytes: positions in the array's own data
};

// Of an array of shape (2, 3, 4).
const std::vector<IndexedCase> kIndexed = {
    {"1,2,3", false, "'fortran_order': False, 'shape': ()", {23}},
    {"1,2,3", true, "'fortran_order': False, 'shape': ()", {23}},
    {"::-1,1,::3", false, "'fortran_order': False, 'shape': (2, 2)", {16, 19, 4, 7}},
    {"::-1,1,::3", true, "'fortran_order': True, 'shape': (2, 2)", {3, 2, 21, 20}},
    {"0,None,:,2:1:-1", false, "'fortran_order': False, 'shape': (1, 3, 1)", {2, 6, 10}},
    {"0,None,:,2:1:-1", true, "'fortran_order': False, 'shape': (1, 3, 1)", {12, 14, 16}},
    {"...,2:2", false, "'fortran_order': False, 'shape': (2, 3, 0)", {}},
    {":,1:,1::2", false, "'fortran_order': False, 'shape': (2, 2, 2)", {5, 7, 9, 11, 17, 19, 21, 23}},
};

TEST(View, OfAnyIndexIsInTheOrderOfItsSource) {
  for (const auto& [expression, fortran_order, header, items] : kIndexed) {
    const Array array = array_of({"'|u1'", 1, fortran_order, {2, 3, 4}});
    const View view = make_view(array, indexed(array, expression), Form::kNpy);
    EXPECT_NE(view.header.find("{'descr': '|u1', " + header + ", }"), std::string::npos) << view.header;
    EXPECT_EQ(positions_of(view.segments.front().runs), items) << expression;
  }
}

TEST(View, OfAFieldHasItsDtypeAndItsItems) {
  const std::string bytes = npy_header_bytes({"[('a', '<i4'), ('b', '<f8', (2,))]", 20, false, {3}});
  const auto header = parse_npy_header(std::as_bytes(std::span(bytes)), "").value();
  const Array array = array_without_file(header);
  const Selection field = *select_field(array, Selection::whole(array.shape), "b");
  const View view = make_view(array, field, Form::kNpy);
  EXPECT_NE(view.header.find("{'descr': '<f8', 'fortran_order': False, 'shape': (3, 2), }"), std::string::npos);
  EXPECT_EQ(view.segments.front().runs, Runs(header.data_offset + 4, 16, 20, 3));
  EXPECT_EQ(view.size(), view_size(array, field, Form::kNpy));
}

TEST(View, VisitsThePartOfEachSegment) {
  View view = text_view("head");
  for (const std::uint64_t size : {3u, 0u, 5u, 2u})
    view.segments.push_back({nullptr, nullptr, Runs(Extent{100, size})});
  const std::string owners = "0002222233";
  ASSERT_EQ(view.size(), 4 + owners.size());
  for (std::uint64_t offset = 0; offset <= owners.size() + 1; ++offset) {
    for (std::uint64_t size = 0; size <= owners.size() + 1; ++size) {
      std::string visited;
      const auto done = view.visit(4 + offset, size, [&](const Segment& segment, Extent part) -> Result<void> {
        EXPECT_GT(part.size, 0u);
        EXPECT_LE(part.end(), segment.runs.size());
        visited.append(part.size, static_cast<char>('0' + (&segment - view.segments.data())));
        return {};
      });
      ASSERT_TRUE(done);
      ASSERT_EQ(visited, owners.substr(std::min<std::size_t>(offset, owners.size()), size)) << offset << "+" << size;
    }
  }
}

TEST(View, AVisitEndsWithTheFirstError) {
  View view;
  for (int i = 0; i < 3; ++i) view.segments.push_back({nullptr, nullptr, Runs(Extent{0, 4})});
  int visits = 0;
  const auto visited = view.visit(0, 12, [&](const Segment&, Extent) -> Result<void> {
    if (++visits < 2) return {};
    return std::unexpected(Error{ErrorKind::kStale, "a.npy", "was changed"});
  });
  ASSERT_FALSE(visited);
  EXPECT_EQ(visited.error().kind, ErrorKind::kStale);
  EXPECT_EQ(visits, 2);
}

TEST(View, ATextIsItsBytes) {
  EXPECT_EQ(text_view("text").size(), 4u);
  EXPECT_EQ(text_view("").size(), 0u);
}

}  // namespace
}  // namespace npyfs
