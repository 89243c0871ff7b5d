// Allocations that fail when a test wants them to. Linking failing_allocations.cc replaces operator new.
#pragma once

namespace npyfs {

enum class FailingAllocations { kOne, kAllFrom };

// Lives where allocations of this thread are to fail: the one with this index, counted from 0, or all from it on.
class AllocationFailure {
 public:
  AllocationFailure(long index, FailingAllocations which);
  AllocationFailure(const AllocationFailure&) = delete;
  AllocationFailure& operator=(const AllocationFailure&) = delete;
  ~AllocationFailure();

  // Whether there was such an allocation.
  bool happened() const;
};

}  // namespace npyfs
