// The files of .npyfs/, in which the daemon speaks of itself.
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

// A file whose text is made anew each time it is opened. `text` is called from many threads.
struct ControlFile {
  std::string name;
  std::function<std::string()> text;
  mode_t mode = S_IRUSR | S_IRGRP | S_IROTH;
};

using ControlFiles = std::vector<ControlFile>;

inline constexpr std::string_view kControlDirectoryName = ".npyfs";

// Attributes of the directory itself, and of the file at `index`. Owned by the daemon's user, as old as this
// moment; the directory is readable by all, a file has its own mode; the size is that of the text as it is now.
struct stat control_directory_attributes();
struct stat control_file_attributes(const ControlFiles& files, std::uint64_t index);

// Lists the files. `files` must outlive the listing.
std::unique_ptr<Listing> list_control_files(const ControlFiles& files);

}  // namespace npyfs
