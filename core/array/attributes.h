// stat(2) of the files of the mount, made from the stat(2) of their source.
#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <string_view>

#include "core/array/virtual_path.h"

namespace npyfs {

// Inode numbers are less than 2^53, so that JavaScript can hold them exactly. Those taken from the source are below
// 2^52, and those made here are not, so the two kinds never collide. Among a million made ones, the probability that
// any two are equal is about 10^-4.

// The inode number of something that the mount mirrors, and of an array's directory: the source's own number, unless
// that is 2^52 or more, or the source is on another filesystem than the root.
ino_t mirrored_inode(const struct stat& source, dev_t root_device);

// The inode number of something below an array's directory. Made only from the source's identity and the virtual path,
// so it is the same after every mount, and the same for all names of one view. info.json and error.txt contain the
// source's name, so theirs also depend on `absolute_path`: two links to a source have two of each. `member` is the name
// in the source if that is an archive: each member has numbers of its own.
ino_t virtual_inode(const struct stat& source, dev_t root_device, const VirtualPath& path,
                    std::string_view absolute_path, std::string_view member = {});
// Whether the number of such a file depends on `absolute_path`. For all others it may be "".
bool inode_depends_on_path(NameKind kind);

// The inode number of a directory or file in an archive, or of a member's directory.
ino_t member_inode(const struct stat& archive, dev_t root_device, std::string_view member);

// The inode number of .npyfs/ (index 0) and of the entries of its listing: see list_control_files().
ino_t control_inode(std::uint64_t index);

enum class Access { kRead, kReadAndWrite };

// A file of `size` bytes with the times and the owner of `source`. Its mode is that of `source` without execute and
// special bits, and with Access::kRead also without write bits.
struct stat file_attributes(const struct stat& source, ino_t inode, std::uint64_t size, Access access);

// A directory with the times and the owner of `source`. Its mode is that of `source` without write and special bits; if
// the source is not a directory, the execute bits are its read bits. st_nlink 1 means that subdirectories are not
// counted (find then looks at all entries).
struct stat directory_attributes(const struct stat& source, ino_t inode);

// A symbolic link, FIFO, socket or device, as in the source. The mode keeps only read bits.
struct stat other_attributes(const struct stat& source, ino_t inode);

}  // namespace npyfs
