#include "fs/options/error_hints.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <utility>

#include "core/base/escape.h"
#include "core/base/path_string.h"

namespace npyfs {
namespace {

Error with(Error error, const std::string& advice) {
  error.sentence += ". " + advice;
  return error;
}

}  // namespace

Error with_advice_on_source(Error error) {
  if (error.os_error == EACCES) {
    return with(std::move(error),
                "npyfs reads with the rights of the user who starts it: start it as one who may read this");
  }
  if (error.os_error == ENOENT) {
    return with(std::move(error), "Is the name right? Is the filesystem mounted that holds it?");
  }
  if (error.os_error != ENOTDIR) return error;
  const std::string directory = escaped(parent_directory(error.subject));
  return with(std::move(error), fmt::format("SOURCE is the directory that holds the arrays, here {}", directory));
}

Error with_advice_on_output(Error error) {
  const std::string path = escaped(error.subject);
  if (error.os_error == ENOENT) return with(std::move(error), fmt::format("Make it first: mkdir -p {}", path));
  return error;
}

Error with_advice_on_mountpoint(Error error) {
  if (error.os_error == ENOTDIR) return with(std::move(error), "A mountpoint is a directory");
  return with_advice_on_output(std::move(error));
}

Error with_advice_on_mounting(Error error) {
  // The static binary can do with the fusermount of libfuse 2 (fs/portable).
  const bool has_fusermount = ::access("/usr/bin/fusermount3", X_OK) == 0 || ::access("/usr/bin/fusermount", X_OK) == 0;
  if (::geteuid() != 0 && !has_fusermount) {
    return with(std::move(error), "Users other than root need fusermount3 to mount: install the package fuse3");
  }
  // fusermount3 has already told other users what is wrong.
  if (::geteuid() != 0 && ::access("/dev/fuse", R_OK | W_OK) == 0) return error;
  return with(std::move(error),
              "A container needs --device /dev/fuse, --cap-add SYS_ADMIN and, where there is AppArmor, --security-opt "
              "apparmor=unconfined; where nothing may be mounted, npyfs --export writes chunks as files");
}

}  // namespace npyfs
