// What to do next, behind what went wrong: for the mistakes that people make first.
#pragma once

#include "core/base/error.h"

namespace npyfs {

// The error with a sentence of advice behind its own, where there is one to give.
Error with_advice_on_source(Error error);      // SOURCE cannot be opened
Error with_advice_on_mountpoint(Error error);  // MOUNTPOINT cannot be used
Error with_advice_on_output(Error error);      // the directory of what is to be made cannot be used
Error with_advice_on_mounting(Error error);    // the mount itself has failed

}  // namespace npyfs
