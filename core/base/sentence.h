// The error of code that knows no file: a sentence alone. Its caller knows the subject, and makes an Error of both.
#pragma once

#include <expected>
#include <string>

namespace npyfs {

using Sentence = std::unexpected<std::string>;

}  // namespace npyfs
