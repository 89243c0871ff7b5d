#include "fs/daemon/private_mountpoint.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>

#include "core/paths/mount_table.h"
#include "fs/daemon/mountpoint.h"

namespace npyfs {
namespace {

constexpr std::string_view kPrefix = "npyfs-";
constexpr std::string_view kRandom = "XXXXXX";  // as mkdtemp(3) takes it

bool is_letter_or_digit(char letter) {
  return (letter >= '0' && letter <= '9') || (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z');
}

// Whether it is an npyfs that this user has mounted at a private mountpoint, and whose process has ended. Without a
// request to its daemon, which may be stopped, as those of a suspended job are.
bool may_be_left(const MountEntry& entry) {
  if (entry.type != "fuse.npyfs") return false;
  if (!fmt::format(",{},", entry.options).contains(fmt::format(",user_id={},", ::getuid()))) return false;
  const auto maker = maker_of_mountpoint(entry.mount_point);
  return maker && ::kill(*maker, 0) != 0 && errno == ESRCH;
}

}  // namespace

Result<std::string> make_private_mountpoint() {
  const char* given = std::getenv("TMPDIR");
  const std::string parent = given == nullptr || *given == '\0' ? "/tmp" : given;
  std::error_code error;
  const std::string name = fmt::format("{}{}-{}", kPrefix, ::getpid(), kRandom);
  std::string path = (std::filesystem::absolute(parent, error) / name).string();
  if (error) return std::unexpected(system_error(parent, "getcwd", error.value()));
  if (::mkdtemp(path.data()) == nullptr) return std::unexpected(system_error(parent, "mkdtemp", errno));
  return path;
}

void remove_private_mountpoint(const std::string& path) {
  (void)::rmdir(path.c_str());
}

std::optional<pid_t> maker_of_mountpoint(std::string_view path) {
  std::string_view name = path.substr(path.rfind('/') + 1);
  if (!name.starts_with(kPrefix)) return std::nullopt;
  name.remove_prefix(kPrefix.size());
  pid_t pid = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), pid);
  if (error != std::errc() || pid <= 0) return std::nullopt;
  name.remove_prefix(static_cast<std::size_t>(end - name.data()));
  const bool is_ours = name.size() == kRandom.size() + 1 && name.front() == '-' &&
                       std::ranges::all_of(name.substr(1), is_letter_or_digit);
  return is_ours ? std::optional(pid) : std::nullopt;
}

void clear_left_mountpoints() {
  std::ifstream table("/proc/self/mountinfo");
  const std::string text(std::istreambuf_iterator<char>(table), {});
  for (const auto& entry : mount_entries(text)) {
    if (!may_be_left(entry)) continue;
    // The directory below a mount that lives still, where its daemon is writing back, is not touched. Nor is one that
    // nothing is mounted on: in the mount namespace of another container there may be.
    if (clear_dead_mounts(entry.mount_point, LogLevel::kInfo)) remove_private_mountpoint(entry.mount_point);
  }
}

}  // namespace npyfs
