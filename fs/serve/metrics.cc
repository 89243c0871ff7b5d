#include "fs/serve/metrics.h"

#include <algorithm>
#include <array>

#include "fs/serve/mount_state.h"

namespace npyfs {
namespace {

using enum MetricKind;
using enum MetricUnit;
using OfKind = RequestMetrics::OfKind;

constexpr auto kMetrics = std::to_array<Metric>({
    {"info", kGauge, kNone, "Which npyfs this is; always 1.", [](const MountState&) -> std::uint64_t { return 1; },
     "{version=\"" NPYFS_VERSION "\"}"},
    {"lookups_total", kCounter, kNone, "Names looked up.",
     [](const MountState& mount) { return mount.requests.of(FUSE_LOOKUP).arrived.load(); }},
    {"opens_total", kCounter, kNone, "Files opened.",
     [](const MountState& mount) { return mount.requests.of(FUSE_OPEN).succeeded.load(); }},
    {"reads_total", kCounter, kNone, "Reads answered.",
     [](const MountState& mount) { return mount.requests.of(FUSE_READ).succeeded.load(); }},
    {"read_bytes_total", kCounter, kBytes, "Bytes given to readers.", &Counters::bytes_read},
    {"preloaded_bytes_total", kCounter, kBytes, "Bytes put into the kernel's page cache before they were asked for.",
     [](const MountState& mount) { return mount.preload.bytes(); }},
    {"writes_total", kCounter, kNone, "Writes answered.",
     [](const MountState& mount) { return mount.requests.of(FUSE_WRITE).succeeded.load(); }},
    {"written_bytes_total", kCounter, kBytes, "Bytes taken from writers.", &Counters::bytes_written},
    {"failed_writes_total", kCounter, kNone, "Writes and syncs that failed.", &Counters::failed_writes},
    {"source_errors_total", kCounter, kNone, "Reads whose bytes the source did not give.", &Counters::source_errors},
    {"errors_total", kCounter, kNone, "Failures that the log speaks of as warnings or errors.", &Counters::errors},
    {"operations_total", kCounter, kNone, "Requests of the kernel that came in.", &OfKind::arrived},
    {"operation_errors_total", kCounter, kNone, "Requests that were answered with an error, by errno.",
     &OfKind::errors},
    {"operation_duration_seconds", kHistogram, kSeconds, "From the arrival of a request to its answer.",
     &OfKind::durations},
    {"open_files", kGauge, kNone, "Files that are open.",
     [](const MountState& mount) -> std::uint64_t { return mount.tree.open_file_count(); }},
    {"open_directories", kGauge, kNone, "Directories that are open.",
     [](const MountState& mount) -> std::uint64_t { return mount.directories.count(); }},
    {"nodes", kGauge, kNone, "Files and directories the kernel knows of.",
     [](const MountState& mount) -> std::uint64_t { return mount.tree.node_count(); }},
    {"watched_directories", kGauge, kNone, "Directories of the source that are watched.",
     [](const MountState& mount) -> std::uint64_t { return mount.tree.watched_directory_count(); }},
    {"open_sources", kGauge, kNone, "Source files held open.",
     [](const MountState& mount) -> std::uint64_t { return mount.tree.open_source_count(); }},
    {"mappings", kGauge, kNone, "Mapped windows of source files.",
     [](const MountState& mount) -> std::uint64_t { return mount.tree.mapping_count(); }},
});

// As prometheus.io/docs/practices/naming has it: the unit, then "_total" for counters.
constexpr bool is_well_named(const Metric& metric) {
  std::string_view name = metric.name;
  if (metric.kind == kCounter) {
    if (!name.ends_with("_total")) return false;
    name.remove_suffix(std::string_view("_total").size());
  }
  return name.ends_with("bytes") == (metric.unit == kBytes) && name.ends_with("seconds") == (metric.unit == kSeconds);
}
static_assert(std::ranges::all_of(kMetrics, is_well_named));

}  // namespace

std::span<const Metric> metrics() {
  return kMetrics;
}

}  // namespace npyfs
