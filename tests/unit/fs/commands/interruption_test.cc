#include "fs/commands/interruption.h"

#include <gtest/gtest.h>
#include <signal.h>

namespace npyfs {
namespace {

TEST(Interruption, IsAskedForAndTakesItsEffectAtTheEnd) {
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) {
    EXPECT_EXIT(
        {
          const Interruption interruption;
          if (Interruption::has_come()) ::_exit(7);
          ::raise(number);
          if (!Interruption::has_come()) ::_exit(8);
        },
        testing::KilledBySignal(number), "");
  }
}

TEST(Interruption, LeavesTheSignalsAsTheyWere) {
  EXPECT_EXIT(
      {
        ::signal(SIGHUP, SIG_IGN);
        {
          const Interruption interruption;
          ::raise(SIGHUP);
          if (Interruption::has_come()) ::_exit(7);
        }
        ::raise(SIGHUP);
        ::_exit(::signal(SIGINT, SIG_IGN) == SIG_DFL ? 0 : 8);
      },
      testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace npyfs
