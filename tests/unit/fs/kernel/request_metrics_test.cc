#include "fs/kernel/request_metrics.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <string_view>
#include <thread>
#include <vector>

#include "fs/kernel/current_request.h"

namespace npyfs {
namespace {

using std::chrono::microseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;

TEST(LatencyHistogram, BoundsAreInclusive) {
  LatencyHistogram histogram;
  histogram.add(nanoseconds(0));
  histogram.add(microseconds(1));
  histogram.add(microseconds(1) + nanoseconds(1));
  histogram.add(microseconds(4));
  EXPECT_EQ(histogram.count(0), 2u);
  EXPECT_EQ(histogram.count(1), 2u);
  EXPECT_EQ(histogram.sum(), microseconds(6) + nanoseconds(1));
}

TEST(LatencyHistogram, WhatTakesLongIsInTheLastBucket) {
  LatencyHistogram histogram;
  histogram.add(seconds(1));
  histogram.add(seconds(1) + nanoseconds(1));
  histogram.add(seconds(3600));
  EXPECT_EQ(histogram.count(LatencyHistogram::kBounds.size() - 1), 1u);
  EXPECT_EQ(histogram.count(LatencyHistogram::kBounds.size()), 2u);
}

TEST(LatencyHistogram, BoundsAscend) {
  for (std::size_t i = 1; i < LatencyHistogram::kBounds.size(); ++i) {
    EXPECT_LT(LatencyHistogram::kBounds[i - 1], LatencyHistogram::kBounds[i]);
  }
}

class RequestMetricsTest : public testing::Test {
 protected:
  void ask(std::uint32_t opcode, std::uint64_t unique) {
    fuse_in_header request = {};
    request.opcode = opcode;
    request.unique = unique;
    begin_request(request);
    metrics_.count_request(opcode);
  }
  void answer(std::uint64_t unique, int error, int failure = 0) {
    fuse_out_header reply = {};
    reply.unique = unique;
    reply.error = -error;
    RequestMetrics::Answer answer(metrics_, reply);
    if (failure != 0) answer.failed(failure);
  }
  const RequestMetrics::OfKind& of(std::string_view name) {
    for (const auto& kind : metrics_.kinds()) {
      if (kind.name == name) return *kind.counts;
    }
    ADD_FAILURE() << "no kind " << name;
    return *metrics_.kinds()[0].counts;
  }
  static std::uint64_t timed(const RequestMetrics::OfKind& kind) {
    std::uint64_t count = 0;
    for (std::size_t i = 0; i <= LatencyHistogram::kBounds.size(); ++i) count += kind.durations.count(i);
    return count;
  }
  RequestMetrics metrics_;
};

TEST_F(RequestMetricsTest, CountsByKind) {
  ask(FUSE_LOOKUP, 1);
  answer(1, 0);
  ask(FUSE_READ, 2);
  answer(2, 0);
  ask(FUSE_READ, 3);
  EXPECT_EQ(of("lookup").arrived, 1u);
  EXPECT_EQ(of("read").arrived, 2u);
  EXPECT_EQ(timed(of("lookup")), 1u);
  EXPECT_EQ(timed(of("read")), 1u) << "the second has no answer yet";
  EXPECT_EQ(timed(of("open")), 0u);
}

TEST_F(RequestMetricsTest, ErrorsAreCountedByErrno) {
  ask(FUSE_LOOKUP, 1);
  answer(1, ENOENT);
  ask(FUSE_LISTXATTR, 2);
  answer(2, 0, EIO);
  ask(FUSE_READ, 3);
  answer(3, 100'000);
  EXPECT_EQ(of("lookup").errors[ENOENT], 1u);
  EXPECT_EQ(of("listxattr").errors[EIO], 1u) << "the kernel has told the caller EIO instead";
  EXPECT_EQ(of("read").errors[0], 1u) << "no errno that is known";
}

TEST_F(RequestMetricsTest, UnknownRequestsAreCountedTogether) {
  for (const std::uint32_t opcode : {std::uint32_t{FUSE_MKDIR}, 63u, 64u, 0xffff'ffffu}) {
    ask(opcode, opcode);
    answer(opcode, EPERM);
  }
  EXPECT_EQ(of("other").arrived, 4u);
  EXPECT_EQ(of("other").errors[EPERM], 4u);
}

TEST_F(RequestMetricsTest, ALaterAnswerIsThatOfTheRequestWhichWaited) {
  ask(FUSE_OPEN, 1);
  const CurrentRequest waiting = current_request();
  ask(FUSE_RELEASE, 2);
  {
    const ResumedRequest resumed(waiting);
    answer(1, EBUSY);
  }
  answer(2, 0);
  EXPECT_EQ(of("open").errors[EBUSY], 1u);
  EXPECT_EQ(of("release").errors[EBUSY], 0u);
  EXPECT_EQ(timed(of("open")), 1u);
  EXPECT_EQ(timed(of("release")), 1u);
}

TEST_F(RequestMetricsTest, AnAnswerToARequestThatIsNotKnownIsNoOpen) {
  ask(FUSE_INTERRUPT, 1);
  ask(FUSE_READ, 2);
  answer(1, EAGAIN);
  answer(2, 0);
  EXPECT_EQ(of("other").errors[EAGAIN], 1u);
  EXPECT_EQ(of("open").errors[EAGAIN], 0u);
  EXPECT_EQ(timed(of("other")), 0u) << "nobody knows when it arrived";
  EXPECT_EQ(timed(of("read")), 1u);
}

TEST_F(RequestMetricsTest, WhatSucceededIsCountedBeforeTheCallerHearsOfIt) {
  ask(FUSE_READ, 1);
  fuse_out_header reply = {};
  reply.unique = 1;
  {
    const RequestMetrics::Answer answer(metrics_, reply);
    EXPECT_EQ(of("read").succeeded, 1u);
  }
  ask(FUSE_READ, 2);
  answer(2, EIO);
  EXPECT_EQ(of("read").succeeded, 1u);
  EXPECT_EQ(metrics_.of(FUSE_READ).arrived, 2u);
  EXPECT_EQ(&metrics_.of(FUSE_MKDIR), &of("other"));
}

TEST_F(RequestMetricsTest, NoticesAnswerNothing) {
  ask(FUSE_READ, 1);
  answer(0, FUSE_NOTIFY_STORE, EFAULT);
  for (const auto& kind : metrics_.kinds()) {
    EXPECT_EQ(timed(*kind.counts), 0u);
    EXPECT_EQ(kind.counts->succeeded, 0u);
    for (const auto& errors : kind.counts->errors) EXPECT_EQ(errors, 0u);
  }
}

TEST_F(RequestMetricsTest, LeavesErrnoAlone) {
  ask(FUSE_READ, 1);
  errno = EINTR;
  answer(1, EIO, EIO);
  EXPECT_EQ(errno, EINTR);
}

TEST_F(RequestMetricsTest, NothingIsLostBetweenThreads) {
  constexpr std::uint64_t kTimes = 10'000;
  std::vector<std::jthread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([this] {
      for (std::uint64_t unique = 1; unique <= kTimes; ++unique) {
        ask(FUSE_READ, unique);
        answer(unique, EIO);
      }
    });
  }
  threads.clear();
  EXPECT_EQ(of("read").arrived, 4 * kTimes);
  EXPECT_EQ(of("read").errors[EIO], 4 * kTimes);
  EXPECT_EQ(timed(of("read")), 4 * kTimes);
}

}  // namespace
}  // namespace npyfs
