// .npyfs/metrics: the metrics in the Prometheus text format (prometheus.io/docs/instrumenting/exposition_formats).
#pragma once

#include <string>

namespace npyfs {

struct Filesystem;

// Thread-safe.
std::string metrics_text(const Filesystem& filesystem);

}  // namespace npyfs
