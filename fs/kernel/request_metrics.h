// Requests counted and timed by kind, where they come in and where their replies go out. No operation counts itself.
#pragma once

#include <linux/fuse.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace npyfs {

// Each counter is exact; two of them that are read together may be of different moments.
using Counter = std::atomic<std::uint64_t>;

// How long requests of one kind took. Thread-safe; adding is wait-free.
class LatencyHistogram {
 public:
  // Upper bounds of the buckets, inclusive. One more bucket holds all durations above the last bound.
  static constexpr std::array<std::chrono::nanoseconds, 11> kBounds = {
      std::chrono::microseconds(1),   std::chrono::microseconds(4),   std::chrono::microseconds(16),
      std::chrono::microseconds(64),  std::chrono::microseconds(250), std::chrono::milliseconds(1),
      std::chrono::milliseconds(4),   std::chrono::milliseconds(16),  std::chrono::milliseconds(64),
      std::chrono::milliseconds(250), std::chrono::seconds(1)};

  void add(std::chrono::nanoseconds duration);

  // How many durations are in this bucket, not counting those in lower ones. `bucket` is at most kBounds.size().
  std::uint64_t count(std::size_t bucket) const { return counts_[bucket].load(std::memory_order_relaxed); }
  std::chrono::nanoseconds sum() const {
    return std::chrono::nanoseconds(nanoseconds_.load(std::memory_order_relaxed));
  }

 private:
  std::array<Counter, kBounds.size() + 1> counts_ = {};
  Counter nanoseconds_ = 0;
};

// Thread-safe.
class RequestMetrics {
 public:
  // Linux has no errno above 133 (EHWPOISON).
  static constexpr std::size_t kErrors = 134;

  struct OfKind {
    Counter arrived = 0;
    Counter succeeded = 0;  // replies without an error; one that then cannot be written is among the errors as well
    std::array<Counter, kErrors> errors = {};  // by errno; index 0 is for an errno that Linux does not have
    LatencyHistogram durations;                // from the arrival to the reply
  };

  struct Kind {
    const char* name;
    const OfKind* counts;
  };
  static constexpr std::size_t kKinds = 20;
  // All kinds, with their names as FUSE has them; the last is "other".
  std::array<Kind, kKinds> kinds() const;

  // The kind that requests with this opcode are counted as.
  const OfKind& of(std::uint32_t opcode) const;

  // To be called with each request as it arrives.
  void count_request(std::uint32_t opcode);

  // Counts one reply in the course of its lifetime: success or error at the beginning, so before the caller has
  // it, and the duration at the end. The kind is that of the request that this thread works at (CurrentRequest). The
  // reply to any other request counts as "other" and has no duration: libfuse answers an INTERRUPT for a request that
  // it does not know while the thread works at another one. Leaves errno as it is.
  class Answer {
   public:
    Answer(RequestMetrics& metrics, const fuse_out_header& reply);
    Answer(const Answer&) = delete;
    Answer& operator=(const Answer&) = delete;
    ~Answer();
    // The reply could not be written, and the kernel has told the caller `error` instead.
    void failed(int error);

   private:
    const bool is_current_;
    OfKind* kind_ = nullptr;  // null: a notice, which answers nothing
  };

 private:
  std::array<OfKind, kKinds> of_kinds_ = {};
};

}  // namespace npyfs
