#include "core/array/view_attributes.h"

#include <gtest/gtest.h>

#include <map>
#include <string>

#include "tests/unit/support/array_state_fixture.h"

namespace npyfs {
namespace {

using Attributes = std::map<std::string, std::string>;

class ViewAttributesTest : public ArrayStateTest {
 protected:
  static Attributes attributes_of(const char* path, const ArrayState& array) {
    Attributes found;
    const auto attributes = extended_attributes(*find(path, array), array).value();
    for (const auto& [name, value] : attributes) {
      EXPECT_TRUE(name.starts_with("user.npyfs.")) << name;
      found[name.substr(std::string("user.npyfs.").size())] = value;
    }
    return found;
  }
};

TEST_F(ViewAttributesTest, SayWhatAViewIs) {
  const auto array = array_of({10, 7});
  const Attributes expected = {
      {"source", directory_.path("dir/a.npy")},
      {"axis", "1"},
      {"start", "3"},
      {"stop", "5"},
      {"index", "a[:, 3:5]"},
      {"shape", "(10, 2)"},
      {"descr", "<f8"},
  };
  for (const char* path : {"axis1/chunks/1_of_3.npy", "axis1/slices/3_to_5.bin", "index/:,3:5.npy"}) {
    EXPECT_EQ(attributes_of(path, array), expected) << path;
  }
  for (const char* path : {"", "chunks", "chunks/3", "axis1", "source.npy", "info.json", "chunks/0_of_3"}) {
    EXPECT_TRUE(attributes_of(path, array).empty()) << path;
  }
}

TEST_F(ViewAttributesTest, NameAnAxisOnlyWhereARangeOfItSaysAll) {
  const auto array = structured({10, 7});
  struct Case {
    const char* path;
    const char* range;  // axis:start:stop
    const char* index;
    const char* shape;
  };
  const Case cases[] = {
      {"chunks/0_of_1.npy", "0:0:10", "a", "(10, 7)"},
      {"slices/2_to_9.npy", "0:2:9", "a[2:9]", "(7, 7)"},
      {"slices/4_to_4.npy", "0:0:0", "a[0:0]", "(0, 7)"},
      {"items/3.npy", "", "a[3]", "(7,)"},
      {"slices/2_to_9_by_3.npy", "", "a[2::3]", "(3, 7)"},
      {"index/::-1.npy", "", "a[::-1]", "(10, 7)"},
      {"index/2:9,1:3.npy", "", "a[2:9, 1:3]", "(7, 2)"},
      {"index/None.npy", "", "a[None, :, :]", "(1, 10, 7)"},
      {"slices/2_to_9/fields/b.npy", "", "a[2:9]['b']", "(7, 7, 2, 3)"},
  };
  for (const auto& [path, range, index, shape] : cases) {
    auto found = attributes_of(path, array);
    const std::string expected(range);
    EXPECT_EQ(found.contains("axis") ? found["axis"] + ":" + found["start"] + ":" + found["stop"] : "", expected)
        << path;
    EXPECT_EQ(found["index"], index) << path;
    EXPECT_EQ(found["shape"], shape) << path;
  }
  EXPECT_EQ(attributes_of("fields/b.npy", array)["descr"], "<f8");
  EXPECT_EQ(attributes_of("fields/c.npy", array)["descr"], "[('x', '<i2'), ('y', '<i2')]");
}

TEST_F(ViewAttributesTest, LongerThanAKibibyteAreLeftOut) {
  const auto descr_of = [](std::size_t size) { return "[('" + std::string(size - 13, 'x') + "', '<i4')]"; };
  for (const std::size_t size : {kMaxAttributeSize - 1, kMaxAttributeSize, kMaxAttributeSize + 1}) {
    const auto descr = descr_of(size);
    const auto found = attributes_of("chunks/0_of_2.npy", array(npy_bytes({descr, 4, false, {10}})));
    EXPECT_EQ(found.contains("descr"), size <= kMaxAttributeSize) << size;
    EXPECT_TRUE(found.contains("shape"));
  }
}

TEST_F(ViewAttributesTest, OfAViewThatIsNoMoreAreAnError) {
  const auto found = *find("slices/1_to_10.npy", array_of({10, 7}));
  EXPECT_EQ(extended_attributes(found, array_of({9, 7})).error().kind, ErrorKind::kStale);
}

}  // namespace
}  // namespace npyfs
