#include "core/zip/cp437.h"

#include <gtest/gtest.h>

namespace npyfs {
namespace {

TEST(Cp437, IsWhatPythonDecodes) {
  EXPECT_EQ(cp437_decoded("plain/name.npy"), "plain/name.npy");
  EXPECT_EQ(cp437_decoded("\x80\x8B\x9B\xE1\xFF"), "Çï¢ß\u00A0");  // bytes.decode('cp437')
  EXPECT_EQ(cp437_decoded("\xB0\xDF"), "░▀");
}

}  // namespace
}  // namespace npyfs
