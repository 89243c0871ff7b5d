"""Readers of a mount of a changing source: each operation reads something and checks every byte of it."""

import collections
import contextlib
import dataclasses
import errno
import os
import random
import signal
import time

import numpy as np

from arrays import expected_file, saved
from changing import NAMES, STAYING, VERSION_SHIFT, VERSIONS, array_of, kind_of, shape_of

PAGE = os.sysconf("SC_PAGESIZE")
HEADER = 128  # bytes, of every array here
LISTED = (1, 7, 64, 250)  # numbers of chunks that are listed
POSITION = np.uint64((1 << VERSION_SHIFT) - 1)

# What an operation on a file of each kind may fail with. ESTALE: it was replaced again while the kernel tried again.
MAY_FAIL = {
    "static": set(),
    "replaced": {errno.ESTALE},
    "rewritten": {errno.ESTALE},
    "removed": {errno.ESTALE, errno.ENOENT},
    "cut": {errno.ESTALE, errno.ENOENT, errno.EIO},
}


class Wrong(Exception):
    """An answer that is not right."""


@dataclasses.dataclass
class Findings:
    operations: collections.Counter = dataclasses.field(default_factory=collections.Counter)
    errors: collections.Counter = dataclasses.field(default_factory=collections.Counter)
    slowest: tuple = (0.0, "none")
    wrong: list = dataclasses.field(default_factory=list)

    def add(self, other):
        self.operations += other.operations
        self.errors += other.errors
        self.slowest = max(self.slowest, other.slowest)
        self.wrong += other.wrong


def require(condition, what):
    if not condition:
        raise Wrong(what)


def pread_all(file, length, offset):
    """`length` bytes. A kernel that has read some pages before one that fails gives those first, and the error then."""
    found = b""
    while len(found) < length:
        piece = os.pread(file.fileno(), length - len(found), offset + len(found))
        require(piece, f"the file ends at byte {offset + len(found)}")
        found += piece
    return found


def version_of(item):
    version = int(item) >> VERSION_SHIFT
    require(1 <= version <= VERSIONS, f"no version {version}")
    return version


