#include "core/array/array_directory.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "tests/unit/support/array_state_fixture.h"

namespace npyfs {
namespace {

class ArrayDirectoryTest : public ArrayStateTest {
 protected:
  static bool exists(const std::string& path, const ArrayState& array) {
    const auto found = find(path, array);
    if (!found) return false;
    EXPECT_TRUE(check_path(*found, array)) << path << " was found";
    return true;
  }
  // The sentence that says why there is nothing of that name.
  static std::string why_not(const std::string& path, const ArrayState& array) {
    const auto found = find(path, array);
    if (found) return "found";
    return to_errno(found.error()) == ENOENT ? found.error().sentence : to_message(found.error());
  }
};

TEST_F(ArrayDirectoryTest, FindsWhatTheArrayHas) {
  const auto two = array_of({4, 5});
  const auto one = array_of({4});
  const auto bad = truncated();
  for (const char* path : {"",
                           "chunks",
                           "chunks/9",
                           "chunks/8_of_9.npy",
                           "slices",
                           "slices/4_to_4.npy",
                           "axis0",
                           "axis1",
                           "axis1/chunks/5",
                           "axis1/slices/0_to_5.bin",
                           "info.json",
                           "source.npy",
                           "items",
                           "items/3.npy",
                           "axis1/items/4.bin",
                           "batches/3/1.npy",
                           "slices/0_to_4_by_3.npy",
                           "index/-1.npy",
                           "index/::2,3.bin",
                           "chunks/8_of_9",
                           "items/3",
                           "items/3/items/4.npy",
                           "items/3/items/4/index/None.npy",
                           "index/:,0/slices/0_to_4.npy",
                           "chunks/aligned/0_of_1"}) {
    EXPECT_TRUE(exists(path, two)) << path;
  }
  for (const char* path : {"axis2",
                           "axis63",
                           "axis2/chunks/0_of_1.npy",
                           "slices/0_to_5.npy",
                           "axis1/slices/0_to_6.npy",
                           "error.txt",
                           "items/4.npy",
                           "axis1/items/5.npy",
                           "batches/3/2.npy",
                           "fields",
                           "fields/a.npy",
                           "index/4.npy",
                           "index/x.npy",
                           "items/3/axis0",
                           "items/3/axis1",
                           "items/3/items/5.npy",
                           "items/3/items/4/chunks",
                           "items/3/items/4/items",
                           "items/3/source.npy",
                           "items/3/error.txt",
                           "chunks/aligned/0_of_2.npy"}) {
    EXPECT_FALSE(exists(path, two)) << path;
  }
  EXPECT_FALSE(exists("axis0", one)) << "of one dimension there are no axes to choose from";
  EXPECT_TRUE(exists("chunks/0_of_1.npy", one));
  for (const char* path : {"chunks", "chunks/2", "chunks/0_of_1.npy", "slices", "slices/0_to_0.npy", "axis0", "items",
                           "batches", "index", "index/0.npy", "fields"}) {
    const auto found = find(path, bad);
    ASSERT_FALSE(found) << path;
    EXPECT_EQ(to_errno(found.error()), ENOENT) << path;
  }
  for (const char* path : {"", "error.txt", "source.npy", "info.json"}) EXPECT_TRUE(exists(path, bad)) << path;
  EXPECT_TRUE(exists("info.json", damaged()));
}

TEST_F(ArrayDirectoryTest, FindsFieldsByTheirEncodedNames) {
  const auto array = structured({4});
  for (const char* path : {"fields/a.npy", "fields/b.bin", "fields/%61.npy", "fields/c/fields/x.npy",
                           "fields/b/items/0", "items/2/fields/b/index/1,2.npy"}) {
    EXPECT_TRUE(exists(path, array)) << path;
  }
  const std::vector<std::pair<const char*, const char*>> refused = {
      {"fields/d.npy", "is no field of the array; it has a, b, c"},
      {"fields/A.npy", "is no field of the array; it has a, b, c"},
      {"fields/%zz.npy", "is no name of a field: '%' begins two hexadecimal digits"},
      {"fields/a/fields", "the array has no fields"},
      {"fields/c/fields/a.npy", "is no field of the array; it has x, y"},
  };
  for (const auto& [path, sentence] : refused) EXPECT_EQ(why_not(path, array), sentence) << path;
}

TEST_F(ArrayDirectoryTest, SaysWhyThereIsNothingOfAName) {
  const auto array = array_of({4, 5});
  const std::vector<std::pair<const char*, const char*>> cases = {
      {"chunks/4_of_4.npy", "is no name of a chunk, slice or axis"},
      {"slices/0_to_5.npy", "the array has 4 rows"},
      {"items/4", "the array has 4 rows"},
      {"items/3/items/5.npy", "the array has 5 rows"},
      {"batches/3/2.npy", "there are 2 batches"},
      {"axis2/items/0.npy", "the array has no such axis, or is one-dimensional"},
      {"items/3/axis0", "the array has no such axis, or is one-dimensional"},
      {"items/3/items/4/batches", "the array has no such axis, or is one-dimensional"},
      {"fields", "the array has no fields"},
      {"index/4", "index 4 is out of bounds for an axis of length 4"},
      {"error.txt", "the array has slices, so there is nothing to say"},
  };
  for (const auto& [path, sentence] : cases) EXPECT_EQ(why_not(path, array), sentence) << path;
}

TEST_F(ArrayDirectoryTest, NamesOfOneViewAreOnePath) {
  const auto array = structured({16, 5});
  const std::vector<std::vector<const char*>> same = {
      {"chunks/3_of_16.npy", "chunks/16/03_of_16.npy", "axis0/chunks/3_of_016.npy", "slices/3_to_4.npy",
       "slices/3_to_4_by_7.npy", "batches/1/3.npy", "index/3:4.npy", "index/3:4:1,....npy", "index/3,None,:.npy",
       "slices/2_to_9/batches/1/1.npy", "index/::-1/index/12:13.npy"},
      {"items/3.npy", "index/3.npy", "index/-13.npy", "axis1/slices/0_to_5/items/3.npy", "chunks/3_of_16/index/0.npy"},
      {"index/::2,1:3/fields/b.npy", "fields/b/index/::2,1:3.npy",
       "slices/0_to_16_by_2/axis1/slices/1_to_3/fields/b.npy"},
      {"chunks/3_of_16.bin", "items/3.bin", "index/None,3.bin"},  // bytes have no shape
      {"slices/4_to_4.npy", "slices/9_to_9.npy", "index/4:2.npy"},
  };
  std::vector<VirtualPath> different;
  for (const auto& names : same) {
    const auto first = *find(names[0], array);
    for (const char* name : names) {
      const auto found = find(name, array);
      ASSERT_TRUE(found) << name;
      EXPECT_EQ(*found, first) << name;
      EXPECT_EQ(found->hash(), first.hash()) << name;
    }
    for (const auto& other : different) EXPECT_FALSE(other == first) << names[0];
    different.push_back(first);
  }
}

// The kernel knows a directory by one path only.
TEST_F(ArrayDirectoryTest, DirectoriesAreToldApartByTheirSpelling) {
  const auto array = array_of({16, 5});
  for (const auto& [a, b] : std::vector<std::pair<const char*, const char*>>{{"chunks/3_of_16", "chunks/03_of_16"},
                                                                             {"chunks/16", "chunks/016"},
                                                                             {"axis1", "axis01"},
                                                                             {"axis1/slices", "axis01/slices"},
                                                                             {"items/3", "index/3"},
                                                                             {"items/3/chunks", "index/3/chunks"}}) {
    const auto first = *find(a, array);
    const auto second = *find(b, array);
    EXPECT_FALSE(first == second) << a << " " << b;
    EXPECT_NE(first.hash(), second.hash()) << a << " " << b;
    EXPECT_EQ(*find(a, array), first);
  }
}

TEST_F(ArrayDirectoryTest, AtMostThirtyTwoViewsOfViewsAreInAPath) {
  const auto array = array_of({4});
  std::string path = "index/:";
  for (int depth = 2; depth <= 31; ++depth) path += "/index/:";
  EXPECT_TRUE(exists(path + "/index/::2.npy", array));
  EXPECT_TRUE(exists(path + "/chunks/0_of_1", array));
  EXPECT_EQ(why_not(path + "/chunks/0_of_1/chunks/0_of_1.npy", array), "a path holds at most 32 selections");
  EXPECT_TRUE(exists(path + "/chunks/0_of_1/info.json", array)) << "which is no view";
}

TEST_F(ArrayDirectoryTest, WhatIsBelowAViewIsStaleWhenTheArrayNoLongerHasIt) {
  const auto before = array_of({10, 6});
  struct Case {
    const char* path;
    std::vector<std::uint64_t> shape_now;
    bool is_there;
  };
  const std::vector<Case> cases = {
      {"items/7", {10, 6}, true},           {"items/7", {7, 6}, false},      {"items/7.npy", {7, 6}, false},
      {"items/7/chunks", {7, 6}, false},    {"items/7/index", {8, 6}, true}, {"slices/2_to_9", {8, 6}, false},
      {"slices/2_to_9", {9, 6}, true},      {"index/:,5", {10, 5}, false},   {"index/:,5/info.json", {10, 5}, true},
      {"axis1/chunks/1_of_2", {10}, false}, {"chunks", {3}, true},
  };
  for (const auto& [path, shape, is_there] : cases) {
    const auto found = find(path, before);
    ASSERT_TRUE(found) << path;
    const auto now = array_of(shape);
    const auto checked = check_path(*found, now);
    EXPECT_EQ(checked.has_value(), is_there) << path << " of " << testing::PrintToString(shape);
    if (!checked) {
      EXPECT_EQ(checked.error().kind, ErrorKind::kStale) << path;
      EXPECT_EQ(checked.error().sentence, "has another shape than when it was looked up");
    }
  }
  const auto below = find_name(*find("items/7", before), "chunks", array_of({7, 6}));
  ASSERT_FALSE(below);
  EXPECT_EQ(below.error().kind, ErrorKind::kStale);
  EXPECT_EQ(content_of(*find("index/:,5/info.json", before), array_of({10, 5})).error().kind, ErrorKind::kStale);
}

TEST_F(ArrayDirectoryTest, AFieldIsStaleWhenTheArrayNoLongerHasIt) {
  const auto before = structured({10, 6});
  struct Case {
    const char* path;
    TestArray now;
    bool is_there;
  };
  const char* const kOther = "[('a', '<i4'), ('b', '<f8', (3, 2)), ('c', [('x', '|u1'), ('y', '<i2'), ('z', '|u1')])]";
  const std::vector<Case> cases = {
      {"fields/c", {"'<f8'", 8, false, {10, 6}}, false},
      {"fields/c", {"[('a', '<i4')]", 4, false, {10, 6}}, false},
      {"fields/c/fields/y.npy", {"[('a', '<i4'), ('b', '<f8', (2, 3)), ('c', '<i4')]", 56, false, {10, 6}}, false},
      {"items/3/fields/c/info.json", {kOther, 56, false, {10, 6}}, true},
      {"fields/c/fields/y.npy", {kOther, 56, false, {10, 6}}, false},  // at another offset
      {"fields/b.npy", {kOther, 56, false, {10, 6}}, false},           // of another shape
      {"fields/a.npy", {kOther, 56, false, {10, 6}}, true},
  };
  for (const auto& [path, now, is_there] : cases) {
    const auto found = *find(path, before);
    const auto of = selected_view(found, array(npy_bytes(now)));
    ASSERT_EQ(of.has_value(), is_there) << path << " of " << now.descr;
    if (!of) {
      EXPECT_EQ(of.error().kind, ErrorKind::kStale);
    }
  }
}

TEST_F(ArrayDirectoryTest, FilesHoldTheirSourceAndWhatIsWrongWithIt) {
  const auto array = truncated();
  const auto source = content_of({.name = {.kind = NameKind::kSource}}, array);
  ASSERT_TRUE(source);
  ASSERT_EQ(source->segments.size(), 1u);
  EXPECT_EQ(source->segments[0].runs, Runs(Extent{0, 528}));
  EXPECT_EQ(source->segments[0].file, (*array.file)->file());
  EXPECT_EQ(source->segments[0].guard, nullptr) << "bytes are bytes";
  const auto error = content_of({.name = {.kind = NameKind::kError}}, array);
  ASSERT_TRUE(error);
  EXPECT_EQ(error->header,
            "a.npy: the header promises 800 bytes of data (shape (100,), descr '<f8'), the file holds 400\n");
  EXPECT_TRUE(error->segments.empty());
  EXPECT_EQ(error->size(), error->header.size());
  const auto info = content_of({.name = {.kind = NameKind::kInfo}}, array);
  ASSERT_TRUE(info);
  EXPECT_EQ(info->header.front(), '{');
}

TEST_F(ArrayDirectoryTest, AFileThatCannotBeOpenedSaysSo) {
  const auto array = unreadable();
  const auto error = content_of({.name = {.kind = NameKind::kError}}, array);
  ASSERT_TRUE(error);
  EXPECT_EQ(error->header, "a.npy: open failed: Permission denied\n");
  EXPECT_EQ(to_errno(content_of({.name = {.kind = NameKind::kSource}}, array).error()), EACCES);
}

TEST_F(ArrayDirectoryTest, FilesHaveTheSizeThatTheyHold) {
  const auto array = structured({7, 2});
  for (const char* path : {"info.json", "source.npy", "chunks/1_of_3.npy", "chunks/1_of_3.bin", "items/3.npy",
                           "items/3.bin", "fields/b.npy", "items/3/fields/c.npy", "items/3/info.json",
                           "index/::2,0.npy", "index/3:3.npy", "items/3/items/1/fields/a.bin"}) {
    const auto found = find(path, array);
    ASSERT_TRUE(found) << path;
    const auto content = content_of(*found, array);
    ASSERT_TRUE(content) << path;
    EXPECT_EQ(size_of(*found, array), content->size()) << path;
    EXPECT_GT(content->size(), 0u) << path;
  }
}

TEST_F(ArrayDirectoryTest, ViewsAndTheSourceOfAnArrayAreForWriting) {
  const auto array = array_of({7, 2});
  for (const auto& [path, is_writable] : std::vector<std::pair<const char*, bool>>{{"chunks/1_of_3.npy", true},
                                                                                   {"index/3.bin", true},
                                                                                   {"source.npy", true},
                                                                                   {"info.json", false},
                                                                                   {"items/3/info.json", false}}) {
    const auto found = *find(path, array);
    EXPECT_EQ(is_for_writing(found, array), is_writable) << path;
    const auto content = content_for_writing(found, array);
    EXPECT_EQ(content.has_value(), is_writable) << path;
    if (!content) {
      EXPECT_EQ(content.error().kind, ErrorKind::kNotWritable);
      continue;
    }
    EXPECT_EQ(content->size(), *size_of(found, array)) << path;
    EXPECT_EQ(content->segments[0].guard, (*array.file)->guard()) << path;
  }
  EXPECT_EQ(content_for_writing(*find("source.npy", array), array)->header.size(), 128u)
      << "bytes that must not change";
  EXPECT_FALSE(is_for_writing(*find("source.npy", truncated()), truncated()));
}

TEST_F(ArrayDirectoryTest, DescribesAViewAndWritesItsPath) {
  const auto array = structured({16, 5});
  struct Case {
    const char* path;
    const char* sentence;
    const char* written;
  };
  const std::vector<Case> cases = {
      {"chunks/16/03_of_16.npy", "chunk 3 of 16", "chunks/03_of_16.npy"},
      {"axis1/items/4.bin", "item 4 of axis 1, without header", "axis1/items/4.bin"},
      {"batches/4/01.npy", "batch 1 of 4 rows", "batches/4/1.npy"},
      {"index/-3:,::2.npy", "a[13:, ::2]", "index/13:,::2.npy"},
      {"index/....npy", "a", "index/....npy"},
      {"index/7.npy", "a[7]", "index/7.npy"},
      {"index/7.bin", "a[7:8], without header", "index/7:8.bin"},
      {"fields/b.npy", "a['b']", "fields/b.npy"},
      {"slices/2_to_9/items/3.npy", "a[5]", "index/5.npy"},
      {"chunks/1_of_4/fields/b/index/:,0,1.bin", "a[4:8, :1]['b'][:, :, 1:], without header",
       "index/4:8,:1/fields/b/index/:,:,1:.bin"},
  };
  for (const auto& [path, sentence, written] : cases) {
    const auto found = find(path, array);
    ASSERT_TRUE(found) << path;
    EXPECT_EQ(describe_view(*found, array), sentence);
    EXPECT_EQ(path_below_array(*found, array), written);
    EXPECT_EQ(*find(path_below_array(*found, array), array), *found) << path;
  }
}

TEST_F(ArrayDirectoryTest, KnowsTheVersionOfItsSource) {
  const auto first = array_of({4});
  EXPECT_EQ(first.version(), first.version());
  EXPECT_NE(array_of({5}).version(), first.version());
  ArrayState born = array_of({5});
  const auto version = born.version();
  born.status.birth_ns += 1;
  EXPECT_NE(born.version(), version);
}

}  // namespace
}  // namespace npyfs
