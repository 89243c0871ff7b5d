#include "core/paths/access_control_list.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/posix_acl.h>

#include <algorithm>
#include <random>
#include <set>
#include <span>

#include "core/base/unique_fd.h"
#include "tests/unit/support/acl_bytes.h"
#include "tests/unit/support/failing_calls.h"
#include "tests/unit/support/temp_directory.h"

namespace npyfs {
namespace {

mode_t mode_of(const std::vector<AclEntry>& entries, mode_t mode) {
  return mode_within(acl_bytes(entries), mode);
}

TEST(AccessControlList, TheGroupGetsWhatItsEntryGrants) {
  EXPECT_EQ(mode_of({{ACL_USER_OBJ, 6}, {ACL_GROUP_OBJ, 0}, {ACL_USER, 4, 7}, {ACL_MASK, 4}, {ACL_OTHER, 0}}, 0640),
            0600u);
  EXPECT_EQ(mode_of({{ACL_USER_OBJ, 6}, {ACL_GROUP_OBJ, 6}, {ACL_MASK, 4}, {ACL_OTHER, 0}}, 0640), 0640u);
}

TEST(AccessControlList, WhoeverIsNamedGetsNoMoreAsOneOfTheGroupOrOfTheOthers) {
  EXPECT_EQ(mode_of({{ACL_USER_OBJ, 6}, {ACL_USER, 0, 7}, {ACL_GROUP_OBJ, 4}, {ACL_MASK, 4}, {ACL_OTHER, 4}}, 0644),
            0600u);
  EXPECT_EQ(mode_of({{ACL_USER_OBJ, 6}, {ACL_GROUP_OBJ, 4}, {ACL_GROUP, 0, 7}, {ACL_MASK, 4}, {ACL_OTHER, 4}}, 0644),
            0640u)
      << "who is in both groups is granted what one of them is";
}

TEST(AccessControlList, TheMaskBoundsThoseWhoAreNamed) {
  EXPECT_EQ(mode_of({{ACL_USER_OBJ, 6}, {ACL_USER, 6, 7}, {ACL_GROUP_OBJ, 4}, {ACL_MASK, 0}, {ACL_OTHER, 4}}, 0604),
            0600u);
  EXPECT_EQ(mode_of({{ACL_USER_OBJ, 6}, {ACL_GROUP_OBJ, 4}, {ACL_MASK, 0}, {ACL_OTHER, 4}}, 0604), 0604u)
      << "nobody is";
}

TEST(AccessControlList, NothingIsAddedToAMode) {
  EXPECT_EQ(mode_of({{ACL_USER_OBJ, 7}, {ACL_USER, 7, 7}, {ACL_GROUP_OBJ, 7}, {ACL_MASK, 7}, {ACL_OTHER, 7}}, 0640),
            0640u);
}

TEST(AccessControlList, WithoutAListAModeIsWhatItIs) {
  EXPECT_EQ(mode_within({}, S_IFDIR | 02755), static_cast<mode_t>(S_IFDIR | 02755));
}

TEST(AccessControlList, OfAListThatCannotBeUnderstoodTheOwnerAloneGetsAnything) {
  const std::vector<AclEntry> good{{ACL_USER_OBJ, 6}, {ACL_GROUP_OBJ, 4}, {ACL_OTHER, 4}};
  auto bytes = acl_bytes(good);
  EXPECT_EQ(mode_within(bytes, S_IFREG | 0644), static_cast<mode_t>(S_IFREG | 0644));
  for (const std::size_t size : {1u, 3u, 5u, 27u}) {
    EXPECT_EQ(mode_within(std::span(bytes).first(size), S_IFREG | 0644), static_cast<mode_t>(S_IFREG | 0600)) << size;
  }
  bytes[0] = std::byte{3};
  EXPECT_EQ(mode_within(bytes, 0644), 0600u) << "another version";
  EXPECT_EQ(mode_of({{ACL_USER_OBJ, 6}, {64, 4}, {ACL_OTHER, 4}}, 0644), 0600u) << "another sort of people";
}

constexpr std::uint32_t kOwner = 1;
constexpr std::uint32_t kGroup = 11;

struct Process {
  std::uint32_t user;
  std::set<std::uint32_t> groups;
};

// acl(5), "ACCESS CHECK ALGORITHM".
bool list_grants(const std::vector<AclEntry>& entries, const Process& process, std::uint16_t wanted) {
  const auto with_tag = [&](std::uint16_t tag) { return std::ranges::find(entries, tag, &AclEntry::tag); };
  const auto mask = with_tag(ACL_MASK) == entries.end() ? std::uint16_t{7} : with_tag(ACL_MASK)->permissions;
  const auto grants = [&](int permissions) { return (permissions & wanted) == wanted; };
  if (process.user == kOwner) return grants(with_tag(ACL_USER_OBJ)->permissions);
  bool is_in_a_group = false;
  for (const auto& entry : entries) {
    if (entry.tag == ACL_USER && entry.id == process.user) return grants(entry.permissions & mask);
  }
  for (const auto& entry : entries) {
    const bool is_group = entry.tag == ACL_GROUP || entry.tag == ACL_GROUP_OBJ;
    if (!is_group || !process.groups.contains(entry.tag == ACL_GROUP ? entry.id : kGroup)) continue;
    if (grants(entry.permissions & mask)) return true;
    is_in_a_group = true;
  }
  return !is_in_a_group && grants(with_tag(ACL_OTHER)->permissions);
}

bool mode_grants(mode_t mode, const Process& process, std::uint16_t wanted) {
  const int shift = process.user == kOwner ? 6 : process.groups.contains(kGroup) ? 3 : 0;
  return ((mode >> shift) & wanted) == wanted;
}

TEST(AccessControlList, NobodyGetsMoreThanTheListGrants) {
  std::mt19937 random(20260101);
  const auto below = [&](unsigned limit) { return static_cast<std::uint16_t>(random() % limit); };
  for (int round = 0; round < 5000; ++round) {
    std::vector<AclEntry> entries{{ACL_USER_OBJ, below(8)}};
    for (std::uint32_t user = 1; user <= 3; ++user) {
      if (below(2) == 0) entries.push_back({ACL_USER, below(8), user});
    }
    const std::uint16_t group = below(8);
    entries.push_back({ACL_GROUP_OBJ, group});
    for (std::uint32_t other_group = 12; other_group <= 13; ++other_group) {
      if (below(2) == 0) entries.push_back({ACL_GROUP, below(8), other_group});
    }
    const bool has_mask = entries.size() > 2 || below(2) == 0;
    const std::uint16_t mask = has_mask ? below(8) : group;
    if (has_mask) entries.push_back({ACL_MASK, mask});
    entries.push_back({ACL_OTHER, below(8)});
    const mode_t shown = static_cast<mode_t>(entries.front().permissions << 6 | mask << 3 | entries.back().permissions);
    const mode_t mode = mode_of(entries, shown);
    for (std::uint32_t user = 1; user <= 4; ++user) {
      for (unsigned groups = 0; groups < 8; ++groups) {
        Process process{user, {}};
        for (std::uint32_t i = 0; i < 3; ++i) {
          if ((groups >> i & 1) != 0) process.groups.insert(kGroup + i);
        }
        for (std::uint16_t wanted = 1; wanted < 8; ++wanted) {
          const bool is_granted = list_grants(entries, process, wanted);
          const bool is_given = mode_grants(mode, process, wanted);
          ASSERT_TRUE(is_granted || !is_given) << round << " " << user << " " << groups;
          ASSERT_TRUE(is_given || !is_granted || user != kOwner) << round << " " << groups;
        }
      }
    }
  }
}

class AccessControlListOfAFile : public testing::Test {
 protected:
  AccessControlListOfAFile() { directory_.write("file", "bytes"); }

