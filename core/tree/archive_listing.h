// Directories of an archive, as the mount lists them.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>

#include "core/array/array_name.h"
#include "core/tree/listing.h"
#include "core/tree/node_source.h"

namespace npyfs {

// The archive's directory, or one in it. Lists the archive as it was when the directory was opened.
class ArchiveListing : public Listing {
 public:
  // `directory` is the path in the archive; "" for its own directory.
  ArchiveListing(std::string directory, ArchiveState archive, const ArraySuffixes& suffixes, dev_t root_device);
  Result<void> read(std::uint64_t cookie, const Visit& visit) override;

 private:
  bool visit_own(std::uint64_t cookie, const Visit& visit) const;
  ino_t inode(std::string_view member) const;

  const std::string directory_;
  const ArchiveState state_;
  const ArraySuffixes suffixes_;
  const dev_t root_device_;
  const bool has_error_;
};

// Whether the archive's directory has error.txt.
bool has_error(const ArchiveState& state, const ArraySuffixes& suffixes);

// The inode number of something in an archive: `member` is its path there, "" for the archive's own directory.
ino_t archive_inode(const ArchiveState& state, dev_t root_device, std::string_view member);

}  // namespace npyfs
