"""A source for the tests of -o immutable, and the two ways in which it is mounted."""

import os

import numpy as np
import pytest

from arrays import saved
from joined import write_parts

PLAIN, ALL_CACHED = ("immutable",), ("immutable", "kernel_cache")
MODES = pytest.mark.parametrize("options", [PLAIN, ALL_CACHED], ids=",".join)
ROWS = np.random.default_rng(1).random((1000, 37))
LARGE = np.arange(600_000, dtype="<u4").reshape(-1, 100, order="F")
OTHER = np.arange(ROWS.size, dtype="<i8").reshape(ROWS.shape[::-1])  # as many bytes


def fill(source):
    """Arrays of several kinds. What was written long ago has other times once it is written again."""
    (source / "rows.npy").write_bytes(saved(ROWS))
    (source / "large.npy").write_bytes(saved(LARGE))
    (source / "notes.txt").write_text("hello")
    (source / "no.npy").write_text("no array")
    np.savez(source / "pack.npz", rows=ROWS, large=LARGE)
    write_parts(source / "parts", ROWS, [100, 101, 700])
    for path in source.rglob("*"):
        os.utime(path, (1, 1))


def forget_pages(file):
    """The next read of the file asks npyfs."""
    os.posix_fadvise(file, 0, 0, os.POSIX_FADV_DONTNEED)
