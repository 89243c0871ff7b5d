// Advice on what to do next, for the mistakes that people make first.
#pragma once

#include "core/base/error.h"

namespace npyfs {

// Each returns the error with a sentence of advice added, or unchanged where there is none to give.
Error with_advice_on_source(Error error);      // SOURCE cannot be opened
Error with_advice_on_mountpoint(Error error);  // MOUNTPOINT cannot be used
Error with_advice_on_output(Error error);      // the directory for a new file or directory cannot be used
Error with_advice_on_mounting(Error error);    // mount(2) or fusermount3 failed

}  // namespace npyfs
