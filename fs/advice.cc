#include "fs/advice.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <utility>

#include "core/escape.h"
#include "core/file_names.h"

namespace npyfs {
namespace {

Error with(Error error, const std::string& advice) {
  error.sentence += ". " + advice;
  return error;
}

}  // namespace

Error with_advice_on_source(Error error) {
  if (error.os_error != ENOTDIR) return error;
  const std::string directory = escaped(parent_directory(error.subject));
  return with(std::move(error), fmt::format("SOURCE is the directory that holds the arrays, here {}", directory));
}

Error with_advice_on_mountpoint(Error error) {
  const std::string path = escaped(error.subject);
  if (error.os_error == ENOENT) return with(std::move(error), fmt::format("Make it first: mkdir -p {}", path));
  if (error.os_error == ENOTDIR) return with(std::move(error), "A mountpoint is a directory");
  return error;
}

Error with_advice_on_mounting(Error error) {
  if (::access("/dev/fuse", R_OK | W_OK) == 0) return error;
  return with(
      std::move(error),
      "/dev/fuse cannot be used here: containers need --device /dev/fuse and --cap-add SYS_ADMIN; where nothing "
      "may be mounted, npyfs --export writes chunks as files");
}

}  // namespace npyfs
