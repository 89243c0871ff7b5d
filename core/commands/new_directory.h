// A new directory that appears under its name only when it is complete.
#pragma once

#include <string>

#include "core/base/error.h"
#include "core/base/unique_fd.h"

namespace npyfs {

// Before publish(), the directory has a temporary_name() next to its final one. If the process is killed, the temporary
// directory is left behind; files in it that were made with NewFile are complete. Not thread-safe.
class NewDirectory {
 public:
  // kSystem with EEXIST if something is at `path` already. A trailing '/' is ignored.
  static Result<NewDirectory> create(std::string path);
  NewDirectory(NewDirectory&& other) noexcept;
  NewDirectory& operator=(NewDirectory&&) = delete;
  // Removes the directory, with the files in it, unless it was published.
  ~NewDirectory();

  // The directory's present path; files are created here.
  const std::string& temporary_path() const { return temporary_path_; }

  // Writes the files to stable storage and gives the directory its name. Never replaces anything, except an empty
  // directory on filesystems without RENAME_NOREPLACE: kSystem with EEXIST if the name is taken by then.
  // When this returns, the name is on stable storage, too.
  Result<void> publish();

 private:
  NewDirectory(std::string path, UniqueFd parent);
  Result<void> make();
  Result<void> rename_to_name();

  std::string path_;
  UniqueFd parent_;
  std::string temporary_path_;  // to be removed by the destructor; "" for none
};

}  // namespace npyfs
