#include "fs/serve/change_notices.h"

#include <algorithm>
#include <chrono>
#include <ctime>

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

ChangeNotices::ChangeNotices(MountState& filesystem) : filesystem_(filesystem) {
  if (filesystem.tree.watch().is_started()) thread_ = std::jthread([this] { run(); });
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
    const auto changes = watch.wait();
    if (!changes) log(LogLevel::kError, "changes are not heard of any more: {}", to_message(changes.error()));
    goes_on = changes && *changes;
    if (!goes_on) return;
    filesystem_.tree.invalidate_changed(**changes, tell);
    const auto due = std::chrono::ceil<std::chrono::milliseconds>(kRestPerWork * (cpu_time() - begin));
    goes_on = !watch.rest(std::max<std::chrono::milliseconds>(kShortestRest, due));
  };
  const auto failed = [](int, const char*) {
    log_line(LogLevel::kWarning, "a change was not told: it shows within the timeouts");
  };
  while (goes_on) call_guarded(round, failed);
}

}  // namespace npyfs
