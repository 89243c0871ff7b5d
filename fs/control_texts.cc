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
      "max_threads={}\n",
      options.chunks, options.leaving_links == LeavingLinks::kAreFollowed ? "yes" : "no", name_of(options.cache),
      name_of(options.source_io), options.entry_timeout, options.attr_timeout, options.negative_timeout,
      options.max_threads);
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
  add("errors_total", "counter", "Requests that failed, other than with ENOENT.", metrics.errors);
  add("open_files", "gauge", "Files that are open.", filesystem.tree.open_file_count());
  add("nodes", "gauge", "Files and directories the kernel knows of.", filesystem.tree.node_count());
  add("open_sources", "gauge", "Source files held open.", filesystem.tree.sources().count());
  add("mappings", "gauge", "Mapped windows of source files.", filesystem.tree.sources().mappings());
  return text;
}

}  // namespace

ControlFiles control_files(const Filesystem& filesystem) {
  return {{"version", [] { return std::string(NPYFS_VERSION "\n"); }},
          {"options", [&filesystem] { return options_text(filesystem.options); }},
          {"status", [&filesystem] { return status_text(filesystem); }},
          {"metrics", [&filesystem] { return metrics_text(filesystem); }}};
}

}  // namespace npyfs
