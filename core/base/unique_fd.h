// Owns a file descriptor.
#pragma once

#include <unistd.h>

#include <cerrno>
#include <utility>

namespace npyfs {

class UniqueFd {
 public:
  UniqueFd() = default;
  explicit UniqueFd(int fd) : fd_(fd) {}
  UniqueFd(UniqueFd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  UniqueFd& operator=(UniqueFd&& other) noexcept {
    UniqueFd(std::move(other)).swap(*this);
    return *this;
  }
  UniqueFd(const UniqueFd&) = delete;
  UniqueFd& operator=(const UniqueFd&) = delete;
  // Linux has released the descriptor even if close(2) returns EINTR, so close(2) is never repeated.
  ~UniqueFd() {
    if (fd_ >= 0) ::close(fd_);
  }

  int get() const { return fd_; }
  // Closes the descriptor now. Returns 0 or the errno of close(2); EINTR counts as 0 (see above).
  int close() {
    const int error = fd_ >= 0 && ::close(release()) != 0 ? errno : 0;
    return error == EINTR ? 0 : error;
  }
  explicit operator bool() const { return fd_ >= 0; }
  // The caller owns the descriptor from now on.
  int release() { return std::exchange(fd_, -1); }
  void swap(UniqueFd& other) noexcept { std::swap(fd_, other.fd_); }

 private:
  int fd_ = -1;
};

}  // namespace npyfs
