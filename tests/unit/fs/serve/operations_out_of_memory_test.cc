// Every operation with each of its allocations failing in turn.
#include <gtest/gtest.h>

#include <functional>
#include <ostream>
#include <string>
#include <vector>

#include "tests/unit/support/failing_allocations.h"
#include "tests/unit/support/operations_fixture.h"

namespace npyfs {
namespace {

// A filesystem that nobody has used yet, so that no cache saves an allocation.
class Fresh : public OperationsTest {
 public:
  explicit Fresh(bool writable) : OperationsTest(options(writable), kUsualFlags | FUSE_INIT_EXT | kDirectIoAllowMmap) {}

  using OperationsTest::directory_;
  using OperationsTest::handle_in;
  using OperationsTest::kernel_;
  using OperationsTest::look_up;
  using OperationsTest::mount_;
  using OperationsTest::node;
  using OperationsTest::open;
  using OperationsTest::read;
  using OperationsTest::release;
  using OperationsTest::write;

 private:
  static constexpr std::uint64_t kDirectIoAllowMmap = std::uint64_t{1} << 36;
  static Options options(bool writable) {
    Options options = default_options();
    options.writable = writable;
    return options;
  }
  void TestBody() override {}
};

using Action = std::function<FakeKernel::Reply()>;

struct Operation {
  const char* name;
  std::function<Action(Fresh&)> prepare;
  bool writable = false;

