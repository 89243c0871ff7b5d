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

// The rest after each round. A file that changes during the rest is notified once, however often it changes. The rest
// is kRestPerWork times the CPU time of the round, so a source that never stops changing takes a tenth of a CPU at
// most.
constexpr auto kShortestRest = 20ms;
constexpr int kRestPerWork = 9;

// CPU time of this thread. Waiting for events or for a CPU does not count.
std::chrono::nanoseconds cpu_time() {
  timespec spent = {};
  (void)::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &spent);
  return std::chrono::seconds(spent.tv_sec) + std::chrono::nanoseconds(spent.tv_nsec);
}

}  // namespace

ChangeNotices::ChangeNotices(MountState& mount, SourceMount source_mount)
    : mount_(mount), source_mount_(std::move(source_mount)) {
  if (mount.tree.watch().is_started()) thread_ = std::jthread([this] { run(); });
}

bool ChangeNotices::has_new_root() {
  auto root = source_mount_.replacement();
  if (!root) {
    log(LogLevel::kWarning, "{}. npyfs goes on with the old source; start it again to take this one",
        to_message(root.error()));
  }
  return root && *root && mount_.tree.replace_root(std::move(**root));
}

void ChangeNotices::run() {
  SourceWatch& watch = mount_.tree.watch();
  const auto notify = [&](NodeId node) {
    mount_.notices.expire_attributes(node);
    return !watch.is_stopped();
  };
  bool goes_on = true;
  const auto round = [&] {
    const auto begin = cpu_time();
    auto changes = watch.wait(source_mount_.descriptor());
    if (!changes) {
      log(LogLevel::kError, "changes of the source are not noticed any more: {}", to_message(changes.error()));
    }
    goes_on = changes && *changes;
    if (!goes_on) return;
    if ((*changes)->mounts && has_new_root()) (*changes)->everything = true;
    mount_.tree.invalidate_changed(**changes, notify);
    const auto due = std::chrono::ceil<std::chrono::milliseconds>(kRestPerWork * (cpu_time() - begin));
    goes_on = !watch.sleep_for(std::max<std::chrono::milliseconds>(kShortestRest, due));
  };
  const auto failed = [](int, const char*) {
    log_line(LogLevel::kWarning, "the kernel could not be told of a change: it shows within the timeouts");
  };
  while (goes_on) call_guarded(round, failed);
}

}  // namespace npyfs
