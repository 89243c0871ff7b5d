#include "fs/options/usage.h"

namespace npyfs {

std::string usage() {
  return R"(Usage: npyfs SOURCE MOUNTPOINT [-o option,...] [-f] [-d]
       npyfs SOURCE [MOUNTPOINT] [-o option,...] -- COMMAND [ARGUMENT...]
Every .npy file of SOURCE becomes a directory, every slice of its array a file:
data.npy/chunks/3_of_16.npy is np.array_split(a, 16)[3]. See also: man 7 npyfs
Unmount: fusermount3 -u MOUNTPOINT, or COMMAND ends ({} in it is MOUNTPOINT).
What is mounted:
  -o chunks=N           how many chunks chunks/ lists (default: CPUs)
  -o suffix=SUFFIX, follow_symlinks: *SUFFIX (.cs) are arrays, too; follow links
  -o rw, ro, immutable  source can be written; is only read; never changes
  -o allow_other, allow_root, auto_unmount, fsname=NAME: as in FUSE filesystems
How it is served, and what npyfs says:
  -o direct_io, kernel_cache   past or through the page cache (default: by size)
  -o source_io=HOW, inode32: auto, mmap or pread; st_ino for 32-bit programs
  -o entry_timeout=S, attr_timeout=S, negative_timeout=S: kept by the kernel
  -o max_threads=N, idle_timeout=S: N threads (10); unmount after S idle seconds
  -f, -d                stay in the foreground, log to stderr; and every request
  -o loglevel=LEVEL     error, warning, notice, info, debug (default: notice)
  -h, --help, -V, --version
Without a mount: list arrays and damage; write slices as files; make an array:
  --check SOURCE [--json] [--joined] [-o follow_symlinks,suffix=.cs]
  --export DATA.npy/fields/x/batches/256 OUT, DATA.npy --chunks N [--axis K] OUT
  --create OUT.npy --dtype '<f4' --shape 100000,128 [--fortran-order]
Exit status: 0 fine, 1 --check found damage, 2 wrong usage, 3 failed.
)";
}

}  // namespace npyfs
