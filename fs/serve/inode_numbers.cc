#include "fs/serve/inode_numbers.h"

#include <new>

namespace npyfs {
namespace {

constexpr ino_t kGiven = ino_t{1} << 31;  // the first number that is given, and how many there are

}  // namespace

ino_t InodeNumbers::shown(ino_t inode) const {
  if (!fits_32_bits_ || inode < kGiven) return inode;
  const MutexLock lock(mutex_);
  if (given_.size() == kGiven && !given_.contains(inode)) throw std::bad_alloc();
  return kGiven + given_.try_emplace(inode, static_cast<std::uint32_t>(given_.size())).first->second;
}

}  // namespace npyfs
