#include "fs/daemon/run_command.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <optional>
#include <string>
#include <utility>

#include "core/base/escape.h"
#include "core/base/unique_fd.h"
#include "fs/daemon/command_process.h"
#include "fs/daemon/inherited_descriptors.h"
#include "fs/daemon/mountpoint.h"
#include "fs/daemon/private_mountpoint.h"
#include "fs/daemon/session.h"
#include "fs/daemon/supervised_signals.h"
#include "fs/log/log.h"

namespace npyfs {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr milliseconds kGrace{5000};  // from SIGTERM to SIGKILL, for a command whose mount has gone
constexpr int kSignalBase = 128;      // of the exit statuses for signals, as shells have them

int to_int(ExitStatus status) {
  return static_cast<int>(status);
}

int exit_status_of(int wait_status) {
  return WIFSIGNALED(wait_status) ? kSignalBase + WTERMSIG(wait_status) : WEXITSTATUS(wait_status);
}

int fail(const Error& error) {
  log(LogLevel::kError, "{}", to_message(error));
  return to_int(ExitStatus::kFailed);
}

// A child, until it has been waited for.
class Child {
 public:
  Child() = default;
  explicit Child(pid_t pid) : pid_(pid) {}

  bool runs() const { return pid_ > 0 && !status_; }
  // As waitpid(2) has it; empty while the child runs.
  std::optional<int> status() const { return status_; }
  void send(int number) const {
    if (runs()) ::kill(pid_, number);
  }
  // With WNOHANG it returns at once, whether the child has ended or not.
  void wait(int flags) {
    int status = 0;
    while (runs()) {
      const pid_t found = ::waitpid(pid_, &status, flags);
      if (found == pid_) status_ = status;
      if (found == 0 || (found < 0 && errno != EINTR)) return;
    }
  }

 private:
  pid_t pid_ = 0;
  std::optional<int> status_;
};

// The process that serves the mount. Writes the mountpoint into `ready` once it is mounted.
int serve_as_child(Options options, bool is_private, UniqueFd ready, pid_t parent, const sigset_t& mask) {
  ::setsid();
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (::getppid() != parent) return to_int(ExitStatus::kFailed);  // the parent died before prctl
  ::signal(SIGTERM, SIG_DFL);                                     // it may have been ignored
  ::pthread_sigmask(SIG_SETMASK, &mask, nullptr);
  close_inherited_descriptors(ready.get());
  const UniqueFd null(::open("/dev/null", O_RDWR | O_CLOEXEC));
  for (const int number : {STDIN_FILENO, STDOUT_FILENO}) ::dup2(null.get(), number);
  options.foreground = true;
  const auto served = serve(options, [&](const std::string& mountpoint) {
    (void)!::write(ready.get(), mountpoint.data(), mountpoint.size());  // shorter than a pipe: in one piece
    ready.close();
  });
  if (is_private && ::getppid() != parent) remove_private_mountpoint(options.mountpoint);  // nobody else will
  return to_int(explain_serving(served));
}

class Supervisor {
 public:
  Supervisor(const Options& options, bool is_private, SupervisedSignals signals)
      : options_(options), is_private_(is_private), signals_(std::move(signals)) {}

  int run() {
    std::array<int, 2> pipe;
    if (::pipe2(pipe.data(), O_CLOEXEC) != 0) return fail(system_error("daemon", "pipe2", errno));
    UniqueFd ready(pipe[0]);
    UniqueFd tell(pipe[1]);
    const pid_t parent = ::getpid();
    const pid_t child = ::fork();
    if (child == 0) return serve_as_child(options_, is_private_, std::move(tell), parent, signals_.inherited().mask);
    if (child < 0) return fail(system_error("daemon", "fork", errno));
    daemon_ = Child(child);
    tell.close();
    const int status = supervise(ready.get());
    clean_up();
    if (status == kSignalBase + SIGINT && command_.status() && WIFSIGNALED(*command_.status())) end_by_sigint();
    return status;
  }

 private:
  int supervise(int ready) {
    if (const auto ended_by = wait_until_ready(ready)) {
      end_daemon();
      return kSignalBase + *ended_by;
    }
    if (mountpoint_.empty()) {
      daemon_.wait(0);
      return exit_status_of(daemon_.status().value_or(0));
    }
    const auto command = start_command(options_.command, mountpoint_, signals_.inherited());
    if (!command) {
      end_daemon();
      return fail(command.error());
    }
    command_ = Child(*command);
    while (command_.runs()) handle_next_signal();
    const bool is_served = daemon_.runs();
    end_daemon();
    // A daemon that dies takes the mount from the command, which may end first.
    if (is_served && daemon_.status() && WIFSIGNALED(*daemon_.status())) log_dead_daemon("");
    return exit_status();
  }

