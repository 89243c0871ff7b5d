#include "fs/options/mount_options.h"

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <limits>

#include "fs/options/option_values.h"
#include "fs/options/wrong_use.h"

namespace npyfs {
namespace {

constexpr std::uint64_t kMostChunks = std::numeric_limits<std::int64_t>::max();
constexpr std::uint64_t kMostThreads = 1000;
constexpr std::uint64_t kMostRead = 1 << 28;  // bytes

enum class Value { kNone, kNeeded };
enum class In { kHelp, kNoHelp };  // kNoHelp: for compatibility; --help has to fit on one screen

using Args = MountArguments;
using Text = const std::string&;

struct MountOption {
  std::string_view name;
  Value value;
  In in;
  Result<void> (*take)(Args& arguments, Text value);  // `value` is empty where the option has none
};

template <typename T>
Result<void> set(T& stored, T value) {
  stored = value;
  return {};
}

template <typename T, typename Parsed>
Result<void> store(T& stored, const Result<Parsed>& value) {
  if (!value) return std::unexpected(value.error());
  stored = static_cast<T>(*value);  // fits: the range of the option was checked
  return {};
}

Result<void> add_suffix(ArraySuffixes& suffixes, Text suffix) {
  if (auto checked = check_array_suffix("suffix", suffix); !checked) return checked;
  suffixes.push_back(suffix);
  return {};
}

Result<void> keep_for(Args& arguments, double& seconds, const Result<double>& value) {
  arguments.timeouts = true;
  return store(seconds, value);
}

constexpr MountOption kOptions[] = {
    {"-h", Value::kNone, In::kHelp, [](Args& a, Text) { return set(a.options.help, true); }},
    {"--help", Value::kNone, In::kHelp, [](Args& a, Text) { return set(a.options.help, true); }},
    {"-V", Value::kNone, In::kHelp, [](Args& a, Text) { return set(a.options.version, true); }},
    {"--version", Value::kNone, In::kHelp, [](Args& a, Text) { return set(a.options.version, true); }},
    {"-f", Value::kNone, In::kHelp, [](Args& a, Text) { return set(a.options.foreground, true); }},
    {"-d", Value::kNone, In::kHelp, [](Args& a, Text) { return set(a.debug, true); }},
    {"debug", Value::kNone, In::kNoHelp, [](Args& a, Text) { return set(a.debug, true); }},
    {"-r", Value::kNone, In::kNoHelp, [](Args& a, Text) { return set(a.options.writable, false); }},
    {"ro", Value::kNone, In::kHelp, [](Args& a, Text) { return set(a.options.writable, false); }},
    {"rw", Value::kNone, In::kHelp, [](Args& a, Text) { return set(a.options.writable, true); }},
    {"immutable", Value::kNone, In::kHelp, [](Args& a, Text) { return set(a.options.immutable, true); }},
    {"allow_other", Value::kNone, In::kHelp, [](Args& a, Text) { return set(a.allow_other, true); }},
    {"allow_root", Value::kNone, In::kHelp, [](Args& a, Text) { return set(a.allow_root, true); }},
    {"auto_unmount", Value::kNone, In::kHelp, [](Args& a, Text) { return set(a.options.auto_unmount, true); }},
    {"direct_io", Value::kNone, In::kHelp, [](Args& a, Text) { return set(a.direct_io, true); }},
    {"kernel_cache", Value::kNone, In::kHelp, [](Args& a, Text) { return set(a.kernel_cache, true); }},
    {"follow_symlinks", Value::kNone, In::kHelp,
     [](Args& a, Text) { return set(a.options.symlinks, Symlinks::kAnywhere); }},
    {"fsname", Value::kNeeded, In::kHelp, [](Args& a, Text v) { return set(a.fsname, std::optional(v)); }},
    {"chunks", Value::kNeeded, In::kHelp,
     [](Args& a, Text v) { return store(a.options.chunks, count_of("chunks", v, kMostChunks)); }},
    {"suffix", Value::kNeeded, In::kHelp, [](Args& a, Text v) { return add_suffix(a.options.suffixes, v); }},
    {"inode32", Value::kNone, In::kHelp, [](Args& a, Text) { return set(a.options.inode32, true); }},
    {"max_threads", Value::kNeeded, In::kHelp,
     [](Args& a, Text v) { return store(a.options.max_threads, count_of("max_threads", v, kMostThreads)); }},
    {"max_read", Value::kNeeded, In::kNoHelp,
     [](Args& a, Text v) { return store(a.options.max_read, count_of("max_read", v, kMostRead)); }},
    {"entry_timeout", Value::kNeeded, In::kHelp,
     [](Args& a, Text v) { return keep_for(a, a.options.entry_timeout, seconds_of("entry_timeout", v)); }},
    {"attr_timeout", Value::kNeeded, In::kHelp,
     [](Args& a, Text v) { return keep_for(a, a.options.attr_timeout, seconds_of("attr_timeout", v)); }},
    {"negative_timeout", Value::kNeeded, In::kHelp,
     [](Args& a, Text v) { return keep_for(a, a.options.negative_timeout, seconds_of("negative_timeout", v)); }},
    {"idle_timeout", Value::kNeeded, In::kHelp,
     [](Args& a, Text v) { return store(a.options.idle_timeout, seconds_of("idle_timeout", v)); }},
    {"source_io", Value::kNeeded, In::kHelp,
     [](Args& a, Text v) { return store(a.options.source_io, source_io_of("source_io", v)); }},
    {"loglevel", Value::kNeeded, In::kHelp,
     [](Args& a, Text v) { return store(a.options.log_level, log_level_of("loglevel", v)); }},
};

// Options of mount(2) that libfuse or the kernel handle. Those that end with '=' are SELinux's.
constexpr std::string_view kPassedOn[] = {
    "default_permissions", "atime",       "noatime",     "async", "sync", "dirsync", "context=",
    "fscontext=",          "defcontext=", "rootcontext="};

// Options of mount(8), fstab(5) and mount.fuse3 that change nothing here. Some of them only concern the program that
// mounts. Access times are those of the source, whatever the mount options say. npyfs itself always sets the subtype,
// nosuid, nodev and noexec.
constexpr std::string_view kIgnored[] = {
    "defaults",   "auto",        "noauto",        "nofail",   "_netdev",    "user",     "nouser",     "users",
    "nousers",    "owner",       "noowner",       "group",    "nogroup",    "diratime", "nodiratime", "relatime",
    "norelatime", "strictatime", "nostrictatime", "lazytime", "nolazytime", "suid",     "nosuid",     "dev",
    "nodev",      "exec",        "noexec",        "user=",    "comment=",   "subtype=", "-n"};

bool is_among(const auto& names, std::string_view option) {
  return std::ranges::any_of(
      names, [&](std::string_view name) { return name.ends_with('=') ? option.starts_with(name) : option == name; });
}

// libfuse copies the value unescaped into a comma-separated list for the kernel or fusermount3. A comma in it would
// start a further option, and a backslash would escape the next comma.
Result<void> pass_on(const std::string& option, Args& arguments) {
  const std::size_t position = option.find_first_of(",\\");
  if (position != std::string::npos) return wrong_use(option, "its value may not hold a comma or a backslash");
  arguments.passed_on.push_back(option);
  return {};
}

}  // namespace

Result<void> take_mount_option(const std::string& option, MountArguments& arguments) {
  const std::size_t equals = option.find('=');
  const bool has_value = equals != std::string::npos;
  const std::string_view name = std::string_view(option).substr(0, equals);
  const auto found = std::ranges::find(kOptions, name, &MountOption::name);
  if (found != std::end(kOptions) && has_value == (found->value == Value::kNeeded)) {
    return found->take(arguments, has_value ? option.substr(equals + 1) : "");
  }
  if (is_among(kPassedOn, option)) return pass_on(option, arguments);
  if (option.empty() || option.starts_with("x-") || option.starts_with("X-") || is_among(kIgnored, option)) return {};
  return wrong_use(option, "is no option here; npyfs --help lists them");
}

std::vector<std::string_view> documented_mount_options() {
  std::vector<std::string_view> names;
  for (const auto& option : kOptions) {
    if (option.in == In::kHelp) names.push_back(option.name);
  }
  return names;
}

}  // namespace npyfs
