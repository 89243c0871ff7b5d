#include "fs/daemon/session.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <fuse_lowlevel.h>
#include <sys/resource.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <optional>
#include <system_error>
#include <utility>
#include <vector>

#include "core/base/escape.h"
#include "core/base/unique_fd.h"
#include "fs/daemon/fuse_descriptor.h"
#include "fs/daemon/idle_end.h"
#include "fs/daemon/inherited_descriptors.h"
#include "fs/daemon/mountpoint.h"
#include "fs/daemon/privileges.h"
#include "fs/daemon/signals.h"
#include "fs/kernel/exception_guard.h"
#include "fs/kernel/fuse_log.h"
#include "fs/log/log.h"
#include "fs/options/error_hints.h"
#include "fs/serve/change_notices.h"
#include "fs/serve/housekeeping.h"
#include "fs/serve/mount.h"
#include "fs/serve/operations.h"

namespace npyfs {
namespace {

// For failures that libfuse has already explained on stderr. errno is that of its last system call.
Error failed(const std::string& subject, const char* sentence) {
  return Error{ErrorKind::kSystem, subject, sentence, errno};
}

// Allows as many descriptors as the hard limit: each open source and each open directory takes one.
void raise_descriptor_limit() {
  rlimit limit;
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  (void)::setrlimit(RLIMIT_NOFILE, &limit);
}

struct SessionDeleter {
  void operator()(fuse_session* session) const { fuse_session_destroy(session); }
};
using Session = std::unique_ptr<fuse_session, SessionDeleter>;

Session new_session(const Options& options, MountState& filesystem) {
  std::vector<char*> arguments;
  auto texts = options.fuse_arguments;
  for (auto& text : texts) arguments.push_back(text.data());
  fuse_args args = FUSE_ARGS_INIT(static_cast<int>(arguments.size()), arguments.data());
  Session session(fuse_session_new(&args, &kOperations, sizeof kOperations, &filesystem));
  fuse_opt_free_args(&args);
  return session;
}

// The largest number of an open descriptor; 0 if /proc does not say.
int highest_descriptor() {
  int highest = 0;
  std::error_code error;
  for (std::filesystem::directory_iterator entry("/proc/self/fd", error), end; !error && entry != end;
       entry.increment(error)) {
    highest = std::max(highest, std::atoi(entry->path().filename().c_str()));
  }
  return highest;
}

// A duplicate of the connection's descriptor with a number above that of the socket by which the fusermount3 of
// -o auto_unmount learns of our death. That fusermount3 looks once, and unmounts only if the connection is already
// closed. When a process is killed the kernel closes files in the reverse order of their last descriptors, so the
// connection then closes before the socket. Numbers below the socket's may be free, so it must not take the first one.
UniqueFd duplicate_above_socket(int connection) {
  return UniqueFd(::fcntl(connection, F_DUPFD_CLOEXEC, highest_descriptor() + 1));
}

bool mount_session(fuse_session* session, const std::string& mountpoint, const Options& options) {
  // The fusermount3 of -o auto_unmount runs as long as the daemon.
  std::optional<DetachedStandardStreams> detached;
  if (options.auto_unmount && !options.foreground) detached.emplace();
  return fuse_session_mount(session, mountpoint.c_str()) == 0;
}

// Ready to be mounted at: an absolute path, or "/dev/fd/N" where somebody else has mounted.
Result<std::string> mountpoint_of(const Options& options, const SourceRoot& root) {
  if (options.fuse_descriptor) {
    if (auto taken = take_fuse_descriptor(*options.fuse_descriptor); !taken) return std::unexpected(taken.error());
    return options.mountpoint;
  }
  auto prepared = prepare_mountpoint(options.mountpoint, root);
  if (!prepared) return std::unexpected(with_advice_on_mountpoint(prepared.error()));
  return prepared;
}

class Mount {
 public:
  Mount(fuse_session* session, const std::string& mountpoint, const Options& options)
      : session_(session), mounted_(mount_session(session, mountpoint, options)) {
    if (mounted_ && options.auto_unmount) connection_ = duplicate_above_socket(fuse_session_fd(session));
  }
  Mount(const Mount&) = delete;
  Mount& operator=(const Mount&) = delete;
  ~Mount() {
    connection_.close();  // libfuse unmounts after it has closed the last descriptor of the connection
    if (mounted_) fuse_session_unmount(session_);
  }
  bool mounted() const { return mounted_; }

