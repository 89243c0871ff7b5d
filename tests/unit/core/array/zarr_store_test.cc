#include "core/array/zarr_store.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "core/array/array_listing.h"
#include "core/array/attributes.h"
#include "tests/unit/support/array_state_fixture.h"

namespace npyfs {
namespace {

using Names = std::vector<std::string>;

class ZarrStoreTest : public ArrayStateTest {
 protected:
  static Names names(const std::string& path, const ArrayState& array) {
    const auto directory = find(path, array);
    if (!directory) return {"no directory: " + to_message(directory.error())};
    EXPECT_TRUE(is_directory(directory->name)) << path;
    const ArrayListing listing(*directory, array, 3);
    Names names;
    for (std::uint64_t i = 0; i < listing.count(); ++i) names.push_back(listing.name(i));
    return names;
  }
  static bool exists(const std::string& path, const ArrayState& array) {
    const auto found = find(path, array);
    EXPECT_TRUE(!found || check_path(*found, array)) << path << " was found";
    return found.has_value();
  }
  static std::string text(const std::string& path, const ArrayState& array) {
    const auto view = content_of(find(path, array).value(), array);
    return view ? view->header : to_message(view.error());
  }
  static std::uint64_t size(const std::string& path, const ArrayState& array) {
    const VirtualPath found = find(path, array).value();
    EXPECT_EQ(content_of(found, array)->size(), size_of(found, array).value()) << path;
    return size_of(found, array).value();
  }
  static ino_t inode(const std::string& path, const ArrayState& array) {
    return virtual_inode(array.status, 0, find(path, array).value(), array.path.absolute());
  }
};

TEST_F(ZarrStoreTest, HasTheFilesOfAGroupWithOneArray) {
  const auto array = array_of({10, 6});
  EXPECT_EQ(names("zarr2", array), (Names{".zattrs", ".zgroup", ".zmetadata", "data"}));
  EXPECT_EQ(names("zarr2/data", array), (Names{"0.0", ".zarray", ".zattrs"}));
  EXPECT_EQ(names("zarr3", array), (Names{"data", "zarr.json"}));
  EXPECT_EQ(names("zarr3/data", array), (Names{"c", "zarr.json"}));
  EXPECT_EQ(names("zarr3/data/c", array), Names{"0"});
  EXPECT_EQ(names("zarr3/4x3/data/c", array), (Names{"0", "1", "2"}));
  EXPECT_EQ(names("zarr3/4x3/data/c/2", array), (Names{"0", "1"}));
  EXPECT_EQ(names("zarr2/4x4/data", array), (Names{"0.0", "0.1", "1.0", "1.1", "2.0", "2.1", ".zarray", ".zattrs"}));
  for (const char* path : {"zarr2/.zattrs", "zarr2/.zgroup", "zarr2/.zmetadata", "zarr2/data/.zarray",
                           "zarr2/data/.zattrs", "zarr3/zarr.json", "zarr3/data/zarr.json"}) {
    EXPECT_TRUE(nlohmann::json::accept(text(path, array))) << path;
  }
}

TEST_F(ZarrStoreTest, OtherNamesDoNotExist) {
  const auto array = array_of({10, 6});
  for (const char* path : {"zarr",
                           "zarr1",
                           "zarr2/zarr.json",
                           "zarr3/.zgroup",
                           "zarr3/error.txt",
                           "zarr2/data/c",
                           "zarr2/data/1.0",
                           "zarr2/data/0",
                           "zarr2/data/0.0.0",
                           "zarr2/data/00.0",
                           "zarr3/data/0.0",
                           "zarr3/data/c/1",
                           "zarr3/data/c/0/1",
                           "zarr3/data/c/0/00",
                           "zarr3/4",
                           "zarr3/4x3x2",
                           "zarr3/0x3",
                           "zarr3/4x3/4x3",
                           "zarr3/data/zarr2",
                           "axis0/zarr3",
                           "zarr3/9223372036854775807x1"}) {
    EXPECT_FALSE(exists(path, array)) << path;
  }
  EXPECT_FALSE(exists("zarr2", truncated()));
  EXPECT_FALSE(exists("zarr3", damaged()));
}

TEST_F(ZarrStoreTest, ChunksHaveTheirFullSize) {
  const auto array = array_of({10, 6});
  EXPECT_EQ(size("zarr3/data/c/0/0", array), 480u);
  for (const char* key : {"0/0", "0/1", "2/0", "2/1"}) {
    EXPECT_EQ(size("zarr3/4x4/data/c/" + std::string(key), array), 4u * 4 * 8);
    EXPECT_EQ(size("zarr3/100x100/data/c/0/0", array), 100u * 100 * 8);
  }
  EXPECT_FALSE(content_of(find("zarr3/4x4/data/c/1/0", array).value(), array)->padding);
  EXPECT_TRUE(content_of(find("zarr3/4x4/data/c/1/1", array).value(), array)->padding);
}

TEST_F(ZarrStoreTest, OfAViewThatIsAnArray) {
  const auto array = array_of({10, 6});
  EXPECT_EQ(nlohmann::json::parse(text("slices/2_to_9/zarr3/data/zarr.json", array))["shape"], (nlohmann::json{7, 6}));
  EXPECT_EQ(names("index/:,0/zarr2/3/data", array), (Names{"0", "1", "2", "3", ".zarray", ".zattrs"}));
  EXPECT_EQ(names("items/3/items/4/zarr3/data", array), (Names{"c", "zarr.json"}));
  EXPECT_EQ(size("items/3/items/4/zarr3/data/c", array), 8u) << "no dimensions: c is the chunk";
  EXPECT_EQ(size("items/3/items/4/zarr2/data/0", array), 8u);
  EXPECT_FALSE(exists("items/3/items/4/zarr3/data/c/0", array));
  EXPECT_FALSE(exists("items/3/items/4/zarr3/1", array));
}

TEST_F(ZarrStoreTest, OfAnEmptyArrayHasNoChunks) {
  const auto array = array_of({0, 5});
  EXPECT_EQ(nlohmann::json::parse(text("zarr2/data/.zarray", array))["chunks"], (nlohmann::json{1, 5}));
  EXPECT_EQ(names("zarr2/data", array), (Names{".zarray", ".zattrs"}));
  EXPECT_EQ(names("zarr3/data/c", array), Names{});
  EXPECT_FALSE(exists("zarr2/data/0.0", array));
}

TEST_F(ZarrStoreTest, WhatAVersionCannotSayIsRefusedWithASentence) {
  const auto array = structured({4});
  EXPECT_EQ(names("zarr3", array), Names{"error.txt"});
  EXPECT_EQ(text("zarr3/error.txt", array), "a.npy: Zarr version 3 has no fields that are arrays, as b\n");
  EXPECT_EQ(names("zarr3/2", array), Names{"error.txt"});
  for (const char* path : {"zarr3/zarr.json", "zarr3/data", "zarr2/error.txt"}) {
    EXPECT_FALSE(exists(path, array)) << path;
  }
  EXPECT_TRUE(exists("fields/b/zarr3/data/c/0/0/0", array)) << "a field of it can be said";
}

TEST_F(ZarrStoreTest, KeysOfMillionsOfChunksAreMadeOneByOne) {
  const auto array = array_of({3000, 2000});
  const VirtualPath directory = find("zarr2/1x1/data", array).value();
  const ArrayListing listing(directory, array, 3);
  EXPECT_EQ(listing.count(), 6'000'002u);
  EXPECT_EQ(listing.name(0), "0.0");
  EXPECT_EQ(listing.name(4'321'987), "2160.1987");
  EXPECT_EQ(listing.name(6'000'000), ".zarray");
}

TEST_F(ZarrStoreTest, DifferentBytesNeverShareANumber) {
  const auto array = array_of({10, 6});
  const Names different = {"zarr2",
                           "zarr3",
                           "zarr3/4x3",
                           "zarr3/4x4",
                           "zarr3/data",
                           "zarr3/4x4/data",
                           "zarr3/4x4/data/c",
                           "zarr3/4x4/data/c/0",
                           "zarr3/4x4/data/c/1",
                           "zarr2/.zattrs",
                           "zarr2/.zgroup",
                           "zarr2/.zmetadata",
                           "zarr2/4x4/.zmetadata",
                           "zarr2/data/.zarray",
                           "zarr2/4x4/data/.zarray",
                           "zarr2/data/.zattrs",
                           "zarr3/zarr.json",
                           "zarr3/data/zarr.json",
                           "zarr3/4x4/data/zarr.json",
                           "slices/0_to_9/zarr3/data/zarr.json",
                           "zarr3/data/c/0/0",
                           "zarr3/4x4/data/c/0/0",
                           "zarr3/4x4/data/c/2/0",
                           "zarr3/8x4/data/c/1/0",
                           "zarr3/4x4/data/c/0/1",
                           "zarr3/4x5/data/c/0/1",
                           "chunks/0_of_2.bin",
                           "chunks/0_of_2.nhdr",
                           "chunks/2/0_of_2.nhdr",
                           "slices/0_to_5.nhdr"};
  for (std::size_t i = 0; i < different.size(); ++i) {
    for (std::size_t k = 0; k < i; ++k) {
      const bool same_text = different[i] == "chunks/2/0_of_2.nhdr" && different[k] == "chunks/0_of_2.nhdr";
      const bool same_inode = inode(different[i], array) == inode(different[k], array);
      EXPECT_EQ(same_inode, same_text) << different[i] << " " << different[k];
      EXPECT_EQ(*find(different[i], array) == *find(different[k], array), same_text);
    }
  }
}

TEST_F(ZarrStoreTest, TheSameChunkIsOneFileInAllStores) {
  const auto array = array_of({10, 6});
  for (const char* path : {"zarr2/4x4/data/0.0", "slices/0_to_9/zarr3/4x4/data/c/0/0"}) {
    EXPECT_EQ(*find(path, array), *find("zarr3/4x4/data/c/0/0", array)) << path;
  }
  EXPECT_EQ(*find("zarr2/4x4/data/2.1", array), *find("zarr3/4x4/data/c/2/1", array));
}

TEST_F(ZarrStoreTest, NothingInAStoreIsForWriting) {
  const auto array = array_of({10, 6});
  for (const char* path : {"zarr3/zarr.json", "zarr3/data/c/0/0", "zarr2/4x4/data/2.1", "chunks/0_of_2.nhdr"}) {
    const VirtualPath found = find(path, array).value();
    EXPECT_FALSE(is_for_writing(found, array)) << path;
    EXPECT_EQ(content_for_writing(found, array).error().kind, ErrorKind::kNotWritable) << path;
  }
}

TEST_F(ZarrStoreTest, DirectoriesOfChunksEndWhereTheArrayGetsShorter) {
  const auto before = array_of({10, 6});
  const VirtualPath third = find("zarr3/4x3/data/c/2", before).value();
  EXPECT_TRUE(check_path(third, before));
  EXPECT_FALSE(check_path(third, array_of({8, 6})));
  EXPECT_FALSE(check_path(third, array_of({10})));
  EXPECT_TRUE(check_path(find("zarr3/data", before).value(), array_of({8})));
}

TEST_F(ZarrStoreTest, DetachedHeadersDescribeTheBodyBesideThem) {
  EXPECT_EQ(
      text("chunks/01_of_3.nhdr", array_of({10, 6})),
      "NRRD0004\ntype: double\ndimension: 2\nsizes: 6 3\nendian: little\nencoding: raw\ndata file: 01_of_3.bin\n");
  EXPECT_EQ(text("index/::2.nhdr", array(npy_bytes({"'>i2'", 2, true, {4, 3}}))),
            "NRRD0004\ntype: int16\ndimension: 2\nsizes: 2 3\nendian: big\nencoding: raw\ndata file: ::2.bin\n");
  EXPECT_EQ(text("slices/0_to_4.nhdr", array(npy_bytes({"'|u1'", 1, false, {4}}))),
            "NRRD0004\ntype: uint8\ndimension: 1\nsizes: 4\nencoding: raw\ndata file: 0_to_4.bin\n");
}

TEST_F(ZarrStoreTest, TypesThatNrrdDoesNotHaveAreNotThere) {
  for (const auto& [descr, itemsize] : std::vector<std::pair<std::string, std::uint64_t>>{
           {"'|b1'", 1}, {"'<f2'", 2}, {"'<c8'", 8}, {"'<M8[ns]'", 8}, {"'|S4'", 4}, {"'<U4'", 16}, {"'|V8'", 8}}) {
    const auto of = array(npy_bytes({descr, itemsize, false, {4, 4}}));
    EXPECT_FALSE(exists("slices/0_to_4.nhdr", of)) << descr;
    EXPECT_TRUE(exists("slices/0_to_4.bin", of)) << descr;
  }
  EXPECT_FALSE(exists("slices/0_to_0.nhdr", array_of({4}))) << "no items";
  EXPECT_FALSE(exists("items/0.nhdr", array_of({4}))) << "no dimensions";
  EXPECT_TRUE(exists("fields/a.nhdr", structured({4})));
  EXPECT_FALSE(exists("fields/c.nhdr", structured({4})));
}

}  // namespace
}  // namespace npyfs
