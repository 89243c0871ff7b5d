// Directories below an array's directory, as the mount lists them.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string_view>

#include "core/array/array_directory.h"
#include "core/array/array_listing.h"
#include "core/tree/listing.h"

namespace npyfs {

// An array's directory, or one below it. Lists the array as it was when the directory was opened.
class VirtualListing : public Listing {
 public:
  VirtualListing(const VirtualPath& directory, ArrayState array, std::uint64_t default_chunks, dev_t root_device);
  Result<void> read(std::uint64_t cookie, const Visit& visit) override;

 private:
  ListedName describe(std::string_view name) const;

  const VirtualPath directory_;
  const ArrayState array_;
  const dev_t root_device_;
  const ArrayListing names_;
};

}  // namespace npyfs
