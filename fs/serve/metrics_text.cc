#include "fs/serve/metrics_text.h"

#include <fmt/format.h>

#include <chrono>
#include <cstring>
#include <iterator>
#include <string_view>
#include <variant>

#include "fs/serve/metrics.h"
#include "fs/serve/mount_state.h"

namespace npyfs {
namespace {

using OfKind = RequestMetrics::OfKind;

std::string_view type_name(MetricKind kind) {
  switch (kind) {
    case MetricKind::kCounter:
      return "counter";
    case MetricKind::kGauge:
      return "gauge";
    case MetricKind::kHistogram:
      return "histogram";
  }
  return "";
}

double seconds(std::chrono::nanoseconds duration) {
  return std::chrono::duration<double>(duration).count();
}

const char* error_name(std::size_t error) {
  const char* name = error == 0 ? nullptr : ::strerrorname_np(static_cast<int>(error));
  return name == nullptr ? "other" : name;
}

// Writes metrics, each by the overload of operator() for where its value comes from.
class MetricsWriter {
 public:
  explicit MetricsWriter(const MountState& mount) : mount_(mount), kinds_(mount.requests.kinds()) {}

  void write(const Metric& metric) {
    metric_ = &metric;
    add("# HELP npyfs_{} {}\n# TYPE npyfs_{} {}\n", metric.name, metric.help, metric.name, type_name(metric.kind));
    std::visit(*this, metric.value);
  }
  std::string take() { return std::move(text_); }

  void operator()(Counter Counters::* counter) { sample("", metric_->labels, (mount_.counters.*counter).load()); }

  void operator()(std::uint64_t (*value)(const MountState&)) { sample("", metric_->labels, value(mount_)); }

  void operator()(Counter OfKind::* counter) {
    for (const auto& [name, counts] : kinds_) {
      sample("", fmt::format("{{operation=\"{}\"}}", name), (counts->*counter).load());
    }
  }

  void operator()(decltype(&OfKind::errors) errors) {
    for (const auto& [name, counts] : kinds_) {
      for (std::size_t error = 0; error < RequestMetrics::kErrors; ++error) {
        const std::uint64_t count = (counts->*errors)[error];
        if (count == 0) continue;
        sample("", fmt::format("{{operation=\"{}\",error=\"{}\"}}", name, error_name(error)), count);
      }
    }
  }

  void operator()(LatencyHistogram OfKind::* durations) {
    for (const auto& [name, counts] : kinds_) histogram(name, counts->*durations);
  }

 private:
  void histogram(const char* operation, const LatencyHistogram& durations) {
    constexpr auto& kBounds = LatencyHistogram::kBounds;
    std::uint64_t count = 0;
    for (std::size_t i = 0; i < kBounds.size(); ++i) {
      count += durations.count(i);
      sample("_bucket", fmt::format("{{operation=\"{}\",le=\"{}\"}}", operation, seconds(kBounds[i])), count);
    }
    count += durations.count(kBounds.size());
    sample("_bucket", fmt::format("{{operation=\"{}\",le=\"+Inf\"}}", operation), count);
    sample("_sum", fmt::format("{{operation=\"{}\"}}", operation), seconds(durations.sum()));
    sample("_count", fmt::format("{{operation=\"{}\"}}", operation), count);
  }

  // `suffix` and `labels` stand behind the name as they are.
  template <typename Value>
  void sample(std::string_view suffix, std::string_view labels, Value value) {
    add("npyfs_{}{}{} {}\n", metric_->name, suffix, labels, value);
  }

  template <typename... Arguments>
  void add(fmt::format_string<Arguments...> format, Arguments&&... arguments) {
    fmt::format_to(std::back_inserter(text_), format, std::forward<Arguments>(arguments)...);
  }

  const MountState& mount_;
  const std::array<RequestMetrics::Kind, RequestMetrics::kKinds> kinds_;
  const Metric* metric_ = nullptr;  // the one being written
  std::string text_;
};

}  // namespace

std::string metrics_text(const MountState& mount) {
  MetricsWriter writer(mount);
  for (const Metric& metric : metrics()) writer.write(metric);
  return writer.take();
}

}  // namespace npyfs
