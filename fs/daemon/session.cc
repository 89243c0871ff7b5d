#include "fs/daemon/session.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <fuse_lowlevel.h>
#include <sys/resource.h>

#include <cerrno>
#include <memory>
#include <utility>
#include <vector>

#include "core/base/escape.h"
#include "core/base/unique_fd.h"
#include "fs/daemon/mountpoint.h"
#include "fs/daemon/privileges.h"
#include "fs/daemon/signals.h"
#include "fs/kernel/exception_guard.h"
#include "fs/kernel/fuse_log.h"
#include "fs/log/log.h"
#include "fs/options/error_hints.h"
#include "fs/serve/change_notices.h"
#include "fs/serve/housekeeping.h"
#include "fs/serve/mount_state.h"
#include "fs/serve/operations.h"

namespace npyfs {
namespace {

// libfuse has printed why; errno is what its last system call left.
Error failed(const std::string& subject, const char* sentence) {
  return Error{ErrorKind::kSystem, subject, sentence, errno};
}

// As many descriptors as the administrator allows: each open source and directory takes one.
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
  Session session(fuse_session_new(&args, &kOperations, sizeof kOperations, static_cast<FuseChannel*>(&filesystem)));
  fuse_opt_free_args(&args);
  return session;
}

// A further descriptor of the connection, so that it ends before the socket that tells the helper of -o auto_unmount of
// our death: that helper unmounts only what it finds without a connection, and looks once. The kernel takes the files
// of a process that has been killed in the reverse order of their (last) descriptors, so this one is above the
// socket's.
UniqueFd above_the_helpers_socket(int connection) {
  const UniqueFd in_a_gap(::fcntl(connection, F_DUPFD_CLOEXEC, 0));  // libfuse may have left one below the socket
  return UniqueFd(::fcntl(connection, F_DUPFD_CLOEXEC, 0));
}

class Mount {
 public:
  Mount(fuse_session* session, const std::string& mountpoint, bool has_helper)
      : session_(session), mounted_(fuse_session_mount(session, mountpoint.c_str()) == 0) {
    if (mounted_ && has_helper) connection_ = above_the_helpers_socket(fuse_session_fd(session));
  }
  Mount(const Mount&) = delete;
  Mount& operator=(const Mount&) = delete;
  ~Mount() {
    connection_.close();  // libfuse unmounts what has no connection any more
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

// Where changes are not heard of they show within the timeouts, which is no reason to end.
void start_to_watch(SourceWatch& watch) {
  const auto say_why_not = [](const Error& why) {
    log(LogLevel::kNotice, "{}: changes may show within the timeouts alone (fs.inotify.* set limits)", to_message(why));
  };
  if (auto started = watch.start(say_why_not); !started) say_why_not(started.error());
}

// Serves until the end, which it logs. What was written is in the source then, or the error says how much is not.
Result<void> serve_until_the_end(fuse_session* session, MountState& filesystem, SourceMount source_mount,
                                 const std::string& mountpoint, Signals& signals) {
  const Housekeeping housekeeping(filesystem.tree);
  const ChangeNotices change_notices(filesystem, std::move(source_mount));
  Result<void> served;
  std::uint64_t lost = 0;
  int drain_failure = 0;
  signals.take_during([&] { served = run_loop(session, filesystem.options); },
                      [&] {
                        call_guarded([&] { lost = filesystem.drain.drain(session, filesystem.tree.claims()); },
                                     [&](int error, const char*) { drain_failure = error; });
                      },
                      [&] { fuse_session_exit(session); });
  filesystem.waiting_opens.stop();  // while there is still somebody to answer
  if (served && drain_failure != 0) {
    return std::unexpected(system_error(mountpoint, "writing back mapped pages at the end", drain_failure));
  }
  if (served && lost > 0) {
    return std::unexpected(Error{ErrorKind::kSystem, mountpoint,
                                 fmt::format("{} writes of mapped pages failed at the end: their bytes are lost", lost),
                                 EIO});
  }
  if (served && filesystem.failure() != 0) {
    return std::unexpected(system_error(mountpoint, "writev", filesystem.failure()));
  }
  if (served) log(LogLevel::kInfo, "{}: not served any more", escaped(mountpoint));
  return served;
}

}  // namespace

Result<void> serve(const Options& options) {
  open_log(false, options.log_level);  // until the daemon's log takes over
  raise_descriptor_limit();
  auto root = SourceRoot::open(options.source, options.leaving_links, options.users);
  if (!root) return std::unexpected(with_advice_on_source(root.error()));

  const auto mountpoint = prepare_mountpoint(options.mountpoint, *root);
  if (!mountpoint) return std::unexpected(with_advice_on_mountpoint(mountpoint.error()));

  MountState filesystem(options, std::move(*root));
  start_to_watch(filesystem.tree.watch());
  SourceMount source_mount = filesystem.tree.root().mount(*mountpoint);
  const Session session = new_session(options, filesystem);
  if (!session) {
    return std::unexpected(Error{ErrorKind::kInvalidArgument, "mount options",
                                 "are not all understood (see above); npyfs --help lists them"});
  }
  Signals signals;
  const Mount mount(session.get(), *mountpoint, options.auto_unmount);
  if (!mount.mounted()) {
    return std::unexpected(with_advice_on_mounting(failed(*mountpoint, "cannot be mounted (see above)")));
  }
  filesystem.tree.set_own_device(device_of_mount(*mountpoint));
  if (auto attached = filesystem.attach(session.get(), *mountpoint); !attached) return attached;

  if (fuse_daemonize(options.foreground ? 1 : 0) != 0) {
    return std::unexpected(failed("daemon", "cannot go to the background"));
  }
  open_log(!options.foreground, options.log_level);
  if (!options.foreground) take_fuse_log();  // in the foreground it goes to stderr by itself, all of it with -d
  if (auto dropped = drop_privileges(options.writable); !dropped) return dropped;
  log(LogLevel::kInfo, "{}: mounted at {}", escaped(options.source), escaped(*mountpoint));
  return serve_until_the_end(session.get(), filesystem, std::move(source_mount), *mountpoint, signals);
}

}  // namespace npyfs
