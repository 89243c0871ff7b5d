// A wrong command line, as an error.
#pragma once

#include <expected>
#include <string>
#include <utility>

#include "core/base/error.h"

namespace npyfs {

// kInvalidArgument: `argument` is the option or argument as the user wrote it, `sentence` what is wrong with it and
// what would be right.
inline std::unexpected<Error> wrong_use(std::string argument, std::string sentence) {
  return std::unexpected(Error{ErrorKind::kInvalidArgument, std::move(argument), std::move(sentence)});
}

}  // namespace npyfs
