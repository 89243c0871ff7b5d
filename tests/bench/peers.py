"""The data sets and the ways to read them: plain files split beforehand, npyfs, passthrough_ll, and the server that answers
from memory: the limit."""

import contextlib
import filecmp
import itertools
import os
import time
from pathlib import Path

import numpy as np
from line import LIMIT
from processes import BenchError, Mount

COLUMNS = 1024  # of float32
ROW_BYTES = 4 * COLUMNS

# How libfuse's passthrough_ll is mounted, by the name that the table gives it.
PASSTHROUGH_MODES = {"passthrough_ll cache=always": "cache=always", "passthrough_ll": None}
WRITE_BACK = "passthrough_ll writeback"  # for writing alone

SETTLING = 2.1  # seconds after which npyfs keeps what it reads of a file that was written


class Peers:
    """Everything a measurement may read. Data sets are made when first asked for, beneath `scratch`."""

    def __init__(self, scratch, npyfs, passthrough_ll, array_bytes):
        self.source = scratch / "source"
        self.plain = scratch / "plain"
        self.array_bytes = array_bytes
        self.npyfs_binary = npyfs
        self._scratch = scratch
        self._passthrough_ll = passthrough_ll
        self._verified = set()
        self._settled = time.monotonic()
        self.source.mkdir()
        self.plain.mkdir()

    def npyfs(self, placement="free", source=None, control_group=None, wrapper=(), log=None, writable=False, at="npyfs",
              options=()):
        command = [*wrapper, self.npyfs_binary, source or self.source, self._scratch / at, "-f"]
        options = [*options, *(["rw"] if writable else [])]
        command += ["-o", ",".join(options)] if options else []
        time.sleep(max(0, self._settled - time.monotonic()))
        return Mount(command, self._scratch / at, placement, control_group, log)

    def limit(self, names, placement="free", options=(), at=LIMIT):
        """A server that answers from memory, of plain files by their names beneath `plain`. `names` may map them to the
        runs that make their bodies, for a server that copies these by memcpy first: see runs_of()."""
        server = self.npyfs_binary.parent / "tests" / "memory_server"
        if not server.exists():
            raise BenchError(f"{server} was not built")
        runs = names if isinstance(names, dict) else {}
        lines = ["\t".join(map(str, [name, self.plain / name, *runs.get(name, [])])) for name in names]
        path = self._scratch / at.replace(" ", "-")
        files = path.with_suffix(".list")
        files.write_text("".join(line + "\n" for line in lines))
        return Mount([server, *options, files, path], path, placement)

    def passthrough(self, mode, placement="free"):
        """passthrough_ll over the plain files; `mode` is a key of PASSTHROUGH_MODES, or WRITE_BACK."""
        path = self._scratch / mode.replace(" ", "-")
        more = "writeback" if mode == WRITE_BACK else PASSTHROUGH_MODES[mode]
        options = [f"source={self.plain}"] + [option for option in [more] if option]
        return Mount([self._passthrough_ll, "-f", "-o", ",".join(options), path], path, placement)

    def large(self):
        """The array most lines read, as the name of a file in the source. C order, axis 0 cut into chunks."""
        return self._array("large.npy", self.array_bytes // ROW_BYTES, "C")

    def rectangle(self, order):
        """(65536, 4096) float32, smaller in a quick run, in either order."""
        return self._array(f"rectangle_{order}.npy", self.array_bytes // (2 * 4096 * 4), order, 4096)

    def quarter(self, name, fresh=False):
        """An array of a quarter of that size. `fresh`: written just now, so that nobody has mapped its pages yet."""
        return self._array(name, self.array_bytes // (4 * ROW_BYTES), "C", replace=fresh)

    def preallocated(self, sections):
        """An array to write into, and a plain file of the size of one of its chunks: names beneath source and plain."""
        name = self._array("written.npy", self.array_bytes // ROW_BYTES, "C")
        plain = f"written_{sections}.npy"
        if not (self.plain / plain).exists():
            save(self.plain / plain, np.zeros((self.array_bytes // ROW_BYTES // sections, COLUMNS), np.float32))
        return name, plain

    def made(self, name, make):
        """What make() gives, as the name of a file in the source."""
        if not (self.source / name).exists():
            save(self.source / name, make())
            self._settled = time.monotonic() + SETTLING
        return name

    def _array(self, name, rows, order, columns=COLUMNS, replace=False):
        path = self.source / name
        if not path.exists() or replace:
            path.unlink(missing_ok=True)
            array = np.arange(rows * columns, dtype=np.float32).reshape((rows, columns), order=order)
            save(path, array)
            self._settled = time.monotonic() + SETTLING
        return name

    def chunks(self, name, sections, count=None):
        """Names of the first `count` chunks (all, where it is None) of an array, beneath any mount and beneath `plain`,
        where they are made. The first and the last one through npyfs have been compared with those, byte for byte."""
        names = [f"{name}/chunks/{index}_of_{sections}.npy" for index in range(sections if count is None else count)]
        missing = [index for index, chunk in enumerate(names) if not (self.plain / chunk).exists()]
        if missing:
            (self.plain / name / "chunks").mkdir(parents=True, exist_ok=True)
            array = np.load(self.source / name, mmap_mode="r")
            parts = [len(array) * index // sections for index in range(sections + 1)]
            if len(array) % sections:
                raise BenchError(f"{len(array)} rows do not divide into {sections} equal chunks")
            for index in missing:
                # From memory: written straight from a mapping, the page cache would hold it in small pieces.
                save(self.plain / names[index], np.array(array[parts[index] : parts[index + 1]]))
        self._verify(names)
        return names

    def _verify(self, names):
        wanted = {names[0], names[-1]} - self._verified
        if not wanted:
            return
        with self.npyfs() as ours, self.limit(sorted(wanted)) as limit:
            for mount, name in itertools.product((ours, limit), wanted):
                if not filecmp.cmp(mount / name, self.plain / name, shallow=False):
                    raise BenchError(f"{mount / name} is not what numpy wrote")
        self._verified |= wanted

    def sliced(self, name, path, index):
        """A view in numpy's notation as a plain file: its name beneath any mount and beneath `plain`."""
        view = f"{name}/{path}"
        if not (self.plain / view).exists():
            (self.plain / view).parent.mkdir(parents=True, exist_ok=True)
            save(self.plain / view, np.array(eval(f"a{index}", {"a": np.load(self.source / name, mmap_mode="r")})))
        self._verify([view])
        return view

    def runs_of(self, name, index):
        """A view of rows as SOURCE, START, RUN, STRIDE, COUNT of memory_server.cc."""
        whole = np.load(self.source / name, mmap_mode="r")
        view = eval(f"a{index}", {"a": whole})
        start = whole.offset + view.__array_interface__["data"][0] - whole.__array_interface__["data"][0]
        return self.source / name, start, view[0].nbytes, view.strides[0], len(view)

    @contextlib.contextmanager
    def all_mounted(self, placement, names):
        """Everything that serves these plain files, mounted afresh: side -> directory."""
        with contextlib.ExitStack() as mounts:
            sides = {"plain file": self.plain, "npyfs": mounts.enter_context(self.npyfs(placement)).path}
            sides[LIMIT] = mounts.enter_context(self.limit(names, placement)).path
            for mode in PASSTHROUGH_MODES:
                sides[mode] = mounts.enter_context(self.passthrough(mode, placement)).path
            yield sides


def save(path, array):
    """numpy.save, and waits until the disk has it: pages that still have to be written cannot be dropped."""
    with open(path, "wb") as file:
        np.save(file, array)
        file.flush()
        os.fsync(file.fileno())


def bring_in(path, offset=0, size=None):
    """Has a file, or `size` bytes of it, in the page cache."""
    step = 2 << 20
    end = os.path.getsize(path) if size is None else offset + size
    with open(path, "rb", buffering=0) as file:
        file.seek(offset)
        while offset < end and file.read(min(step, end - offset)):
            offset += step


def cache_in_single_pages(path):
    """Has the page cache hold a file in pages of 4 KiB, as most filesystems and older kernels always do, where this
    one's would take large folios: what is read ahead on request comes in single pages."""
    step = 2 << 20
    with open(path, "rb") as file:
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        for offset in range(0, os.fstat(file.fileno()).st_size, step):
            os.posix_fadvise(file.fileno(), offset, step, os.POSIX_FADV_WILLNEED)
    bring_in(path)


def drop_caches():
    """Makes the page cache cold, for the whole machine; so only root may."""
    try:
        Path("/proc/sys/vm/drop_caches").write_text("3")
    except OSError as error:
        raise BenchError(f"a cold page cache needs root: {error}") from error


def forget_inodes():
    """Has the kernel forget the names and inodes that nobody uses, page cache aside."""
    try:
        Path("/proc/sys/vm/drop_caches").write_text("2")
    except OSError as error:
        raise BenchError(f"making the kernel forget inodes needs root: {error}") from error
