#include "fs/serve/control_texts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <regex>
#include <sstream>
#include <string>

#include "tests/unit/support/later_clock.h"
#include "tests/unit/support/operations_fixture.h"

namespace npyfs {
namespace {

using testing::HasSubstr;

class ControlTextsTest : public OperationsTest {
 protected:
  std::string text_of(const std::string& name) {
    for (const ControlFile& file : control_files(mount_)) {
      if (file.name == name) return file.text();
    }
    ADD_FAILURE() << "no file " << name;
    return "";
  }
};

TEST_F(ControlTextsTest, SayWhatTheDaemonIs) {
  EXPECT_EQ(text_of("version"), NPYFS_VERSION "\n");
  EXPECT_THAT(text_of("status"), HasSubstr("source: " + directory_.path() + "\n"));
  EXPECT_THAT(text_of("status"), HasSubstr(mount_.negotiation.describe()));
  EXPECT_THAT(text_of("options"), HasSubstr("chunks=3\n"));
  EXPECT_THAT(text_of("options"), HasSubstr("attr_timeout=1.5\n"));
  EXPECT_THAT(text_of("options"), HasSubstr("source_io=auto\n"));
  EXPECT_THAT(text_of("options"), HasSubstr("loglevel=notice\ngiven=\n"));
}

TEST(ControlFiles, NamesOfTheSourceAreForTheOwnerWhereOthersMayCome) {
  const TempDirectory directory;
  for (const Users users : {Users::kOwner, Users::kOthers}) {
    Options options;
    options.source = directory.path();
    options.writable = true;
    options.users = users;
    const MountState mount = make_mount(options, *SourceRoot::open(directory.path(), Symlinks::kWithinRoot, users));
    const ControlFiles files = control_files(mount);
    ASSERT_EQ(files.back().name, "written");
    for (std::size_t i = 0; i < files.size(); ++i) {
      const bool is_closed = users == Users::kOthers && files[i].name == "written";
      EXPECT_EQ(control_file_attributes(files, i).st_mode, S_IFREG | (is_closed ? 0400u : 0444u)) << files[i].name;
      EXPECT_EQ(control_file_attributes(files, i).st_uid, ::geteuid());
    }
  }
}

TEST_F(ControlTextsTest, CountWhatWasDone) {
  const std::uint64_t notes = node("notes.txt");
  const std::uint64_t handle = handle_in(open(notes));
  read(notes, handle, 0, 100);
  read(notes, handle, 3, 100);
  look_up(kRootNode, "missing");
  open(notes, O_WRONLY);
  const std::string text = text_of("metrics");
  EXPECT_THAT(text, HasSubstr("\nnpyfs_lookups_total 2\n"));
  EXPECT_THAT(text, HasSubstr("\nnpyfs_opens_total 1\n"));
  EXPECT_THAT(text, HasSubstr("\nnpyfs_reads_total 2\n"));
  EXPECT_THAT(text, HasSubstr("\nnpyfs_read_bytes_total 7\n"));
  EXPECT_THAT(text, HasSubstr("\nnpyfs_errors_total 1\n"));
  EXPECT_THAT(text, HasSubstr("\nnpyfs_open_files 1\n"));
  EXPECT_THAT(text, HasSubstr("\nnpyfs_nodes 2\n"));
  EXPECT_THAT(text, HasSubstr("\nnpyfs_open_sources 1\n"));
  release(notes, handle);
  EXPECT_THAT(text_of("metrics"), HasSubstr("\nnpyfs_open_files 0\n"));
}

TEST_F(ControlTextsTest, TheStatusSaysWhatIsOpenAndWhatWasServed) {
  const LaterClock later;  // at which notes.txt is put into the page cache
  const std::uint64_t notes = node("notes.txt");
  const std::uint64_t handle = handle_in(open(notes));
  read(notes, handle, 0, 100);
  open(notes, O_WRONLY);
  const std::string text = text_of("status");
  EXPECT_THAT(text, HasSubstr("\noptions: chunks=3 suffixes= follow_symlinks=no cache=auto "));
  EXPECT_THAT(text, HasSubstr("\ncaching: chosen at each open, by size: "));
  EXPECT_THAT(text, HasSubstr("\nopen: files 1, directories 0; of the source: files 1, mapped windows "));
  EXPECT_THAT(text, HasSubstr("\nserved: reads 1, 5 bytes; 5 bytes more were put into the page cache before"));
  EXPECT_THAT(text, HasSubstr("\nfailed requests: 1\n"));
  release(notes, handle);
  EXPECT_THAT(text_of("status"), HasSubstr("\nopen: files 0, "));
}

TEST_F(ControlTextsTest, OperationsAreCountedByKind) {
  const std::uint64_t notes = node("notes.txt");
  const std::uint64_t handle = handle_in(open(notes));
  read(notes, handle, 0, 100);
  read(notes, handle, 3, 100);
  read(notes, handle + 1, 0, 100);
  look_up(kRootNode, "missing");
  open(notes, O_WRONLY);
  forget(notes, 1);
  release(notes, handle);
  const std::string text = text_of("metrics");
  const std::string count = "\nnpyfs_operations_total";
  EXPECT_THAT(text, HasSubstr(count + "{operation=\"lookup\"} 2\n"));
  EXPECT_THAT(text, HasSubstr(count + "{operation=\"read\"} 3\n"));
  EXPECT_THAT(text, HasSubstr(count + "{operation=\"open\"} 2\n"));
  EXPECT_THAT(text, HasSubstr(count + "{operation=\"forget\"} 1\n"));
  EXPECT_THAT(text, HasSubstr(count + "{operation=\"release\"} 1\n"));
  EXPECT_THAT(text, HasSubstr(count + "{operation=\"statfs\"} 0\n"));
  EXPECT_THAT(text, HasSubstr("_bucket{operation=\"read\",le=\"+Inf\"} 3\n"));
  EXPECT_THAT(text, HasSubstr("_duration_seconds_count{operation=\"read\"} 3\n"));
  const std::string errors = "\nnpyfs_operation_errors_total";
  EXPECT_THAT(text, HasSubstr(errors + "{operation=\"lookup\",error=\"ENOENT\"} 1\n"));
  EXPECT_THAT(text, HasSubstr(errors + "{operation=\"open\",error=\"EROFS\"} 1\n"));
  EXPECT_THAT(text, HasSubstr(errors + "{operation=\"read\",error=\"EBADF\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("\nnpyfs_failed_writes_total 0\n"));
}

TEST_F(ControlTextsTest, MetricsAreInThePrometheusTextFormat) {
  const std::regex line_format(
      R"(# HELP npyfs_\w+ .+|# TYPE npyfs_\w+ (counter|gauge|histogram)|npyfs_\w+(\{\w+="[^"]+"(,\w+="[^"]+")*\})? [-+.e\d]+)");
  std::istringstream lines(text_of("metrics"));
  for (std::string line; std::getline(lines, line);) EXPECT_TRUE(std::regex_match(line, line_format)) << line;
}

}  // namespace
}  // namespace npyfs
