"""A source that is rewritten in place while it is read: the next open sees what its writer has left, whatever was read
before. Many of the writers here store into a mapping that is dirty already, which moves no times: so they stop for as
long as they like in the middle of what is one version of the file."""

import errno
import json
import os
import subprocess
import time

import numpy as np
import pytest

from arrays import saved
from mount import wait_until_not_racy

SMALL = np.arange(15_000.0)  # put into the page cache at an open
LARGE = np.arange(100_000.0)
ARRAYS = pytest.mark.parametrize("array", [SMALL, LARGE], ids=["small", "large"])
DTYPES = pytest.mark.parametrize("dtype", ["<f8", "<i8"], ids=["same header", "other header"])


class Writer:
    """Maps a file and has written to every page of it. (Where somebody calls sync(2) meanwhile, what is stored after that
    moves the times, and is seen by them.)"""

    def __init__(self, path, array):
        self.path = path
        path.write_bytes(saved(array))
        self._mapped = np.memmap(path, "u1", "r+")
        self._mapped[:] = self._mapped.copy()

    def store(self, array):
        self._mapped[:] = np.frombuffer(saved(array), "u1")

    def close(self):
        del self._mapped


def times(path):
    status = os.stat(path)
    return status.st_mtime_ns, status.st_ctime_ns


def read_while_young(source, paths):
    """Reads all of `paths` while the times of their source lie less than 2 s back."""
    for _ in range(10):
        contents = [path.read_bytes() for path in paths]
        if time.time() - os.stat(source).st_ctime < 2:
            return contents
        os.utime(source)
    raise AssertionError("this machine is too slow")


def read_twice(path):
    """The second time from the page cache, if anything is there."""
    return path.read_bytes(), path.read_bytes()


@ARRAYS
@DTYPES
def test_the_next_open_sees_what_was_written_meanwhile(source, mount, array, dtype):
    """Whatever was read while the writer was at work: a file whose times lie less than 2 s back is not kept in the page
    cache, nor put there when it is first opened, nor is its header taken for granted."""
    mounted = mount(source)
    writer = Writer(source / "data.npy", array)
    names = ["chunks/0_of_1.npy", "chunks/1_of_2.npy", "source.npy"]
    info = mounted / "data.npy/info.json"
    before = read_while_young(writer.path, [info, *(mounted / "data.npy" / name for name in names)])
    assert json.loads(before[0])["descr"] == "<f8" and before[1] == saved(array)
    new = (-array).astype(dtype)
    writer.store(new)
    assert mounted.metric("preloaded_bytes_total") == 0
    for name, part in zip(names, [new, np.array_split(new, 2)[1], new], strict=True):
        assert read_twice(mounted / "data.npy" / name) == (saved(part),) * 2, name
    assert json.loads(info.read_text())["descr"] == dtype


def test_what_was_read_meanwhile_is_dropped_once_and_kept_from_then_on(source, mount):
    """What is dropped is what has come into the page cache before the times lay 2 s back."""
    arrays = {"small": SMALL, "large": LARGE}
    mounted = mount(source)
    writers = {name: Writer(source / f"{name}.npy", array) for name, array in arrays.items()}
    for name, array in arrays.items():
        assert read_while_young(writers[name].path, [mounted / f"{name}.npy/chunks/0_of_1.npy"]) == [saved(array)]
    for name, array in arrays.items():
        writers[name].store(-array)
        wait_until_not_racy(writers[name].path)
    for name, array in arrays.items():
        chunk = mounted / f"{name}.npy/chunks/0_of_1.npy"
        assert chunk.read_bytes() == saved(-array)
        mounted.wait_until(lambda: mounted.metric("open_files") == 0, "end of the open files")
        chunk.read_bytes()  # all of it is in the page cache now
        read = mounted.metric("read_bytes_total")
        assert chunk.read_bytes() == saved(-array)
        assert mounted.metric("read_bytes_total") - read < 100_000, "nothing but the text of the metrics"


@ARRAYS
def test_what_is_open_fails_where_the_header_becomes_another_in_one_version(source, mount, array):
    """Old header and new bytes are never mixed."""
    mounted = mount(source)
    writer = Writer(source / "data.npy", array)
    with open(mounted / "data.npy/chunks/0_of_1.npy", "rb", buffering=0) as file:
        writer.store(array.astype("<i8"))
        with pytest.raises(OSError) as stale:
            file.read()
        assert stale.value.errno == errno.ESTALE


def test_a_writer_that_takes_longer_is_heard_of_once_it_closes(source, mount):
    """The next open for reading reads the file again, even if its times have not moved. Where it is not watched, a
    single write that takes longer than 2 s may stay unseen."""
    changes = {f"{size}{dtype[1:]}.npy": (array, (-array).astype(dtype))
               for size, array in (("small", SMALL), ("large", LARGE)) for dtype in ("<f8", "<i8")}
    writers = {name: Writer(source / name, old) for name, (old, _) in changes.items()}
    mounted = mount(source)
    for writer in writers.values():
        wait_until_not_racy(writer.path)
    for name, (old, new) in changes.items():
        chunk = mounted / name / "chunks/0_of_1.npy"
        assert read_twice(chunk) == (saved(old),) * 2
        writers[name].store(new)
        writers[name].close()
        mounted.wait_until(lambda: chunk.read_bytes() == saved(new), "new array")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can attach and mount disks")
@pytest.mark.parametrize("disk", ["ext4 -I 128"], indirect=True)
@ARRAYS
@DTYPES
def test_writers_in_one_tick_of_the_filesystems_clock_are_told_apart(disk, mount, array, dtype):
    """It is 1 s on ext4 with small inodes."""
    path = disk.path / "data.npy"
    mounted = mount(disk.path)
    chunk = mounted / "data.npy/chunks/0_of_1.npy"

    def write(array):
        with open(path, "r+b" if path.exists() else "wb") as file:
            file.write(saved(array))
        return times(path)

    new = (-array).astype(dtype)
    for _ in range(20):
        before = write(array)
        assert chunk.read_bytes() == saved(array)
        with open(chunk, "rb", buffering=0) as held:
            in_one_tick = write(new) == before
            if in_one_tick and dtype != "<f8":
                with pytest.raises(OSError) as stale:
                    held.read()
                assert stale.value.errno == errno.ESTALE
        assert read_twice(chunk) == (saved(new),) * 2
        if in_one_tick:
            break
    assert in_one_tick


@pytest.mark.parametrize("size", [10_000, 100_000])
@DTYPES
def test_each_open_after_a_write_sees_it_while_others_read_all_the_time(scratch, source, mount, size, dtype):
    """An open sees every change before it, whatever was read while the writer was at work."""
    path = source / "data.npy"
    images = [saved(np.full(size, i, dtype if i % 2 else "<f8")) for i in range(300)]
    path.write_bytes(images[0])
    chunk = mount(source) / "data.npy/chunks/0_of_1.npy"
    reading = 'until [ -e "$1" ]; do cat "$0"; done > /dev/null 2>&1'
    with subprocess.Popen(["/bin/sh", "-c", reading, chunk, scratch / "end"]):
        try:
            for image in images:
                with open(path, "r+b") as file:
                    file.write(image)
                assert chunk.read_bytes() == image
        finally:
            (scratch / "end").touch()
