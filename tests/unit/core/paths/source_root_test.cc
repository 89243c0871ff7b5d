#include "core/paths/source_root.h"

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

#include "tests/unit/support/source_root_fixture.h"

namespace npyfs {
namespace {

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
  EXPECT_EQ(to_errno(SourceRoot::open(directory_.path("root/file"), Symlinks::kWithinRoot, Users::kOwner).error()),
            ENOTDIR);
  EXPECT_EQ(to_errno(SourceRoot::open(directory_.path("nothing"), Symlinks::kWithinRoot, Users::kOwner).error()),
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

TEST_F(SourceRootTest, WithOtherUsersNamesAreThoseOfTheDirectoryThatIsMeant) {
  const auto others = SourceRoot::open(directory_.path("root"), Symlinks::kWithinRoot, Users::kOthers);
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
  const auto others = SourceRoot::open(directory_.path("root"), Symlinks::kWithinRoot, Users::kOthers);
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
  directory_.make_link("root/to_file", "sub/file");
  for (const Users users : {Users::kOwner, Users::kOthers}) {
    const auto root = SourceRoot::open(directory_.path("root"), Symlinks::kWithinRoot, users);
    ASSERT_TRUE(root);
    for (const char* path : {"", "file", "sub", "sub/file", "to_file"}) {
      const auto status = root->status(path);
      ASSERT_TRUE(status) << path;
      const std::string target = path == std::string("to_file") ? "sub/file" : path;
      const struct stat expected = stat_of(directory_.path("root/" + target));
      EXPECT_EQ(std::memcmp(static_cast<const struct stat*>(&*status), &expected, sizeof expected), 0) << path;
    }
    EXPECT_FALSE(root->status(".."));
    EXPECT_FALSE(root->status("none"));
  }
}

TEST_F(SourceRootTest, ARootThatIsALinkIsKnownByBothNames) {
  directory_.make_link("alias", "root");
  directory_.make_link("root/by_alias", directory_.path("alias/sub/file"));
  directory_.make_link("root/by_name", directory_.path("root/sub/file"));
  const auto root = SourceRoot::open(directory_.path("alias"), Symlinks::kWithinRoot, Users::kOwner);
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
  const auto root = SourceRoot::open(directory_.path("outside/door/../root"), Symlinks::kWithinRoot, Users::kOwner);
  ASSERT_TRUE(root);
  EXPECT_EQ(read(*root, "file"), "inside");
  EXPECT_TRUE(S_ISLNK(root->status("leaves")->st_mode)) << "this link leads to another directory of that name";
}

TEST_F(SourceRootTest, AbsolutePathsHaveOneSlash) {
  const auto root = SourceRoot::open(directory_.path("root//"), Symlinks::kWithinRoot, Users::kOwner);
  ASSERT_TRUE(root);
  EXPECT_EQ(root->absolute(""), directory_.path("root"));
  EXPECT_EQ(root->absolute("a/b.npy"), directory_.path("root/a/b.npy"));
  const auto all = SourceRoot::open("/", Symlinks::kWithinRoot, Users::kOwner);
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
    const auto fd = root.open_file(name);  // one of a FIFO without a writer that blocks hangs
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
  const auto all = SourceRoot::open("/", Symlinks::kWithinRoot, Users::kOwner);
  EXPECT_EQ(*all->position_of("/"), Position::kRoot);
  EXPECT_EQ(*all->position_of("/proc/self"), Position::kBeneath) << "mounted below the root";
}

TEST_F(SourceRootTest, AMovedRootIsStillTheSameDirectory) {
  const auto root = this->root();
  std::filesystem::rename(directory_.path("root"), directory_.path("moved"));
  directory_.write("root/file", "another directory of that name");
  EXPECT_EQ(read(root, "file"), "inside");
}

// Another thread swaps a directory for a link out of the source, as fast as it can. NPYFS_SWAPS sets how often.
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
