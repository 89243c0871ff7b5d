// deny N[-M]... -- COMMAND...: executes a command for which the system calls with these numbers fail with ENOSYS, as
// they do on a kernel that does not have them, and for all that the command starts. Needs CAP_SYS_ADMIN. Links
// statically.
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iterator>

namespace {

bool deny(unsigned first, unsigned last) {
  sock_filter program[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, first, 0, 2),
      BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, last, 1, 0),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const sock_fprog filter{std::size(program), program};
  return ::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &filter) == 0;
}

}  // namespace

int main(int count, char** words) {
  int at = 1;
  for (; at < count && std::strcmp(words[at], "--") != 0; ++at) {
    char* end = nullptr;
    const auto first = static_cast<unsigned>(std::strtoul(words[at], &end, 10));
    const auto last = *end == '-' ? static_cast<unsigned>(std::strtoul(end + 1, &end, 10)) : first;
    if (*end != '\0' || last < first || !deny(first, last)) {
      std::fprintf(stderr, "deny: %s: cannot be denied\n", words[at]);
      return 127;
    }
  }
  if (at + 1 >= count) {
    std::fputs("usage: deny N[-M]... -- COMMAND...\n", stderr);
    return 127;
  }
  ::execvp(words[at + 1], words + at + 1);
  std::perror("deny");
  return 127;
}
