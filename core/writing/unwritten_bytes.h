// What O_TRUNC promises: bytes that nobody has written since a view was truncated are zeros.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>

#include "core/base/error.h"
#include "core/base/extent.h"
#include "core/base/mutex.h"

namespace npyfs {

// Which bytes of a view nobody has written since it was truncated; none if it was not truncated. A view keeps its size,
// so these bytes still hold old rows in the source, and zeros must be written there. They are written late, since most
// writers write every byte themselves. All who have the view open for writing share one object, so that zeros never
// replace what one of them has written. Thread-safe.
class UnwrittenBytes {
 public:
  // More gaps than these are filled rather than remembered, so that memory is bounded.
  static constexpr std::size_t kMaxGaps = 1024;

  // Writes zeros into these bytes of the view. Called with the lock held.
  using WriteZeros = std::function<Result<void>(Extent)>;

  // The view was truncated through the open file `opener`: none of the bytes of `body` count as written.
  void truncate(Extent body, std::uint64_t opener) EXCLUDES(mutex_);

  // These bytes are about to be written. To be called before they are, so that zeros cannot replace them.
  void note_write(Extent bytes) EXCLUDES(mutex_);

  // A write through `opener` was refused. What is refused leaves the rows: if that opener alone has truncated the view,
  // and nothing was written since, nothing will be filled.
  void note_refusal(std::uint64_t opener) EXCLUDES(mutex_);

  // Whether `opener` alone has truncated the view, and nothing was written since.
  bool may_take_back(std::uint64_t opener) const EXCLUDES(mutex_);

  // Whoever has emptied the view through `opener` reads it through an older open file: if nothing was written since, he
  // gets the rows that were there, and no zeros are written any more.
  void keep_rows(std::uint64_t opener) EXCLUDES(mutex_);
  // How many bytes were kept and not written: whoever has asked for an empty view has to be told.
  std::uint64_t kept_bytes() const EXCLUDES(mutex_);

  // Writes zeros into all bytes of `wanted` that nobody has written. After an error, those that failed still count as
  // unwritten.
  Result<void> fill(Extent wanted, const WriteZeros& write_zeros) EXCLUDES(mutex_);

  // Fills the first gaps while there are more than kMaxGaps.
  Result<void> fill_surplus(const WriteZeros& write_zeros) EXCLUDES(mutex_);

 private:
  Result<void> fill_gap(Extent gap, const WriteZeros& write_zeros) REQUIRES(mutex_);
  void remove(Extent bytes) REQUIRES(mutex_);

  // Held while zeros are written: writes of the same view wait, so they end up on top of the zeros. No other lock is
  // taken meanwhile.
  mutable Mutex mutex_;
  std::map<std::uint64_t, std::uint64_t> gaps_ GUARDED_BY(mutex_);  // offset -> end
  bool keeps_rows_ GUARDED_BY(mutex_) = false;                      // gaps_ are not to be filled: see keep_rows()
  // Who has truncated it, while nothing was written or filled since; kNobody if that is more than one.
  static constexpr std::uint64_t kNobody = 0;
  std::uint64_t may_take_back_ GUARDED_BY(mutex_) = kNobody;
};

}  // namespace npyfs
