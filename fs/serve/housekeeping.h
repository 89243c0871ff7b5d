// What npyfs does every few seconds, whether or not there are requests.
#pragma once

#include <thread>

#include "core/base/mutex.h"
#include "core/tree/tree.h"

namespace npyfs {

// While it lives, a thread of its own closes source files that have not been used for a while, and gives memory back to
// the system after many nodes were forgotten.
class Housekeeping {
 public:
  explicit Housekeeping(Tree& tree);
  Housekeeping(const Housekeeping&) = delete;
  Housekeeping& operator=(const Housekeeping&) = delete;
  ~Housekeeping();

 private:
  void run();
  bool sleep();

  Tree& tree_;
  Mutex mutex_;  // no other lock is taken while holding it
  Condition stopping_;
  bool is_stopping_ GUARDED_BY(mutex_) = false;
  std::jthread thread_;  // last, so that it ends before the members that it uses
};

}  // namespace npyfs
