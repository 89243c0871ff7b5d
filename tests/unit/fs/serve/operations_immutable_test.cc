#include <fcntl.h>

#include <string>

#include "tests/unit/support/operations_fixture.h"

namespace npyfs {
namespace {

constexpr std::uint64_t kForGood = 1'000'000'000;

class OperationsImmutableTest : public OperationsTest {
 public:
  explicit OperationsImmutableTest(const Options& options = all_cached(), std::uint64_t offered = FUSE_NO_OPEN_SUPPORT)
      : OperationsTest(options, kUsualFlags | offered) {}

 protected:
  static Options immutable() {
    Options options = default_options();
    options.immutable = true;
    options.entry_timeout = options.attr_timeout = options.negative_timeout = kForGood;
    return options;
  }
  static Options all_cached() {
    Options options = immutable();
    options.cache = CachePolicy::kKernelCache;
    return options;
  }

  FakeKernel::Reply ioctl(std::uint64_t node) { return kernel_.ask(FUSE_IOCTL, node, bytes_of(fuse_ioctl_in{})); }
};

TEST_F(OperationsImmutableTest, OpensAreNotAskedForAndReadsNameTheNode) {
  const std::uint64_t chunk = node("a.npy/chunks/1_of_3.npy");
  EXPECT_EQ(open(chunk).error, ENOSYS);
  EXPECT_EQ(open(node("notes.txt")).error, ENOSYS);
  const std::string npy = npy_bytes(array_);
  EXPECT_EQ(read(chunk, 0, 128, 1000).body, npy.substr(128 + 4 * 28, 3 * 28));
  EXPECT_EQ(read(node("a.npy/source.npy"), 0, 0, 10000).body, npy);
  EXPECT_EQ(read(chunk, 5, 0, 1000).error, EBADF) << "no handle was given";
  EXPECT_EQ(read(999, 0, 0, 1000).error, ESTALE);
  EXPECT_EQ(read(kRootNode, 0, 0, 1000).error, EISDIR);
  EXPECT_EQ(flush(chunk, 0).error, ENOSYS);
  EXPECT_EQ(kernel_.ask(FUSE_FSYNC, chunk, bytes_of(fuse_fsync_in{})).error, ENOSYS);
}

TEST_F(OperationsImmutableTest, AllIsKeptForGood) {
  const auto entry = structure_in<fuse_entry_out>(look_up(kRootNode, "notes.txt").body);
  EXPECT_EQ(entry.entry_valid, kForGood);
  EXPECT_EQ(entry.attr_valid, kForGood);
  const auto missing = structure_in<fuse_entry_out>(look_up(kRootNode, "missing").body);
  EXPECT_EQ(missing.nodeid, 0u);
  EXPECT_EQ(missing.entry_valid, kForGood);
  const auto opened = structure_in<fuse_open_out>(open(kRootNode, O_RDONLY, FUSE_OPENDIR).body);
  EXPECT_EQ(opened.open_flags & (FOPEN_CACHE_DIR | FOPEN_KEEP_CACHE), FOPEN_CACHE_DIR | FOPEN_KEEP_CACHE);
}

TEST_F(OperationsImmutableTest, ANameOfAControlFileIsNotKept) {
  const std::uint64_t directory = node(".npyfs");
  const auto first = structure_in<fuse_entry_out>(look_up(directory, "status").body);
  const auto second = structure_in<fuse_entry_out>(look_up(directory, "status").body);
  EXPECT_EQ(first.entry_valid, 0u);
  EXPECT_EQ(first.attr_valid, kForGood);
  EXPECT_NE(first.nodeid, second.nodeid);
  const std::string text = read(first.nodeid, 0, 0, 100'000).body;
  EXPECT_EQ(text.size(), first.attr.size);
  EXPECT_EQ(read(first.nodeid, 0, 0, 100'000).body, text);
}

TEST_F(OperationsImmutableTest, AFileIsStoredWhenItIsAskedWhetherItIsATerminal) {
  const std::uint64_t notes = node("notes.txt");
  EXPECT_EQ(ioctl(notes).error, ENOSYS);
  ASSERT_EQ(kernel_.notices().size(), 1u);
  EXPECT_TRUE(kernel_.notices()[0].ends_with("hello"));
  EXPECT_EQ(ioctl(notes).error, ENOSYS);
  EXPECT_EQ(ioctl(node("a.npy")).error, ENOSYS) << "a directory";
  EXPECT_EQ(kernel_.notices().size(), 1u);
}

class OperationsWithOneThreadTest : public OperationsImmutableTest {
 protected:
  OperationsWithOneThreadTest() : OperationsImmutableTest(with_one_thread()) {}
  static Options with_one_thread() {
    Options options = all_cached();
    options.max_threads = 1;
    return options;
  }
};

TEST_F(OperationsWithOneThreadTest, NothingIsStoredSinceNobodyCouldAnswerAReadMeanwhile) {
  EXPECT_EQ(ioctl(node("notes.txt")).error, ENOSYS);
  EXPECT_EQ(kernel_.notices().size(), 0u);
}

// Where the kernel asks for opens.
class OperationsImmutableOpeningTest : public OperationsImmutableTest {
 public:
  using OperationsImmutableTest::OperationsImmutableTest;
  void opens_are_answered() {
    const std::uint64_t notes = node("notes.txt");
    const auto first = structure_in<fuse_open_out>(open(notes).body);
    EXPECT_NE(first.fh, 0u);
    EXPECT_NE(first.open_flags & FOPEN_KEEP_CACHE, 0u) << "although the file has just been written";
    const auto second = structure_in<fuse_open_out>(open(notes).body);
    EXPECT_NE(second.open_flags & FOPEN_KEEP_CACHE, 0u);
    EXPECT_EQ(kernel_.notices().size(), 1u) << "stored at the first open";
    EXPECT_EQ(read(notes, first.fh, 0, 100).body, "hello");
    EXPECT_EQ(read(notes, 0, 0, 100).error, EBADF);
    EXPECT_EQ(release(notes, first.fh).error, 0);
    EXPECT_EQ(release(notes, second.fh).error, 0);
    EXPECT_EQ(ioctl(node("a.npy/source.npy")).error, ENOSYS);
    EXPECT_EQ(kernel_.notices().size(), 1u);
  }
  void TestBody() override { opens_are_answered(); }
};

TEST_F(OperationsImmutableTest, OpensAreAnsweredUnlessAllIsReadThroughThePageCache) {
  OperationsImmutableOpeningTest(immutable()).opens_are_answered();
}

TEST_F(OperationsImmutableTest, OpensAreAnsweredWhereTheKernelCannotDoWithout) {
  OperationsImmutableOpeningTest(all_cached(), 0).opens_are_answered();
}

TEST_F(OperationsImmutableTest, OpensAreAnsweredForTheIdleTimeout) {
  Options options = all_cached();
  options.idle_timeout = 5;
  OperationsImmutableOpeningTest(options).opens_are_answered();
}

}  // namespace
}  // namespace npyfs
