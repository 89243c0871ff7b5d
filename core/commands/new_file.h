// A new file that appears under its name only when it is complete.
#pragma once

#include <string>

#include "core/base/error.h"
#include "core/base/unique_fd.h"

namespace npyfs {

// The file has no name while it is written (O_TMPFILE), so nothing is left if the process is killed. On filesystems
// without O_TMPFILE it has a temporary_name() in the same directory; if the process is killed, that file stays. Not
// thread-safe.
class NewFile {
 public:
  enum class Staging {
    kUnnamedIfPossible,
    kNamed,  // as on filesystems without O_TMPFILE
  };

  // kSystem with EEXIST if something has this name already. The mode is 0666 without the umask.
  static Result<NewFile> create(const std::string& path, Staging staging = Staging::kUnnamedIfPossible);
  NewFile(NewFile&& other) noexcept;
  NewFile& operator=(NewFile&& other) = delete;
  // Removes the file unless it was published.
  ~NewFile();

  // A descriptor of the file, open for reading and writing.
  int fd() const { return fd_.get(); }

  // Gives the file its name. Never replaces another file: kSystem with EEXIST if the name is taken by then.
  Result<void> publish();

  // The same. When this returns, the file and its name are on stable storage.
  Result<void> publish_durably();

 private:
  NewFile(std::string path, UniqueFd directory);
  Result<void> open_unnamed();
  Result<void> open_named();
  Result<void> check_absent() const;
  Result<void> link_unnamed();
  Result<void> rename_temporary();
  Error publish_error(int error) const;

  std::string path_;
  std::string name_;  // last component of path_
  UniqueFd directory_;
  UniqueFd fd_;
  std::string temporary_name_;  // to be removed by the destructor; "" for none
};

// kSystem with EEXIST: something is at `path` and is not overwritten.
Error already_exists(std::string path);

}  // namespace npyfs
