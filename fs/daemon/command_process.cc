#include "fs/daemon/command_process.h"

#include <fmt/format.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "fs/options/exit_status.h"

namespace npyfs {
namespace {

constexpr std::string_view kPlaceholder = "{}";

[[noreturn]] void execute(std::vector<std::string>& command, const std::string& mountpoint, pid_t parent,
                          const InheritedSignals& signals) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(static_cast<int>(ExitStatus::kFailed));  // the parent died before prctl
  ::setenv("NPYFS_MNT", mountpoint.c_str(), 1);
  std::vector<char*> words;
  for (auto& word : command) words.push_back(word.data());
  words.push_back(nullptr);
  ::sigaction(SIGCHLD, &signals.child, nullptr);
  ::pthread_sigmask(SIG_SETMASK, &signals.mask, nullptr);
  ::execvp(words.front(), words.data());
  const int error = errno;
  fmt::print(stderr, "npyfs: {}\n", to_message(system_error(command.front(), "execvp", error)));
  std::fflush(stderr);
  ::_exit(static_cast<int>(error == ENOENT ? ExitStatus::kNotFound : ExitStatus::kCannotRun));
}

}  // namespace

std::string with_mountpoint(const std::string& word, const std::string& mountpoint) {
  std::string made;
  std::size_t from = 0;
  for (std::size_t found; (found = word.find(kPlaceholder, from)) != std::string::npos;) {
    made.append(word, from, found - from).append(mountpoint);
    from = found + kPlaceholder.size();
  }
  return made.append(word, from);
}

Result<pid_t> start_command(std::vector<std::string> command, const std::string& mountpoint,
                            const InheritedSignals& signals) {
  for (auto& word : command) word = with_mountpoint(word, mountpoint);
  std::fflush(nullptr);
  const pid_t parent = ::getpid();
  const pid_t child = ::fork();
  if (child == 0) execute(command, mountpoint, parent, signals);
  if (child < 0) return std::unexpected(system_error(command.front(), "fork", errno));
  return child;
}

}  // namespace npyfs
