// Every file of tests/refused is refused, each for its own reason.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>

#include "core/npy/npy_header.h"
#include "tests/unit/support/corpus.h"

namespace npyfs {
namespace {

// What a mount would do with a file: read its first bytes, then its header, then judge it.
Result<void> judge(const std::string& contents, const std::string& name) {
  const auto bytes = as_bytes(contents);
  const auto size = npy_header_size(bytes.first(std::min<std::size_t>(bytes.size(), 12)), bytes.size(), name);
  if (!size) return std::unexpected(size.error());
  const auto header = parse_npy_header(bytes.first(*size), name);
  if (!header) return std::unexpected(header.error());
  return check_sliceable(*header, bytes.size(), name);
}

std::string framed(int major, const std::string& text) {
  std::string out = "\x93NUMPY";
  out += static_cast<char>(major);
  out += '\0';
  for (int i = 0; i < (major == 1 ? 2 : 4); ++i) out += static_cast<char>(text.size() >> (8 * i) & 0xFF);
  return out + text;
}

std::string sentence_of(const std::string& contents) {
  const auto judged = judge(contents, "a.npy");
  return judged ? "accepted" : judged.error().sentence;
}

TEST(Refused, EveryFileWithItsOwnSentence) {
  const auto index = corpus_index("refused");
  ASSERT_GT(index.size(), 100u);
  for (const auto& [name, sentence] : index.items()) {
    const auto judged = judge(read_file(corpus("refused") / name), name);
    ASSERT_FALSE(judged) << name << " was accepted";
    EXPECT_EQ(to_message(judged.error()), name + ": " + sentence.get<std::string>());
    EXPECT_EQ(judged.error().kind, name.starts_with("slices-") ? ErrorKind::kNotSliceable : ErrorKind::kMalformed)
        << name;
  }
}

TEST(Refused, NoTwoFilesForTheSameReason) {
  std::map<std::string, std::string> first_file;
  const auto index = corpus_index("refused");
  for (const auto& [name, sentence] : index.items()) {
    const auto [other, is_new] = first_file.emplace(sentence.get<std::string>(), name);
    EXPECT_TRUE(is_new) << name << " and " << other->second << ": " << sentence;
  }
}

TEST(Refused, IndexAndDirectoryAgree) {
  EXPECT_EQ(index_files(corpus_index("refused")), corpus_files("refused"));
}

TEST(Refused, SentencesAreOneLineOfText) {
  const auto index = corpus_index("refused");
  for (const auto& [name, sentence] : index.items()) {
    const auto text = sentence.get<std::string>();
    EXPECT_TRUE(std::none_of(text.begin(), text.end(), [](char c) { return c >= 0 && c < ' '; })) << name;
    EXPECT_LT(text.size(), 300u) << name;
  }
}

const std::string kDict = "{'descr': '<f8', 'fortran_order': False, 'shape': (3,), }";

TEST(Refused, HeaderOfMoreThan1MiB) {
  const std::string data(24, '\0');
  for (const int major : {2, 3}) {
    const std::string fits = framed(major, kDict + std::string(1'048'576 - kDict.size(), ' '));
    EXPECT_EQ(sentence_of(fits + data), "accepted");
    const std::string one_more = framed(major, kDict + std::string(1'048'577 - kDict.size(), ' '));
    EXPECT_EQ(sentence_of(one_more + data), "the header is 1048577 bytes long, npyfs reads at most 1048576");
  }
  const std::string longest_of_version_1 = framed(1, kDict + std::string(65'535 - kDict.size(), ' '));
  EXPECT_EQ(sentence_of(longest_of_version_1 + data), "accepted");
}

TEST(Refused, HeaderThatNumpyWouldWriteTooLong) {
  // Short to spell, longer to write: 'u1' is '|u1'.
  std::string fields;
  for (int i = 0; i < 65'000; ++i) fields += "('" + std::to_string(10'000 + i) + "','u1'),";
  const std::string text = "{'descr':[" + fields + "],'fortran_order':False,'shape':(3,)}";
  ASSERT_LE(text.size(), 1'048'576u);
  EXPECT_EQ(sentence_of(framed(2, text)),
            "the header, written as numpy writes it, has more than the 1048576 bytes that npyfs reads");
}

TEST(Refused, LongValuesAreShortenedInSentences) {
  const std::string text = "{'descr': '" + std::string(5'000, 'x') + "', 'fortran_order': False, 'shape': (3,)}";
  EXPECT_EQ(sentence_of(framed(1, text)),
            "descr: '" + std::string(119, 'x') + "... is no dtype: numpy knows no type of that name");
}

TEST(Refused, EveryPrefixOfAHeader) {
  const std::string whole = framed(1, kDict + "\n") + std::string(24, '\0');
  EXPECT_EQ(sentence_of(whole), "accepted");
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_FALSE(judge(whole.substr(0, size), "a.npy")) << size << " bytes";
  }
}

TEST(Refused, NothingIsReadBeyondTheLargestHeader) {
  // The length alone decides, whatever size the file claims: no byte of the dict is looked at.
  const std::string front = framed(2, "").substr(0, 8) + "\xFF\xFF\xFF\xFF";
  const auto refused = npy_header_size(as_bytes(front), std::uint64_t{1} << 40, "big.npy");
  ASSERT_FALSE(refused);
  EXPECT_EQ(to_message(refused.error()), "big.npy: the header is 4294967295 bytes long, npyfs reads at most 1048576");
}

}  // namespace
}  // namespace npyfs
