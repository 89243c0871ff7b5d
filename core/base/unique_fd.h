// The one owner of a file descriptor.
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
  // EINTR from close(2) is no reason to try again: Linux has released the descriptor by then.
  ~UniqueFd() {
    if (fd_ >= 0) ::close(fd_);
  }

  int get() const { return fd_; }
  // Closes it now, for those who want to hear what close(2) has to say: 0, or its errno. EINTR is none (see above).
  int close() {
    const int error = fd_ >= 0 && ::close(release()) != 0 ? errno : 0;
    return error == EINTR ? 0 : error;
  }
  explicit operator bool() const { return fd_ >= 0; }
  // Gives the descriptor away; the caller now owns it.
  int release() { return std::exchange(fd_, -1); }
  void swap(UniqueFd& other) noexcept { std::swap(fd_, other.fd_); }

 private:
  int fd_ = -1;
};

}  // namespace npyfs
