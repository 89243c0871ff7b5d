#include "fs/options/command_line.h"

#include <fuse_opt.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace npyfs {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsSupersetOf;
using testing::Not;

Result<Options> parse(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "npyfs");
  std::vector<char*> argv;
  for (auto& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  return parse_options(static_cast<int>(arguments.size()), argv.data());
}

Result<Options> parse_with(const std::string& options) {
  return parse({"/src", "/mnt", "-o", options});
}

// What libfuse gets to see, as one text.
std::string left_for_fuse(const Options& options) {
  std::string joined;
  for (const auto& argument : options.fuse_arguments) joined += argument + " ";
  return joined;
}

// The options that libfuse gets, split as libfuse splits them.
std::vector<std::string> options_for_fuse(const Options& options) {
  std::vector<std::string> found;
  fuse_args arguments = FUSE_ARGS_INIT(0, nullptr);
  for (const auto& text : options.fuse_arguments) fuse_opt_add_arg(&arguments, text.c_str());
  const auto take = [](void* data, const char* argument, int, fuse_args*) {
    static_cast<std::vector<std::string>*>(data)->emplace_back(argument);
    return 0;
  };
  fuse_opt_parse(&arguments, &found, nullptr, take);
  fuse_opt_free_args(&arguments);
  return found;
}

TEST(Options, Defaults) {
  const auto options = parse({"/src", "/mnt"});
  ASSERT_TRUE(options);
  EXPECT_EQ(options->source, "/src");
  EXPECT_EQ(options->mountpoint, "/mnt");
  EXPECT_FALSE(options->foreground);
  EXPECT_FALSE(options->help);
  EXPECT_FALSE(options->version);
  cpu_set_t set;
  ASSERT_EQ(::sched_getaffinity(0, sizeof set, &set), 0);
  EXPECT_EQ(options->chunks, static_cast<std::uint64_t>(CPU_COUNT(&set)));
  EXPECT_EQ(options->symlinks, Symlinks::kWithinRoot);
  EXPECT_EQ(options->source_io, SourceIo::kAuto);
  EXPECT_EQ(options->cache, CachePolicy::kAuto);
  EXPECT_EQ(options->entry_timeout, 1);
  EXPECT_EQ(options->attr_timeout, 1);
  EXPECT_EQ(options->negative_timeout, 0);
  EXPECT_EQ(options->max_threads, 10u);
  EXPECT_EQ(options->log_level, LogLevel::kNotice);
}

TEST(Options, TakesItsOwn) {
  const auto options = parse_with(
      "chunks=16,follow_symlinks,source_io=pread,direct_io,entry_timeout=0.5,attr_timeout=60,negative_timeout=2,"
      "max_threads=3,loglevel=debug");
  ASSERT_TRUE(options);
  EXPECT_EQ(options->chunks, 16u);
  EXPECT_EQ(options->symlinks, Symlinks::kAnywhere);
  EXPECT_EQ(options->source_io, SourceIo::kPread);
  EXPECT_EQ(options->cache, CachePolicy::kDirectIo);
  EXPECT_EQ(options->entry_timeout, 0.5);
  EXPECT_EQ(options->attr_timeout, 60);
  EXPECT_EQ(options->negative_timeout, 2);
  EXPECT_EQ(options->max_threads, 3u);
  EXPECT_EQ(options->log_level, LogLevel::kDebug);
  EXPECT_THAT(left_for_fuse(*options), Not(HasSubstr("chunks"))) << "libfuse does not know them";
  EXPECT_EQ(parse_with("kernel_cache")->cache, CachePolicy::kKernelCache);
  EXPECT_EQ(parse_with("source_io=mmap")->source_io, SourceIo::kMmap);
  EXPECT_EQ(parse_with("source_io=auto")->source_io, SourceIo::kAuto);
}

TEST(Options, TakesEverySuffix) {
  EXPECT_THAT(parse_with("ro")->suffixes, testing::IsEmpty());
  EXPECT_THAT(parse_with("suffix=.cs,ro,suffix=.tar.x")->suffixes, testing::ElementsAre(".cs", ".tar.x"));
}

TEST(Options, TakesOptionsWhereverTheyStand) {
  for (const auto& arguments :
       std::vector<std::vector<std::string>>{{"-o", "chunks=5", "/src", "/mnt"},
                                             {"/src", "-ochunks=5", "/mnt"},
                                             {"/src", "/mnt", "-o", "ro,chunks=5"},
                                             {"-o", "chunks=4", "-o", "chunks=5", "/src", "/mnt"}}) {
    const auto options = parse(arguments);
    ASSERT_TRUE(options);
    EXPECT_EQ(options->chunks, 5u);
    EXPECT_EQ(options->source, "/src");
    EXPECT_EQ(options->mountpoint, "/mnt");
  }
}

