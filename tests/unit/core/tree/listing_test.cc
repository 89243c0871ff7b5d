#include "core/tree/listing.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/array/array_name.h"
#include "core/array/attributes.h"
#include "core/tree/mirror_listing.h"
#include "core/tree/virtual_listing.h"
#include "tests/unit/support/npy_bytes.h"
#include "tests/unit/support/temp_directory.h"

namespace npyfs {
namespace {

struct Listed {
  std::string name;
  ino_t inode;
  mode_t type;
  std::uint64_t next_cookie;
};

// Names from `cookie` on, `most` of them at a time, as a kernel with a small buffer asks for them.
std::vector<Listed> list(Listing& listing, std::size_t most = 1'000'000, std::uint64_t cookie = 0) {
  std::vector<Listed> all;
  while (true) {
    std::size_t taken = 0;
    const auto result = listing.read(cookie, [&](const ListedName& name) {
      if (taken == most) return false;
      ++taken;
      all.push_back({std::string(name.name), name.inode, name.type, name.next_cookie});
      return true;
    });
    EXPECT_TRUE(result);
    if (taken == 0) return all;
    cookie = all.back().next_cookie;
  }
}

std::vector<std::string> names_of(const std::vector<Listed>& listed) {
  std::vector<std::string> names;
  for (const auto& entry : listed) names.push_back(entry.name);
  return names;
}

std::vector<std::string> sorted(std::vector<std::string> names) {
  std::sort(names.begin(), names.end());
  return names;
}

class MirrorListingTest : public testing::Test {
 protected:
  SourceRoot root(Symlinks links = Symlinks::kWithinRoot) const {
    return std::move(*SourceRoot::open(directory_.path(), links, Users::kOwner));
  }