  friend void PrintTo(const Operation& operation, std::ostream* out) { *out << operation.name; }
};

Action listing(Fresh& fresh, const std::string& directory, fuse_opcode opcode) {
  const auto node = directory.empty() ? kRootNode : fresh.node(directory);
  const auto handle = fresh.handle_in(fresh.open(node, O_RDONLY, FUSE_OPENDIR));
  return [=, &fresh] { return fresh.read(node, handle, 0, 4096, opcode); };
}

Action reading(Fresh& fresh, const std::string& path, std::uint32_t size) {
  const auto node = fresh.node(path);
  const auto handle = fresh.handle_in(fresh.open(node));
  return [=, &fresh] { return fresh.read(node, handle, 0, size); };
}

Action attribute(Fresh& fresh, fuse_opcode opcode, const std::string& name) {
  const auto node = fresh.node("a.npy/chunks/1_of_3.npy");
  const auto request = bytes_of(fuse_getxattr_in{1000, 0}) + name;
  return [=, &fresh] { return fresh.kernel_.ask(opcode, node, request); };
}

const std::vector<Operation> kCases = {
    {"LookupArray", [](Fresh& f) { return [&f] { return f.look_up(kRootNode, "a.npy"); }; }},
    {"LookupFile", [](Fresh& f) { return [&f] { return f.look_up(kRootNode, "notes.txt"); }; }},
    {"LookupChunk",
     [](Fresh& f) { return [&f, node = f.node("a.npy/chunks/4")] { return f.look_up(node, "1_of_4.npy"); }; }},
    {"LookupControlFile",
     [](Fresh& f) { return [&f, node = f.node(".npyfs")] { return f.look_up(node, "metrics"); }; }},
    {"Getattr",
     [](Fresh& f) {
       const auto node = f.node("a.npy/chunks/1_of_3.npy");
       return [&f, node] { return f.kernel_.ask(FUSE_GETATTR, node, bytes_of(fuse_getattr_in{})); };
     }},
    {"Readlink",
     [](Fresh& f) {
       f.directory_.make_link("leaves", "/etc/passwd");
       return [&f, node = f.node("leaves")] { return f.kernel_.ask(FUSE_READLINK, node); };
     }},
    {"OpenChunk", [](Fresh& f) { return [&f, node = f.node("a.npy/chunks/1_of_3.npy")] { return f.open(node); }; }},
    {"OpenInfo", [](Fresh& f) { return [&f, node = f.node("a.npy/info.json")] { return f.open(node); }; }},
    {"OpenFile", [](Fresh& f) { return [&f, node = f.node("notes.txt")] { return f.open(node); }; }},
    {"OpenMetrics", [](Fresh& f) { return [&f, node = f.node(".npyfs/metrics")] { return f.open(node); }; }},
    {"ReadChunk", [](Fresh& f) { return reading(f, "a.npy/chunks/1_of_3.npy", 4096); }},
    {"ReadColumns",
     [](Fresh& f) {
       const TestArray matrix{"'<f8'", 8, false, {5000, 3}};
       f.directory_.write("m.npy", npy_bytes(matrix));
       return reading(f, "m.npy/axis1/chunks/1_of_3.npy", 100'000);
     }},
    {"Opendir", [](Fresh& f) { return [&f] { return f.open(kRootNode, O_RDONLY, FUSE_OPENDIR); }; }},
    {"OpendirOfChunks",
     [](Fresh& f) { return [&f, node = f.node("a.npy/chunks/4")] { return f.open(node, O_RDONLY, FUSE_OPENDIR); }; }},
    {"Readdir", [](Fresh& f) { return listing(f, "", FUSE_READDIR); }},
    {"ReaddirOfChunks", [](Fresh& f) { return listing(f, "a.npy/chunks/4", FUSE_READDIR); }},
    {"Readdirplus", [](Fresh& f) { return listing(f, "", FUSE_READDIRPLUS); }},
    {"ReaddirplusOfChunks", [](Fresh& f) { return listing(f, "a.npy/chunks/4", FUSE_READDIRPLUS); }},
    {"Statfs", [](Fresh& f) { return [&f] { return f.kernel_.ask(FUSE_STATFS, kRootNode); }; }},
    {"Getxattr", [](Fresh& f) { return attribute(f, FUSE_GETXATTR, std::string("user.npyfs.shape\0", 17)); }},
    {"Listxattr", [](Fresh& f) { return attribute(f, FUSE_LISTXATTR, ""); }},
    {"OpenForWriting",
     [](Fresh& f) { return [&f, node = f.node("a.npy/chunks/1_of_3.npy")] { return f.open(node, O_RDWR); }; }, true},
    {"Write",
     [](Fresh& f) {
       const auto node = f.node("a.npy/chunks/1_of_3.npy");
       const auto handle = f.handle_in(f.open(node, O_RDWR));
       return [&f, node, handle] { return f.write(node, handle, 128, "rows"); };
     },
     true},
    {"WriteColumns",
     [](Fresh& f) {
       const auto node = f.node("a.npy/axis1/chunks/1_of_3.bin");
       const auto handle = f.handle_in(f.open(node, O_RDWR));
       return [&f, node, handle] { return f.write(node, handle, 0, std::string(80, 'x')); };
     },
     true},
};

class OutOfMemoryTest : public testing::TestWithParam<std::tuple<Operation, FailingAllocations>> {
 protected:
  // Whether there was an allocation of that index to fail.
  bool fail_at(long index) {
    const auto& [operation, which] = GetParam();
    Fresh fresh(operation.writable);
    const Action action = operation.prepare(fresh);
    const std::size_t nodes = fresh.mount_.tree.node_count();
    const std::size_t files = fresh.mount_.tree.open_file_count();
    const auto do_work = fresh.kernel_.around_work;
    bool happened = false;
    fresh.kernel_.around_work = [&](const auto& work) {
      const AllocationFailure failure(index, which);
      work();
      happened = failure.happened();
    };
    open_log(false, LogLevel::kError);
    testing::internal::CaptureStderr();
    const auto failed = action();
    fresh.kernel_.around_work = do_work;
    testing::internal::GetCapturedStderr();
    EXPECT_TRUE(failed.came) << index;
    if (failed.error != 0) {
      EXPECT_EQ(failed.error, ENOMEM) << index;
      EXPECT_EQ(fresh.mount_.tree.node_count(), nodes) << "lookups are given back, " << index;
      EXPECT_EQ(fresh.mount_.tree.open_file_count(), files) << "files are closed, " << index;
    }
    EXPECT_EQ(action().error, 0) << "with memory it works again, " << index;
    EXPECT_FALSE(fresh.kernel_.session_has_ended());
    errors_ += failed.error != 0;
    return happened;
  }

  long errors_ = 0;
};

// The text of the metrics takes hundreds of allocations, one like the other: with sanitizers, of those every seventh.
TEST_P(OutOfMemoryTest, IsEnomemForThisRequestAlone) {
  constexpr long kMost = 2000;
  long index = 0;
  while (index < kMost && fail_at(index)) index += index < 100 ? 1 : NPYFS_EVERY;
  EXPECT_LT(index, kMost);
  if (index > 0) {
    EXPECT_GT(errors_, 0);
  }
}

INSTANTIATE_TEST_SUITE_P(Operations, OutOfMemoryTest,
                         testing::Combine(testing::ValuesIn(kCases),
                                          testing::Values(FailingAllocations::kOne, FailingAllocations::kAllFrom)),
                         [](const auto& instance) {
                           const bool one = std::get<1>(instance.param) == FailingAllocations::kOne;
                           return std::string(std::get<0>(instance.param).name) + (one ? "One" : "AllFrom");
                         });

class OutOfMemoryOnceTest : public OperationsTest {};

TEST_F(OutOfMemoryOnceTest, AtInitEndsTheSessionOrAnswers) {
  open_log(false, LogLevel::kError);
  bool happened = true;
  for (long index = 0; happened; ++index) {
    FakeKernel kernel(mount_);
    kernel.around_work = [&](const auto& work) {
      const AllocationFailure failure(index, FailingAllocations::kAllFrom);
      work();
      happened = failure.happened();
    };
    fuse_init_in request = {};
    request.major = FUSE_KERNEL_VERSION;
    request.minor = FUSE_KERNEL_MINOR_VERSION;
    request.flags = FUSE_MAX_PAGES;
    testing::internal::CaptureStderr();
    const bool answered = kernel.ask(FUSE_INIT, 0, bytes_of(request)).came;
    testing::internal::GetCapturedStderr();
    EXPECT_TRUE(answered || kernel.session_has_ended()) << index;
    ASSERT_LT(index, 100);
  }
}

TEST_F(OutOfMemoryOnceTest, AListingGoesOnWhereItFailed) {
  for (int i = 0; i < 20; ++i) directory_.write("file" + std::to_string(i), "");
  const std::uint64_t handle = handle_in(open(kRootNode, O_RDONLY, FUSE_OPENDIR));
  const auto first = read(kRootNode, handle, 0, 200, FUSE_READDIR);
  const auto cookie = structure_in<fuse_dirent>(first.body).off;
  const std::string expected = read(kRootNode, handle, cookie, 4096, FUSE_READDIR).body;
  const auto do_work = kernel_.around_work;
  for (long index = 0; index < 10; ++index) {
    kernel_.around_work = [&](const auto& work) {
      const AllocationFailure failure(index, FailingAllocations::kOne);
      work();
    };
    read(kRootNode, handle, 0, 200, FUSE_READDIR);
    read(kRootNode, handle, cookie, 4096, FUSE_READDIR);
    kernel_.around_work = do_work;
    EXPECT_TRUE(read(kRootNode, handle, cookie, 4096, FUSE_READDIR).body == expected) << index;
  }
}

}  // namespace
}  // namespace npyfs
