#include "fs/kernel/metrics.h"

namespace npyfs {
namespace {

using Clock = std::chrono::steady_clock;

struct NamedOpcode {
  std::uint32_t opcode;
  const char* name;
};

constexpr auto kNamed = std::to_array<NamedOpcode>({
    {FUSE_LOOKUP, "lookup"},
    {FUSE_FORGET, "forget"},
    {FUSE_BATCH_FORGET, "batch_forget"},
    {FUSE_GETATTR, "getattr"},
    {FUSE_SETATTR, "setattr"},
    {FUSE_READLINK, "readlink"},
    {FUSE_OPEN, "open"},
    {FUSE_READ, "read"},
    {FUSE_WRITE, "write"},
    {FUSE_FLUSH, "flush"},
    {FUSE_FSYNC, "fsync"},
    {FUSE_RELEASE, "release"},
    {FUSE_OPENDIR, "opendir"},
    {FUSE_READDIR, "readdir"},
    {FUSE_READDIRPLUS, "readdirplus"},
    {FUSE_RELEASEDIR, "releasedir"},
    {FUSE_STATFS, "statfs"},
    {FUSE_GETXATTR, "getxattr"},
    {FUSE_LISTXATTR, "listxattr"},
});
static_assert(kNamed.size() + 1 == RequestMetrics::kKinds);

constexpr std::size_t kOther = kNamed.size();

constexpr std::array<std::uint8_t, 64> kKindOfOpcode = [] {
  std::array<std::uint8_t, 64> kinds = {};
  kinds.fill(kOther);
  for (std::size_t kind = 0; kind < kNamed.size(); ++kind) {
    kinds[kNamed[kind].opcode] = static_cast<std::uint8_t>(kind);
  }
  return kinds;
}();

std::size_t kind_of(std::uint32_t opcode) {
  return opcode < kKindOfOpcode.size() ? kKindOfOpcode[opcode] : kOther;
}

constexpr std::size_t kOpen = kKindOfOpcode[FUSE_OPEN];

void add_one(Counter& counter) {
  counter.fetch_add(1, std::memory_order_relaxed);
}

// The request that this thread took last.
struct Current {
  std::uint64_t unique = 0;
  std::size_t kind = kOther;
  Clock::time_point since;
};
thread_local constinit Current current;

}  // namespace

void LatencyHistogram::add(std::chrono::nanoseconds duration) {
  std::size_t bucket = 0;
  while (bucket < kBounds.size() && duration > kBounds[bucket]) ++bucket;
  add_one(counts_[bucket]);
  nanoseconds_.fetch_add(static_cast<std::uint64_t>(duration.count()), std::memory_order_relaxed);
}

std::array<RequestMetrics::Kind, RequestMetrics::kKinds> RequestMetrics::kinds() const {
  std::array<Kind, kKinds> kinds;
  for (std::size_t i = 0; i < kKinds; ++i) kinds[i] = {i == kOther ? "other" : kNamed[i].name, &of_kinds_[i]};
  return kinds;
}

void RequestMetrics::request_came(const fuse_in_header& request) {
  current = {.unique = request.unique, .kind = kind_of(request.opcode), .since = Clock::now()};
  add_one(of_kinds_[current.kind].came);
}

RequestMetrics::Answer::Answer(RequestMetrics& metrics, const fuse_out_header& reply) : unique_(reply.unique) {
  if (unique_ == 0) return;
  // What is answered later than its thread went on is an open that had to wait (WaitingOpens).
  kind_ = &metrics.of_kinds_[unique_ == current.unique ? current.kind : kOpen];
  if (reply.error != 0) failed(-reply.error);
}

RequestMetrics::Answer::~Answer() {
  if (kind_ != nullptr && unique_ == current.unique) kind_->durations.add(Clock::now() - current.since);
}

void RequestMetrics::Answer::failed(int error) {
  if (kind_ == nullptr) return;
  const auto index = static_cast<std::size_t>(error);
  add_one(kind_->errors[index < kind_->errors.size() ? index : 0]);
}

}  // namespace npyfs
