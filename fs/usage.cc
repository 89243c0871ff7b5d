#include "fs/usage.h"

namespace npyfs {

std::string usage() {
  return R"(Usage: npyfs SOURCE MOUNTPOINT [-o option,...] [-f] [-d]
       npyfs --check SOURCE [--json]
       npyfs --export DATA.npy --chunks N [--axis K] OUT
       npyfs --create OUT.npy --dtype '<f4' --shape 100000,128 [--fortran-order]

Mounts the directory SOURCE at MOUNTPOINT. Every .npy file becomes a directory,
and every slice of its array a file: data.npy/chunks/3_of_16.npy is
np.array_split(a, 16)[3]. Unmount with: fusermount3 -u MOUNTPOINT

What is mounted:
  -o chunks=N           how many chunks chunks/ lists (default: CPUs)
  -o follow_symlinks    follow links that leave SOURCE, too
  -o rw                 chunks and slices can be written, and so is the source
  -o allow_other        for all users, as far as the source's permissions go
  -o allow_root, auto_unmount, fsname=NAME, ro: as in every FUSE filesystem

How it is served:
  -o direct_io          never through the kernel's page cache
  -o kernel_cache       always through it (default: by size, at each open)
  -o source_io=HOW      auto, mmap or pread (default: auto, by filesystem)
  -o entry_timeout=S    seconds the kernel keeps a name (default: 1)
  -o attr_timeout=S     seconds it keeps attributes (default: 1)
  -o negative_timeout=S seconds it keeps that a name does not exist (default: 0)
  -o max_threads=N      threads that serve requests (default: 10)

What npyfs says:
  -f                    stay in the foreground, log to stderr (else syslog)
  -d                    the same, and print every request
  -o loglevel=LEVEL     error, warning, notice, info, debug (default: notice)
  -h, --help; -V, --version

Without a mount:
  --check               list the arrays of SOURCE, and what is damaged
  --export              write N chunks as files into the new directory OUT
  --create              write an array of zeros for others to fill

Exit status: 0 fine, 1 damage found by --check, 2 wrong usage, 3 failed.
)";
}

}  // namespace npyfs
