#include "fs/serve/control_texts.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

#include "core/base/escape.h"
#include "core/base/readable_size.h"
#include "fs/serve/metrics_text.h"
#include "fs/serve/mount_state.h"

namespace npyfs {
namespace {

std::string_view name_of(SourceIo io) {
  switch (io) {
    case SourceIo::kAuto:
      return "auto";
    case SourceIo::kMmap:
      return "mmap";
    case SourceIo::kPread:
      return "pread";
  }
  return "";
}

std::string_view name_of(CachePolicy policy) {
  switch (policy) {
    case CachePolicy::kAuto:
      return "auto";
    case CachePolicy::kDirectIo:
      return "direct_io";
    case CachePolicy::kKernelCache:
      return "kernel_cache";
  }
  return "";
}

std::string options_text(const Options& options) {
  return fmt::format(
      "chunks={}\nsuffixes={}\nfollow_symlinks={}\ncache={}\nsource_io={}\nentry_timeout={}\nattr_timeout={}\n"
      "negative_timeout={}\nmax_threads={}\nidle_timeout={}\ninode32={}\nrw={}\nimmutable={}\nloglevel={}\ngiven={}\n",
      options.chunks, escaped(fmt::format("{}", fmt::join(options.suffixes, ","))),
      options.symlinks == Symlinks::kAnywhere ? "yes" : "no", name_of(options.cache), name_of(options.source_io),
      options.entry_timeout, options.attr_timeout, options.negative_timeout, options.max_threads, options.idle_timeout,
      options.inode32 ? "yes" : "no", options.writable ? "yes" : "no", options.immutable ? "yes" : "no",
      log_level_name(options.log_level), escaped(options.as_given));
}

std::string_view describe(CachePolicy policy) {
  switch (policy) {
    case CachePolicy::kAuto:
      return "chosen at each open, by size: small files use the kernel's page cache, large ones direct I/O";
    case CachePolicy::kDirectIo:
      return "direct I/O, not the kernel's page cache";
    case CachePolicy::kKernelCache:
      return "the kernel's page cache";
  }
  return "";
}

std::string_view describe_opens(const MountState& mount) {
  if (mount.omits_opens()) return "the kernel opens files without asking, and keeps what it knows of them for good";
  if (mount.options.immutable) return "the kernel asks for each open, and keeps what it knows of files for good";
  return "the kernel asks for each open";
}

std::string in_one_line(std::string lines) {
  lines.pop_back();
  std::ranges::replace(lines, '\n', ' ');
  return lines;
}

std::string status_text(const MountState& mount) {
  const Counters& counters = mount.counters;
  const RequestMetrics& requests = mount.requests;
  const Tree& tree = mount.tree;
  return fmt::format(
      "npyfs {}, process {}\n"
      "source: {}\n"
      "options: {}\n"
      "kernel: {}\n"
      "caching: {}; {}\n"
      "passthrough: {}\n"
      "below each array, unlisted: Zarr stores in zarr2/ and zarr3/; VIEW.nhdr beside each VIEW.bin\n"
      "open: files {}, directories {}; of the source: files {}, mapped windows {}\n"
      "watched directories of the source: {}\n"
      "served: reads {}, {}; {} more were put into the page cache before they were asked for\n"
      "written: writes {}, {}; failed {}\n"
      "failed requests: {}\n",
      NPYFS_VERSION, ::getpid(), escaped(tree.source_path()), in_one_line(options_text(mount.options)),
      mount.negotiation.describe(), describe(mount.options.cache), describe_opens(mount), mount.passthrough.describe(),
      tree.open_file_count(), mount.directories.count(), tree.open_source_count(), tree.mapping_count(),
      tree.watched_directory_count(), requests.of(FUSE_READ).succeeded.load(),
      readable_size(counters.bytes_read, "bytes"), readable_size(mount.preload.bytes(), "bytes"),
      requests.of(FUSE_WRITE).succeeded.load(), readable_size(counters.bytes_written, "bytes"),
      counters.failed_writes.load(), counters.errors.load());
}

// One line for each view that was opened for writing: bytes, a space, the view's path.
std::string written_text(const MountState& mount) {
  std::string text;
  for (const auto& [view, bytes] : mount.tree.written_bytes().all()) {
    text += fmt::format("{} {}\n", bytes, escaped(view));
  }
  return text;
}

}  // namespace

ControlFiles control_files(const MountState& mount) {
  ControlFiles files = {
      {"version", [] { return std::string(NPYFS_VERSION "\n"); }},
      {"options", [&mount] { return options_text(mount.options); }},
      {"status", [&mount] { return status_text(mount); }},
      {"metrics", [&mount] { return metrics_text(mount); }},
  };
  if (!mount.options.writable) return files;
  files.push_back({"written", [&mount] { return written_text(mount); }});
  // Its names may come from directories that are closed to other users.
  if (mount.options.users == Users::kOthers) files.back().mode = S_IRUSR;
  return files;
}

}  // namespace npyfs
