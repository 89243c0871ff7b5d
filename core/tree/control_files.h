// The files of .npyfs/: generated texts about the daemon itself.
#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/tree/listing.h"

namespace npyfs {

// A file whose text is generated at each open. `text` must be thread-safe.
struct ControlFile {
  std::string name;
  std::function<std::string()> text;
  mode_t mode = S_IRUSR | S_IRGRP | S_IROTH;
};

using ControlFiles = std::vector<ControlFile>;

inline constexpr std::string_view kControlDirectoryName = ".npyfs";

// Attributes of the directory, and of the file at `index`. The owner is the daemon's user and all times are now.
// Everybody may read the directory; a file has its own mode. A file's size is that of the text generated now.
struct stat control_directory_attributes();
struct stat control_file_attributes(const ControlFiles& files, std::uint64_t index);

// Lists the files. `files` must outlive the listing.
std::unique_ptr<Listing> list_control_files(const ControlFiles& files);

}  // namespace npyfs
