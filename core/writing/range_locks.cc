#include "core/writing/range_locks.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <string_view>

namespace npyfs {
namespace {

bool has_bytes(const LockedRange& range) {
  return !range.selection || !range.selection->is_empty();
}

bool share_bytes(const RangeLock& a, const RangeLock& b) {
  return std::ranges::any_of(a.ranges, [&](const LockedRange& of_a) {
    return std::ranges::any_of(b.ranges, [&](const LockedRange& of_b) { return npyfs::overlap(of_a, of_b); });
  });
}

}  // namespace

pid_t process_of(pid_t thread) {
  std::ifstream status(fmt::format("/proc/{}/status", thread));
  constexpr std::string_view kName = "Tgid:";
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with(kName)) return static_cast<pid_t>(std::strtol(line.c_str() + kName.size(), nullptr, 10));
  }
  return thread;
}

bool overlap(const LockedRange& a, const LockedRange& b) {
  if (a.device != b.device || a.inode != b.inode || !has_bytes(a) || !has_bytes(b)) return false;
  if (!a.selection || !b.selection) return true;
  const bool is_same_array = a.array.offset == b.array.offset && a.array.size == b.array.size;
  if (!is_same_array) return a.array.offset < b.array.end() && b.array.offset < a.array.end();
  return a.version != b.version || overlap(*a.selection, *b.selection);
}

std::optional<RangeLocks::Conflict> RangeLocks::find_conflict(const RangeLock& lock, Opening opening) const {
  for (const auto& [view, holding] : holdings_) {
    if (view == lock.view || !share_bytes(holding.lock, lock)) continue;
    const bool may_end = holding.closes >= holding.processes.size();
    return Conflict{may_end ? ErrorKind::kReleasing : ErrorKind::kBusy, holding.lock.description,
                    holding.processes.front()};
  }
  const auto own = holdings_.find(lock.view);
  const bool is_written_directly = own != holdings_.end() && own->second.direct > 0;
  if (!is_written_directly || opening == Opening::kForWriting) return std::nullopt;
  return Conflict{ErrorKind::kReleasing, "", own->second.processes.front()};
}

RangeLocks::Share RangeLocks::add_share(const RangeLock& lock, Opening opening, pid_t process) {
  const auto found = holdings_.find(lock.view);
  if (found == holdings_.end()) {
    const bool is_direct = opening == Opening::kForWriting;
    Holding holding{lock, {process}, 0, is_direct ? 1u : 0u};
    const auto unwritten = holding.unwritten;
    holdings_.emplace(lock.view, std::move(holding));
    return Share(*this, lock.view, process, is_direct ? WritePath::kDirect : WritePath::kCached, unwritten);
  }
  Holding& holding = found->second;
  const bool is_direct = opening == Opening::kForWriting && holding.direct == holding.processes.size();
  holding.processes.push_back(process);
  if (is_direct) ++holding.direct;
  return Share(*this, lock.view, process, is_direct ? WritePath::kDirect : WritePath::kCached, holding.unwritten);
}

Result<RangeLocks::Share> RangeLocks::lock(const RangeLock& lock, Opening opening, pid_t process) {
  std::optional<Conflict> conflict;
  {
    const MutexLock guard(mutex_);
    conflict = find_conflict(lock, opening);
    if (!conflict) return add_share(lock, opening, process);
  }
  const pid_t holder = process_of(conflict->process);
  auto sentence = conflict->holder.empty()
                      ? fmt::format(
                            "{} cannot be opened for reading and writing while process {} has it open for "
                            "writing alone",
                            lock.description, holder)
                      : fmt::format("{} overlaps {}, which process {} has open for writing", lock.description,
                                    conflict->holder, holder);
  return std::unexpected(Error{conflict->kind, lock.path, std::move(sentence)});
}

void RangeLocks::note_close(NodeId view) {
  const MutexLock guard(mutex_);
  if (const auto holding = holdings_.find(view); holding != holdings_.end()) ++holding->second.closes;
}

void RangeLocks::release(NodeId view, pid_t process, WritePath path) {
  {
    const MutexLock guard(mutex_);
    const auto found = holdings_.find(view);
    Holding& holding = found->second;
    holding.processes.erase(std::ranges::find(holding.processes, process));
    if (holding.closes > 0) --holding.closes;
    if (path == WritePath::kDirect) --holding.direct;
    if (holding.processes.empty()) holdings_.erase(found);
  }
  after_release_();
}

bool RangeLocks::is_locked(NodeId view) const {
  const MutexLock guard(mutex_);
  return holdings_.contains(view);
}

std::vector<NodeId> RangeLocks::views() const {
  const MutexLock guard(mutex_);
  std::vector<NodeId> views;
  views.reserve(holdings_.size());
  for (const auto& [view, holding] : holdings_) views.push_back(view);
  return views;
}

}  // namespace npyfs
