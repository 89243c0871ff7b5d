// What libfuse calls in place of execvp(3), by which it starts fusermount3 in a child (linked with --wrap=execvp).
#include <unistd.h>

#include <cerrno>
#include <string_view>

extern "C" {

// NOLINTBEGIN(readability-identifier-naming,bugprone-reserved-identifier): the names that the linker gives
int __real_execvp(const char* file, char* const arguments[]);

// Systems with libfuse 2 alone have a fusermount, which takes the same arguments and hands over the same descriptor.
// Like execvp it returns only to say that it failed. Why does not matter: EACCES says no more than ENOENT where a
// directory of $PATH is closed to the user.
int __wrap_execvp(const char* file, char* const arguments[]) {
  __real_execvp(file, arguments);
  const int error = errno;
  if (std::string_view(file) == "fusermount3") __real_execvp("fusermount", arguments);
  errno = error;
  return -1;
}
// NOLINTEND(readability-identifier-naming,bugprone-reserved-identifier)

}  // extern "C"
