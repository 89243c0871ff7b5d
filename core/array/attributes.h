// What stat(2) says about the files of the mount, made from what it says about their source.
#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <string_view>

#include "core/array/virtual_path.h"

namespace npyfs {

// Inode numbers are less than 2^53, so that JavaScript holds them exactly. Those that the source has itself are less than
// 2^52, those that are made here are not: so no two of different kinds are the same. Two of a million made ones are the
// same with a probability of about 10^-4.

// The inode number of something that is in the source as it is in the mount: the source's own, unless that is too large,
// or it is on another filesystem than the root. Also that of an array's directory.
ino_t mirrored_inode(const struct stat& source, dev_t root_device);

// The inode number of something below an array's directory. Made from the source's identity and the virtual path alone,
// so that it is the same after every mount; and the same for every name of a view. `absolute_path` of the source tells
// the info.json and error.txt of two links to it apart, since these say what it is called.
ino_t virtual_inode(const struct stat& source, dev_t root_device, const VirtualPath& path,
                    std::string_view absolute_path);

// The inode number of a file in .npyfs/ (index from 0), or of .npyfs/ itself.
ino_t control_inode(std::uint64_t index);

enum class Access { kRead, kReadAndWrite };

// A file of `size` bytes with times and owner of `source`, and its mode less execute and special bits, and less the
// write bits where it is only read.
struct stat file_attributes(const struct stat& source, ino_t inode, std::uint64_t size, Access access);

// A directory with times and owner of `source`, and its mode less write and special bits. Where the source is no
// directory, who may read it may enter. nlink 1 says that subdirectories are not counted (find looks at all entries).
struct stat directory_attributes(const struct stat& source, ino_t inode);

// A symbolic link, FIFO, socket or device as it is in the source, with the same rules for its mode.
struct stat other_attributes(const struct stat& source, ino_t inode);

}  // namespace npyfs
