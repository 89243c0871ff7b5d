// .npyfs/metrics: the table of metrics.h in the Prometheus text format
// (prometheus.io/docs/instrumenting/exposition_formats).
#pragma once

#include <string>

namespace npyfs {

struct MountState;

// Thread-safe.
std::string metrics_text(const MountState& mount);

}  // namespace npyfs
