#include "core/base/error.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <utility>
#include <vector>

namespace npyfs {
namespace {

TEST(Error, HasOneErrnoForEachKind) {
  const std::vector<std::pair<ErrorKind, int>> cases = {
      {ErrorKind::kNotFound, ENOENT},        {ErrorKind::kNotADirectory, ENOTDIR},
      {ErrorKind::kIsADirectory, EISDIR},    {ErrorKind::kMalformed, ENOENT},
      {ErrorKind::kNotSliceable, ENOENT},    {ErrorKind::kTruncated, EIO},
      {ErrorKind::kStale, ESTALE},           {ErrorKind::kReadOnly, EROFS},
      {ErrorKind::kNotWritable, EACCES},     {ErrorKind::kBusy, EBUSY},
      {ErrorKind::kReleasing, EBUSY},        {ErrorKind::kBeyondEnd, EFBIG},
      {ErrorKind::kInvalidArgument, EINVAL}, {ErrorKind::kSystem, EIO},
  };
  for (const auto& [kind, code] : cases) EXPECT_EQ(to_errno({kind, "x", "y"}), code) << static_cast<int>(kind);
}

TEST(Error, OfTheSystemKeepsItsErrno) {
  const Error error = system_error("dir/a.npy", "open", EACCES);
  EXPECT_EQ(error.kind, ErrorKind::kSystem);
  EXPECT_EQ(to_errno(error), EACCES);
  EXPECT_EQ(to_message(error), "dir/a.npy: open failed: Permission denied");
}

TEST(Error, MessageEscapesItsSubject) {
  const Error error{ErrorKind::kMalformed, "a\nnpyfs: info: all is well\x1B[0m.npy", "the file is empty"};
  EXPECT_EQ(to_message(error), "a\\nnpyfs: info: all is well\\x1b[0m.npy: the file is empty");
}

TEST(IsShortage, OfWhatTheSystemLacksForTheMoment) {
  for (const int error : {EMFILE, ENFILE, ENOMEM, EAGAIN, EINTR}) {
    EXPECT_TRUE(is_shortage(system_error("a", "open", error))) << error;
  }
  for (const int error : {EIO, EACCES, ENOENT}) EXPECT_FALSE(is_shortage(system_error("a", "open", error))) << error;
  EXPECT_FALSE(is_shortage(Error{ErrorKind::kTruncated, "a", "", ENOMEM}));
}

}  // namespace
}  // namespace npyfs