  const TempDirectory directory_;
};

TEST_F(MirrorListingTest, ListsTheSourceWithArraysAsDirectories) {
  directory_.write("sub/a.npy", "no array, and nobody looks");
  directory_.write("sub/notes.txt", "hello");
  directory_.make_directory("sub/directory.npy");
  directory_.make_link("sub/link.npy", "a.npy");
  directory_.make_link("sub/leaves.npy", "/etc/passwd");
  ASSERT_EQ(::mkfifo(directory_.path("sub/fifo.npy").c_str(), 0600), 0);
  const auto root = this->root();
  const auto listing = MirrorListing::open(root, "sub");
  ASSERT_TRUE(listing);
  std::set<std::pair<std::string, mode_t>> types;
  for (const auto& entry : list(**listing)) types.insert({entry.name, entry.type});
  EXPECT_EQ(types, (std::set<std::pair<std::string, mode_t>>{{".", S_IFDIR},
                                                             {"..", S_IFDIR},
                                                             {"a.npy", S_IFDIR},
                                                             {"notes.txt", S_IFREG},
                                                             {"directory.npy", S_IFDIR},
                                                             {"link.npy", S_IFDIR},
                                                             {"leaves.npy", S_IFLNK},
                                                             {"fifo.npy", S_IFIFO}}));
}

TEST_F(MirrorListingTest, InodesAreThoseThatStatShows) {
  directory_.write("sub/a.npy", "");
  directory_.write("sub/b", "");
  directory_.make_link("sub/link", "b");
  const auto root = this->root();
  for (const auto& entry : list(**MirrorListing::open(root, "sub"))) {
    if (entry.name == "..") continue;
    const auto status = root.status("sub/" + entry.name);
    EXPECT_EQ(entry.inode, mirrored_inode(*status, root.device())) << entry.name;
  }
}

TEST_F(MirrorListingTest, InodesAreThoseThatStatShowsOnAnotherFilesystemToo) {
  if (stat_of("/dev/shm").st_dev == root().device()) GTEST_SKIP() << "/dev/shm is no filesystem of its own";
  const TempDirectory elsewhere("/dev/shm");
  elsewhere.write("a.npy", "");
  elsewhere.write("b", "");
  directory_.make_link("elsewhere", elsewhere.path());
  const auto root = this->root(Symlinks::kAnywhere);
  for (const auto& entry : list(**MirrorListing::open(root, "elsewhere"))) {
    if (entry.name == "..") continue;
    const auto status = root.status("elsewhere/" + entry.name);
    EXPECT_EQ(entry.inode, mirrored_inode(*status, root.device())) << entry.name;
  }
}

TEST_F(MirrorListingTest, GoesOnWhereItWasHoweverLittleIsTakenAtATime) {
  std::vector<std::string> expected = {".", ".."};
  for (int i = 0; i < 300; ++i) {
    expected.push_back("file" + std::to_string(i));
    directory_.write(expected.back(), "");
  }
  const auto root = this->root();
  const auto listing = std::move(*MirrorListing::open(root, ""));
  for (const std::size_t most : {1u, 2u, 7u, 100u, 1000u}) {
    const auto all = list(*listing, most);
    EXPECT_EQ(sorted(names_of(all)), sorted(expected)) << most << " at a time";
    for (const std::size_t i : {0u, 1u, 17u, 150u, 300u}) {  // seek back into the middle
      const auto rest = names_of(list(*listing, most, all[i].next_cookie));
      const auto all_names = names_of(all);
      EXPECT_EQ(rest,
                std::vector<std::string>(all_names.begin() + static_cast<std::ptrdiff_t>(i) + 1, all_names.end()));
    }
  }
}

TEST_F(MirrorListingTest, ANameThatStaysIsListedOnceWhateverElseChanges) {
  for (int i = 0; i < 200; ++i) directory_.write("stays" + std::to_string(i), "");
  for (int i = 0; i < 200; ++i) directory_.write("goes" + std::to_string(i), "");
  const auto root = this->root();
  const auto listing = std::move(*MirrorListing::open(root, ""));
  std::multiset<std::string> seen;
  std::uint64_t cookie = 0;
  for (int round = 0;; ++round) {
    std::size_t taken = 0;
    ASSERT_TRUE(listing->read(cookie, [&](const ListedName& name) {
      if (taken == 10) return false;
      ++taken;
      seen.insert(std::string(name.name));
      cookie = name.next_cookie;
      return true;
    }));
    if (taken == 0) break;
    for (int i = 0; i < 10 && round < 20; ++i) {
      std::filesystem::remove(directory_.path("goes" + std::to_string(round * 10 + i)));
    }
  }
  for (int i = 0; i < 200; ++i) EXPECT_EQ(seen.count("stays" + std::to_string(i)), 1u) << i;
}

TEST_F(MirrorListingTest, SeesNewNamesAfterARewind) {
  const auto root = this->root();
  const auto listing = std::move(*MirrorListing::open(root, ""));
  EXPECT_EQ(list(*listing).size(), 2u);
  directory_.write("new", "");
  EXPECT_EQ(sorted(names_of(list(*listing))), (std::vector<std::string>{".", "..", "new"}));
}

TEST_F(MirrorListingTest, FailsForWhatIsNoDirectory) {
  directory_.write("file", "");
  const auto root = this->root();
  EXPECT_EQ(to_errno(MirrorListing::open(root, "file").error()), ENOTDIR);
  EXPECT_EQ(to_errno(MirrorListing::open(root, "missing").error()), ENOENT);
}

class VirtualListingTest : public testing::Test {
 protected:
  VirtualListingTest() : root_(*SourceRoot::open(directory_.path(), Symlinks::kWithinRoot, Users::kOwner)) {
    directory_.write("a.npy", npy_bytes({"[('x', '<i2'), ('y', '<i4', (2,))]", 10, false, {20, 3}}));
    const auto mappings = std::make_shared<MappingCache>(1 << 20, 1);
    array_ = {SourceStatus{stat_of(directory_.path("a.npy"))},
              NpyFile::open(root_, "a.npy", SourceIo::kMmap, mappings, WrittenHere::kNo),
              root_.path_of(std::make_shared<const std::string>("a.npy"))};
  }

  VirtualPath path(std::string_view text) const {
    VirtualPath path;
    while (!text.empty()) {
      const std::size_t slash = text.find('/');
      auto next = find_name(path, text.substr(0, slash), array_);
      if (!next) throw std::runtime_error(to_message(next.error()));
      path = std::move(next->path);
      text.remove_prefix(slash == std::string_view::npos ? text.size() : slash + 1);
    }
    return path;
  }
  VirtualListing listing(std::string_view text) const { return VirtualListing(path(text), array_, 4, root_.device()); }

