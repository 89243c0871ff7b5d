// The whole filesystem but the mount: requests go in and replies come out as the kernel would see them.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "fs/log/log.h"
#include "fs/serve/mount.h"
#include "tests/unit/support/fake_kernel.h"
#include "tests/unit/support/npy_bytes.h"
#include "tests/unit/support/temp_directory.h"

namespace npyfs {

class OperationsTest : public testing::Test {
 protected:
  OperationsTest() : OperationsTest(default_options()) {}
  static constexpr std::uint64_t kUsualFlags = FUSE_ASYNC_READ | FUSE_MAX_PAGES | FUSE_DO_READDIRPLUS;
  explicit OperationsTest(const Options& options, std::uint64_t offered = kUsualFlags)
      : mount_(make_mount(options, std::move(*SourceRoot::open(directory_.path(), options.symlinks, options.users)))),
        kernel_(mount_) {
    open_log(false, LogLevel::kError);  // the warnings are wanted here
    kernel_.init(offered);
    directory_.write("a.npy", npy_bytes(array_));
    directory_.write("notes.txt", "hello");
  }

  static Options default_options() {
    Options options;
    options.chunks = 3;
    options.attr_timeout = 1.5;
    options.entry_timeout = 2.25;
    return options;
  }

  FakeKernel::Reply look_up(std::uint64_t directory, std::string_view name) {
    return kernel_.ask(FUSE_LOOKUP, directory, std::string(name) + '\0');
  }
  std::uint64_t node(std::string_view path) {
    std::uint64_t found = kRootNode;
    while (!path.empty()) {
      const std::size_t slash = path.find('/');
      const auto reply = look_up(found, path.substr(0, slash));
      EXPECT_EQ(reply.error, 0) << path;
      found = structure_in<fuse_entry_out>(reply.body).nodeid;
      path.remove_prefix(slash == std::string_view::npos ? path.size() : slash + 1);
    }
    return found;
  }
  FakeKernel::Reply open(std::uint64_t node, int flags = O_RDONLY, fuse_opcode opcode = FUSE_OPEN) {
    fuse_open_in request = {};
    request.flags = static_cast<std::uint32_t>(flags);
    return kernel_.ask(opcode, node, bytes_of(request));
  }
  FakeKernel::Reply read(std::uint64_t node, std::uint64_t handle, std::uint64_t offset, std::uint32_t size,
                         fuse_opcode opcode = FUSE_READ) {
    fuse_read_in request = {};
    request.fh = handle;
    request.offset = offset;
    request.size = size;
    return kernel_.ask(opcode, node, bytes_of(request));
  }
  FakeKernel::Reply write(std::uint64_t node, std::uint64_t handle, std::uint64_t offset, std::string_view bytes,
                          std::uint32_t flags = 0) {
    fuse_write_in request = {};
    request.fh = handle;
    request.offset = offset;
    request.size = static_cast<std::uint32_t>(bytes.size());
    request.write_flags = flags;
    return kernel_.ask(FUSE_WRITE, node, bytes_of(request) + std::string(bytes));
  }
  FakeKernel::Reply flush(std::uint64_t node, std::uint64_t handle) {
    fuse_flush_in request = {};
    request.fh = handle;
    return kernel_.ask(FUSE_FLUSH, node, bytes_of(request));
  }
  FakeKernel::Reply release(std::uint64_t node, std::uint64_t handle, fuse_opcode opcode = FUSE_RELEASE) {
    fuse_release_in request = {};
    request.fh = handle;
    return kernel_.ask(opcode, node, bytes_of(request));
  }
  FakeKernel::Reply forget(std::uint64_t node, std::uint64_t lookups) {
    return kernel_.ask(FUSE_FORGET, node, bytes_of(fuse_forget_in{lookups}));
  }
  std::uint64_t handle_in(const FakeKernel::Reply& reply) {
    EXPECT_EQ(reply.error, 0);
    return structure_in<fuse_open_out>(reply.body).fh;
  }

  const TestArray array_{"'<i4'", 4, false, {10, 7}};
  const TempDirectory directory_;
  MountState mount_;
  FakeKernel kernel_;
};

}  // namespace npyfs
