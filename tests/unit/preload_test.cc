#include <fcntl.h>

#include "tests/unit/operations_fixture.h"

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
  const auto opened = filesystem_.tree.open(file);
  ASSERT_TRUE(opened);
  directory_.truncate("long.txt", 10);
  filesystem_.preload.first_open(filesystem_, filesystem_.tree, **opened);
  EXPECT_EQ(kernel_.notices().size(), 0u);
  filesystem_.tree.close(**opened);
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