  // Fills mountpoint_, which stays empty where the daemon cannot mount. Returns the signal, if one came that asks to
  // end.
  std::optional<int> wait_until_ready(int ready) {
    std::array<pollfd, 2> waiting = {{{ready, POLLIN, 0}, {signals_.descriptor(), POLLIN, 0}}};
    while (true) {
      if (::poll(waiting.data(), waiting.size(), -1) < 0) continue;
      if (waiting[1].revents != 0) {
        const auto signal = signals_.next({});
        if (signal && asks_to_end(static_cast<int>(signal->ssi_signo))) return static_cast<int>(signal->ssi_signo);
      }
      if (waiting[0].revents == 0) continue;
      std::array<char, 4096> text;  // PATH_MAX
      const ssize_t size = ::read(ready, text.data(), text.size());
      if (size > 0) mountpoint_.assign(text.data(), static_cast<std::size_t>(size));
      return std::nullopt;
    }
  }

  void handle_next_signal() {
    std::optional<milliseconds> timeout;
    if (kill_at_) timeout = std::chrono::ceil<milliseconds>(*kill_at_ - Clock::now());
    const auto signal = signals_.next(timeout);
    if (!signal) {
      command_.send(SIGKILL);
      kill_at_.reset();
    } else if (signal->ssi_signo != SIGCHLD) {
      if (!comes_from_terminal(*signal)) command_.send(static_cast<int>(signal->ssi_signo));
    } else {
      command_.wait(WNOHANG);
      const bool served = daemon_.runs();
      daemon_.wait(WNOHANG);
      if (served && !daemon_.runs()) end_command_without_mount();
    }
  }

  // Not where somebody has unmounted, which the command itself may have done.
  void end_command_without_mount() {
    if (*daemon_.status() == 0) return;
    log_dead_daemon(command_.runs() ? ", so the command is ended" : "");
    if (!command_.runs()) return;
    clear_dead_mount();
    command_.send(SIGTERM);
    kill_at_ = Clock::now() + kGrace;
  }

  void log_dead_daemon(const char* consequence) const {
    const int status = *daemon_.status();
    const std::string how =
        WIFSIGNALED(status) ? fmt::format("was ended by signal {}", WTERMSIG(status)) : "has failed";
    log(LogLevel::kError, "{}: the daemon of this mount {}{}", escaped(mountpoint_), how, consequence);
  }

  void end_daemon() {
    daemon_.send(SIGTERM);
    daemon_.wait(0);
  }

  int exit_status() const {
    const int of_daemon = daemon_.status().value_or(0);
    const int of_command = exit_status_of(command_.status().value_or(0));
    const bool died_early = of_daemon != 0 && WIFSIGNALED(of_daemon);
    if (died_early || (of_daemon != 0 && of_command == 0)) return to_int(ExitStatus::kFailed);
    return of_command;
  }

  void end_by_sigint() const {
    ::signal(SIGINT, SIG_DFL);
    ::pthread_sigmask(SIG_SETMASK, &signals_.inherited().mask, nullptr);
    ::raise(SIGINT);
  }

  void clear_dead_mount() const {
    if (const auto cleared = clear_dead_mounts(mountpoint_); !cleared) (void)fail(cleared.error());
  }

  // What the daemon could not do where it was killed.
  void clean_up() const {
    const bool was_killed = daemon_.status() && WIFSIGNALED(*daemon_.status());
    if (was_killed) clear_dead_mount();
    if (is_private_) remove_private_mountpoint(options_.mountpoint);
  }

  const Options options_;
  const bool is_private_;  // options_.mountpoint was made for this command
  const SupervisedSignals signals_;
  std::string mountpoint_;  // absolute
  Child daemon_;
  Child command_;
  std::optional<Clock::time_point> kill_at_;
};

}  // namespace

int run_command(Options options) {
  // Before the directory is made: a signal that ends npyfs must not leave it behind.
  auto signals = SupervisedSignals::block();
  if (!signals) return fail(signals.error());
  const bool is_private = options.mountpoint.empty();
  if (is_private) {
    clear_left_mountpoints();
    auto made = make_private_mountpoint();
    if (!made) return fail(made.error());
    options.mountpoint = std::move(*made);
  }
  return Supervisor(options, is_private, std::move(*signals)).run();
}

}  // namespace npyfs
