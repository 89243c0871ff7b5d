// Which filesystems are local: the one table for everything that npyfs does differently on remote ones.
#pragma once

#include <cstdint>
#include <string_view>

namespace npyfs {

enum class Storage {
  kLocal,    // this machine's memory or block devices
  kStacked,  // directories of other filesystems (overlayfs), which may be remote
  kRemote,   // a server or another process; also every filesystem that the table does not have
};

// By the magic number that statfs(2) returns in f_type.
Storage storage_of_magic(std::uint32_t magic);

// By the type that mountinfo has (proc(5)): "ext4", "nfs4", "fuse.sshfs".
Storage storage_of_type(std::string_view type);

// Whether the file or directory open at `fd` is on storage of kind kRemote: any access, a page fault included, may then
// wait for a server or another process. True if fstatfs(2) fails.
bool is_remote(int fd);

// Whether it is on storage of kind kLocal. False if fstatfs(2) fails.
bool is_local(int fd);

// Whether a mapping of the file open at `fd` shows what others write into the file with write(2). False on overlayfs:
// the first open for writing copies a file of a lower layer up, existing mappings stay with the file in the lower
// layer, and read(2) finds the copy. True if fstatfs(2) fails.
bool mappings_show_writes(int fd);

}  // namespace npyfs
