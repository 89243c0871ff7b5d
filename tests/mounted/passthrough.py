"""A source with files of every kind that the kernel may read by itself, and ways to read them."""

import mmap
import os
import random
import subprocess

import numpy as np
import pytest

from arrays import saved

ARRAY = np.arange(600_000, dtype="<f4").reshape(2000, 300)  # 2.4 MB: direct I/O without passthrough
SMALL = np.arange(100.0)
LINE = b"a line of a log\n"
YES = "yes, for what is served whole"
NOT_LOCAL = "no: the source is not on a local filesystem of its own"
CHOSEN = "no: the options of the mount turn it off"
CANNOT = "no: needs root and Linux 6.9"

# Path in the mount -> path in the source.
WHOLE = {"data.npy/source.npy": "data.npy", "small.npy/source.npy": "small.npy", "pack.npz/source.npz": "pack.npz",
         "notes.txt": "notes.txt", "large.bin": "large.bin", "empty": "empty"}


def make_source(source):
    source.chmod(0o755)
    (source / "data.npy").write_bytes(saved(ARRAY))
    (source / "small.npy").write_bytes(saved(SMALL))
    np.savez(source / "pack.npz", w=SMALL)
    (source / "notes.txt").write_bytes(LINE * 20)
    (source / "large.bin").write_bytes(random.Random(1).randbytes(3_000_001))
    (source / "empty").touch()
    return source


def status(mounted):
    """What .npyfs/status says of passthrough."""
    lines = (mounted / ".npyfs/status").read_text().splitlines()
    return next(line.removeprefix("passthrough: ") for line in lines if line.startswith("passthrough: "))


def reads_of(mounted, work):
    """How many reads npyfs answers while `work()` runs."""
    def reads_so_far():  # by one read, which is not yet counted
        file = os.open(mounted / ".npyfs/metrics", os.O_RDONLY)
        lines = os.read(file, 1 << 20).decode().splitlines()
        os.close(file)
        return next(int(line.split()[1]) for line in lines if line.startswith("npyfs_reads_total "))
    before = reads_so_far()
    work()
    return reads_so_far() - before - 1


def skip_where_there_is_none(directory):
    """Skips tests where the kernel is too old, or has `directory` on an overlay, as in a container. What npyfs says is not
    asked: it may be wrong."""
    if os.getuid() != 0:
        pytest.skip("needs root")
    if tuple(map(int, os.uname().release.split("-")[0].split(".")[:2])) < (6, 9):
        pytest.skip("needs Linux 6.9")
    filesystem = subprocess.run(["stat", "-f", "-c", "%T", directory], capture_output=True, text=True, check=True).stdout
    if filesystem.strip() == "overlayfs":
        pytest.skip("needs a filesystem that is not stacked")


@pytest.fixture(scope="module")
def shared(module_scratch, module_mount):
    """A mount for tests that change nothing."""
    skip_where_there_is_none(module_scratch)
    source = module_scratch / "source"
    source.mkdir()
    return module_mount(make_source(source), "allow_other", "attr_timeout=0", "entry_timeout=0")


@pytest.fixture
def tree(source):
    skip_where_there_is_none(source)
    return make_source(source)


def read(path):
    return path.read_bytes()


def read_in_pieces(path):
    with open(path, "rb", buffering=0) as file:
        return b"".join(iter(lambda: file.read(7777), b""))


def read_mapping(path, flags=mmap.MAP_SHARED):
    with open(path, "rb") as file:
        size = os.fstat(file.fileno()).st_size
        if size == 0:
            return b""
        mapping = mmap.mmap(file.fileno(), size, flags, mmap.PROT_READ)
    with mapping:  # the file is closed
        return mapping[:]
