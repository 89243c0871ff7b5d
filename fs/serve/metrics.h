// Every metric of .npyfs/metrics, in one table: a new metric is a row of it in metrics.cc and, if the operations count
// it, a member of Counters.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <variant>

#include "fs/kernel/request_metrics.h"
#include "fs/serve/counters.h"

namespace npyfs {

struct MountState;

enum class MetricKind { kCounter, kGauge, kHistogram };
enum class MetricUnit { kNone, kBytes, kSeconds };

struct Metric {
  // Where the value comes from: a counter of the mount, or something computed; or a member of each kind of request,
  // which makes one sample or more for each kind.
  using Value =
      std::variant<Counter Counters::*, std::uint64_t (*)(const MountState&), Counter RequestMetrics::OfKind::*,
                   decltype(&RequestMetrics::OfKind::errors), LatencyHistogram RequestMetrics::OfKind::*>;

  std::string_view name;  // without the prefix "npyfs_"
  MetricKind kind;
  MetricUnit unit;  // the name says it, too
  std::string_view help;
  Value value;
  std::string_view labels = "";  // of a single sample: `{name="value"}`
};

// In the order in which they are written.
std::span<const Metric> metrics();

}  // namespace npyfs
