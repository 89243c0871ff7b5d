// The .npy files of one directory as one array: one after the other along axis 0.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/array/array.h"
#include "core/array/npy_file.h"
#include "core/base/error.h"
#include "core/npy/dtype.h"
#include "core/paths/source_status.h"

namespace npyfs {

// The dtype of a part. Parts of one dtype share it.
struct PartType {
  std::string descr;           // canonical, as NpyHeader::descr
  std::uint64_t itemsize = 0;  // bytes
  std::vector<Field> fields;
};

// What is known of one file of a joined array. Its descriptor is not kept: there may be many thousands.
struct JoinedPart {
  std::string name;              // in the directory
  SourceStatus status = {};      // when its header was read, or compared, for the last time
  std::uint64_t version = 0;     // NpyFile::version() as a hash
  bool is_racy = false;          // whether its header may change and `status` not: see HeaderGuard::is_racy()
  std::optional<Error> problem;  // why no slice of it can be served; then what follows is empty
  std::shared_ptr<const PartType> type = nullptr;
  Shape shape = {};
  bool fortran_order = false;
  std::uint64_t data_offset = 0;  // bytes
  std::uint64_t first_row = 0;    // in the joined array

  std::uint64_t rows() const { return shape.empty() ? 0 : shape.front(); }
};

// `file` was just opened for this name and status. `previous` is the part before it, whose type is shared if it is the
// same; null for none.
JoinedPart part_of(std::string name, const SourceStatus& status, const NpyFile& file, const JoinedPart* previous);
// A part that cannot be opened.
JoinedPart unreadable_part(std::string name, const SourceStatus& status, Error why);

// The path in the mount of what is joined from the files of the directory at `path`: "a/shards.npy" of "a/shards".
inline std::string joined_path(const std::string& directory) {
  return directory + ".npy";
}

using JoinedParts = std::vector<JoinedPart>;

// Immutable and thread-safe.
class JoinedArray {
 public:
  // The array of these parts, which are in its order; sets JoinedPart::first_row. `path` is that of the directory, for
  // messages. `files` opens the part with an index in `parts`.
  // `root_device` as for virtual_inode().
  JoinedArray(std::string path, JoinedParts parts, dev_t root_device,
              const std::function<std::shared_ptr<const PartFiles>(std::shared_ptr<const JoinedParts>)>& files);

  // Of the directory, relative to the root of the source.
  const std::string& path() const { return path_; }
  const JoinedParts& parts() const { return *parts_; }

  // The array, or why there is none: there is no part, a part is damaged (all that are, are named), or two parts differ
  // in dtype or in the shape of a row (the first two are named).
  const Result<std::shared_ptr<const Array>>& array() const { return array_; }

  // Differs if any part, or the order of the parts, is another one. Never 0.
  std::uint64_t version() const { return version_; }

  // The same for as long as the same files are in the same order, however they are written; the same after each mount.
  std::uint64_t identity() const { return identity_; }

  // The status of what is below the array's directory. `directory` is that of the directory of parts. Has the youngest
  // times of all; who may read and write is who may read and write every part.
  SourceStatus status(const SourceStatus& directory) const;

 private:
  void combine_statuses();

  const std::string path_;
  const std::shared_ptr<const JoinedParts> parts_;
  const std::uint64_t version_;
  const std::uint64_t identity_;
  const Result<std::shared_ptr<const Array>> array_;
  SourceStatus of_all_parts_ = {};  // mode, owner and times
  bool is_of_one_owner_ = true;
};

}  // namespace npyfs