TEST(Options, TakesFlags) {
  EXPECT_TRUE(parse({"-f", "/src", "/mnt"})->foreground);
  EXPECT_TRUE(parse({"/src", "/mnt", "-d"})->foreground);
  EXPECT_THAT(left_for_fuse(*parse({"/src", "/mnt", "-d"})), HasSubstr("-d")) << "libfuse prints requests then";
  for (const char* flag : {"-h", "--help"}) EXPECT_TRUE(parse({flag})->help) << "without a source";
  for (const char* flag : {"-V", "--version"}) EXPECT_TRUE(parse({flag})->version);
}

TEST(Options, MountsAreReadOnlyUnlessTheLastWordIsThatTheyAreNot) {
  const auto has = [](const Options& options, const std::string& option) {
    return (options.fuse_arguments.back() + ",").starts_with(option + ",");
  };
  for (const char* given : {"chunks=3", "ro", "rw,ro"}) {
    const auto options = parse_with(given);
    ASSERT_TRUE(options);
    EXPECT_FALSE(options->writable) << given;
    EXPECT_TRUE(has(*options, "ro")) << given;
  }
  for (const char* given : {"rw", "ro,rw"}) {
    const auto options = parse_with(given);
    ASSERT_TRUE(options);
    EXPECT_TRUE(options->writable) << given;
    EXPECT_TRUE(has(*options, "rw")) << given;
  }
}

TEST(Options, RefusesWithTheOptionAndWhatItWants) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"chunks=0", "chunks: '0' is no whole number from 1 to 9223372036854775807"},
      {"chunks=-1", "chunks: '-1' is no whole number from 1 to 9223372036854775807"},
      {"chunks=", "chunks: '' is no whole number from 1 to 9223372036854775807"},
      {"chunks=9223372036854775808", "chunks: '9223372036854775808' is no whole number from 1 to 9223372036854775807"},
      {"chunks=18446744073709551617",
       "chunks: '18446744073709551617' is no whole number from 1 to 9223372036854775807"},
      {"chunks=4x", "chunks: '4x' is no whole number from 1 to 9223372036854775807"},
      {"chunks= 4", "chunks: ' 4' is no whole number from 1 to 9223372036854775807"},
      {"max_threads=0", "max_threads: '0' is no whole number from 1 to 1000"},
      {"max_threads=1001", "max_threads: '1001' is no whole number from 1 to 1000"},
      {"entry_timeout=x", "entry_timeout: 'x' is no number of seconds"},
      {"entry_timeout=", "entry_timeout: '' is no number of seconds"},
      {"attr_timeout=-1", "attr_timeout: '-1' is no number of seconds"},
      {"attr_timeout=nan", "attr_timeout: 'nan' is no number of seconds"},
      {"negative_timeout=inf", "negative_timeout: 'inf' is no number of seconds"},
      {"negative_timeout=1s", "negative_timeout: '1s' is no number of seconds"},
      {"suffix=", "suffix: '' is no suffix of files: it begins with a dot, as .cs does, and has no '/'"},
      {"suffix=.", "suffix: '.' is no suffix of files: it begins with a dot, as .cs does, and has no '/'"},
      {"suffix=cs", "suffix: 'cs' is no suffix of files: it begins with a dot, as .cs does, and has no '/'"},
      {"suffix=./x", "suffix: './x' is no suffix of files: it begins with a dot, as .cs does, and has no '/'"},
      {"suffix", "suffix: is no option here; npyfs --help lists them"},
      {"source_io=magic", "source_io: 'magic' is none of auto, mmap, pread"},
      {"loglevel=loud\x1B", "loglevel: 'loud\\x1b' is none of error, warning, notice, info, debug"},
      {"direct_io,kernel_cache", "direct_io: excludes kernel_cache: choose one"},
      {"no_such_option=7", "no_such_option=7: is no option here; npyfs --help lists them"},
      {"chunks", "chunks: is no option here; npyfs --help lists them"},
      {"allow_other=1", "allow_other=1: is no option here; npyfs --help lists them"},
      {"nochunks", "nochunks: is no option here; npyfs --help lists them"},
      {"rw\\,allow_other", "rw,allow_other: is no option here; npyfs --help lists them"},
      {"context=a\\,allow_other", "context=a,allow_other: its value may not hold a comma or a backslash"},
      {"chunks=x,ro,chunks=y", "chunks: 'x' is no whole number from 1 to 9223372036854775807"},
  };
  for (const auto& [given, message] : cases) {
    const auto options = parse_with(given);
    ASSERT_FALSE(options) << given;
    EXPECT_EQ(options.error().kind, ErrorKind::kInvalidArgument);
    EXPECT_EQ(to_message(options.error()), message);
  }
}

