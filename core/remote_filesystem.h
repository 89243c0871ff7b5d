// Filesystems that ask somebody else.
#pragma once

namespace npyfs {

// Whether the file or directory open at `fd` is on a filesystem where a page fault, as any other access, may be a
// message to a server or another process. True where that cannot be found out.
bool is_remote(int fd);

}  // namespace npyfs
