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

// Takes over `fd`, which is open on a directory for reading. `path` is the subject of errors.
inline Result<DirectoryStream> directory_stream(UniqueFd fd, const std::string& path) {
  DirectoryStream directory(::fdopendir(fd.get()));
  if (!directory) return std::unexpected(system_error(path, "fdopendir", errno));
  (void)fd.release();  // the DIR owns it now
  return directory;
}

// Whether d_type does not tell the type, so that the entry needs a stat: the entry is a link, which may be followed, or
// the filesystem does not fill in d_type.
inline bool is_of_unsure_type(const dirent& entry) {
  return entry.d_type == DT_LNK || entry.d_type == DT_UNKNOWN;
}

}  // namespace npyfs
