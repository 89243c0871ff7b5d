// round_trip [--user=UID] NPYFS CASE MOUNTPOINT: one round trip with npyfs, in a system that may hold nothing else.
//
// Mounts CASE/source with -o rw, compares every file of CASE/reads with the file of that name in the mount, writes
// every file of CASE/writes into the mount, compares CASE/reads_after, unmounts, waits for the daemon, and compares
// every file of CASE/source_after with the source. Says what differs, and exits with 1, or says how many files were
// compared.
//
// As the first process of a system it has the arguments "/npyfs /case /mnt"; it makes /proc and /dev, loads the modules
// of /modules in the order of their names, and reboots at the end. Links statically, and is all that such a system
// needs.
#include <fcntl.h>
#include <grp.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstddef>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace {

namespace fs = std::filesystem;

struct Arguments {
  unsigned user = 0;
  fs::path npyfs;
  fs::path test_case;
  fs::path mountpoint;
};

[[noreturn]] void fail(const std::string& what) {
  throw std::runtime_error(what);
}

// For calls that return -1 and set errno.
long check(long result, const std::string& what) {
  if (result == -1) fail(what + ": " + std::strerror(errno));
  return result;
}

unsigned number(std::string_view text) {
  unsigned value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) fail("no number: " + std::string(text));
  return value;
}

Arguments parsed(const std::vector<std::string_view>& words) {
  Arguments arguments;
  std::vector<fs::path> names;
  for (const auto word : words) {
    if (word.starts_with("--user=")) {
      arguments.user = number(word.substr(7));
    } else {
      names.emplace_back(word);
    }
  }
  if (names.size() != 3) fail("usage: round_trip [--user=UID] NPYFS CASE MOUNTPOINT");
  arguments.npyfs = names[0];
  arguments.test_case = names[1];
  arguments.mountpoint = names[2];
  return arguments;
}

void become(unsigned user) {
  check(::setgroups(0, nullptr), "setgroups");
  check(::setgid(user), "setgid");
  check(::setuid(user), "setuid");
}

