#include "core/paths/walk_position.h"

#include <utility>

namespace npyfs {

void WalkPosition::restart(int base) {
  base_ = base;
  names_.clear();
  held_.clear();
}

void WalkPosition::restart(UniqueFd base) {
  restart(base.get());
  owned_base_ = std::move(base);
}

void WalkPosition::enter(const std::string& name, UniqueFd directory) {
  names_.push_back(name);
  held_.push_back(std::move(directory));
  if (held_.size() > kMaxHeld) held_.erase(held_.begin());
}

std::vector<std::string> WalkPosition::leave() {
  names_.pop_back();
  held_.pop_back();
  if (!held_.empty()) return {};
  return std::exchange(names_, {});
}

}  // namespace npyfs