  Result<std::vector<std::byte>> list() const {
    const UniqueFd fd(::open(directory_.path("file").c_str(), O_PATH | O_CLOEXEC));
    return access_control_list(fd.get(), "file");
  }

  const TempDirectory directory_;
};

TEST_F(AccessControlListOfAFile, IsEmptyWhereThereIsNone) {
  EXPECT_TRUE(list()->empty());
}

TEST_F(AccessControlListOfAFile, IsReadWhateverItsLength) {
  for (const std::uint32_t names : {1u, 62u, 64u, 300u}) {
    std::vector<AclEntry> entries{{ACL_USER_OBJ, 6}};
    for (std::uint32_t i = 0; i < names; ++i) entries.push_back({ACL_USER, 4, 20000 + i});
    entries.insert(entries.end(), {{ACL_GROUP_OBJ, 4}, {ACL_MASK, 4}, {ACL_OTHER, 0}});
    if (!set_acl(directory_.path("file"), entries)) GTEST_SKIP() << "this filesystem has no such lists";
    EXPECT_EQ(*list(), acl_bytes(entries));
  }
}

TEST_F(AccessControlListOfAFile, ThatCannotBeReadIsAnError) {
  for (const int error : {ENODATA, EOPNOTSUPP}) {
    const CallFailure failure(FailingCall::kGetxattr, error);
    EXPECT_TRUE(list()->empty());
  }
  for (const int error : {EIO, ENOMEM, EPERM}) {
    const CallFailure failure(FailingCall::kGetxattr, error);
    EXPECT_EQ(list().error().os_error, error);
  }
  const CallFailure without_proc(FailingCall::kGetxattr, ENOENT);
  EXPECT_EQ(list().error().os_error, EIO) << "the file is there";
}

}  // namespace
}  // namespace npyfs