// Starts a program and returns how it ended: its exit status, or 128 and the signal.
int run(const std::vector<std::string>& command) {
  const pid_t child = static_cast<pid_t>(check(::fork(), "fork"));
  if (child == 0) {
    std::vector<char*> words;
    for (const auto& word : command) words.push_back(const_cast<char*>(word.c_str()));
    words.push_back(nullptr);
    ::execvp(words[0], words.data());
    ::_exit(127);
  }
  int status = 0;
  check(::waitpid(child, &status, 0), "waitpid");
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

std::string content(const fs::path& path) {
  const int fd = static_cast<int>(check(::open(path.c_str(), O_RDONLY | O_CLOEXEC), "open " + path.string()));
  std::string text;
  std::string piece(std::size_t{1} << 20, '\0');
  while (const auto got = check(::read(fd, piece.data(), piece.size()), "read " + path.string())) {
    text.append(piece, 0, static_cast<std::size_t>(got));
  }
  ::close(fd);
  return text;
}

bool is_mapped_as(const fs::path& path, const std::string& expected) {
  const int fd = static_cast<int>(check(::open(path.c_str(), O_RDONLY | O_CLOEXEC), "open " + path.string()));
  void* const memory = ::mmap(nullptr, expected.size(), PROT_READ, MAP_SHARED, fd, 0);
  ::close(fd);
  if (memory == MAP_FAILED) fail("mmap " + path.string() + ": " + std::strerror(errno));
  const bool is_same = std::memcmp(memory, expected.data(), expected.size()) == 0;
  ::munmap(memory, expected.size());
  return is_same;
}

std::vector<fs::path> files_below(const fs::path& directory) {
  std::vector<fs::path> found;
  for (const auto& entry : fs::recursive_directory_iterator(directory)) {
    if (entry.is_regular_file()) found.push_back(entry.path().lexically_relative(directory));
  }
  if (found.empty()) fail("no files in " + directory.string());
  return found;
}

std::size_t compare(const fs::path& expected, const fs::path& found) {
  const auto names = files_below(expected);
  for (const auto& name : names) {
    const std::string wanted = content(expected / name);
    const std::string has = content(found / name);
    if (fs::file_size(found / name) != wanted.size()) fail((found / name).string() + ": another size than expected");
    if (has != wanted) fail((found / name).string() + ": other bytes than expected");
    if (!is_mapped_as(found / name, wanted)) fail((found / name).string() + ": other bytes than expected, mapped");
  }
  return names.size();
}

void write_all(const fs::path& from, const fs::path& to) {
  for (const auto& name : files_below(from)) {
    const std::string text = content(from / name);
    const int fd =
        static_cast<int>(check(::open((to / name).c_str(), O_WRONLY | O_CLOEXEC), "open " + (to / name).string()));
    const auto written = check(::pwrite(fd, text.data(), text.size(), 0), "write " + (to / name).string());
    if (static_cast<std::size_t>(written) != text.size()) fail("a short write to " + (to / name).string());
    check(::close(fd), "close " + (to / name).string());
  }
}

void unmount(const fs::path& mountpoint) {
  if (::umount2(mountpoint.c_str(), 0) == 0) return;
  if (run({"fusermount3", "-u", mountpoint}) == 0 || run({"fusermount", "-u", mountpoint}) == 0) return;
  fail("cannot unmount " + mountpoint.string());
}

dev_t device(const fs::path& path) {
  struct stat status;
  check(::stat(path.c_str(), &status), "stat " + path.string());
  return status.st_dev;
}

void round_trip(const Arguments& arguments) {
  check(::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), "prctl");  // the daemon becomes a child of ours
  if (arguments.user != 0) become(arguments.user);
  const auto& [user, npyfs, test_case, mountpoint] = arguments;
  const dev_t before = device(mountpoint);
  if (const int status = run({npyfs, test_case / "source", mountpoint, "-o", "rw"}); status != 0) {
    fail("npyfs exits with " + std::to_string(status));
  }
  if (device(mountpoint) == before) fail("nothing is mounted");
  std::size_t compared = compare(test_case / "reads", mountpoint);
  write_all(test_case / "writes", mountpoint);
  compared += compare(test_case / "reads_after", mountpoint);
  unmount(mountpoint);
  int status = 0;
  check(::wait(&status), "wait for the daemon");
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) fail("the daemon ends with " + std::to_string(status));
  if (device(mountpoint) != before) fail("still mounted");
  compared += compare(test_case / "source_after", test_case / "source");
  std::printf("round trip: %zu files are as expected\n", compared);
}

void load_modules() {
  std::vector<fs::path> modules;
  for (const auto& entry : fs::directory_iterator("/modules")) modules.push_back(entry.path());
  std::ranges::sort(modules);
  for (const auto& module : modules) {
    const auto fd = check(::open(module.c_str(), O_RDONLY | O_CLOEXEC), "open " + module.string());
    check(::syscall(SYS_finit_module, fd, "", 0), "load " + module.string());
  }
}

void make_a_system() {
  for (const auto& [type, place] : {std::pair{"proc", "/proc"}, {"devtmpfs", "/dev"}}) {
    fs::create_directories(place);
    check(::mount(type, place, type, 0, nullptr), std::string("mount ") + place);
  }
  fs::create_directories("/mnt");
  load_modules();
  utsname name;
  check(::uname(&name), "uname");
  std::printf("kernel: %s %s\n", name.release, name.version);
}

}  // namespace

int main(int count, char** words) {
  const bool is_init = ::getpid() == 1;
  int status = 0;
  try {
    if (is_init) make_a_system();
    round_trip(parsed(is_init ? std::vector<std::string_view>{"/npyfs", "/case", "/mnt"}
                              : std::vector<std::string_view>(words + 1, words + count)));
  } catch (const std::exception& error) {
    std::printf("round trip: failed: %s\n", error.what());
    status = 1;
  }
  std::fflush(stdout);
  if (is_init) ::reboot(RB_AUTOBOOT);
  return status;
}
