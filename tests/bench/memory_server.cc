// memory_server [-w|-d|-m] [-s SOURCE] LIST MOUNTPOINT
// Serves files from memory, with npyfs's own way of talking to the kernel, and does nothing else: what it cannot do, no
// filesystem behind /dev/fuse can. Runs in the foreground until it is unmounted.
//
// LIST: one file a line, fields separated by tabs: its path in the mount, and a file with its bytes, which are loaded.
// If five more fields follow (SOURCE START RUN STRIDE COUNT, in bytes), only the header is loaded. The body is then
// copied for each request out of a mapping of SOURCE, by memcpy: COUNT runs of RUN bytes, one every STRIDE bytes.
// -w: files can be written; the bytes go to memory and are gone at the end. -d: they go to the files by pwrite, and
// FSYNC by fdatasync to the disk; memory is then a mapping of the file. -m: files are mapped, too, in place of huge
// pages that they are loaded into. Their bytes come from the page cache then, and the first load of a page takes a page
// fault. A body in SOURCE is one run then, which is not copied either. -s: looks up SOURCE and asks for its status at
// each LOOKUP and OPEN of a file, as a filesystem has to that serves no bytes of a source that has changed.
#include <fcntl.h>
#include <fmt/format.h>
#include <fuse_lowlevel.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <deque>
#include <fstream>
#include <iostream>
#include <memory>
#include <sstream>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/base/unique_fd.h"
#include "core/io/copy_buffer.h"
#include "core/paths/source_status.h"
#include "fs/kernel/fuse_channel.h"
#include "fs/kernel/init_negotiation.h"
#include "fs/kernel/kernel_notices.h"
#include "fs/kernel/request_metrics.h"
#include "fs/options/options.h"
#include "fs/serve/cache_policy.h"

namespace npyfs {
namespace {

[[noreturn]] void fail(const std::string& subject) {
  std::cerr << "memory_server: " << subject << ": " << std::strerror(errno) << '\n';
  std::exit(1);
}

UniqueFd opened(const std::string& path, int access, std::size_t& size) {
  UniqueFd fd(::open(path.c_str(), access | O_CLOEXEC));
  struct stat status;
  if (!fd || ::fstat(fd.get(), &status) != 0) fail(path);
  size = static_cast<std::size_t>(status.st_size);
  return fd;
}

// The first `size` bytes of a file, in huge pages that live as long as the process.
char* loaded(const UniqueFd& fd, std::size_t size, const std::string& path) {
  void* memory =
      ::mmap(nullptr, std::max<std::size_t>(size, 1), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) fail("mmap");
  (void)::madvise(memory, size, MADV_HUGEPAGE);
  char* bytes = static_cast<char*>(memory);
  for (std::size_t done = 0; done < size;) {
    const ssize_t got = ::pread(fd.get(), bytes + done, size - done, static_cast<off_t>(done));
    if (got <= 0) fail(path);
    done += static_cast<std::size_t>(got);
  }
  return bytes;
}

// The bytes of a file. `populate`: MAP_POPULATE, so that no page fault is left for later, or 0.
char* mapped(const UniqueFd& fd, std::size_t size, int populate, const std::string& path) {
  void* memory = ::mmap(nullptr, size, PROT_READ, MAP_SHARED | populate, fd.get(), 0);
  if (memory == MAP_FAILED) fail(path);
  return static_cast<char*>(memory);
}

struct SourceRuns {
  char* first = nullptr;
  std::size_t size = 0;    // bytes
  std::size_t stride = 0;  // bytes
};

// A file, or a directory if `memory` is null.
struct Node {
  char* memory = nullptr;
  std::size_t in_memory = 0;  // bytes; behind them comes the body in `runs`
  std::size_t size = 0;       // bytes
  SourceRuns runs = {};
  UniqueFd durable = {};  // with -d
  std::atomic<bool> was_opened = false;
};

struct Server {
  bool writable = false;
  bool durable = false;
  bool is_mapped = false;
  std::string source = {};  // with -s
  InitNegotiation negotiation = {};
  RequestMetrics requests = {};
  FuseChannel channel{negotiation, requests};
  KernelNotices notices{channel};
  std::deque<Node> nodes = std::deque<Node>(2);            // by node ID; 0 is none, 1 the root
  std::unordered_map<std::string, fuse_ino_t> names = {};  // "PARENT/NAME"