  const TempDirectory directory_;
  const SourceRoot root_;
  ArrayState array_{{}, std::unexpected(Error{}), root_.path_of(std::make_shared<const std::string>())};
};

TEST_F(VirtualListingTest, ListsTheChunksInRowOrder) {
  auto chunks = listing("chunks/11");
  auto names = names_of(list(chunks));
  ASSERT_EQ(names.size(), 13u);
  EXPECT_EQ(names[0], ".");
  EXPECT_EQ(names[1], "..");
  EXPECT_EQ(names[2], "00_of_11.npy");
  EXPECT_EQ(names[12], "10_of_11.npy");
  names.erase(names.begin(), names.begin() + 2);
  EXPECT_EQ(names, sorted(names));
}

TEST_F(VirtualListingTest, GoesOnAtAnyCookieHoweverLittleIsTakenAtATime) {
  auto chunks = listing("chunks/1000");
  const auto all = list(chunks);
  ASSERT_EQ(all.size(), 1002u);
  for (const std::size_t most : {1u, 3u, 500u}) EXPECT_EQ(names_of(list(chunks, most)), names_of(all));
  EXPECT_EQ(list(chunks, 10, all[700].next_cookie).front().name, all[701].name);
  EXPECT_TRUE(list(chunks, 10, all.back().next_cookie).empty());
  EXPECT_TRUE(list(chunks, 10, ~std::uint64_t{0}).empty());
}

TEST_F(VirtualListingTest, HowManyThereAreCostsNothing) {
  auto chunks = listing("chunks/9223372036854775807");
  std::vector<std::string> names;
  ASSERT_TRUE(chunks.read(2 + 9223372036854775800ull, [&](const ListedName& name) {
    names.emplace_back(name.name);
    return true;
  }));
  ASSERT_EQ(names.size(), 7u);
  EXPECT_EQ(names.back(), "9223372036854775806_of_9223372036854775807.npy");
}

TEST_F(VirtualListingTest, InodesAreThoseThatStatShows) {
  for (const char* text :
       {"", "axis1", "chunks", "chunks/3", "axis1/chunks/3", "items", "axis1/items", "batches/6", "fields", "index",
        "slices", "chunks/0_of_2", "chunks/0_of_2/axis1", "fields/y/items", "slices/1_to_9_by_2/chunks/3"}) {
    const VirtualPath directory = path(text);
    auto listed = listing(text);
    for (const auto& entry : list(listed)) {
      if (entry.name == "..") continue;
      const auto found =
          entry.name == "." ? FoundName{directory, std::nullopt} : find_name(directory, entry.name, array_);
      ASSERT_TRUE(found) << entry.name;
      const ino_t inode = virtual_inode(array_.status, root_.device(), found->path, array_.path.absolute());
      EXPECT_EQ(entry.inode, inode) << text << "/" << entry.name;
      EXPECT_EQ(entry.type, is_directory(found->path.name) ? mode_t{S_IFDIR} : mode_t{S_IFREG})
          << text << "/" << entry.name;
    }
  }
}

TEST_F(VirtualListingTest, AViewAsAnArrayListsWhatTheArrayListsButItsSource) {
  auto view = listing("slices/2_to_12");
  EXPECT_EQ(sorted(names_of(list(view))), (std::vector<std::string>{".", "..", "axis0", "axis1", "batches", "chunks",
                                                                    "fields", "index", "info.json", "slices"}));
  auto items = listing("slices/2_to_12/items");
  EXPECT_EQ(names_of(list(items)), (std::vector<std::string>{".", "..", "0.npy", "1.npy", "2.npy", "3.npy", "4.npy",
                                                             "5.npy", "6.npy", "7.npy", "8.npy", "9.npy"}));
}

TEST(IsArrayName, RegularFilesThatEndInNpy) {
  EXPECT_TRUE(is_array_name("a.npy", S_IFREG));
  EXPECT_TRUE(is_array_name(".npy", S_IFREG));
  EXPECT_FALSE(is_array_name("a.npy", S_IFDIR));
  EXPECT_FALSE(is_array_name("a.npy", S_IFLNK));
  EXPECT_FALSE(is_array_name("a.NPY", S_IFREG));
  EXPECT_FALSE(is_array_name("a.npz", S_IFREG));
  EXPECT_FALSE(is_array_name("npy", S_IFREG));
  const ArraySuffixes suffixes = {".cs", ".tar.x"};
  for (const char* name : {"a.npy", "a.cs", "b.tar.x"}) EXPECT_TRUE(is_array_name(name, S_IFREG, suffixes));
  for (const char* name : {"a.x", "cs", "a.cs2"}) EXPECT_FALSE(is_array_name(name, S_IFREG, suffixes));
  EXPECT_FALSE(is_array_name("a.cs", S_IFDIR, suffixes));
  EXPECT_FALSE(check_array_suffix("suffix", std::string(".a\0b", 4)));
}

}  // namespace
}  // namespace npyfs
