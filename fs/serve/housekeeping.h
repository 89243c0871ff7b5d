// What is to be done from time to time, whether or not anybody asks for anything.
#pragma once

#include <condition_variable>
#include <mutex>
#include <stop_token>
#include <thread>

#include "core/tree/tree.h"

namespace npyfs {

// While it lives, closes sources that nobody has used for a while and gives memory back after many nodes were
// forgotten.
class Housekeeping {
 public:
  explicit Housekeeping(Tree& tree);
  Housekeeping(const Housekeeping&) = delete;
  Housekeeping& operator=(const Housekeeping&) = delete;

 private:
  void run(const std::stop_token& stop);

  Tree& tree_;
  std::mutex mutex_;  // for sleeping_ only: guards nothing
  std::condition_variable_any sleeping_;
  std::jthread thread_;  // last, so that it ends before what it uses
};

}  // namespace npyfs
