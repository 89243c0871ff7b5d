#include "fs/serve/preload.h"

namespace npyfs {
namespace {

class Permit {
 public:
  explicit Permit(std::counting_semaphore<>& free) : free_(free), granted_(free.try_acquire()) {}
  Permit(const Permit&) = delete;
  Permit& operator=(const Permit&) = delete;
  ~Permit() {
    if (granted_) free_.release();
  }
  bool granted() const { return granted_; }

 private:
  std::counting_semaphore<>& free_;
  const bool granted_;
};

}  // namespace

void Preload::first_open(KernelNotices& notices, const Tree& tree, const OpenFile& file) {
  if (file.is_first_open) store(notices, tree, file);
}

void Preload::before_read(KernelNotices& notices, Tree& tree, NodeId node) {
  if (!has_two_threads_ || !tree.note_first_read(node)) return;
  if (const auto file = tree.open_kept(node)) store(notices, tree, **file);
}

void Preload::store(KernelNotices& notices, const Tree& tree, const OpenFile& file) {
  if (file.size() == 0 || !file.view.is_small()) return;
  const Permit permit(free_);
  if (!permit.granted()) return;
  static thread_local Pieces pieces;
  if (tree.read(file, 0, file.size(), pieces)) {
    notices.store_pages(file.node, pieces.iovecs(), file.size());
    bytes_ += file.size();
  }
  pieces.clear();
}

}  // namespace npyfs
