#include "fs/options/command_line.h"

#include <fmt/format.h>
#include <fuse_opt.h>
#include <sched.h>

#include <algorithm>
#include <filesystem>
#include <limits>
#include <optional>
#include <string_view>
#include <system_error>
#include <utility>

#include "fs/options/mount_options.h"
#include "fs/options/option_values.h"
#include "fs/options/wrong_use.h"

namespace npyfs {
namespace {

struct Reading {
  MountArguments arguments;
  std::vector<std::string> positional;    // before `--`, or all where there is none
  std::vector<std::string> after_dashes;  // behind `--`
  std::optional<Error> first_error;
};

// `value` escaped for a list of -o options, in which a comma separates.
std::string escaped_commas(std::string_view value) {
  std::string out;
  for (const char c : value) {
    if (c == ',' || c == '\\') out += '\\';
    out += c;
  }
  return out;
}

void append_to_list(std::string& list, std::string_view option) {
  if (!list.empty()) list += ',';
  list += escaped_commas(option);
}

// libfuse's parser calls this for each argument and for each option of each -o, with escapes resolved. Returning 0
// keeps the argument out of the parser's output, which nobody reads.
int take_argument(void* data, const char* argument, int key, fuse_args* output) {
  auto& reading = *static_cast<Reading*>(data);
  if (key == FUSE_OPT_KEY_NONOPT) {
    // The parser itself puts "--" into its output, behind the program's name.
    (output->argc > 1 ? reading.after_dashes : reading.positional).emplace_back(argument);
    return 0;
  }
  if (argument[0] != '-') append_to_list(reading.arguments.options.as_given, argument);
  const auto taken = take_mount_option(argument, reading.arguments);
  if (!taken && !reading.first_error) reading.first_error = taken.error();
  return 0;
}

constexpr std::string_view kDescriptors = "/dev/fd/";

// The descriptor N that "/dev/fd/N" names.
Result<int> descriptor_named(const std::string& mountpoint) {
  const auto number = whole_number(std::string_view(mountpoint).substr(kDescriptors.size()));
  if (number && *number <= std::numeric_limits<int>::max()) return static_cast<int>(*number);
  return wrong_use(mountpoint, "is not a descriptor: N in /dev/fd/N is its number");
}

// Whoever has mounted a handed-over descriptor may have let others in without having the kernel check permissions. So
// libfuse turns away all but the owner and root (its allow_root), unless npyfs is told that the kernel checks.
bool is_for_owner_alone(const MountArguments& arguments) {
  const bool kernel_checks =
      arguments.allow_other && std::ranges::count(arguments.passed_on, "default_permissions") != 0;
  return arguments.options.fuse_descriptor.has_value() && !kernel_checks;
}

// An absolute path for the table of mounts, where a relative one would say nothing. It names SOURCE as the user does:
// links are only resolved where ".." may follow one.
std::string source_to_show(const std::string& source) {
  namespace fs = std::filesystem;
  std::error_code error;
  fs::path path = fs::absolute(source, error);
  if (!error && std::ranges::find(path, "..") != path.end()) path = fs::canonical(path, error);
  if (error) return source;
  path = path.lexically_normal();
  if (!path.has_filename() && path.has_relative_path()) path = path.parent_path();  // "/a/" is "/a"
  return path.string();
}

// The options that were given and the ones that npyfs adds: the subtype and the source that mount(8) shows, and
// default_permissions wherever other users are let in, so that the kernel checks permissions.
std::vector<std::string> fuse_arguments(const MountArguments& arguments) {
  const Options& options = arguments.options;
  std::string list = options.writable ? "rw" : "ro";
  list += ",nosuid,nodev,noexec,subtype=npyfs";
  append_to_list(list, "fsname=" + (arguments.fsname ? *arguments.fsname : source_to_show(options.source)));
  if (options.max_read != 0) append_to_list(list, fmt::format("max_read={}", options.max_read));
  if (options.users == Users::kOthers) list += ",default_permissions";
  if (arguments.allow_other) list += ",allow_other";
  if (arguments.allow_root || is_for_owner_alone(arguments)) list += ",allow_root";
  if (options.auto_unmount) list += ",auto_unmount";
  for (const auto& option : arguments.passed_on) append_to_list(list, option);
  std::vector<std::string> made = {"npyfs"};
  if (arguments.debug) made.emplace_back("-d");
  made.insert(made.end(), {"-o", std::move(list)});
  return made;
}

// SOURCE, MOUNTPOINT and the command. Behind a `--` that has no SOURCE before it are names, which may begin with '-'.
Result<void> take_positional(Reading& reading, Options& options) {
  auto& positional = reading.positional;
  if (positional.empty()) {
    positional = std::move(reading.after_dashes);
  } else {
    options.command = std::move(reading.after_dashes);
  }
  const bool needs_mountpoint = options.command.empty();
  if (!needs_mountpoint && options.idle_timeout != 0) {
    return wrong_use("idle_timeout", "has no meaning with a command: the mount ends when the command has ended");
  }
  if (positional.size() > 2 || positional.size() < (needs_mountpoint ? 2 : 1)) {
    return wrong_use("command line", needs_mountpoint ? "SOURCE and MOUNTPOINT are needed, and nothing else"
                                                      : "SOURCE, and perhaps MOUNTPOINT, are needed before --");
  }
  options.source = positional[0];
  if (positional.size() > 1) options.mountpoint = positional[1];
  if (!options.mountpoint.starts_with(kDescriptors)) return {};
  const auto descriptor = descriptor_named(options.mountpoint);
  if (!descriptor) return std::unexpected(descriptor.error());
  options.fuse_descriptor = *descriptor;
  if (!options.command.empty() || options.idle_timeout != 0) {
    return wrong_use(options.mountpoint, "is not a path: a command and idle_timeout need one");
  }
  return {};
}

// Seconds, more than 30 years: a 64-bit kernel takes it as it is, a 32-bit one as the longest that it has.
constexpr double kForGood = 1e9;

// -o immutable: what the kernel knows of names that exist, and of those that do not, stays right.
Result<void> take_immutable(const MountArguments& arguments, Options& options) {
  if (!options.immutable) return {};
  if (options.writable) {
    return wrong_use("immutable", "excludes rw, which mount(8) and fstab ask for unless ro is given: say ro");
  }
  if (arguments.timeouts) {
    return wrong_use("immutable", "excludes entry_timeout, attr_timeout and negative_timeout: all is kept for good");
  }
  options.entry_timeout = options.attr_timeout = options.negative_timeout = kForGood;
  return {};
}

Result<Options> options_of(Reading reading) {
  MountArguments& arguments = reading.arguments;
  Options& options = arguments.options;
  if (options.help || options.version) return std::move(options);
  if (reading.first_error) return std::unexpected(*reading.first_error);
  if (auto taken = take_positional(reading, options); !taken) return std::unexpected(taken.error());
  if (arguments.debug) options.foreground = true;
  if (arguments.direct_io && arguments.kernel_cache) {
    return wrong_use("direct_io", "excludes kernel_cache: choose one");
  }
  if (auto taken = take_immutable(arguments, options); !taken) return std::unexpected(taken.error());
  if (arguments.direct_io) options.cache = CachePolicy::kDirectIo;
  if (arguments.kernel_cache) options.cache = CachePolicy::kKernelCache;
  if ((arguments.allow_other || arguments.allow_root) && !is_for_owner_alone(arguments)) options.users = Users::kOthers;
  if (options.chunks == 0) options.chunks = default_chunks();
  options.fuse_arguments = fuse_arguments(arguments);
  return std::move(options);
}

}  // namespace

std::uint64_t default_chunks() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (::sched_getaffinity(0, sizeof set, &set) != 0) return 1;
  return static_cast<std::uint64_t>(CPU_COUNT(&set));
}

Result<Options> parse_options(int argc, char* argv[]) {
  Reading reading;
  fuse_args arguments = FUSE_ARGS_INIT(argc, argv);
  const int parsed = fuse_opt_parse(&arguments, &reading, nullptr, take_argument);
  fuse_opt_free_args(&arguments);
  if (parsed != 0) return wrong_use("command line", "the options cannot be read");
  // The parser drops a "--" at the very end.
  if (argc > 1 && std::string_view(argv[argc - 1]) == "--") return wrong_use("--", "a command is needed behind --");
  return options_of(std::move(reading));
}

}  // namespace npyfs
