#include "core/claims.h"

#include <fmt/format.h>

#include <algorithm>

namespace npyfs {

bool overlap(const Claim& a, const Claim& b) {
  if (a.device != b.device || a.inode != b.inode || !a.has_bytes || !b.has_bytes) return false;
  if (a.is_whole_file || b.is_whole_file || a.axis != b.axis || a.version != b.version) return true;
  return a.rows.start < b.rows.stop && b.rows.start < a.rows.stop;
}

Result<Claims::Ticket> Claims::claim(const Claim& claim, pid_t process) {
  const std::lock_guard lock(mutex_);
  for (const auto& [view, holding] : holdings_) {
    if (view == claim.view || !overlap(holding.claim, claim)) continue;
    const bool may_end = holding.closes >= holding.processes.size();
    return std::unexpected(Error{may_end ? ErrorKind::kReleasing : ErrorKind::kBusy, claim.path,
                                 fmt::format("{} overlaps {}, which process {} has open for writing", claim.description,
                                             holding.claim.description, holding.processes.front())});
  }
  std::vector<pid_t> first = {process};  // so that nothing can fail between a new holding and its first opener
  const auto [added, is_new] = holdings_.try_emplace(claim.view, Holding{claim, std::move(first)});
  if (!is_new) added->second.processes.push_back(process);
  return Ticket(*this, claim.view, process);
}

void Claims::note_close(NodeId view) {
  const std::lock_guard lock(mutex_);
  if (const auto holding = holdings_.find(view); holding != holdings_.end()) ++holding->second.closes;
}

void Claims::release(NodeId view, pid_t process) {
  {
    const std::lock_guard lock(mutex_);
    const auto found = holdings_.find(view);
    auto& [claim, processes, closes] = found->second;
    processes.erase(std::ranges::find(processes, process));
    if (closes > 0) --closes;
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
