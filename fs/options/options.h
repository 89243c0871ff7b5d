// The command line of a mount.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/array/array_name.h"
#include "core/base/error.h"
#include "core/paths/source_root.h"
#include "core/source/source_file.h"
#include "fs/log/log.h"

namespace npyfs {

// Whether reads go through the kernel's page cache: -o kernel_cache, -o direct_io, or decided at each open (kAuto).
enum class CachePolicy { kAuto, kDirectIo, kKernelCache };

struct Options {
  std::string source;
  std::string mountpoint;              // empty: a command is given, and gets a fresh directory
  std::vector<std::string> command;    // what follows `--`: run it, and unmount when it ends. Empty: none is given
  std::optional<int> fuse_descriptor;  // N where the mountpoint is /dev/fd/N: somebody else has mounted
  bool foreground = false;
  bool help = false;
  bool version = false;
  bool writable = false;
  bool immutable = false;     // nobody changes the source while it is mounted
  bool inode32 = false;       // inode numbers below 2^32
  bool auto_unmount = false;  // a fusermount3 process, started by libfuse, unmounts when npyfs has died

  std::uint64_t chunks = 0;  // how many chunks chunks/ lists
  ArraySuffixes suffixes;    // of further arrays
  Symlinks symlinks = Symlinks::kWithinRoot;
  Users users = Users::kOwner;
  SourceIo source_io = SourceIo::kAuto;
  CachePolicy cache = CachePolicy::kAuto;
  double entry_timeout = 1;     // seconds
  double attr_timeout = 1;      // seconds
  double negative_timeout = 0;  // seconds; 0: the kernel asks each time for a name that does not exist
  double idle_timeout = 0;      // seconds with nothing open until the mount ends; 0: it never ends by itself
  unsigned max_threads = 10;
  unsigned max_read = 0;  // bytes; 0: as much as the kernel asks for
  LogLevel log_level = LogLevel::kNotice;
  std::string as_given;  // the -o options that were given, in their order, as one list; for .npyfs/options

  // A command line for fuse_session_new: the program's name, and all options that libfuse and the kernel need.
  std::vector<std::string> fuse_arguments;
};

}  // namespace npyfs
