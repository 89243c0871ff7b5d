// What libfuse calls in place of execvp(3), and npyfs in place of posix_spawnp(3): linked with --wrap. Where
// fusermount3 cannot be started they start fusermount, which systems with libfuse 2 alone have: it takes the same
// arguments, and hands over the same descriptor.
#include <spawn.h>
#include <unistd.h>

#include <cerrno>
#include <string_view>

namespace {

constexpr std::string_view kOfLibfuse3 = "fusermount3";
constexpr const char* kOfLibfuse2 = "fusermount";

}  // namespace

extern "C" {

// NOLINTBEGIN(readability-identifier-naming,bugprone-reserved-identifier): the names that the linker gives
int __real_execvp(const char* file, char* const arguments[]);
int __real_posix_spawnp(pid_t* child, const char* file, const posix_spawn_file_actions_t* actions,
                        const posix_spawnattr_t* attributes, char* const arguments[], char* const variables[]);

// Returns only to say that it failed. Why the first try did does not matter: it is EACCES, too, where a directory of
// $PATH is closed to the user. In a child between fork and exec: no allocation.
int __wrap_execvp(const char* file, char* const arguments[]) {
  __real_execvp(file, arguments);
  const int error = errno;
  if (file == kOfLibfuse3) __real_execvp(kOfLibfuse2, arguments);
  errno = error;
  return -1;
}

int __wrap_posix_spawnp(pid_t* child, const char* file, const posix_spawn_file_actions_t* actions,
                        const posix_spawnattr_t* attributes, char* const arguments[], char* const variables[]) {
  const int error = __real_posix_spawnp(child, file, actions, attributes, arguments, variables);
  if (error == 0 || file != kOfLibfuse3) return error;
  return __real_posix_spawnp(child, kOfLibfuse2, actions, attributes, arguments, variables) == 0 ? 0 : error;
}
// NOLINTEND(readability-identifier-naming,bugprone-reserved-identifier)

}  // extern "C"
