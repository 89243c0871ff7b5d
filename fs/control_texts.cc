#include "fs/control_texts.h"

#include <fmt/format.h>

#include "core/escape.h"
#include "fs/filesystem.h"

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
      "chunks={}\nfollow_symlinks={}\ncache={}\nsource_io={}\nentry_timeout={}\nattr_timeout={}\nnegative_timeout={}\n"
      "max_threads={}\nrw={}\n",
      options.chunks, options.leaving_links == LeavingLinks::kAreFollowed ? "yes" : "no", name_of(options.cache),
      name_of(options.source_io), options.entry_timeout, options.attr_timeout, options.negative_timeout,
      options.max_threads, options.writable ? "yes" : "no");
}

std::string status_text(const Filesystem& filesystem) {
  return fmt::format("npyfs {}\nsource: {}\nkernel: {}\n", NPYFS_VERSION, escaped(filesystem.tree.root().absolute("")),
                     filesystem.describe());
}

// The Prometheus text format: prometheus.io/docs/instrumenting/exposition_formats.
std::string metrics_text(const Filesystem& filesystem) {
  std::string text;
  const auto add = [&](std::string_view name, std::string_view type, std::string_view help, std::uint64_t value) {
    text += fmt::format("# HELP npyfs_{0} {2}\n# TYPE npyfs_{0} {1}\nnpyfs_{0} {3}\n", name, type, help, value);
  };
  const Metrics& metrics = filesystem.metrics;
  add("lookups_total", "counter", "Names looked up.", metrics.lookups);
  add("opens_total", "counter", "Files opened.", metrics.opens);
  add("reads_total", "counter", "Reads answered.", metrics.reads);
  add("read_bytes_total", "counter", "Bytes given to readers.", metrics.bytes_read);
  add("writes_total", "counter", "Writes answered.", metrics.writes);
  add("written_bytes_total", "counter", "Bytes taken from writers.", metrics.bytes_written);
  add("failed_writes_total", "counter", "Writes and syncs that failed.", metrics.failed_writes);
  add("errors_total", "counter", "Requests that failed, other than with ENOENT.", metrics.errors);
  add("open_files", "gauge", "Files that are open.", filesystem.tree.open_file_count());
  add("nodes", "gauge", "Files and directories the kernel knows of.", filesystem.tree.node_count());
  add("open_sources", "gauge", "Source files held open.", filesystem.tree.sources().count());
  add("mappings", "gauge", "Mapped windows of source files.", filesystem.tree.sources().mappings());
  return text;
}

}  // namespace

// One line for each view that was opened for writing: bytes, a space, the view's path.
std::string written_text(const Filesystem& filesystem) {
  std::string text;
  for (const auto& [view, bytes] : filesystem.tree.written_bytes().all()) {
    text += fmt::format("{} {}\n", bytes, escaped(view));
  }
  return text;
}

ControlFiles control_files(const Filesystem& filesystem) {
  ControlFiles files = {
      {"version", [] { return std::string(NPYFS_VERSION "\n"); }},
      {"options", [&filesystem] { return options_text(filesystem.options); }},
      {"status", [&filesystem] { return status_text(filesystem); }},
      {"metrics", [&filesystem] { return metrics_text(filesystem); }},
  };
  if (filesystem.options.writable) files.push_back({"written", [&filesystem] { return written_text(filesystem); }});
  return files;
}

}  // namespace npyfs
