// Where a path walk is: a directory, and the directories that lead to it.
#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "core/base/unique_fd.h"

namespace npyfs {

// The walk starts in a base directory and enters one directory after the other from there. leave() goes back the same
// way, so ".." does not depend on what is renamed meanwhile. Only the last kMaxHeld directories have an open
// descriptor: a path may be deeper than the limit of descriptors allows. For one thread.
class WalkPosition {
 public:
  static constexpr std::size_t kMaxHeld = 16;

  // Starts in the directory open at `base`. The caller keeps it open.
  explicit WalkPosition(int base) : base_(base) {}

  // Starts again in another base directory: one that the caller keeps open, or one that the position owns.
  void restart(int base);
  void restart(UniqueFd base);

  // The descriptor of the current directory, valid until the position changes.
  int directory() const { return held_.empty() ? base_ : held_.back().get(); }
  bool is_at_base() const { return names_.empty(); }

  // `directory` is open on the directory `name` of the current directory and becomes the current one.
  void enter(const std::string& name, UniqueFd directory);

  // Goes back to the directory that the current one was entered from; not to be called at the base. If that directory
  // has no open descriptor any more, the position is the base afterwards, and the names that lead from there to the
  // directory are returned, to be entered again. Otherwise the result is empty.
  std::vector<std::string> leave();

  // Gives the descriptor of the current directory away; not to be called at the base. The position ends with that.
  UniqueFd release() { return std::move(held_.back()); }

 private:
  int base_;
  UniqueFd owned_base_;             // what base_ is, if the caller does not keep it open
  std::vector<std::string> names_;  // of the directories entered from the base, each in the one before
  std::vector<UniqueFd> held_;      // the last of these directories; empty only if names_ is
};

}  // namespace npyfs
