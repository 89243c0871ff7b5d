// The other end of /dev/fuse: sends requests as the kernel does and takes the replies. A socket stands in for the
// device, so that libfuse, the negotiation and the operations run as they do in a mount, with no mount and in one
// thread.
#pragma once

#include <fuse_lowlevel.h>
#include <gtest/gtest.h>
#include <linux/fuse.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/unique_fd.h"
#include "fs/serve/mount.h"
#include "fs/serve/operations.h"

namespace npyfs {

template <typename T>
std::string bytes_of(const T& structure) {
  return {reinterpret_cast<const char*>(&structure), sizeof structure};
}

// The T at `offset` of a reply; all zeros, and a failed test, where the reply is too short for it.
template <typename T>
T structure_in(std::string_view bytes, std::size_t offset = 0) {
  T structure = {};
  if (bytes.size() < offset + sizeof structure) {
    ADD_FAILURE() << "a reply of " << bytes.size() << " bytes";
  } else {
    std::memcpy(&structure, bytes.data() + offset, sizeof structure);
  }
  return structure;
}

class FakeKernel {
 public:
  struct Reply {
    bool came = false;
    int error = 0;  // errno, positive
    std::string body;
  };

  explicit FakeKernel(MountState& mount, const fuse_lowlevel_ops& operations = kOperations) : mount_(mount) {
    int ends[2];
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
    kernel_ = UniqueFd(ends[0]);
    std::vector<std::string> texts = mount.options.fuse_arguments;
    if (texts.empty()) texts.emplace_back("npyfs");
    std::vector<char*> arguments;
    for (auto& text : texts) arguments.push_back(text.data());
    fuse_args args = FUSE_ARGS_INIT(static_cast<int>(arguments.size()), arguments.data());
    session_ = fuse_session_new(&args, &operations, sizeof operations, &mount);
    fuse_opt_free_args(&args);
    // libfuse takes a descriptor that is open already for the device, and closes it with the session.
    EXPECT_EQ(fuse_session_mount(session_, ("/dev/fd/" + std::to_string(ends[1])).c_str()), 0);
    // No such mount: there is no read-ahead of it that could be raised.
    EXPECT_TRUE(attach(mount, session_, "/proc/self/no such mount"));
  }
  FakeKernel(const FakeKernel&) = delete;
  FakeKernel& operator=(const FakeKernel&) = delete;
  ~FakeKernel() { fuse_session_destroy(session_); }

  Reply ask(fuse_opcode opcode, std::uint64_t node, std::string_view body = "") {
    fuse_in_header header = {};
    header.len = static_cast<std::uint32_t>(sizeof header + body.size());
    header.opcode = opcode;
    header.unique = ++unique_;
    header.nodeid = node;
    header.uid = ::geteuid();
    header.gid = ::getegid();
    const std::string request = bytes_of(header) + std::string(body);
    EXPECT_EQ(::send(kernel_.get(), request.data(), request.size(), 0), static_cast<ssize_t>(request.size()));
    serve();
    return reply();
  }

  // Sends bytes that no kernel would, and returns all messages that come back.
  std::vector<std::string> send_raw(std::string_view request) {
    EXPECT_EQ(::send(kernel_.get(), request.data(), request.size(), 0), static_cast<ssize_t>(request.size()));
    serve_if_whole();
    std::vector<std::string> messages;
    for (auto message = next_message(); !message.empty(); message = next_message()) messages.push_back(message);
    return messages;
  }

  fuse_init_out init(std::uint64_t flags) {
    fuse_init_in request = {};
    request.major = FUSE_KERNEL_VERSION;
    request.minor = FUSE_KERNEL_MINOR_VERSION;
    request.max_readahead = 128 * 1024;
    request.flags = static_cast<std::uint32_t>(flags);
    request.flags2 = static_cast<std::uint32_t>(flags >> 32);
    const Reply answer = ask(FUSE_INIT, 0, bytes_of(request));
    EXPECT_EQ(answer.error, 0);
    return structure_in<fuse_init_out>(answer.body);
  }

  // Messages that came without being asked for, with their header, in order.
  const std::vector<std::string>& notices() const { return notices_; }

  // The reply to a request that ask() found none to, by its number; empty where it has not come either.
  Reply late_reply(std::uint64_t unique) {
    for (std::string message = next_message(); !message.empty(); message = next_message()) keep(message);
    const auto found = late_replies_.find(unique);
    return found == late_replies_.end() ? Reply{} : found->second;
  }
  std::uint64_t last_unique() const { return unique_; }

  // What is done around the work at each request, in the same thread.
  std::function<void(const std::function<void()>& work)> around_work = [](const auto& work) { work(); };

  // From now on no reply arrives.
  void hang_up_before_replies() { ::shutdown(kernel_.get(), SHUT_RD); }

  void drain() { mount_.drain.drain(mount_.notices, mount_.tree.range_locks()); }

  // What libfuse says where it reads a request.
  int receive() {
    fuse_buf buffer = {};
    const int got = fuse_session_receive_buf(session_, &buffer);
    std::free(buffer.mem);
    return got;
  }

  bool session_has_ended() const { return fuse_session_exited(session_) != 0; }

 private:
  void serve() { ASSERT_GT(serve_if_whole(), 0); }

  // What libfuse says of the request; works at it where that is no error.
  int serve_if_whole() {
    fuse_buf buffer = {};
    const int got = fuse_session_receive_buf(session_, &buffer);
    if (got > 0) around_work([&] { fuse_session_process_buf(session_, &buffer); });
    std::free(buffer.mem);
    return got;
  }

  // Empty where none has come.
  std::string next_message() {
    const ssize_t size = ::recv(kernel_.get(), nullptr, 0, MSG_DONTWAIT | MSG_PEEK | MSG_TRUNC);
    std::string message(size <= 0 ? 0 : static_cast<std::size_t>(size), '\0');
    if (!message.empty()) {
      EXPECT_EQ(::recv(kernel_.get(), message.data(), message.size(), 0), size);
      EXPECT_EQ(structure_in<fuse_out_header>(message).len, message.size());
    }
    return message;
  }

  // A notice, or a reply to a request that was asked earlier.
  void keep(const std::string& message) {
    const auto header = structure_in<fuse_out_header>(message);
    if (header.unique == 0) {
      notices_.push_back(message);
      return;
    }
    EXPECT_TRUE(unanswered_.erase(header.unique)) << "a second reply";
    late_replies_[header.unique] = {true, -header.error, message.substr(sizeof header)};
  }

  Reply reply() {
    Reply reply;
    unanswered_.insert(unique_);
    for (std::string message = next_message(); !message.empty(); message = next_message()) keep(message);
    if (const auto found = late_replies_.extract(unique_)) reply = found.mapped();
    return reply;
  }

  MountState& mount_;
  fuse_session* session_ = nullptr;
  UniqueFd kernel_;
  std::vector<std::string> notices_;
  std::set<std::uint64_t> unanswered_;
  std::map<std::uint64_t, Reply> late_replies_;
  std::uint64_t unique_ = 100;
};

}  // namespace npyfs
