#include "fs/options/flags.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "fs/commands/command.h"
#include "fs/commands/create_command.h"

namespace npyfs {
namespace {

using testing::ElementsAre;

constexpr Flag kKnown[] = {{"chunks"}, {"axis"}, {"json", false}};

class Arguments {
 public:
  Arguments(std::vector<std::string> texts) : texts_(std::move(texts)) {
    texts_.insert(texts_.begin(), "npyfs");
    for (auto& text : texts_) pointers_.push_back(text.data());
    pointers_.push_back(nullptr);
  }
  int argc() const { return static_cast<int>(texts_.size()); }
  char** argv() { return pointers_.data(); }

 private:
  std::vector<std::string> texts_;
  std::vector<char*> pointers_;
};

Result<Flags> parse(std::vector<std::string> texts) {
  Arguments arguments(std::move(texts));
  return parse_flags(arguments.argc(), arguments.argv(), kKnown);
}

TEST(Flags, InAnyOrderAndSpelling) {
  for (const auto& arguments :
       std::vector<std::vector<std::string>>{{"--chunks", "16", "--json", "data", "out"},
                                             {"data", "--json", "out", "--chunks=16"},
                                             {"--chunks=3", "data", "out", "--json", "--chunks", "16"}}) {
    const auto flags = parse(arguments);
    ASSERT_TRUE(flags);
    EXPECT_EQ(flags->values.at("chunks"), "16");
    EXPECT_TRUE(flags->has("json"));
    EXPECT_FALSE(flags->has("axis"));
    EXPECT_THAT(flags->positional, ElementsAre("data", "out"));
  }
}

TEST(Flags, BehindTwoDashesEverythingIsAName) {
  EXPECT_THAT(parse({"--json", "--", "--chunks", "-x"})->positional, ElementsAre("--chunks", "-x"));
}

TEST(Flags, RefusesWhatItDoesNotKnow) {
  for (const auto& [argument, why] :
       std::vector<std::pair<std::string, std::string>>{{"--nosuch", "is no option here, or takes no value"},
                                                        {"--json=1", "is no option here, or takes no value"},
                                                        {"-x", "is no option here, or takes no value"},
                                                        {"--chunks", "needs a value behind it"}}) {
    const auto flags = parse({"data", argument});
    ASSERT_FALSE(flags) << argument;
    EXPECT_EQ(flags.error().kind, ErrorKind::kInvalidArgument);
    EXPECT_EQ(to_message(flags.error()), argument + ": " + why);
  }
}

TEST(Command, IsNamedByAnOptionAnywhere) {
  const auto named = [](std::vector<std::string> texts) {
    Arguments arguments(std::move(texts));
    return command_named_in(arguments.argc(), arguments.argv());
  };
  EXPECT_EQ(named({"--create", "out.npy"}), &run_create);
  EXPECT_EQ(named({"--shape", "3", "--create=out.npy"}), &run_create);
  EXPECT_EQ(named({"source", "mountpoint"}), nullptr);
  EXPECT_EQ(named({"source", "--", "--create"}), nullptr);
  EXPECT_EQ(named({}), nullptr);
}

TEST(CreateCommand, Lengths) {
  EXPECT_THAT(*parse_lengths("100000,128"), ElementsAre(100000u, 128u));
  EXPECT_THAT(*parse_lengths("7"), ElementsAre(7u));
  for (const char* text : {"", ",", "1,", ",1", "1,,2", "1x2", "-1", "1, 2", "(1,2)", "1.5"}) {
    const auto lengths = parse_lengths(text);
    ASSERT_FALSE(lengths) << text;
    EXPECT_EQ(lengths.error().subject, "--shape");
  }
}

}  // namespace
}  // namespace npyfs
