// Counts of what the daemon has done.
#pragma once

#include <linux/fuse.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace npyfs {

using Counter = std::atomic<std::uint64_t>;

// How long requests of one kind took. Thread-safe; adding is wait-free.
class LatencyHistogram {
 public:
  // Upper bounds of the buckets, inclusive; what took longer than the last is in one bucket more.
  static constexpr std::array<std::chrono::nanoseconds, 11> kBounds = {
      std::chrono::microseconds(1),   std::chrono::microseconds(4),   std::chrono::microseconds(16),
      std::chrono::microseconds(64),  std::chrono::microseconds(250), std::chrono::milliseconds(1),
      std::chrono::milliseconds(4),   std::chrono::milliseconds(16),  std::chrono::milliseconds(64),
      std::chrono::milliseconds(250), std::chrono::seconds(1)};

  void add(std::chrono::nanoseconds duration);

  // Not added up: how many were in this bucket alone; `bucket` at most kBounds.size().
  std::uint64_t count(std::size_t bucket) const { return counts_[bucket].load(std::memory_order_relaxed); }
  std::chrono::nanoseconds sum() const {
    return std::chrono::nanoseconds(nanoseconds_.load(std::memory_order_relaxed));
  }

 private:
  std::array<Counter, kBounds.size() + 1> counts_ = {};
  Counter nanoseconds_ = 0;
};

// Requests by kind, counted where they come in and where they are answered: nothing of what is in between has to tell.
// Thread-safe.
class RequestMetrics {
 public:
  struct OfKind {
    Counter came = 0;
    LatencyHistogram durations;  // of those that were answered by the thread that took them
    // By errno, 0 for those unknown. Counted before the caller is told.
    std::array<Counter, 134> errors = {};
  };

  struct Kind {
    const char* name;
    const OfKind* counts;
  };
  static constexpr std::size_t kKinds = 20;
  // All kinds, with their names as FUSE has them; the last is "other".
  std::array<Kind, kKinds> kinds() const;

  // To be called with each request, by the thread that will work at it.
  void request_came(const fuse_in_header& request);

  // One reply: counts its error in the beginning and its duration in the end. Leaves errno as it is.
  class Answer {
   public:
    Answer(RequestMetrics& metrics, const fuse_out_header& reply);
    Answer(const Answer&) = delete;
    Answer& operator=(const Answer&) = delete;
    ~Answer();
    // The caller has been told of an error in place of the reply.
    void failed(int error);

   private:
    const std::uint64_t unique_;
    OfKind* kind_ = nullptr;  // null: a notice, which answers nothing
  };

 private:
  std::array<OfKind, kKinds> of_kinds_ = {};
};

// Each counter is exact; two of them read together may be of different moments.
struct Metrics {
  RequestMetrics requests;

  std::atomic<std::uint64_t> lookups = 0;
  std::atomic<std::uint64_t> opens = 0;
  std::atomic<std::uint64_t> reads = 0;
  std::atomic<std::uint64_t> bytes_read = 0;
  std::atomic<std::uint64_t> writes = 0;
  std::atomic<std::uint64_t> bytes_written = 0;  // generated headers among them
  std::atomic<std::uint64_t> failed_writes = 0;  // and failed syncs: bytes that may be lost
  std::atomic<std::uint64_t> source_errors = 0;  // reads whose bytes the source did not give
  std::atomic<std::uint64_t> errors = 0;         // replies other than success and ENOENT
};

}  // namespace npyfs
