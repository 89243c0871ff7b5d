// Filesystems that ask somebody else, and others that are read in their own way.
#pragma once

#include <string_view>

namespace npyfs {

// Whether the file or directory open at `fd` is on a filesystem where a page fault, as any other access, may be a
// message to a server or another process. True where that cannot be found out.
bool is_remote(int fd);

// Whether a mapping of the file open at `fd` shows what others write into the file. On overlayfs it does not: the first
// who opens a file of a lower layer for writing has it copied, and a mapping stays with the one that was mapped, where
// read(2) finds the copy. True where that cannot be found out.
bool mappings_show_writes(int fd);

// Whether a filesystem of this type, as tables of mounts name it, keeps what it has in this machine's memory or on
// block devices. False for all that are not known to, as for those that are made of other filesystems (overlay).
bool is_local(std::string_view type);

}  // namespace npyfs