TEST(Options, NeedsASourceAndAMountpointAndNothingElse) {
  for (const auto& arguments :
       std::vector<std::vector<std::string>>{{}, {"/src"}, {"/src", "/mnt", "/more"}, {"-f"}, {"/src", "-o", "ro"}}) {
    EXPECT_FALSE(parse(arguments));
  }
}

TEST(Options, ACommandStandsBehindTwoDashes) {
  const auto with_both = parse({"/src", "/mnt", "-o", "rw", "--", "sh", "-c", "exit 1", "-o", "--", "x"});
  ASSERT_TRUE(with_both);
  EXPECT_EQ(with_both->mountpoint, "/mnt");
  EXPECT_TRUE(with_both->writable);
  EXPECT_THAT(with_both->command, ElementsAre("sh", "-c", "exit 1", "-o", "--", "x"));
  const auto without_mountpoint = parse({"-f", "/src", "--", "true"});
  ASSERT_TRUE(without_mountpoint);
  EXPECT_EQ(without_mountpoint->source, "/src");
  EXPECT_EQ(without_mountpoint->mountpoint, "");
  EXPECT_THAT(without_mountpoint->command, ElementsAre("true"));
  EXPECT_EQ(to_message(parse({"/src", "--"}).error()), "--: a command is needed behind --");
  EXPECT_EQ(to_message(parse({"/src", "/mnt", "--"}).error()), "--: a command is needed behind --");
  EXPECT_FALSE(parse({"/src", "/mnt", "/more", "--", "true"}));
}

TEST(Options, AHandedOverDescriptorIsForItsOwnerAloneUnlessTheKernelChecks) {
  const auto plain = parse({"/src", "/dev/fd/9"});
  ASSERT_TRUE(plain);
  EXPECT_EQ(plain->fuse_descriptor, 9);
  EXPECT_EQ(plain->users, Users::kOwner);
  EXPECT_THAT(options_for_fuse(*plain), Contains("allow_root")) << "libfuse turns others away";
  const auto unchecked = parse({"/src", "/dev/fd/9", "-o", "allow_other"});
  ASSERT_TRUE(unchecked);
  EXPECT_EQ(unchecked->users, Users::kOwner);
  EXPECT_THAT(options_for_fuse(*unchecked), Contains("allow_root"));
  const auto checked = parse({"/src", "/dev/fd/9", "-o", "allow_other,default_permissions"});
  ASSERT_TRUE(checked);
  EXPECT_EQ(checked->users, Users::kOthers);
  EXPECT_THAT(options_for_fuse(*checked), Not(Contains("allow_root")));
  for (const char* name : {"/dev/fd/", "/dev/fd/x", "/dev/fd/-1", "/dev/fd/2147483648"})
    EXPECT_FALSE(parse({"/src", name}));
  EXPECT_FALSE(parse({"/src", "/dev/fd/9", "--", "true"}));
  EXPECT_FALSE(parse({"/src", "/dev/fd/9", "-o", "idle_timeout=1"}));
  EXPECT_EQ(parse({"/src", "/dev/fdx"})->fuse_descriptor, std::nullopt);
}

TEST(Options, ShowAnAbsoluteSource) {
  const auto shown = [](const char* source) { return options_for_fuse(*parse({source, "/mnt"})); };
  EXPECT_THAT(shown("/src/"), Contains("fsname=/src"));
  EXPECT_THAT(shown("/a/./b//c"), Contains("fsname=/a/b/c"));
  EXPECT_THAT(shown("/"), Contains("fsname=/"));
  EXPECT_THAT(shown("src"), Contains("fsname=" + std::filesystem::current_path().string() + "/src"));
  EXPECT_THAT(shown("/proc/../proc"), Contains("fsname=/proc"));
}

TEST(Options, WithoutASourceBeforeThemTwoDashesPrecedeNames) {
  const auto options = parse({"-o", "ro", "--", "-src", "-mnt"});
  ASSERT_TRUE(options);
  EXPECT_EQ(options->source, "-src");
  EXPECT_EQ(options->mountpoint, "-mnt");
  EXPECT_THAT(options->command, ElementsAre());
  EXPECT_FALSE(parse({"--", "-src"}));
}

TEST(Options, LeavesStandardOptionsForLibfuse) {
  const auto options = parse_with("allow_root,auto_unmount,chunks=3,noatime,context=a:b");
  ASSERT_TRUE(options);
  EXPECT_EQ(options->fuse_arguments.front(), "npyfs");
  EXPECT_TRUE(options->auto_unmount);
  EXPECT_FALSE(parse({"/src", "/mnt"})->auto_unmount);
  for (const char* left : {"allow_root", "auto_unmount", "noatime", "context=a:b"}) {
    EXPECT_THAT(left_for_fuse(*options), HasSubstr(left));
  }
  EXPECT_THAT(parse({"/src", "/mnt"})->fuse_arguments, ElementsAre("npyfs", "-o", HasSubstr("ro,")));
}

