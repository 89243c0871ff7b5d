#include "core/array/npz_archive.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "core/array/archive_error.h"
#include "core/array/npy_file.h"
#include "tests/unit/support/corpus.h"
#include "tests/unit/support/later_clock.h"
#include "tests/unit/support/mapped_writer.h"
#include "tests/unit/support/npy_bytes.h"
#include "tests/unit/support/temp_directory.h"
#include "tests/unit/support/zip_bytes.h"

namespace npyfs {
namespace {

nlohmann::json npz_index(const char* name) {
  return nlohmann::json::parse(read_file(corpus(name) / "npz.json"));
}

class NpzArchiveTest : public testing::Test {
 protected:
  NpzArchiveTest() : root_(*SourceRoot::open(directory_.path(), Symlinks::kWithinRoot, Users::kOwner)) {}

  std::shared_ptr<const NpzArchive> open(const std::string& name, const std::string& bytes) const {
    directory_.write(name, bytes);
    return NpzArchive::open(root_, name, SourceIo::kPread, nullptr).value();
  }

  // The text of an error.txt of the archive or of a member.
  static std::string error_text(const NpzArchive& archive, const std::string& path) {
    if (path == "error.txt") return archive_error(archive, archive.file()->path(), {});
    const std::string member = path.substr(0, path.rfind('/'));
    const auto file = NpyFile::open_member(archive, member);
    if (!file) return to_message(file.error());
    if ((*file)->array()) return "";
    return to_message(
               {ErrorKind::kMalformed, archive.file()->path() + "/" + member, (*file)->array().error().sentence}) +
           "\n";
  }

  const TempDirectory directory_;
  const SourceRoot root_;
};

TEST_F(NpzArchiveTest, EveryRefusedFileHasItsOwnSentence) {
  const auto index = npz_index("refused");
  for (const auto& [name, texts] : index.items()) {
    const auto archive = open(name, read_file(corpus("refused") / name));
    for (const auto& [path, text] : texts.items()) {
      EXPECT_EQ(error_text(*archive, path), text.get<std::string>()) << name;
    }
  }
}

TEST_F(NpzArchiveTest, EveryAcceptedFileHasItsMembers) {
  const auto index = npz_index("accepted");
  for (const auto& [name, members] : index.items()) {
    const auto archive = open(name, read_file(corpus("accepted") / name));
    EXPECT_FALSE(archive->problem()) << name;
    for (const auto& member : members) {
      const auto body = archive->body(member.get<std::string>());
      EXPECT_TRUE(body) << name << " " << member;
    }
  }
}

TEST_F(NpzArchiveTest, AMemberIsAnArrayInTheArchive) {
  const std::string npy = npy_bytes({.shape = {4, 3}});
  const std::string bytes = zip_bytes({{"a.npy", npy_bytes({.shape = {5}})}, {"b.npy", npy}});
  const auto archive = open("x.npz", bytes);
  const auto file = NpyFile::open_member(*archive, "b.npy").value();
  ASSERT_TRUE(file->array());
  const std::uint64_t at = bytes.find(npy);
  EXPECT_EQ(file->extent()->offset, at);
  EXPECT_EQ(file->extent()->size, npy.size());
  const Array& array = **file->array();
  EXPECT_EQ(array.geometry().offset, at + file->header()->data_offset);
  EXPECT_EQ(array.parts.front().file, archive->file());
  EXPECT_EQ(NpyFile::open_member(*archive, "c.npy").value()->header().error().kind, ErrorKind::kNotFound);
}

TEST_F(NpzArchiveTest, EveryPrefixOfAnArchiveIsRefused) {
  const std::string whole = zip_bytes({{"a.npy", npy_bytes({.shape = {2}})}, {"b", "text"}});
  EXPECT_FALSE(open("x.npz", whole)->problem());
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const auto archive = open("x.npz", whole.substr(0, size));
    EXPECT_TRUE(archive->problem()) << size << " bytes";
    EXPECT_EQ(archive->names().count(), 0u);
  }
}

TEST_F(NpzArchiveTest, NoticesAMemberThatIsRewrittenInPlace) {
  const std::string bytes = zip_bytes({{"a.npy", npy_bytes({.shape = {4}})}});
  const auto archive = open("x.npz", bytes);
  const auto file = NpyFile::open_member(*archive, "a.npy").value();
  EXPECT_TRUE(file->guard()->check());
  EXPECT_TRUE(archive->check());
  MappedWriter writer(directory_.path("x.npz"));
  std::string other_checksum = bytes;
  other_checksum[14] = 'x';
  writer.store(0, other_checksum);
  EXPECT_EQ(file->guard()->check().error().kind, ErrorKind::kStale) << "its local header is another";
  EXPECT_TRUE(archive->check());
  std::string other_directory = bytes;
  other_directory[bytes.rfind("PK\1\2") + 16] = 'x';
  writer.store(0, other_directory);
  EXPECT_TRUE(file->guard()->check());
  EXPECT_EQ(archive->check().error().kind, ErrorKind::kStale);
  EXPECT_NE(NpzArchive::open(root_, "x.npz", SourceIo::kPread, nullptr).value()->hash(), archive->hash());
}

TEST_F(NpzArchiveTest, TheEndMayClaimAnyNumberOfMembers) {
  std::string bytes = zip_bytes({{"a.npy", npy_bytes({.shape = {2}})}});
  bytes.replace(bytes.rfind("PK\5\6") + 8, 4, little(0xFFFF, 2) + little(0xFFFF, 2));
  EXPECT_TRUE(open("x.npz", bytes)->problem());
  std::string zip64 = zip_bytes({{"a.npy", npy_bytes({.shape = {2}})}});
  const std::uint64_t end = zip64.rfind("PK\5\6");
  const std::uint64_t begin = zip64.rfind("PK\1\2");
  const std::uint64_t most = ~std::uint64_t{0};
  const std::string ends = "PK\6\6" + little(44, 8) + little(45, 2) + little(45, 2) + little(0, 8) + little(most, 8) +
                           little(most, 8) + little(end - begin, 8) + little(begin, 8) + "PK\6\7" + little(0, 4) +
                           little(end, 8) + little(1, 4);
  zip64.insert(end, ends);
  const auto archive = open("y.npz", zip64);
  ASSERT_TRUE(archive->problem());
  EXPECT_NE(archive->problem()->sentence.find("of 18446744073709551615 members"), std::string::npos);
}

TEST_F(NpzArchiveTest, NamesTakeNoMoreMemoryThanTheArchive) {
  // Of one record each, without local headers, and with names that are three times as long in UTF-8.
  const std::string name(4000, '\xB0');
  std::string directory;
  constexpr std::uint64_t kMembers = 100;
  for (std::uint64_t i = 0; i < kMembers; ++i) {
    std::string own = name;
    own.replace(0, 3, std::to_string(100 + i));
    for (std::size_t at = 60; at < own.size(); at += 60) own[at] = '/';
    own.resize(1300);
    directory += "PK\1\2" + little(0, 24) + little(own.size(), 2) + little(0, 16) + own;
  }
  const std::string bytes = directory + "PK\5\6" + little(0, 4) + little(kMembers, 2) + little(kMembers, 2) +
                            little(directory.size(), 4) + little(0, 4) + little(0, 2);
  const auto archive = open("x.npz", bytes);
  ASSERT_TRUE(archive->problem());
  EXPECT_NE(archive->problem()->sentence.find("take more memory than the archive has bytes"), std::string::npos);
}

}  // namespace
}  // namespace npyfs
