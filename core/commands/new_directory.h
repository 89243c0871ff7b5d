// A directory that appears under its name with all its files, or not at all.
#pragma once

#include <string>

#include "core/base/error.h"
#include "core/base/unique_fd.h"

namespace npyfs {

// Until it is published it has a temporary_name() beside the one it will get. A kill leaves that behind, and in it only
// files that are complete, if they are made by NewFile.
class NewDirectory {
 public:
  // Where something is at `path` already: kSystem with EEXIST. A final '/' does not matter.
  static Result<NewDirectory> create(std::string path);
  NewDirectory(NewDirectory&& other) noexcept;
  NewDirectory& operator=(NewDirectory&&) = delete;
  // Without publish() the directory is removed with the files in it.
  ~NewDirectory();

  // Where to put files.
  const std::string& temporary_path() const { return temporary_path_; }

  // Brings its files to stable storage and gives it its name, in place of nothing: kSystem with EEXIST where another
  // has come by the name meanwhile. Returns when the name is on stable storage, too.
  Result<void> publish();

 private:
  NewDirectory(std::string path, UniqueFd parent);
  Result<void> make();
  Result<void> rename_to_name();

  std::string path_;
  UniqueFd parent_;
  std::string temporary_path_;  // empty where there is none, or it has been given up
};

}  // namespace npyfs
