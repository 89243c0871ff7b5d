// Symbolic links of the source: which are followed, for whom, and how far.
#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <string>

#include "tests/unit/support/source_root_fixture.h"

namespace npyfs {
namespace {

using SourceRootLinksTest = SourceRootTest;

TEST_F(SourceRootLinksTest, FollowsLinksThatStayBeneath) {
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

TEST_F(SourceRootLinksTest, DescribesLinksThatLeadNowhereOrOutThemselves) {
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

TEST_F(SourceRootLinksTest, FollowsSymlinksOnlyWhenToldTo) {
  directory_.make_link("root/leaves", "../outside/file");
  directory_.make_link("root/directory", directory_.path("outside"));
  directory_.make_link("root/dangles", "/nothing/here");
  const auto root = this->root(Symlinks::kAnywhere);
  EXPECT_EQ(read(root, "leaves"), "outside");
  EXPECT_EQ(read(root, "directory/file"), "outside");
  EXPECT_TRUE(S_ISDIR(root.status("directory")->st_mode));
  EXPECT_TRUE(S_ISLNK(root.status("dangles")->st_mode));
}

// npyfs itself resolves absolute links. Every link must lead where it leads for the kernel.
TEST_F(SourceRootLinksTest, WalksAbsoluteLinksAsTheKernelDoes) {
  const std::string top = directory_.path("root");
  std::string there_and_back;
  for (int step = 0; step < 550; ++step) there_and_back += "sub/../";
  directory_.make_link("root/slash", top + "/file/");
  directory_.make_link("root/dot", top + "/file/.");
  directory_.make_link("root/long", top + "/" + there_and_back + "longer");
  directory_.make_link("root/longer", top + "/" + there_and_back + "file");
  directory_.make_link("root/directory", top + "//sub/./");
  directory_.make_link("root/up", top + "/sub/../file");
  directory_.make_link("root/leaves", top + "/sub/../../root/file");
  directory_.make_link("root/loop", top + "/loop");
  std::string down, up;
  for (int level = 0; level < 40; ++level) {
    down += "/sub";
    if (level < 37) up += "/..";
  }
  std::filesystem::create_directories(top + down);
  directory_.write("root/sub/sub/sub/other", "up again");
  directory_.make_link("root/far", top + down + up + "/other");
  directory_.make_link("root/nowhere", std::string(300, 'n'));
  const auto root = this->root();
  EXPECT_EQ(root.open_file("slash").error().os_error, ENOTDIR);
  EXPECT_EQ(root.open_file("dot").error().os_error, ENOTDIR);
  EXPECT_EQ(read(root, "long"), "inside");
  EXPECT_EQ(read(root, "directory/file"), "deep");
  EXPECT_EQ(read(root, "up"), "inside");
  EXPECT_EQ(root.open_file("leaves").error().os_error, EXDEV);
  EXPECT_EQ(root.open_file("loop").error().os_error, ELOOP);
  EXPECT_EQ(read(root, "far"), "up again");
  EXPECT_TRUE(S_ISLNK(root.status("nowhere")->st_mode));
  EXPECT_TRUE(S_ISDIR(root.status("directory")->st_mode));
  EXPECT_TRUE(S_ISLNK(root.status("slash")->st_mode));
}

// A request to its own mount would wait for itself. /proc stands for that mount here.
TEST_F(SourceRootLinksTest, FollowsNoLinkIntoItsOwnMount) {
  directory_.make_link("root/own", "/proc");
  directory_.make_link("root/own_file", "/proc/version");
  directory_.make_link("root/above", "/");
  struct stat proc;
  ASSERT_EQ(::stat("/proc", &proc), 0);
  for (const auto users : {Users::kOwner, Users::kOthers}) {
    auto root = SourceRoot::open(directory_.path("root"), Symlinks::kAnywhere, users);
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

// The kernel checks the permissions of other users at each directory in the mount. npyfs would skip that if it followed
// the link.
TEST_F(SourceRootLinksTest, WithOtherUsersLinksThroughClosedDirectoriesAreLeftToTheKernel) {
  directory_.write("root/closed/file", "for few");
  ASSERT_EQ(::chmod(directory_.path("root/closed").c_str(), 0700), 0);
  ASSERT_EQ(::chmod(directory_.path("root").c_str(), 0755), 0);
  ASSERT_EQ(::chmod(directory_.path("root/sub").c_str(), 0755), 0);
  directory_.make_link("root/into_closed", "closed/file");
  directory_.make_link("root/into_closed_absolute", directory_.path("root/closed/file"));
  directory_.make_link("root/into_open", "sub/file");
  const auto others = SourceRoot::open(directory_.path("root"), Symlinks::kWithinRoot, Users::kOthers);
  ASSERT_TRUE(others);
  EXPECT_TRUE(S_ISLNK(others->status("into_closed")->st_mode));
  EXPECT_TRUE(S_ISLNK(others->status("into_closed_absolute")->st_mode));
  EXPECT_TRUE(S_ISREG(others->status("into_open")->st_mode));
  EXPECT_TRUE(S_ISREG(others->status("closed/file")->st_mode)) << "the kernel has checked the way to here";
  EXPECT_TRUE(S_ISREG(root().status("into_closed")->st_mode)) << "its owner alone";
}

TEST_F(SourceRootLinksTest, WithOtherUsersLinksAreFollowedFromWhereTheyAre) {
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
  const auto others = SourceRoot::open(directory_.path("root"), Symlinks::kWithinRoot, Users::kOthers);
  ASSERT_TRUE(others);
  EXPECT_TRUE(S_ISREG(others->status("closed/sub/down")->st_mode)) << "who has the link has what is beside it";
  EXPECT_TRUE(S_ISDIR(others->status("closed/sub/itself")->st_mode));
  EXPECT_TRUE(S_ISDIR(others->status("closed/sub/top")->st_mode)) << "the root is open to all who come";
  EXPECT_TRUE(S_ISLNK(others->status("closed/sub/up")->st_mode)) << "it may have been closed since";
  set_mode("root/closed/sub/within", 0750);
  EXPECT_TRUE(S_ISLNK(others->status("closed/sub/down")->st_mode));
  const auto following = SourceRoot::open(directory_.path("root"), Symlinks::kAnywhere, Users::kOthers);
  ASSERT_TRUE(following);
  EXPECT_TRUE(S_ISREG(following->status("closed/sub/up")->st_mode));
}

}  // namespace
}  // namespace npyfs
