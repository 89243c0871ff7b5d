#include <fcntl.h>

#include <optional>

#include "tests/unit/support/later_clock.h"
#include "tests/unit/support/operations_fixture.h"

namespace npyfs {
namespace {

class PreloadTest : public OperationsTest {
 protected:
  PreloadTest() = default;
  explicit PreloadTest(const Options& options) : OperationsTest(options) {}

  // What the notice number `index` puts into the page cache, and of which node.
  std::string stored(std::size_t index, std::uint64_t node) {
    if (index >= kernel_.notices().size()) return "no notice";
    const std::string& notice = kernel_.notices()[index];
    const auto header = structure_in<fuse_out_header>(notice);
    const auto store = structure_in<fuse_notify_store_out>(notice, sizeof header);
    EXPECT_EQ(header.error, FUSE_NOTIFY_STORE);
    EXPECT_EQ(store.nodeid, node);
    EXPECT_EQ(store.offset, 0u);
    EXPECT_EQ(notice.size(), sizeof header + sizeof store + store.size);
    return notice.substr(sizeof header + sizeof store);
  }

  std::string read_whole(std::uint64_t node, std::uint64_t handle) { return read(node, handle, 0, 1 << 19).body; }

  // Whether an open leaves the pages that the kernel has of the node where they are.
  bool keeps_pages(const fuse_open_out& opened) { return (opened.open_flags & FOPEN_KEEP_CACHE) != 0; }
  fuse_open_out opened(std::uint64_t node) { return structure_in<fuse_open_out>(open(node).body); }
  bool keeps_pages_once_open(std::uint64_t node) {
    const auto file = opened(node);
    release(node, file.fh);
    return keeps_pages(file);
  }
  void notify_of_change(const std::string& path) {
    SourceChanges changes;
    changes.add(path, false);
    mount_.tree.invalidate_changed(changes, [](NodeId) { return true; });
  }

  std::optional<LaterClock> later_{std::in_place};  // what was written is not racy
};

TEST_F(PreloadTest, ASmallFileIsStoredBeforeItsFirstOpenIsAnswered) {
  const std::uint64_t chunk = node("a.npy/axis1/chunks/1_of_3.npy");
  const std::uint64_t handle = handle_in(open(chunk));
  ASSERT_EQ(kernel_.notices().size(), 1u);
  EXPECT_EQ(stored(0, chunk), read_whole(chunk, handle));
}

TEST_F(PreloadTest, NothingIsStoredAtLaterOpens) {
  const std::uint64_t notes = node("notes.txt");
  const std::uint64_t handle = handle_in(open(notes));
  EXPECT_EQ(stored(0, notes), "hello");
  EXPECT_EQ(open(notes).error, 0);
  release(notes, handle);
  EXPECT_EQ(open(notes).error, 0);
  EXPECT_EQ(kernel_.notices().size(), 1u);
}

TEST_F(PreloadTest, ANodeThatWasForgottenIsStoredAnew) {
  const std::uint64_t before = node("notes.txt");
  release(before, handle_in(open(before)));
  forget(before, 1);
  const std::uint64_t after = node("notes.txt");
  ASSERT_NE(after, before);
  EXPECT_EQ(open(after).error, 0);
  EXPECT_EQ(stored(1, after), "hello");
}

TEST_F(PreloadTest, FilesOfNoBytesAndLargeFilesAreNotStored) {
  directory_.write("empty.txt", "");
  directory_.write("large.bin", std::string((128 << 10) + 1, 'x'));
  EXPECT_EQ(open(node("empty.txt")).error, 0);
  EXPECT_EQ(open(node("large.bin")).error, 0);
  EXPECT_EQ(kernel_.notices().size(), 0u);
}

TEST_F(PreloadTest, ASourceThatCannotBeReadIsLeftToTheReader) {
  const std::string long_text(100'000, 'x');
  directory_.write("long.txt", long_text);
  const std::uint64_t file = node("long.txt");
  const auto opened = mount_.tree.open(file);
  ASSERT_TRUE(opened);
  directory_.truncate("long.txt", 10);
  mount_.preload.first_open(mount_.notices, mount_.tree, **opened);
  EXPECT_EQ(kernel_.notices().size(), 0u);
  mount_.tree.close(**opened);
}

TEST_F(PreloadTest, NothingIsStoredOrKeptWhileTheTimestampOfTheSourceIsRacy) {
  later_.reset();
  for (const char* path : {"a.npy/chunks/0_of_1.npy", "a.npy/info.json", "notes.txt"}) {
    const std::uint64_t file = node(path);
    EXPECT_FALSE(keeps_pages_once_open(file)) << path;
    EXPECT_FALSE(keeps_pages_once_open(file)) << path;
    later_.emplace();
    EXPECT_FALSE(keeps_pages_once_open(file)) << path << ": this drops what was read meanwhile";
    EXPECT_TRUE(keeps_pages_once_open(file)) << path;
    later_.reset();
  }
  EXPECT_EQ(kernel_.notices().size(), 0u);
}

TEST_F(PreloadTest, OpensKeepNoPagesUntilOneThatDropsThemIsReleased) {
  const std::uint64_t chunk = node("a.npy/chunks/0_of_1.npy");
  later_.reset();
  const auto young = opened(chunk);
  later_.emplace();
  const auto dropping = opened(chunk);
  EXPECT_FALSE(keeps_pages(dropping));
  release(chunk, young.fh);
  EXPECT_FALSE(keeps_pages_once_open(chunk)) << "its answer may overtake the other one's";
  EXPECT_TRUE(keeps_pages_once_open(chunk));
  release(chunk, dropping.fh);
  EXPECT_TRUE(keeps_pages_once_open(chunk));
}

TEST_F(PreloadTest, AnOpenWhoseReplyIsNotDeliveredDropsNothing) {
  const std::uint64_t chunk = node("a.npy/chunks/0_of_1.npy");
  notify_of_change("a.npy");
  const auto file = mount_.tree.open(chunk);
  ASSERT_TRUE(file);
  EXPECT_NE((*file)->stale_mark, Nodes::kNotStale);
  mount_.tree.take_back(**file);
  EXPECT_FALSE(keeps_pages_once_open(chunk));
  EXPECT_TRUE(keeps_pages_once_open(chunk));
}

TEST_F(PreloadTest, AChangeOfAFileHasItsPagesDroppedAtTheNextOpen) {
  const std::uint64_t chunk = node("a.npy/chunks/0_of_1.npy");
  const std::uint64_t notes = node("notes.txt");
  EXPECT_TRUE(keeps_pages_once_open(chunk));
  EXPECT_TRUE(keeps_pages_once_open(notes));
  notify_of_change("a.npy");
  EXPECT_FALSE(keeps_pages_once_open(chunk));
  EXPECT_TRUE(keeps_pages_once_open(chunk));
  EXPECT_TRUE(keeps_pages_once_open(notes));
}

class PreloadDirectTest : public PreloadTest {
 protected:
  PreloadDirectTest() : PreloadTest(direct_io()) {}
  static Options direct_io() {
    Options options = default_options();
    options.cache = CachePolicy::kDirectIo;
    return options;
  }
};

TEST_F(PreloadDirectTest, NothingIsStoredWherePagesAreNotUsed) {
  EXPECT_EQ(open(node("notes.txt")).error, 0);
  EXPECT_EQ(kernel_.notices().size(), 0u);
}

}  // namespace
}  // namespace npyfs