  fuse_ino_t child(fuse_ino_t parent, const std::string& name) {
    const auto [at, is_new] = names.try_emplace(fmt::format("{}/{}", parent, name), nodes.size());
    if (is_new) nodes.emplace_back();
    return at->second;
  }
};

Server& server_of(fuse_req_t request) {
  return *static_cast<Server*>(fuse_req_userdata(request));
}

void read_list(Server& server, const std::string& list) {
  std::ifstream lines(list);
  if (!lines) fail(list);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream fields(line);
    std::string path, bytes, source;
    std::getline(fields, path, '\t');
    std::getline(fields, bytes, '\t');
    fuse_ino_t id = FUSE_ROOT_ID;
    std::istringstream parts(path);
    for (std::string part; std::getline(parts, part, '/');) id = server.child(id, part);
    Node& node = server.nodes[id];
    UniqueFd fd = opened(bytes, server.durable ? O_RDWR : O_RDONLY, node.size);
    node.in_memory = node.size;
    if (std::getline(fields, source, '\t')) {
      std::size_t start = 0;
      std::size_t count = 0;
      if (!(fields >> start >> node.runs.size >> node.runs.stride >> count)) fail(line);
      if (server.is_mapped && count != 1) fail(line);
      std::size_t size = 0;
      const UniqueFd source_fd = opened(source, O_RDONLY, size);
      node.runs.first = mapped(source_fd, size, server.is_mapped ? 0 : MAP_POPULATE, source) + start;
      node.in_memory -= node.runs.size * count;
    }
    if (server.durable) {
      node.memory = mapped(fd, node.size, MAP_POPULATE, bytes);
      node.durable = std::move(fd);
    } else {
      node.memory = server.is_mapped ? mapped(fd, node.size, 0, bytes) : loaded(fd, node.in_memory, bytes);
    }
  }
}

struct stat attributes(const Server& server, fuse_ino_t id) {
  const Node& node = server.nodes[id];
  const bool is_file = node.memory != nullptr;
  struct stat status = {};
  status.st_ino = id;
  status.st_mode = is_file ? S_IFREG | 0644 : S_IFDIR | 0755;
  status.st_nlink = 1;
  status.st_size = static_cast<off_t>(node.size);
  status.st_uid = ::getuid();
  status.st_gid = ::getgid();
  return status;
}

// By the system call that npyfs makes for an array in the root of its source.
void look_at_source(const Server& server) {
  if (!server.source.empty() && !status_as_known(AT_FDCWD, server.source)) fail(server.source);
}

void init(void* server, fuse_conn_info* connection) {
  choose_capabilities(*connection, 0, static_cast<Server*>(server)->writable);
}

void lookup(fuse_req_t request, fuse_ino_t parent, const char* name) {
  const Server& server = server_of(request);
  const auto found = server.names.find(fmt::format("{}/{}", parent, name));
  if (found == server.names.end()) {
    fuse_reply_err(request, ENOENT);
    return;
  }
  fuse_entry_param entry = {};
  entry.ino = found->second;
  entry.attr = attributes(server, entry.ino);
  if (S_ISREG(entry.attr.st_mode)) look_at_source(server);
  entry.attr_timeout = Options().attr_timeout;
  entry.entry_timeout = Options().entry_timeout;
  fuse_reply_entry(request, &entry);
}

void getattr(fuse_req_t request, fuse_ino_t id, fuse_file_info*) {
  const struct stat status = attributes(server_of(request), id);
  fuse_reply_attr(request, &status, Options().attr_timeout);
}

// O_TRUNC: files keep their size, as those of npyfs do.
void setattr(fuse_req_t request, fuse_ino_t id, struct stat*, int, fuse_file_info* info) {
  getattr(request, id, info);
}

// As npyfs: see choose_caching() and Preload. A file that may be mapped for writing uses the page cache.
void open(fuse_req_t request, fuse_ino_t id, fuse_file_info* info) {
  Server& server = server_of(request);
  look_at_source(server);
  Node& node = server.nodes[id];
  const Segment all = {nullptr, nullptr, Runs(0, node.size, static_cast<std::int64_t>(node.size), 1)};
  OpenFile file = {.node = id, .view = {"", {all}}, .attributes = {}, .is_generated_anew = false};
  file.may_be_written = server.writable;
  choose_caching(Options().cache, server.negotiation.can_map_direct_io(), file, *info);
  const int access = info->flags & O_ACCMODE;
  if (access == O_RDWR) info->direct_io = 0;
  info->noflush = access == O_RDONLY;
  if (info->keep_cache && node.runs.first == nullptr && node.size <= View::kSmall && !node.was_opened.exchange(true)) {
    const iovec bytes = {node.memory, node.size};
    server.notices.store_pages(id, {&bytes, 1}, node.size);
  }
  fuse_reply_open(request, info);
}

// Bytes [offset, offset + size) of a file with runs.
void gather(const Node& node, std::size_t offset, std::size_t size, char* to) {
  if (offset < node.in_memory) {
    const std::size_t part = std::min(size, node.in_memory - offset);
    std::memcpy(to, node.memory + offset, part);
    to += part, offset += part, size -= part;
  }
  if (size == 0) return;
  const SourceRuns& runs = node.runs;
  const std::size_t skipped = (offset - node.in_memory) % runs.size;
  const char* from = runs.first + (offset - node.in_memory) / runs.size * runs.stride;
  const std::size_t begun = std::min(size, runs.size - skipped);
  std::memcpy(to, from + skipped, begun);
  to += begun, size -= begun, from += runs.stride;
  for (; size >= runs.size; to += runs.size, size -= runs.size, from += runs.stride) std::memcpy(to, from, runs.size);
  std::memcpy(to, from, size);
}

void read(fuse_req_t request, fuse_ino_t id, std::size_t size, off_t at, fuse_file_info*) {
  Server& server = server_of(request);
  const Node& node = server.nodes[id];
  const std::size_t offset = std::min(static_cast<std::size_t>(at), node.size);
  size = std::min(size, node.size - offset);
  const std::size_t from_memory = std::min(size, node.in_memory - std::min(offset, node.in_memory));
  if (node.runs.first != nullptr && server.is_mapped) {
    char* body = node.runs.first + (offset + from_memory - node.in_memory);
    const iovec pieces[] = {{node.memory + offset, from_memory}, {body, size - from_memory}};
    fuse_reply_iov(request, pieces, 2);
    return;
  }
  iovec bytes = {node.memory + offset, size};
  if (node.runs.first != nullptr) {
    static thread_local const CopyBuffer buffer(server.negotiation.max_request());
    bytes.iov_base = buffer.bytes();
    gather(node, offset, size, static_cast<char*>(bytes.iov_base));
  }
  fuse_reply_iov(request, &bytes, 1);
}

void write(fuse_req_t request, fuse_ino_t id, const char* data, std::size_t size, off_t at, fuse_file_info*) {
  const Node& node = server_of(request).nodes[id];
  const auto offset = static_cast<std::size_t>(at);
  if (offset + size > node.in_memory) {
    fuse_reply_err(request, EINVAL);
    return;
  }
  if (!node.durable) {
    std::memcpy(node.memory + offset, data, size);
  } else if (::pwrite(node.durable.get(), data, size, at) != static_cast<ssize_t>(size)) {
    fuse_reply_err(request, EIO);
    return;
  }
  fuse_reply_write(request, size);
}

void succeed(fuse_req_t request, fuse_ino_t, fuse_file_info*) {
  fuse_reply_err(request, 0);
}

void fsync(fuse_req_t request, fuse_ino_t id, int, fuse_file_info*) {
  const Node& node = server_of(request).nodes[id];
  fuse_reply_err(request, node.durable && ::fdatasync(node.durable.get()) != 0 ? errno : 0);
}

ssize_t read_request(int fd, void* buffer, std::size_t size, void* server) {
  return static_cast<Server*>(server)->channel.read_request(fd, buffer, size);
}

ssize_t write_reply(int fd, iovec* pieces, int count, void* server) {
  return static_cast<Server*>(server)->channel.write_reply(fd, {pieces, static_cast<std::size_t>(count)});
}

int serve(Server& server, const std::string& mountpoint) {
  fuse_lowlevel_ops operations = {};
  operations.init = init;
  operations.lookup = lookup;
  operations.getattr = getattr;
  operations.setattr = setattr;
  operations.open = open;
  operations.read = read;
  operations.write = write;
  operations.flush = succeed;
  operations.release = succeed;
  operations.fsync = fsync;
  std::string arguments[] = {"memory_server", "-o", server.writable ? "rw,nosuid,nodev" : "ro,nosuid,nodev"};
  char* pointers[] = {arguments[0].data(), arguments[1].data(), arguments[2].data()};
  fuse_args args = FUSE_ARGS_INIT(3, pointers);
  fuse_session* session = fuse_session_new(&args, &operations, sizeof operations, &server);
  if (session == nullptr || fuse_session_mount(session, mountpoint.c_str()) != 0) return 1;
  const fuse_custom_io io = {
      .writev = &write_reply, .read = &read_request, .splice_receive = nullptr, .splice_send = nullptr};
  if (!server.channel.attach(session, io, mountpoint)) return 1;
  fuse_loop_config* config = fuse_loop_cfg_create();
  fuse_loop_cfg_set_max_threads(config, Options().max_threads);
  fuse_loop_cfg_set_clone_fd(config, 0);
  const int result = fuse_session_loop_mt(session, config);
  fuse_loop_cfg_destroy(config);
  fuse_session_unmount(session);
  fuse_session_destroy(session);
  return result < 0 ? 1 : 0;
}

}  // namespace
}  // namespace npyfs

int main(int count, char** arguments) {
  npyfs::Server server;
  std::vector<std::string> operands;
  for (int i = 1; i < count; ++i) {
    const std::string argument = arguments[i];
    if (argument == "-w" || argument == "-d") {
      server.writable = true;
      server.durable = argument == "-d";
    } else if (argument == "-m") {
      server.is_mapped = true;
    } else if (argument == "-s" && i + 1 < count) {
      server.source = arguments[++i];
    } else {
      operands.push_back(argument);
    }
  }
  if (operands.size() != 2) {
    std::cerr << "memory_server [-w|-d|-m] [-s SOURCE] LIST MOUNTPOINT\n";
    return 2;
  }
  npyfs::read_list(server, operands[0]);
  return npyfs::serve(server, operands[1]);
}
