#include "core/source_root.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "tests/unit/temp_directory.h"

namespace npyfs {
namespace {

std::string content(const UniqueFd& fd) {
  std::string bytes(100, '\0');
  const ssize_t got = ::pread(fd.get(), bytes.data(), bytes.size(), 0);
  bytes.resize(got < 0 ? 0 : static_cast<std::size_t>(got));
  return bytes;
}

class SourceRootTest : public testing::Test {
 protected:
  SourceRootTest() {
    directory_.write("root/file", "inside");
    directory_.write("root/sub/file", "deep");
    directory_.write("outside/file", "outside");
  }

  SourceRoot root(LeavingLinks links = LeavingLinks::kAreLinks) const {
    auto opened = SourceRoot::open(directory_.path("root"), links, Visitors::kOwner);
    if (!opened) throw std::runtime_error(to_message(opened.error()));
    return std::move(*opened);
  }

  // What open_file() finds: the file's bytes, or the name of its errno.
  static std::string read(const SourceRoot& root, const std::string& path) {
    const auto fd = root.open_file(path);
    return fd ? content(*fd) : ::strerrorname_np(to_errno(fd.error()));
  }

  const TempDirectory directory_;
};

TEST_F(SourceRootTest, OpensWhatIsBeneath) {
  const auto root = this->root();
  EXPECT_EQ(read(root, "file"), "inside");
  EXPECT_EQ(read(root, "sub/file"), "deep");
  EXPECT_EQ(read(root, "missing"), "ENOENT");
  EXPECT_EQ(read(root, "missing/file"), "ENOENT");
  EXPECT_EQ(read(root, "file/x"), "ENOTDIR");
  EXPECT_TRUE(S_ISDIR(root.status("")->st_mode));
  EXPECT_TRUE(S_ISDIR(root.status("sub")->st_mode));
  EXPECT_EQ(root.status("file")->st_size, 6);
  EXPECT_EQ(root.device(), stat_of(directory_.path("root")).st_dev);
  EXPECT_TRUE(root.open_directory("sub"));
  EXPECT_TRUE(root.open_directory(""));
  EXPECT_EQ(to_errno(root.open_directory("file").error()), ENOTDIR);
  EXPECT_GT(root.filesystem_status("sub")->f_bsize, 0u);
}

TEST_F(SourceRootTest, RefusesARootThatIsNoDirectory) {
  EXPECT_EQ(to_errno(SourceRoot::open(directory_.path("root/file"), LeavingLinks::kAreLinks, Visitors::kOwner).error()),
            ENOTDIR);
  EXPECT_EQ(to_errno(SourceRoot::open(directory_.path("nothing"), LeavingLinks::kAreLinks, Visitors::kOwner).error()),
            ENOENT);
}

TEST_F(SourceRootTest, NeverLeavesByItsPaths) {
  const auto root = this->root();
  for (const std::string& path : {std::string("../outside/file"), std::string("sub/../../outside/file"),
                                  directory_.path("outside/file"), std::string("/etc/passwd")}) {
    EXPECT_FALSE(root.open_file(path)) << path;
    EXPECT_FALSE(root.status(path)) << path;
    EXPECT_FALSE(root.open_directory(path)) << path;
  }
}

TEST_F(SourceRootTest, FollowsLinksThatStayBeneath) {
  const std::vector<std::pair<std::string, std::string>> links = {
      {"root/relative", "file"},
      {"root/deeper", "sub/file"},
      {"root/sub/up", "../file"},
      {"root/absolute", directory_.path("root/sub/file")},
      {"root/sub/absolute_up", directory_.path("root//file")},
      {"root/to_directory", "sub"},
      {"root/absolute_directory", directory_.path("root/sub/")},
      {"root/to_link", "absolute"},
      {"root/through", "absolute_directory/up"},
  };
  for (const auto& [name, target] : links) directory_.make_link(name, target);
  const auto root = this->root();
  EXPECT_EQ(read(root, "relative"), "inside");
  EXPECT_EQ(read(root, "deeper"), "deep");
  EXPECT_EQ(read(root, "sub/up"), "inside");
  EXPECT_EQ(read(root, "absolute"), "deep");
  EXPECT_EQ(read(root, "sub/absolute_up"), "inside");
  EXPECT_EQ(read(root, "to_directory/file"), "deep");
  EXPECT_EQ(read(root, "absolute_directory/file"), "deep");
  EXPECT_EQ(read(root, "to_link"), "deep");
  EXPECT_EQ(read(root, "through"), "inside");
  for (const auto& [name, target] : links) {
    const auto status = root.status(name.substr(5));
    ASSERT_TRUE(status) << name;
    EXPECT_FALSE(S_ISLNK(status->st_mode)) << name;
  }
}

TEST_F(SourceRootTest, DescribesLinksThatLeadNowhereOrOutThemselves) {
  const std::vector<std::pair<std::string, std::string>> links = {
      {"leaves", "../outside/file"},
      {"leaves_absolute", directory_.path("outside/file")},
      {"leaves_far", "/etc/passwd"},
      {"sibling", directory_.path("root-of-another-name")},
      {"dangles", "nothing"},
      {"dangles_absolute", directory_.path("root/nothing")},
      {"loops", "loops"},
      {"loops_absolute", directory_.path("root/loops_absolute")},
      {"into_file", "file/x"},
      {"magic", "/proc/self/cwd"},
  };
  for (const auto& [name, target] : links) directory_.make_link("root/" + name, target);
  const auto root = this->root();
  for (const auto& [name, target] : links) {
    const auto status = root.status(name);
    ASSERT_TRUE(status) << name;
    EXPECT_TRUE(S_ISLNK(status->st_mode)) << name;
    EXPECT_EQ(*root.read_link(name), target);
    EXPECT_FALSE(root.open_file(name)) << name;
    EXPECT_FALSE(root.open_directory(name)) << name;
  }
}

TEST_F(SourceRootTest, FollowsLeavingLinksOnlyWhenToldTo) {
  directory_.make_link("root/leaves", "../outside/file");
  directory_.make_link("root/directory", directory_.path("outside"));
  directory_.make_link("root/dangles", "/nothing/here");
  const auto root = this->root(LeavingLinks::kAreFollowed);
  EXPECT_EQ(read(root, "leaves"), "outside");
  EXPECT_EQ(read(root, "directory/file"), "outside");
  EXPECT_TRUE(S_ISDIR(root.status("directory")->st_mode));
  EXPECT_TRUE(S_ISLNK(root.status("dangles")->st_mode));
}

// What is asked of one's own mount one has to answer oneself. /proc stands for it here.
TEST_F(SourceRootTest, FollowsNoLinkIntoItsOwnMount) {
  directory_.make_link("root/own", "/proc");
  directory_.make_link("root/own_file", "/proc/version");
  directory_.make_link("root/above", "/");
  struct stat proc;
  ASSERT_EQ(::stat("/proc", &proc), 0);
  for (const auto visitors : {Visitors::kOwner, Visitors::kOthers}) {
    auto root = SourceRoot::open(directory_.path("root"), LeavingLinks::kAreFollowed, visitors);
    ASSERT_TRUE(root);
    EXPECT_TRUE(S_ISDIR(root->status("own")->st_mode));
    EXPECT_TRUE(root->open_file("own_file"));
    root->set_own_device(proc.st_dev);
    EXPECT_TRUE(S_ISLNK(root->status("own")->st_mode));
    EXPECT_EQ(*root->read_link("own"), "/proc");
    EXPECT_TRUE(S_ISLNK(root->status("own_file")->st_mode));
    EXPECT_FALSE(root->open_file("own_file"));
    EXPECT_TRUE(S_ISDIR(root->status("above")->st_mode));
    EXPECT_EQ(root->status("above/proc").error().os_error, ELOOP);
    EXPECT_EQ(root->status("above/proc/version").error().os_error, ELOOP);
    EXPECT_TRUE(S_ISDIR(root->status("above/usr")->st_mode));
  }
}

// A visitor's rights are checked by the kernel on the way through the mount, which following a link here passes over.
TEST_F(SourceRootTest, WhereOthersVisitLinksThroughClosedDirectoriesAreLeftToTheKernel) {
  directory_.write("root/closed/file", "for few");
  ASSERT_EQ(::chmod(directory_.path("root/closed").c_str(), 0700), 0);
  ASSERT_EQ(::chmod(directory_.path("root").c_str(), 0755), 0);
  ASSERT_EQ(::chmod(directory_.path("root/sub").c_str(), 0755), 0);
  directory_.make_link("root/into_closed", "closed/file");
  directory_.make_link("root/into_closed_absolute", directory_.path("root/closed/file"));
  directory_.make_link("root/into_open", "sub/file");
  const auto others = SourceRoot::open(directory_.path("root"), LeavingLinks::kAreLinks, Visitors::kOthers);
  ASSERT_TRUE(others);
  EXPECT_TRUE(S_ISLNK(others->status("into_closed")->st_mode));
  EXPECT_TRUE(S_ISLNK(others->status("into_closed_absolute")->st_mode));
  EXPECT_TRUE(S_ISREG(others->status("into_open")->st_mode));
  EXPECT_TRUE(S_ISREG(others->status("closed/file")->st_mode)) << "the kernel has checked the way to here";
  EXPECT_TRUE(S_ISREG(root().status("into_closed")->st_mode)) << "its owner alone";
}

TEST_F(SourceRootTest, WhereOthersVisitLinksAreFollowedFromWhereTheyAre) {
  const auto set_mode = [&](const char* path, mode_t mode) {
    ASSERT_EQ(::chmod(directory_.path(path).c_str(), mode), 0);
  };
  directory_.write("root/closed/sub/within/file", "below");
  directory_.write("root/closed/file", "above");
  directory_.make_link("root/closed/sub/down", "within/file");
  directory_.make_link("root/closed/sub/itself", ".");
  directory_.make_link("root/closed/sub/up", "../file");
  directory_.make_link("root/closed/sub/top", "../..");
  set_mode("root/closed", 0700);
  set_mode("root/closed/sub", 0700);
  set_mode("root/closed/sub/within", 0755);
  const auto others = SourceRoot::open(directory_.path("root"), LeavingLinks::kAreLinks, Visitors::kOthers);
  ASSERT_TRUE(others);
  EXPECT_TRUE(S_ISREG(others->status("closed/sub/down")->st_mode)) << "who has the link has what is beside it";
  EXPECT_TRUE(S_ISDIR(others->status("closed/sub/itself")->st_mode));
  EXPECT_TRUE(S_ISDIR(others->status("closed/sub/top")->st_mode)) << "the root is open to all who come";
  EXPECT_TRUE(S_ISLNK(others->status("closed/sub/up")->st_mode)) << "it may have been closed since";
  set_mode("root/closed/sub/within", 0750);
  EXPECT_TRUE(S_ISLNK(others->status("closed/sub/down")->st_mode));
  const auto following = SourceRoot::open(directory_.path("root"), LeavingLinks::kAreFollowed, Visitors::kOthers);
  ASSERT_TRUE(following);
  EXPECT_TRUE(S_ISREG(following->status("closed/sub/up")->st_mode));
}

TEST_F(SourceRootTest, WhereOthersVisitNamesAreThoseOfTheDirectoryThatIsMeant) {
  const auto others = SourceRoot::open(directory_.path("root"), LeavingLinks::kAreLinks, Visitors::kOthers);
  ASSERT_TRUE(others);
  const auto identity = others->status("sub")->identity();
  EXPECT_TRUE(others->status_in("sub", identity, "file"));
  EXPECT_TRUE(others->open_directory("sub", identity));
  EXPECT_TRUE(others->filesystem_status("sub", identity));
  EXPECT_EQ(others->status_in("sub", identity, "missing").error().os_error, ENOENT);
  std::filesystem::rename(directory_.path("root/sub"), directory_.path("root/old"));
  directory_.write("root/sub/file", "another");
  EXPECT_EQ(others->status_in("sub", identity, "file").error().kind, ErrorKind::kStale);
  EXPECT_EQ(others->open_directory("sub", identity).error().kind, ErrorKind::kStale);
  EXPECT_EQ(others->filesystem_status("sub", identity).error().kind, ErrorKind::kStale);
  EXPECT_TRUE(others->status_in("sub", 0, "file"));
  EXPECT_TRUE(others->status_in("old", identity, "file"));
  for (const char* name : {"..", "../root", "sub/file"}) EXPECT_FALSE(others->status_in("", 0, name)) << name;
}

TEST_F(SourceRootTest, AnInodeNumberThatIsUsedAgainIsAnotherDirectory) {
  const auto others = SourceRoot::open(directory_.path("root"), LeavingLinks::kAreLinks, Visitors::kOthers);
  ASSERT_TRUE(others);
  for (int attempt = 0; attempt < 100; ++attempt) {
    directory_.make_directory("root/again");
    const auto before = others->status("again");
    ASSERT_EQ(::rmdir(directory_.path("root/again").c_str()), 0);
    directory_.make_directory("root/again");
    const auto after = others->status("again");
    if (before->birth_ns == 0) GTEST_SKIP() << "this filesystem does not know when files were made";
    EXPECT_NE(before->identity(), after->identity());
    if (before->st_ino == after->st_ino) return;
    ASSERT_EQ(::rmdir(directory_.path("root/again").c_str()), 0);
  }
  GTEST_SKIP() << "this filesystem uses no number again";
}

TEST_F(SourceRootTest, AStatusIsWhatStatSays) {
  const auto others = SourceRoot::open(directory_.path("root"), LeavingLinks::kAreLinks, Visitors::kOthers);
  ASSERT_TRUE(others);
  for (const char* path : {"", "file", "sub"}) {
    const auto status = others->status(path);
    ASSERT_TRUE(status) << path;
    const struct stat expected = stat_of(directory_.path(std::string("root/") + path));
    EXPECT_EQ(std::memcmp(static_cast<const struct stat*>(&*status), &expected, sizeof expected), 0) << path;
  }
}

TEST_F(SourceRootTest, ARootThatIsALinkIsKnownByBothNames) {
  directory_.make_link("alias", "root");
  directory_.make_link("root/by_alias", directory_.path("alias/sub/file"));
  directory_.make_link("root/by_name", directory_.path("root/sub/file"));
  const auto root = SourceRoot::open(directory_.path("alias"), LeavingLinks::kAreLinks, Visitors::kOwner);
  ASSERT_TRUE(root);
  EXPECT_EQ(read(*root, "by_alias"), "deep");
  EXPECT_EQ(read(*root, "by_name"), "deep");
  EXPECT_EQ(root->absolute("sub/file"), directory_.path("root/sub/file"));
}

// outside/door is a link to a directory elsewhere, so outside/door/../root is not outside/root.
TEST_F(SourceRootTest, ARootGivenWithDotsBehindALinkIsTheKernelsOne) {
  directory_.make_link("outside/door", directory_.path("root"));
  directory_.write("outside/root/file", "another");
  directory_.make_link("root/leaves", directory_.path("outside/root/file"));
  const auto root =
      SourceRoot::open(directory_.path("outside/door/../root"), LeavingLinks::kAreLinks, Visitors::kOwner);
  ASSERT_TRUE(root);
  EXPECT_EQ(read(*root, "file"), "inside");
  EXPECT_TRUE(S_ISLNK(root->status("leaves")->st_mode)) << "this link leads to another directory of that name";
}

TEST_F(SourceRootTest, AbsolutePathsHaveOneSlash) {
  const auto root = SourceRoot::open(directory_.path("root//"), LeavingLinks::kAreLinks, Visitors::kOwner);
  ASSERT_TRUE(root);
  EXPECT_EQ(root->absolute(""), directory_.path("root"));
  EXPECT_EQ(root->absolute("a/b.npy"), directory_.path("root/a/b.npy"));
  const auto all = SourceRoot::open("/", LeavingLinks::kAreLinks, Visitors::kOwner);
  ASSERT_TRUE(all);
  EXPECT_EQ(all->absolute(""), "/");
  EXPECT_EQ(all->absolute("a"), "/a");
}

TEST_F(SourceRootTest, WhatIsNoRegularFileIsNotFoundAndNeverBlocks) {
  ASSERT_EQ(::mkfifo(directory_.path("root/fifo").c_str(), 0600), 0);
  const UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = {}};
  directory_.path("root/socket").copy(address.sun_path, sizeof address.sun_path - 1);
  ASSERT_EQ(::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  const auto root = this->root();
  for (const char* name : {"fifo", "sub", "socket"}) {
    const auto fd = root.open_file(name);  // of a FIFO without a writer: hangs where it blocks
    ASSERT_FALSE(fd) << name;
    EXPECT_EQ(fd.error().kind, ErrorKind::kNotFound) << name << ": " << to_message(fd.error());
  }
  EXPECT_TRUE(S_ISFIFO(root.status("fifo")->st_mode));
  EXPECT_TRUE(S_ISSOCK(root.status("socket")->st_mode));
}

TEST_F(SourceRootTest, TellsWhereADirectoryLies) {
  directory_.make_link("to_sub", "root/sub");
  directory_.make_link("root/out", "../outside");
  const auto root = this->root();
  using Position = SourceRoot::Position;
  EXPECT_EQ(*root.position_of(directory_.path("root")), Position::kRoot);
  EXPECT_EQ(*root.position_of(directory_.path("root/sub/..")), Position::kRoot);
  EXPECT_EQ(*root.position_of(directory_.path("root/sub")), Position::kBeneath);
  EXPECT_EQ(*root.position_of(directory_.path("to_sub")), Position::kBeneath);
  EXPECT_EQ(*root.position_of(directory_.path("outside")), Position::kOutside);
  EXPECT_EQ(*root.position_of(directory_.path("root/out")), Position::kOutside);
  EXPECT_EQ(*root.position_of(directory_.path()), Position::kOutside);
  EXPECT_EQ(*root.position_of("/"), Position::kOutside);
  EXPECT_EQ(*root.position_of("/proc"), Position::kOutside) << "another filesystem";
  EXPECT_FALSE(root.position_of(directory_.path("root/nothing")));
  EXPECT_FALSE(root.position_of(directory_.path("root/file")));
  const auto all = SourceRoot::open("/", LeavingLinks::kAreLinks, Visitors::kOwner);
  EXPECT_EQ(*all->position_of("/"), Position::kRoot);
  EXPECT_EQ(*all->position_of("/proc/self"), Position::kBeneath) << "mounted below the root";
}

TEST_F(SourceRootTest, AMovedRootIsStillTheSameDirectory) {
  const auto root = this->root();
  std::filesystem::rename(directory_.path("root"), directory_.path("moved"));
  directory_.write("root/file", "another directory of that name");
  EXPECT_EQ(read(root, "file"), "inside");
}

// Somebody swaps a directory for a link that leaves, as fast as they can. NPYFS_SWAPS=100000 has as many swaps.
TEST_F(SourceRootTest, ARaceOfRenamesNeverLeadsOut) {
  directory_.make_link("root/away", directory_.path("outside"));
  const auto root = this->root();
  const char* const given = std::getenv("NPYFS_SWAPS");
  const int wanted = given == nullptr ? 5'000 : std::atoi(given);
  std::atomic<int> swaps = 0;
  std::jthread swapper([&](const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      swaps += ::renameat2(AT_FDCWD, directory_.path("root/sub").c_str(), AT_FDCWD,
                           directory_.path("root/away").c_str(), RENAME_EXCHANGE) == 0;
    }
  });
  int inside = 0, refused = 0;
  while (swaps < wanted || inside == 0 || refused == 0) {
    const std::string bytes = read(root, "sub/file");
    ASSERT_NE(bytes, "outside");
    ++(bytes == "deep" ? inside : refused);
  }
  RecordProperty("swaps", swaps);
  RecordProperty("reads", inside + refused);
}

TEST_F(SourceRootTest, LeaksNoDescriptors) {
  directory_.make_link("root/absolute", directory_.path("root/sub/file"));
  directory_.make_link("root/leaves", "/etc/passwd");
  const std::size_t before = open_descriptors();
  {
    const auto root = this->root();
    for (const char* path : {"file", "absolute", "leaves", "missing", "sub", "../outside"}) {
      (void)root.status(path);
      (void)root.open_file(path);
      (void)root.open_directory(path);
      (void)root.read_link(path);
      (void)root.filesystem_status(path);
    }
    (void)root.position_of(directory_.path("root/sub"));
  }
  EXPECT_EQ(open_descriptors(), before);
}

TEST_F(SourceRootTest, CanBeReplacedWhileItIsUsed) {
  auto root = this->root();
  const auto before = open_descriptors();
  directory_.write("new/file", "new");
  const auto replace_by = [&](const std::string& path) {
    return root.replace(UniqueFd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)));
  };
  EXPECT_FALSE(replace_by(directory_.path("missing")));
  EXPECT_EQ(read(root, "file"), "inside");
  std::jthread reader([&](const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      const std::string found = read(root, "file");
      EXPECT_TRUE(found == "inside" || found == "new") << found;
    }
  });
  for (int i = 0; i < 200; ++i) {
    EXPECT_TRUE(replace_by(directory_.path("root")));
    EXPECT_TRUE(replace_by(directory_.path("new")));
  }
  reader = {};
  EXPECT_EQ(read(root, "file"), "new");
  EXPECT_EQ(read(root, "../outside/file"), "EXDEV");
  EXPECT_EQ(open_descriptors(), before);
}

TEST_F(SourceRootTest, IsNotReplacedWhileItsMountIsThere) {
  SourceMount mount = root().mount("");
  EXPECT_GE(mount.descriptor(), 0);
  const auto replacement = mount.replacement();
  ASSERT_TRUE(replacement);
  EXPECT_FALSE(*replacement);
}

}  // namespace
}  // namespace npyfs
