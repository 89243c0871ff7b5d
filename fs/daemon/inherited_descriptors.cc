#include "fs/daemon/inherited_descriptors.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <limits>
#include <memory>
#include <vector>

#include "core/base/write_all.h"
#include "fs/options/option_values.h"

namespace npyfs {
namespace {

constexpr int kFirstInherited = STDERR_FILENO + 1;

// Half-open, [first, end). False where the kernel has no close_range.
bool close_between(unsigned first, unsigned end) {
  return first >= end || ::close_range(first, end - 1, 0) == 0;
}

void close_listed_in_proc(int kept) {
  const std::unique_ptr<DIR, int (*)(DIR*)> directory(::opendir("/proc/self/fd"), &::closedir);
  if (directory == nullptr) return;
  std::vector<int> numbers;  // first all of them: closing changes the directory
  while (const dirent* entry = ::readdir(directory.get())) {
    const auto number = whole_number(entry->d_name);  // empty for . and ..
    if (number) numbers.push_back(static_cast<int>(*number));
  }
  for (const int number : numbers) {
    if (number >= kFirstInherited && number != kept && number != ::dirfd(directory.get())) ::close(number);
  }
}

}  // namespace

Result<void> open_missing_standard_descriptors() {
  for (const int number : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (::fcntl(number, F_GETFD) >= 0) continue;
    // open(2) returns the lowest free number, which is this one.
    if (::open("/dev/null", number == STDIN_FILENO ? O_RDONLY : O_WRONLY) < 0) {
      return std::unexpected(system_error("/dev/null", "open", errno));
    }
  }
  return {};
}

void close_inherited_descriptors(std::optional<int> kept) {
  const auto gap = static_cast<unsigned>(kept.value_or(kFirstInherited - 1));
  const bool closed = close_between(kFirstInherited, gap) &&
                      close_between(gap + 1, static_cast<unsigned>(std::numeric_limits<int>::max()));
  if (!closed) close_listed_in_proc(kept.value_or(-1));
}

DetachedStandardStreams::DetachedStandardStreams() {
  const UniqueFd null(::open("/dev/null", O_RDWR | O_CLOEXEC));
  messages_ = UniqueFd(::memfd_create("npyfs messages", MFD_CLOEXEC));
  if (!null || !messages_) return;
  for (int number = 0; auto& original : originals_) {
    original = UniqueFd(::fcntl(number++, F_DUPFD_CLOEXEC, kFirstInherited));
    if (!original) return;
  }
  std::fflush(nullptr);
  replaced_ = true;
  ::dup2(null.get(), STDIN_FILENO);
  ::dup2(null.get(), STDOUT_FILENO);
  ::dup2(messages_.get(), STDERR_FILENO);
}

DetachedStandardStreams::~DetachedStandardStreams() {
  if (!replaced_) return;
  std::fflush(nullptr);
  for (int number = 0; const auto& original : originals_) ::dup2(original.get(), number++);
  std::array<char, 4096> piece;
  off_t position = 0;
  for (ssize_t size; (size = ::pread(messages_.get(), piece.data(), piece.size(), position)) > 0; position += size) {
    std::fwrite(piece.data(), 1, static_cast<std::size_t>(size), stderr);
  }
}

}  // namespace npyfs
