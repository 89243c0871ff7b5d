// A file that appears under its name complete, or not at all.
#pragma once

#include <string>

#include "core/base/error.h"
#include "core/base/unique_fd.h"

namespace npyfs {

// While it is written the file has no name (O_TMPFILE), so that a kill leaves nothing. On filesystems that cannot do
// this it has a temporary_name() in the same directory, which a kill leaves behind.
class NewFile {
 public:
  enum class Staging {
    kUnnamedIfPossible,
    kNamed,  // as on filesystems without O_TMPFILE
  };

  // Where something has this name already: kSystem with EEXIST. The mode is that of any new file: 0666 less the umask.
  static Result<NewFile> create(const std::string& path, Staging staging = Staging::kUnnamedIfPossible);
  NewFile(NewFile&& other) noexcept;
  NewFile& operator=(NewFile&& other) = delete;
  // Without publish() the file is gone.
  ~NewFile();

  // Open for reading and writing.
  int fd() const { return fd_.get(); }

  // Gives the file its name, in place of nothing: kSystem with EEXIST where another has come by it meanwhile.
  Result<void> publish();

  // The same, and returns when file and name are on stable storage.
  Result<void> publish_durably();

 private:
  NewFile(std::string path, UniqueFd directory);
  Result<void> open_unnamed();
  Result<void> open_named();
  Result<void> check_absent() const;
  int link_to_name();

  std::string path_;
  std::string name_;  // last component of path_
  UniqueFd directory_;
  UniqueFd fd_;
  std::string temporary_name_;  // empty where there is none, or it has been given up
};

// Says that nothing is overwritten: kSystem with EEXIST.
Error already_exists(std::string path);

}  // namespace npyfs