class Reader:
    """One reader. Its operations take the name of an array and raise Wrong or OSError."""

    def __init__(self, root, seed):
        self._root = root
        self._numbers = random.Random(seed)

    def _chunk(self, name):
        """(path, axis, index, sections) of a chunk."""
        axis, sections = self._numbers.choice([(0, 1), (0, 4), (0, 7), (1, 2), (1, 3)])
        index = self._numbers.randrange(sections)
        return f"{self._root}/{name}/axis{axis}/chunks/{index}_of_{sections}.npy", axis, index, sections

    def load(self, name):
        path, axis, index, sections = self._chunk(name)
        self._check_items(np.load(path), name, axis, index, sections)

    def map(self, name):
        path, axis, index, sections = self._chunk(name)
        with open(path, "rb") as file:  # once: np.load(mmap_mode="r") opens it twice, the second time to map it
            np.lib.format.read_magic(file)
            shape, is_fortran, dtype = np.lib.format.read_array_header_1_0(file)
            items = np.memmap(file, dtype, "r", file.tell(), shape, "F" if is_fortran else "C")
        self._check_items(items, name, axis, index, sections)

    def _check_items(self, items, name, axis, index, sections):
        kind = kind_of(name)
        expected = np.array_split(array_of(kind, version_of(items[0, 0])), sections, axis)[index]
        require(items.shape == expected.shape, f"{name}: shape {items.shape}, not {expected.shape}")
        if kind == "rewritten":
            require(np.array_equal(items & POSITION, expected & POSITION), f"{name}: items in other places")
            versions = items >> np.uint64(VERSION_SHIFT)
            require(versions.min() >= 1 and versions.max() <= VERSIONS, f"{name}: made-up items")
        else:
            require(np.array_equal(items, expected), f"{name}: wrong or mixed items")

    def pread(self, name):
        path, axis, index, sections = self._chunk(name)
        with open(path, "rb", buffering=0) as file:
            size = os.fstat(file.fileno()).st_size
            first = pread_all(file, 8, HEADER)
            if first == bytes(8) and kind_of(name) == "cut":
                return
            items = array_of(kind_of(name), version_of(np.frombuffer(first, "<u8")[0]))
            expected = expected_file(np.array_split(items, sections, axis)[index], items)
            require(size == len(expected), f"{name}: {size} bytes, not {len(expected)}")
            for _ in range(5):
                offset = self._numbers.randrange(size)
                length = min(size - offset, self._numbers.choice([100, 5000, 200_000]))
                self._check_bytes(pread_all(file, length, offset), expected[offset:offset + length], name, offset)

    def _check_bytes(self, found, expected, name, offset):
        if found == expected:
            return
        wrong = np.frombuffer(found, "|u1") != np.frombuffer(expected, "|u1")
        if kind_of(name) == "cut":  # the one exception: zeros to the end of the last page, as a truncation is under way
            end = np.flatnonzero(wrong)
            zeros = found[end[0]:end[-1] + 1].count(0) == end[-1] + 1 - end[0]
            require(zeros and end[-1] - end[0] < PAGE, f"{name}: wrong bytes at {offset}")
            return
        header = max(0, HEADER - offset)
        places = (np.arange(offset, offset + len(found)) - HEADER) % 8
        only_versions = kind_of(name) == "rewritten" and not wrong[:header].any() and not wrong[places < 5].any()
        require(only_versions, f"{name}: wrong bytes at {offset}")

    def source(self, name):
        with open(f"{self._root}/{name}/source.npy", "rb", buffering=0) as file:
            size = os.fstat(file.fileno()).st_size
            found = b""
            while len(found) < size:
                piece = file.read(1 << 20)
                if not piece and kind_of(name) == "cut":
                    return  # read by the kernel itself, it ends where the file does
                require(piece, f"{name}: source.npy ends at {len(found)} of {size}")
                found += piece
        if kind_of(name) in ("cut", "rewritten"):
            return
        version = version_of(np.frombuffer(found[HEADER:HEADER + 8], "<u8")[0])
        require(found == saved(array_of(kind_of(name), version)), f"{name}: source.npy is wrong")

    def stat(self, name):
        path, axis, index, sections = self._chunk(name)
        size = os.stat(path).st_size
        rows = {np.array_split(np.empty(shape_of(kind_of(name), version)[axis]), sections)[index].size
                * shape_of(kind_of(name), version)[1 - axis] for version in range(1, VERSIONS + 1)}
        require(size in {HEADER + 8 * count for count in rows}, f"{name}: a size of {size}")

    def attribute(self, name):
        text = os.getxattr(f"{self._root}/{name}/chunks/0_of_1.npy", "user.npyfs.shape").decode()
        shapes = {str(shape_of(kind_of(name), version)) for version in range(1, VERSIONS + 1)}
        require(text in shapes, f"{name}: a shape of {text}")

    def list(self, name):
        count = self._numbers.choice(LISTED)
        found = sorted(os.listdir(f"{self._root}/{name}/chunks/{count}"))
        if kind_of(name) != "cut":  # which may be no array at this moment
            width = len(str(count - 1))
            require(found == [f"{index:0{width}}_of_{count}.npy" for index in range(count)], f"{name}: chunks/{count}")
        names = os.listdir(f"{self._root}/names")
        require(len(set(names)) == len(names) or all(name.startswith("come") for name in set(names) if names.count(name) > 1),
                "names listed twice")
        require(sorted(name for name in names if name.startswith("stay")) == STAYING, "names not listed, or twice")

    def kill(self, name):
        """A reader that is killed in the midst of it."""
        child = os.fork()
        if child == 0:
            with contextlib.suppress(BaseException):
                while True:
                    self.load(name)
            os._exit(0)
        time.sleep(self._numbers.random() * 0.02)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)

    # A mapping of a truncated file is a signal, and np.load takes an error for the end of the file.
    _NOT_FOR_CUT = ("map", "load", "kill")
    _OPERATIONS = ("load", "load", "map", "pread", "pread", "source", "stat", "attribute", "list", "kill")

    def run(self, until):
        """Findings of operations chosen at random, one after the other, until time.monotonic() is `until`."""
        findings = Findings()
        while time.monotonic() < until and not findings.wrong:
            name, operation = self._numbers.choice(NAMES), self._numbers.choice(self._OPERATIONS)
            if kind_of(name) == "cut" and operation in self._NOT_FOR_CUT:
                continue
            started = time.monotonic()
            try:
                getattr(self, operation)(name)
            except OSError as error:
                findings.errors[errno.errorcode[error.errno]] += 1
                if error.errno not in MAY_FAIL[kind_of(name)]:
                    findings.wrong.append(f"{operation} of {name}: {error}")
            except Exception as error:
                findings.wrong.append(f"{operation} of {name}: {type(error).__name__}: {error}")
            findings.operations[operation] += 1
            findings.slowest = max(findings.slowest, (time.monotonic() - started, f"{operation} of {name}"))
        return findings
