#include "core/base/json_string.h"

#include <nlohmann/json.hpp>

namespace npyfs {

// The library only formats strings: if memory runs out, its destructor of an object or array aborts the process.
std::string json_string(const std::string& text) {
  return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace npyfs