TEST(Options, MountsAreReadOnlyAndNamedAfterTheirSource) {
  EXPECT_THAT(left_for_fuse(*parse({"/src", "/mnt"})), HasSubstr("ro,"));
  EXPECT_THAT(left_for_fuse(*parse({"/src", "/mnt"})), HasSubstr(",subtype=npyfs"));
  EXPECT_THAT(left_for_fuse(*parse({"/src", "/mnt"})), HasSubstr(",fsname=/src"));
  EXPECT_THAT(left_for_fuse(*parse({"/a,b\\c", "/mnt"})), HasSubstr(",fsname=/a\\,b\\\\c")) << "no option of its own";
  const std::string named = left_for_fuse(*parse_with("fsname=other"));
  EXPECT_THAT(named, HasSubstr("fsname=other"));
  EXPECT_THAT(named, Not(HasSubstr("fsname=/src")));
}

TEST(Options, EscapesAreReadAsLibfuseReadsThem) {
  for (const char* spelled : {"allow\\_other", "allow\\137other", "ro,\\allow_other", "allow_other,allow_other"}) {
    const auto options = parse_with(spelled);
    ASSERT_TRUE(options) << spelled;
    EXPECT_EQ(options->users, Users::kOthers);
    EXPECT_THAT(options_for_fuse(*options), IsSupersetOf({"allow_other", "default_permissions"}));
  }
  for (const char* spelled : {"fsname=a\\,allow_other", "fsname=a\\054allow_other"}) {
    const auto options = parse_with(spelled);
    ASSERT_TRUE(options) << spelled;
    EXPECT_EQ(options->users, Users::kOwner);
    EXPECT_THAT(options_for_fuse(*options), Contains("fsname=a,allow_other"));
    EXPECT_THAT(options_for_fuse(*options), Not(Contains("allow_other")));
  }
  EXPECT_TRUE(parse_with("auto\\_unmount")->auto_unmount);
  EXPECT_FALSE(parse_with("fsname=a\\,auto_unmount\\,")->auto_unmount);
  EXPECT_TRUE(parse_with("r\\w")->writable);
}

TEST(Options, OfMountAndFstabChangeNothing) {
  const auto plain = parse({"/src", "/mnt"});
  for (const char* option : {"defaults",
                             "auto",
                             "noauto",
                             "nofail",
                             "_netdev",
                             "user",
                             "nouser",
                             "users",
                             "owner",
                             "group",
                             "user=joe",
                             "comment=a\\,allow_other",
                             "x-systemd.automount",
                             "x-a=b\\,rw",
                             "X-mount.mkdir",
                             "diratime",
                             "nodiratime",
                             "relatime",
                             "norelatime",
                             "strictatime",
                             "nostrictatime",
                             "lazytime",
                             "nolazytime",
                             "suid",
                             "nosuid",
                             "dev",
                             "nodev",
                             "exec",
                             "noexec",
                             "subtype=x",
                             ""}) {
    const auto options = parse_with(option);
    ASSERT_TRUE(options) << option << ": " << to_message(options.error());
    EXPECT_EQ(options->fuse_arguments, plain->fuse_arguments) << option;
  }
}

TEST(Options, AreShownAsTheyWereUnderstood) {
  EXPECT_EQ(parse({"/src", "/mnt"})->as_given, "");
  EXPECT_EQ(parse({"-or\\o", "/src", "-f", "-o", "chunks=3,fsname=a\\,b", "/mnt", "-o", "relatime"})->as_given,
            "ro,chunks=3,fsname=a\\,b,relatime");
}

TEST(Options, HelpIsThereWhateverElseIsWrong) {
  EXPECT_TRUE(parse({"-o", "nosuch", "--help"})->help);
  EXPECT_TRUE(parse({"a", "b", "c", "--nosuch", "-V"})->version);
}

TEST(Options, OtherUsersComeInWithTheirPermissionsChecked) {
  EXPECT_THAT(left_for_fuse(*parse({"/src", "/mnt"})), Not(HasSubstr("default_permissions")));
  for (const char* given : {"allow_other", "allow_root", "chunks=3,allow_other", "allow_other,auto_unmount"}) {
    EXPECT_THAT(left_for_fuse(*parse_with(given)), HasSubstr("default_permissions")) << given;
  }
  EXPECT_THAT(left_for_fuse(*parse({"-oallow_other", "/src", "/mnt"})), HasSubstr("default_permissions"));
}

}  // namespace
}  // namespace npyfs
