#include "fs/kernel/request_metrics.h"

#include "fs/kernel/current_request.h"

namespace npyfs {
namespace {

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

void add_one(Counter& counter) {
  counter.fetch_add(1, std::memory_order_relaxed);
}

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

const RequestMetrics::OfKind& RequestMetrics::of(std::uint32_t opcode) const {
  return of_kinds_[kind_of(opcode)];
}

void RequestMetrics::count_request(std::uint32_t opcode) {
  add_one(of_kinds_[kind_of(opcode)].arrived);
}

RequestMetrics::Answer::Answer(RequestMetrics& metrics, const fuse_out_header& reply)
    : is_current_(reply.unique == current_request().unique) {
  if (reply.unique == 0) return;
  kind_ = &metrics.of_kinds_[is_current_ ? kind_of(current_request().opcode) : kOther];
  if (reply.error != 0) {
    failed(-reply.error);
  } else {
    add_one(kind_->succeeded);
  }
}

RequestMetrics::Answer::~Answer() {
  if (kind_ == nullptr || !is_current_) return;
  kind_->durations.add(std::chrono::steady_clock::now() - current_request().arrival);
}

void RequestMetrics::Answer::failed(int error) {
  if (kind_ == nullptr) return;
  const auto index = static_cast<std::size_t>(error);
  add_one(kind_->errors[index < kind_->errors.size() ? index : 0]);
}

}  // namespace npyfs
