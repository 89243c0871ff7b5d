#include "core/npy/python_repr.h"

#include <gtest/gtest.h>

#include <string>

namespace npyfs {
namespace {

// Each as Python 3.11 prints it.
TEST(PythonRepr, AsPythonPrints) {
  EXPECT_EQ(python_repr(""), "''");
  EXPECT_EQ(python_repr("a b"), "'a b'");
  EXPECT_EQ(python_repr("it's"), "\"it's\"");
  EXPECT_EQ(python_repr("\""), "'\"'");
  EXPECT_EQ(python_repr("'\""), "'\\'\"'");
  EXPECT_EQ(python_repr("\\"), "'\\\\'");
  EXPECT_EQ(python_repr("\n\r\t"), "'\\n\\r\\t'");
  EXPECT_EQ(python_repr(std::string("\0\x1f ~\x7f", 5)), "'\\x00\\x1f ~\\x7f'");
  EXPECT_EQ(python_repr("\u0080\u00a0\u00a1\u00ad\u00ff"), "'\\x80\\xa0\u00a1\\xad\u00ff'");
  EXPECT_EQ(python_repr("\u0377\u0378\u200b\u2028\u202e\u3000\ue000\ufeff\uffff"),
            "'\u0377\\u0378\\u200b\\u2028\\u202e\\u3000\\ue000\\ufeff\\uffff'");
  EXPECT_EQ(python_repr("\U0001f600\U000e0001\U0010ffff"), "'\U0001f600\\U000e0001\\U0010ffff'");
}

}  // namespace
}  // namespace npyfs
