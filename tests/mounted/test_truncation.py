"""A source that is truncated again and again while 16 processes read it: no signal, no false end, no made-up byte."""

import concurrent.futures
import errno
import multiprocessing
import os
import random
import time

import numpy as np
import pytest

from arrays import saved
from mount import DEADLINE, is_sanitized

READERS = 16
ROUNDS = int(os.environ.get("NPYFS_TRUNCATIONS", "5" if is_sanitized() else "20"))
ARRAY = np.arange(400_000.0).reshape(-1, 500)
COLUMNS = slice(50, 450)  # 3,200 bytes of each row
BYTES = saved(ARRAY)  # 3.2 MB: reads of several requests
BY_PREAD = ("direct_io", "source_io=pread")
# Mount options -> up to how many bytes the kernel reads all or nothing. Of longer ones it gives what it has got before a
# request failed.
WHOLE = {("direct_io",): 100_000, ("kernel_cache",): 0, BY_PREAD: 100_000}


def read_to_the_end(file, content, numbers, options):
    """What is wrong with one reading of the whole file; "" where nothing is. Raises the OSError of a read that fails."""
    offset, early = 0, None
    while offset < len(content):
        length = min(numbers.choice((1000, 4096, 100_000, 1 << 20)), len(content) - offset)
        found = os.pread(file, length, offset)
        if not found:
            return f"a false end at {offset}"
        expected = content[offset:offset + len(found)]
        if found != expected:  # not even zeros
            return f"wrong bytes at {offset}"
        if len(found) < length <= WHOLE[options]:
            return f"{len(found)} bytes of {length} at {offset}"
        offset += len(found)
        if len(found) < length:
            early = offset
    return "" if early is None else f"a read ended early at {early}, and nothing failed"


def findings(path, seed, options, end):
    """What is wrong with readings until the file `end` is there; each that fails makes a file beside it.

    Each reader has a file of its own: of one file the first reader would put all into the page cache, for the others.
    Every second one reads whole rows, the others columns.
    """
    numbers = random.Random(seed)
    rows = len(ARRAY) - seed
    name = f"slices/0_to_{rows}.npy" if seed % 2 else f"index/:{rows},{COLUMNS.start}:{COLUMNS.stop}.npy"
    path, content = path / name, saved(ARRAY[:rows] if seed % 2 else ARRAY[:rows, COLUMNS])
    while not end.exists():
        try:
            file = os.open(path, os.O_RDONLY)
        except OSError as error:
            if error.errno in (errno.ENOENT, errno.ESTALE):  # cut short before it was opened
                continue
            return f"open: {error}"
        try:
            wrong = read_to_the_end(file, content, numbers, options)
            if wrong:
                return wrong
        except OSError as error:
            if error.errno != errno.EIO:
                return f"read: {error}"
            end.with_name("failed").touch()
        finally:
            os.close(file)
    return ""


@pytest.mark.parametrize("options", WHOLE, ids=",".join)
def test_a_source_truncated_while_16_processes_read_it_is_eio_beyond_its_end(source, mount, options):
    """Reads beyond the end fail with EIO, and nothing there looks like the end of the file: a long read that begins before
    it gives what the kernel had got so far, and those that follow fail. Zeros that a truncation leaves in the last page
    are never served as the source's bytes, in the very moment of the truncation neither.
    NPYFS_TRUNCATIONS=1000 takes longer."""
    (source / "data.npy").write_bytes(BYTES)
    mounted = mount(source, *options)
    numbers = random.Random(1)
    path, end = mounted / "data.npy", source.parent / "end"
    with concurrent.futures.ProcessPoolExecutor(READERS, multiprocessing.get_context("fork")) as readers:
        reading = [readers.submit(findings, path, seed, options, end) for seed in range(READERS)]
        try:
            rounds, latest = 0, time.monotonic() + DEADLINE
            while rounds < ROUNDS or not end.with_name("failed").exists():
                assert time.monotonic() < latest or rounds < ROUNDS, "nothing was cut short while it was read"
                rounds += 1
                (source / "new").write_bytes(BYTES)
                os.rename(source / "new", source / "data.npy")
                concurrent.futures.wait(reading, numbers.random() * 0.05, concurrent.futures.FIRST_COMPLETED)
                os.truncate(source / "data.npy", numbers.randrange(len(BYTES)))
        finally:
            end.touch()
        found = [done.result() for done in reading]
    assert [wrong for wrong in found if wrong] == []
