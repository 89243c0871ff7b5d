#include "core/writing/range_locks.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <string>
#include <string_view>

namespace npyfs {

bool overlap(const Claim& a, const Claim& b) {
  if (a.device != b.device || a.inode != b.inode || !a.has_bytes || !b.has_bytes) return false;
  if (a.is_whole_file || b.is_whole_file || a.axis != b.axis || a.version != b.version) return true;
  return a.rows.start < b.rows.stop && b.rows.start < a.rows.stop;
}

namespace {

// The process that a thread belongs to; the thread itself where it has ended, or lives where we cannot see it.
pid_t process_of(pid_t thread) {
  std::ifstream status(fmt::format("/proc/{}/status", thread));
  constexpr std::string_view kName = "Tgid:";
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with(kName)) return static_cast<pid_t>(std::strtol(line.c_str() + kName.size(), nullptr, 10));
  }
  return thread;
}

}  // namespace

Result<Claims::Ticket> Claims::claim(const Claim& claim, Opening opening, pid_t process) {
  const std::lock_guard lock(mutex_);
  for (const auto& [view, holding] : holdings_) {
    if (view == claim.view || !overlap(holding.claim, claim)) continue;
    const bool may_end = holding.closes >= holding.processes.size();
    return std::unexpected(Error{may_end ? ErrorKind::kReleasing : ErrorKind::kBusy, claim.path,
                                 fmt::format("{} overlaps {}, which process {} has open for writing", claim.description,
                                             holding.claim.description, process_of(holding.processes.front()))});
  }
  const auto found = holdings_.find(claim.view);
  const bool is_new = found == holdings_.end();
  if (!is_new && opening == Opening::kForReadingAndWriting && found->second.past_pages > 0) {
    const pid_t holder = process_of(found->second.processes.front());
    return std::unexpected(Error{ErrorKind::kReleasing, claim.path,
                                 fmt::format("{} cannot be opened for reading and writing while process {} has it open "
                                             "for writing alone",
                                             claim.description, holder)});
  }
  const bool past_pages =
      opening == Opening::kForWriting && (is_new || found->second.past_pages == found->second.processes.size());
  if (is_new) {
    holdings_.emplace(claim.view, Holding{claim, {process}});  // at once, so that none is without an opener
  } else {
    found->second.processes.push_back(process);
  }
  if (past_pages) ++holdings_.at(claim.view).past_pages;
  return Ticket(*this, claim.view, process, past_pages ? WritePath::kPastPages : WritePath::kThroughPages);
}

void Claims::note_close(NodeId view) {
  const std::lock_guard lock(mutex_);
  if (const auto holding = holdings_.find(view); holding != holdings_.end()) ++holding->second.closes;
}

void Claims::release(NodeId view, pid_t process, WritePath path) {
  {
    const std::lock_guard lock(mutex_);
    const auto found = holdings_.find(view);
    auto& [claim, processes, closes, past_pages] = found->second;
    processes.erase(std::ranges::find(processes, process));
    if (closes > 0) --closes;
    if (path == WritePath::kPastPages) --past_pages;
    if (processes.empty()) holdings_.erase(found);
  }
  after_release_();
}

bool Claims::is_claimed(NodeId view) const {
  const std::lock_guard lock(mutex_);
  return holdings_.contains(view);
}

std::vector<NodeId> Claims::views() const {
  const std::lock_guard lock(mutex_);
  std::vector<NodeId> views;
  views.reserve(holdings_.size());
  for (const auto& [view, holding] : holdings_) views.push_back(view);
  return views;
}

}  // namespace npyfs
