// The names of a directory, as readdir(3) gives them.
#pragma once

#include <dirent.h>

#include <cerrno>
#include <memory>
#include <string>

#include "core/base/error.h"
#include "core/base/unique_fd.h"

namespace npyfs {

struct DirectoryCloser {
  void operator()(DIR* directory) const { ::closedir(directory); }
};
using DirectoryStream = std::unique_ptr<DIR, DirectoryCloser>;

// A stream of the directory that is open at `fd`, for reading; `path` is for messages.
inline Result<DirectoryStream> directory_stream(UniqueFd fd, const std::string& path) {
  DirectoryStream directory(::fdopendir(fd.get()));
  if (!directory) return std::unexpected(system_error(path, "fdopendir", errno));
  (void)fd.release();  // the DIR owns it now
  return directory;
}

// Whether its type is to be had by looking at it alone: a link may be followed, and some filesystems do not say.
inline bool is_of_unsure_type(const dirent& entry) {
  return entry.d_type == DT_LNK || entry.d_type == DT_UNKNOWN;
}

}  // namespace npyfs
