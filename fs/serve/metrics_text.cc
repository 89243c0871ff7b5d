#include "fs/serve/metrics_text.h"

#include <fmt/format.h>

#include <chrono>
#include <cstring>
#include <iterator>
#include <string_view>

#include "fs/serve/mount_state.h"

namespace npyfs {
namespace {

class Text {
 public:
  // What follows are samples of this metric.
  void begin(std::string_view name, std::string_view type, std::string_view help) {
    name_ = name;
    add("# HELP npyfs_{} {}\n# TYPE npyfs_{} {}\n", name, help, name, type);
  }
  // `suffix` and `labels` as they stand behind the name.
  template <typename Value>
  void sample(std::string_view suffix, std::string_view labels, Value value) {
    add("npyfs_{}{}{} {}\n", name_, suffix, labels, value);
  }
  void single(std::string_view name, std::string_view type, std::string_view help, std::uint64_t value) {
    begin(name, type, help);
    sample("", "", value);
  }
  std::string take() { return std::move(text_); }

 private:
  template <typename... Arguments>
  void add(fmt::format_string<Arguments...> format, Arguments&&... arguments) {
    fmt::format_to(std::back_inserter(text_), format, std::forward<Arguments>(arguments)...);
  }
  std::string text_;
  std::string_view name_;
};

double seconds(std::chrono::nanoseconds duration) {
  return std::chrono::duration<double>(duration).count();
}

void add_durations(Text& text, const char* operation, const LatencyHistogram& durations) {
  std::uint64_t count = 0;
  for (std::size_t i = 0; i < LatencyHistogram::kBounds.size(); ++i) {
    count += durations.count(i);
    text.sample("_bucket",
                fmt::format("{{operation=\"{}\",le=\"{}\"}}", operation, seconds(LatencyHistogram::kBounds[i])), count);
  }
  count += durations.count(LatencyHistogram::kBounds.size());
  text.sample("_bucket", fmt::format("{{operation=\"{}\",le=\"+Inf\"}}", operation), count);
  text.sample("_sum", fmt::format("{{operation=\"{}\"}}", operation), seconds(durations.sum()));
  text.sample("_count", fmt::format("{{operation=\"{}\"}}", operation), count);
}

const char* error_name(std::size_t error) {
  const char* name = error == 0 ? nullptr : ::strerrorname_np(static_cast<int>(error));
  return name == nullptr ? "other" : name;
}

void add_requests(Text& text, const RequestMetrics& requests) {
  const auto kinds = requests.kinds();
  text.begin("operations_total", "counter", "Requests of the kernel that came in.");
  for (const auto& [name, counts] : kinds) {
    text.sample("", fmt::format("{{operation=\"{}\"}}", name), counts->came.load());
  }
  text.begin("operation_errors_total", "counter", "Requests that were answered with an error, by errno.");
  for (const auto& [name, counts] : kinds) {
    for (std::size_t error = 0; error < counts->errors.size(); ++error) {
      if (counts->errors[error] == 0) continue;
      text.sample("", fmt::format("{{operation=\"{}\",error=\"{}\"}}", name, error_name(error)),
                  counts->errors[error].load());
    }
  }
  text.begin("operation_duration_seconds", "histogram", "From the arrival of a request to its answer.");
  for (const auto& [name, counts] : kinds) add_durations(text, name, counts->durations);
}

}  // namespace

std::string metrics_text(const MountState& filesystem) {
  Text text;
  const Metrics& metrics = filesystem.metrics;
  const Tree& tree = filesystem.tree;
  text.begin("info", "gauge", "Which npyfs this is; always 1.");
  text.sample("", "{version=\"" NPYFS_VERSION "\"}", 1);
  text.single("lookups_total", "counter", "Names looked up.", metrics.lookups);
  text.single("opens_total", "counter", "Files opened.", metrics.opens);
  text.single("reads_total", "counter", "Reads answered.", metrics.reads);
  text.single("read_bytes_total", "counter", "Bytes given to readers.", metrics.bytes_read);
  text.single("preloaded_bytes_total", "counter", "Bytes put into the kernel's page cache before they were asked for.",
              filesystem.preload.bytes());
  text.single("writes_total", "counter", "Writes answered.", metrics.writes);
  text.single("written_bytes_total", "counter", "Bytes taken from writers.", metrics.bytes_written);
  text.single("failed_writes_total", "counter", "Writes and syncs that failed.", metrics.failed_writes);
  text.single("source_errors_total", "counter", "Reads whose bytes the source did not give.", metrics.source_errors);
  text.single("errors_total", "counter", "Failures that the log speaks of as warnings or errors.", metrics.errors);
  add_requests(text, metrics.requests);
  text.single("open_files", "gauge", "Files that are open.", tree.open_file_count());
  text.single("open_directories", "gauge", "Directories that are open.", filesystem.directories.count());
  text.single("nodes", "gauge", "Files and directories the kernel knows of.", tree.node_count());
  text.single("watched_directories", "gauge", "Directories of the source whose changes are heard of.",
              tree.watch().count());
  text.single("open_sources", "gauge", "Source files held open.", tree.sources().count());
  text.single("mappings", "gauge", "Mapped windows of source files.", tree.sources().mappings());
  return text.take();
}

}  // namespace npyfs
