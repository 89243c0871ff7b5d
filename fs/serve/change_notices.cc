#include "fs/serve/change_notices.h"

#include <algorithm>
#include <chrono>
#include <ctime>
#include <utility>

#include "fs/kernel/exception_guard.h"
#include "fs/log/log.h"

namespace npyfs {
namespace {

using namespace std::chrono_literals;

// After each round: what changes meanwhile is one round's work, however often it does. So a source that never rests
// takes a tenth of a CPU and no more.
constexpr auto kShortestRest = 20ms;
constexpr int kRestPerWork = 9;

// Of this thread. Waiting, for events or for a CPU, takes none.
std::chrono::nanoseconds cpu_time() {
  timespec spent = {};
  (void)::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &spent);
  return std::chrono::seconds(spent.tv_sec) + std::chrono::nanoseconds(spent.tv_nsec);
}

}  // namespace

ChangeNotices::ChangeNotices(MountState& filesystem, SourceMount source_mount)
    : filesystem_(filesystem), source_mount_(std::move(source_mount)) {
  if (filesystem.tree.watch().is_started()) thread_ = std::jthread([this] { run(); });
}

bool ChangeNotices::has_new_root() {
  auto root = source_mount_.replacement();
  if (!root) {
    log(LogLevel::kWarning, "{}. The source is what it was; start npyfs again to change that",
        to_message(root.error()));
  }
  return root && *root && filesystem_.tree.replace_root(std::move(**root));
}

void ChangeNotices::run() {
  SourceWatch& watch = filesystem_.tree.watch();
  const auto tell = [&](NodeId node) {
    filesystem_.expire_attributes(node);
    return !watch.is_stopped();
  };
  bool goes_on = true;
  const auto round = [&] {
    const auto begin = cpu_time();
    auto changes = watch.wait(source_mount_.descriptor());
    if (!changes) log(LogLevel::kError, "changes are not heard of any more: {}", to_message(changes.error()));
    goes_on = changes && *changes;
    if (!goes_on) return;
    if ((*changes)->mounts && has_new_root()) (*changes)->everything = true;
    filesystem_.tree.invalidate_changed(**changes, tell);
    const auto due = std::chrono::ceil<std::chrono::milliseconds>(kRestPerWork * (cpu_time() - begin));
    goes_on = !watch.sleep_for(std::max<std::chrono::milliseconds>(kShortestRest, due));
  };
  const auto failed = [](int, const char*) {
    log_line(LogLevel::kWarning, "a change was not told: it shows within the timeouts");
  };
  while (goes_on) call_guarded(round, failed);
}

}  // namespace npyfs