 private:
  fuse_session* session_;
  bool mounted_;
  UniqueFd connection_;
};

Result<void> run_loop(fuse_session* session, const Options& options) {
  const std::unique_ptr<fuse_loop_config, decltype(&fuse_loop_cfg_destroy)> config(fuse_loop_cfg_create(),
                                                                                   &fuse_loop_cfg_destroy);
  fuse_loop_cfg_set_max_threads(config.get(), options.max_threads);
  fuse_loop_cfg_set_clone_fd(config.get(), 0);
  const int result = fuse_session_loop_mt(session, config.get());
  if (result < 0) return std::unexpected(system_error(options.mountpoint, "fuse_session_loop_mt", -result));
  return {};
}

// Without watches changes of the source still show after the timeouts, so a failure here only logs a notice.
void start_to_watch(SourceWatch& watch) {
  const auto say_why_not = [](const Error& why) {
    log(LogLevel::kNotice, "{}: changes may show within the timeouts alone (fs.inotify.* set limits)", to_message(why));
  };
  if (auto started = watch.start(say_why_not); !started) say_why_not(started.error());
}

// Serves until the mount ends. When it returns without an error, all that was written is in the source.
Result<void> serve_until_the_end(fuse_session* session, MountState& filesystem, SourceMount source_mount,
                                 const std::string& mountpoint, Signals& signals) {
  const Housekeeping housekeeping(filesystem.tree);
  const ChangeNotices change_notices(filesystem, std::move(source_mount));
  IdleEnd idle_end(filesystem, mountpoint, IdleEnd::Seconds(filesystem.options.idle_timeout));
  Result<void> served;
  std::uint64_t lost = 0;
  int drain_failure = 0;
  signals.take_during([&] { served = run_loop(session, filesystem.options); },
                      [&] {
                        idle_end.stop();
                        call_guarded(
                            [&] { lost = filesystem.drain.drain(filesystem.notices, filesystem.tree.range_locks()); },
                            [&](int error, const char*) { drain_failure = error; });
                      },
                      [&] { fuse_session_exit(session); });
  filesystem.waiting_opens.stop();  // it answers the opens that still wait, which needs the session
  if (served && drain_failure != 0) {
    return std::unexpected(system_error(mountpoint, "writing back mapped pages at the end", drain_failure));
  }
  if (served && lost > 0) {
    return std::unexpected(Error{ErrorKind::kSystem, mountpoint,
                                 fmt::format("{} writes of mapped pages failed at the end: their bytes are lost", lost),
                                 EIO});
  }
  if (served && filesystem.channel.failure() != 0) {
    return std::unexpected(system_error(mountpoint, "writev", filesystem.channel.failure()));
  }
  if (served) log(LogLevel::kInfo, "{}: not served any more", escaped(mountpoint));
  return served;
}

}  // namespace

Result<void> serve(const Options& options, const std::function<void(const std::string& mountpoint)>& on_ready) {
  if (!options.foreground) close_inherited_descriptors(options.fuse_descriptor);
  open_log(false, options.log_level);  // to stderr, until we go to the background
  raise_descriptor_limit();
  auto root = SourceRoot::open(options.source, options.symlinks, options.users);
  if (!root) return std::unexpected(with_advice_on_source(root.error()));

  const auto mountpoint = mountpoint_of(options, *root);
  if (!mountpoint) return std::unexpected(mountpoint.error());

  UniqueFd inotify;  // closed last: until the source is closed it cannot be unmounted
  MountState filesystem = make_mount(options, std::move(*root));
  if (!options.immutable) start_to_watch(filesystem.tree.watch());
  SourceMount source_mount = filesystem.tree.source_mount(options.fuse_descriptor ? "" : *mountpoint);
  const Session session = new_session(options, filesystem);
  if (!session) {
    return std::unexpected(Error{ErrorKind::kInvalidArgument, "mount options",
                                 "are not all understood (see above); npyfs --help lists them"});
  }
  Signals signals;
  const Mount mount(session.get(), *mountpoint, options);
  if (!mount.mounted()) {
    return std::unexpected(with_advice_on_mounting(failed(*mountpoint, "cannot be mounted (see above)")));
  }
  filesystem.tree.set_own_device(device_of_mount(*mountpoint));
  if (auto attached = attach(filesystem, session.get(), *mountpoint); !attached) return attached;

  if (fuse_daemonize(options.foreground ? 1 : 0) != 0) {
    return std::unexpected(failed("daemon", "cannot go to the background"));
  }
  open_log(!options.foreground, options.log_level);
  if (!options.foreground) take_fuse_log();  // in the foreground libfuse logs to stderr by itself
  if (auto dropped = drop_privileges(options.writable); !dropped) return dropped;
  log(LogLevel::kInfo, "{}: mounted at {}", escaped(options.source), escaped(*mountpoint));
  if (on_ready) on_ready(*mountpoint);
  auto served = serve_until_the_end(session.get(), filesystem, std::move(source_mount), *mountpoint, signals);
  inotify = filesystem.tree.watch().take_inotify();
  return served;
}

ExitStatus explain_serving(const Result<void>& served) {
  if (served) return ExitStatus::kFine;
  log(LogLevel::kError, "{}", to_message(served.error()));
  return served.error().kind == ErrorKind::kInvalidArgument ? ExitStatus::kUsage : ExitStatus::kFailed;
}

}  // namespace npyfs
