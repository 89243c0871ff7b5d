#include "core/writing/written_bytes.h"

namespace npyfs {

std::shared_ptr<WrittenBytes::Counter> WrittenBytes::counter(const std::string& view) {
  const WriterLock lock(mutex_);
  auto& counter = counters_[view];
  if (!counter) counter = std::make_shared<Counter>(0);
  return counter;
}

std::uint64_t WrittenBytes::of(const std::string& view) const {
  const ReaderLock lock(mutex_);
  const auto found = counters_.find(view);
  return found == counters_.end() ? 0 : found->second->load();
}

std::vector<std::pair<std::string, std::uint64_t>> WrittenBytes::all() const {
  const ReaderLock lock(mutex_);
  std::vector<std::pair<std::string, std::uint64_t>> all;
  for (const auto& [view, counter] : counters_) all.emplace_back(view, counter->load());
  return all;
}

}  // namespace npyfs
