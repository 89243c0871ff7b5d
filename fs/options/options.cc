#include "fs/options/options.h"

#include <fmt/format.h>
#include <sched.h>

#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdlib>
#include <limits>
#include <string_view>
#include <utility>

#include "core/base/escape.h"

namespace npyfs {
namespace {

// What fuse_opt can fill in by itself: flags, and values as text that it allocates. Standard layout, for offsetof.
struct RawOptions {
  int foreground = 0;
  int debug = 0;
  int help = 0;
  int version = 0;
  int follow_symlinks = 0;
  int direct_io = 0;
  int kernel_cache = 0;
  char* chunks = nullptr;
  char* source_io = nullptr;
  char* entry_timeout = nullptr;
  char* attr_timeout = nullptr;
  char* negative_timeout = nullptr;
  char* max_threads = nullptr;
  char* max_read = nullptr;
  char* log_level = nullptr;
  int writable = 0;
  std::vector<std::string>* positional = nullptr;
  std::string* unknown_flag = nullptr;  // the first one; it may be libfuse's

  RawOptions() = default;
  RawOptions(const RawOptions&) = delete;
  RawOptions& operator=(const RawOptions&) = delete;
  ~RawOptions() {
    for (char* text :
         {chunks, source_io, entry_timeout, attr_timeout, negative_timeout, max_threads, max_read, log_level}) {
      std::free(text);
    }
  }
};

constexpr int kKeyDebug = 0;

constexpr fuse_opt flag(const char* name, std::size_t offset) {
  return {name, offset, 1};
}
const fuse_opt kOptionTable[] = {
    flag("-f", offsetof(RawOptions, foreground)),
    flag("-h", offsetof(RawOptions, help)),
    flag("--help", offsetof(RawOptions, help)),
    flag("-V", offsetof(RawOptions, version)),
    flag("--version", offsetof(RawOptions, version)),
    flag("follow_symlinks", offsetof(RawOptions, follow_symlinks)),
    flag("direct_io", offsetof(RawOptions, direct_io)),
    flag("kernel_cache", offsetof(RawOptions, kernel_cache)),
    {"chunks=%s", offsetof(RawOptions, chunks), 0},
    {"source_io=%s", offsetof(RawOptions, source_io), 0},
    {"entry_timeout=%s", offsetof(RawOptions, entry_timeout), 0},
    {"attr_timeout=%s", offsetof(RawOptions, attr_timeout), 0},
    {"negative_timeout=%s", offsetof(RawOptions, negative_timeout), 0},
    {"max_threads=%s", offsetof(RawOptions, max_threads), 0},
    {"max_read=%s", offsetof(RawOptions, max_read), 0},
    {"loglevel=%s", offsetof(RawOptions, log_level), 0},
    {"ro", offsetof(RawOptions, writable), 0},
    {"rw", offsetof(RawOptions, writable), 1},
    FUSE_OPT_KEY("-d", kKeyDebug),
    FUSE_OPT_KEY("debug", kKeyDebug),
    FUSE_OPT_END,
};

int take_argument(void* data, const char* argument, int key, fuse_args*) {
  auto& raw = *static_cast<RawOptions*>(data);
  switch (key) {
    case kKeyDebug:
      raw.debug = 1;
      return 1;  // libfuse prints each request then
    case FUSE_OPT_KEY_NONOPT:
      raw.positional->emplace_back(argument);
      return 0;
    default:
      if (argument[0] == '-' && raw.unknown_flag->empty()) *raw.unknown_flag = argument;
      return 1;
  }
}

std::unexpected<Error> refuse(std::string option, std::string sentence) {
  return std::unexpected(Error{ErrorKind::kInvalidArgument, std::move(option), std::move(sentence)});
}

Result<void> take_seconds(const char* text, const char* option, double& seconds) {
  if (text == nullptr) return {};
  char* end = nullptr;
  const double value = std::strtod(text, &end);
  if (end == text || *end != '\0' || !std::isfinite(value) || value < 0) {
    return refuse(option, fmt::format("'{}' is no number of seconds", escaped(text)));
  }
  seconds = value;
  return {};
}

template <typename T>
Result<void> take_count(const char* text, const char* option, T most, T& count) {
  if (text == nullptr) return {};
  const std::string_view view(text);
  const auto [end, error] = std::from_chars(view.data(), view.data() + view.size(), count);
  if (error == std::errc() && end == view.data() + view.size() && count >= 1 && count <= most) return {};
  return refuse(option, fmt::format("'{}' is no whole number from 1 to {}", escaped(view), most));
}

Result<void> take_source_io(const char* text, SourceIo& io) {
  if (text == nullptr) return {};
  const std::string_view name(text);
  if (name == "auto") {
    io = SourceIo::kAuto;
  } else if (name == "mmap") {
    io = SourceIo::kMmap;
  } else if (name == "pread") {
    io = SourceIo::kPread;
  } else {
    return refuse("source_io", fmt::format("'{}' is none of auto, mmap, pread", escaped(name)));
  }
  return {};
}

Result<void> take_log_level(const char* text, LogLevel& level) {
  if (text == nullptr) return {};
  const auto named = log_level_named(text);
  if (!named)
    return refuse("loglevel", fmt::format("'{}' is none of error, warning, notice, info, debug", escaped(text)));
  level = *named;
  return {};
}

// A value for a list of -o options, in which a comma separates.
std::string escaped_commas(std::string_view value) {
  std::string out;
  for (const char c : value) {
    if (c == ',' || c == '\\') out += '\\';
    out += c;
  }
  return out;
}

std::uint64_t online_cpus() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (::sched_getaffinity(0, sizeof set, &set) != 0) return 1;
  return static_cast<std::uint64_t>(CPU_COUNT(&set));
}

Result<void> convert(const RawOptions& raw, Options& options) {
  options.foreground = raw.foreground != 0 || raw.debug != 0;
  options.help = raw.help != 0;
  options.version = raw.version != 0;
  if (options.help || options.version) return {};
  if (raw.positional->size() != 2 && !raw.unknown_flag->empty()) return refuse(*raw.unknown_flag, "is no option here");
  if (raw.positional->size() != 2) return refuse("command line", "SOURCE and MOUNTPOINT are needed, and nothing else");
  options.source = (*raw.positional)[0];
  options.mountpoint = (*raw.positional)[1];
  options.writable = raw.writable != 0;
  if (raw.direct_io != 0 && raw.kernel_cache != 0) return refuse("direct_io", "excludes kernel_cache: choose one");
  if (raw.direct_io != 0) options.cache = CachePolicy::kDirectIo;
  if (raw.kernel_cache != 0) options.cache = CachePolicy::kKernelCache;
  if (raw.follow_symlinks != 0) options.leaving_links = LeavingLinks::kAreFollowed;
  options.chunks = online_cpus();
  constexpr std::uint64_t kMaxChunks = std::numeric_limits<std::int64_t>::max();
  for (auto& taken :
       {take_count(raw.chunks, "chunks", kMaxChunks, options.chunks),
        take_count(raw.max_threads, "max_threads", 1000u, options.max_threads),
        take_count(raw.max_read, "max_read", 1u << 28, options.max_read),
        take_seconds(raw.entry_timeout, "entry_timeout", options.entry_timeout),
        take_seconds(raw.attr_timeout, "attr_timeout", options.attr_timeout),
        take_seconds(raw.negative_timeout, "negative_timeout", options.negative_timeout),
        take_source_io(raw.source_io, options.source_io), take_log_level(raw.log_level, options.log_level)}) {
    if (!taken) return taken;
  }
  return {};
}

// Standard options as people know them, on top of what the user gave: the type and source that mount(8) shows, and
// permissions checked by the kernel wherever other users come in.
void complete_fuse_arguments(Options& options) {
  const auto& as_given = options.as_given;
  const auto given = [&](std::string_view option) {
    return fmt::format(",{},", as_given).find(fmt::format(",{}", option)) != std::string::npos;
  };
  std::string added = options.writable ? "rw" : "ro";
  added += ",nosuid,nodev,noexec,subtype=npyfs";
  if (options.max_read != 0) added += fmt::format(",max_read={}", options.max_read);
  if (!given("fsname=")) added += ",fsname=" + escaped_commas(options.source);
  if (given("allow_other,") || given("allow_root,")) {
    added += ",default_permissions";
    options.users = Users::kOthers;
  }
  options.auto_unmount = given("auto_unmount,");
  options.fuse_arguments.insert(options.fuse_arguments.end(), {"-o", added});
}

std::string options_as_given(int argc, char* argv[]) {
  std::string joined;
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument(argv[i]);
    if (!argument.starts_with("-o")) continue;
    if (argument.size() == 2 && i + 1 == argc) break;
    if (!joined.empty()) joined += ',';
    joined += argument.size() > 2 ? argument.substr(2) : std::string_view(argv[++i]);
  }
  return joined;
}

}  // namespace

Result<Options> parse_options(int argc, char* argv[]) {
  Options options;
  options.as_given = options_as_given(argc, argv);
  std::vector<std::string> positional;
  std::string unknown_flag;
  RawOptions raw;
  raw.positional = &positional;
  raw.unknown_flag = &unknown_flag;
  fuse_args arguments = FUSE_ARGS_INIT(argc, argv);
  const int parsed = fuse_opt_parse(&arguments, &raw, kOptionTable, take_argument);
  options.fuse_arguments.assign(arguments.argv, arguments.argv + arguments.argc);
  fuse_opt_free_args(&arguments);
  if (parsed != 0) return refuse("command line", "the options cannot be read");
  if (auto converted = convert(raw, options); !converted) return std::unexpected(converted.error());
  complete_fuse_arguments(options);
  return options;
}

}  // namespace npyfs
