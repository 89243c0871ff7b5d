"""-o immutable where the source changes all the same: old and new are never mixed."""

import errno
import itertools
import mmap
import multiprocessing
import os
import random

import numpy as np
import pytest

import mount as mounting
from arrays import saved
from immutable import ALL_CACHED, LARGE, MODES, OTHER, PLAIN, ROWS, fill, forget_pages


def rewrite(path, content):
    """In place, so that whoever has the file open has the new bytes."""
    with open(path, "r+b") as file:
        file.write(content)


def assert_fails(file, *errors):
    """Every read that asks npyfs fails, whatever is read."""
    for offset in (100_000, 0, 200_000):
        forget_pages(file)
        with pytest.raises(OSError) as raised:
            os.pread(file, 5000, offset)
        assert raised.value.errno in errors


@MODES
@pytest.mark.parametrize("name", ["rows.npy/chunks/0_of_1.npy", "rows.npy/source.npy", "pack.npz/rows.npy/chunks/0_of_1.bin",
                                  "parts.npy/chunks/0_of_1.npy"])
def test_a_change_that_a_read_sees_is_an_error_from_then_on(source, mount, options, name):
    """Once a read sees that a source has changed, it fails with ESTALE, and so does every later read of that file."""
    fill(source)
    mounted = mount(source, *options)
    where = {"rows": "rows.npy", "pack": "pack.npz", "part": "parts/part-3.npy"}[name[:4]]
    before = (mounted / name).read_bytes()
    with open(mounted / name, "rb", buffering=0) as file:
        assert file.read(1000) == before[:1000]
        content = (source / where).read_bytes()
        rewrite(source / where, content[:-500] + bytes(500))
        assert_fails(file.fileno(), errno.ESTALE)
        os.utime(source / where)
        assert_fails(file.fileno(), errno.ESTALE)
        if options == ALL_CACHED:
            with open(mounted / name, "rb", buffering=0) as again:
                assert_fails(again.fileno(), errno.ESTALE)


@MODES
def test_another_header_is_never_mixed_with_old_rows(source, mount, options):
    """Without `kernel_cache` a later open of the same name has the new file. With it the name fails with ESTALE until SOURCE
    is mounted again. No file is ever a mixture of the header of one array and the rows of another."""
    fill(source)
    mounted = mount(source, *options)
    path = mounted / "rows.npy/chunks/0_of_1.npy"
    with open(path, "rb", buffering=0) as file:
        file.read(10)
        rewrite(source / "rows.npy", saved(OTHER))
        assert_fails(file.fileno(), errno.ESTALE)
    if options == PLAIN:
        assert np.array_equal(np.load(path), OTHER)
    else:
        with pytest.raises(OSError) as raised:
            path.read_bytes()
        assert raised.value.errno == errno.ESTALE


def test_the_page_cache_is_served_as_it_was(source, mount):
    """What the page cache holds is still served as it was."""
    fill(source)
    mounted = mount(source, *ALL_CACHED)
    path = mounted / "rows.npy/chunks/3_of_9.npy"
    expected = np.array_split(ROWS, 9)[3]
    assert np.array_equal(np.load(path), expected)
    rewrite(source / "rows.npy", saved(OTHER))
    assert np.array_equal(np.load(path), expected)


@MODES
def test_a_file_that_cannot_be_opened(source, mount, options):
    """If a file cannot be opened, its first read fails then, not the open."""
    fill(source)
    mounted = mount(source, *options)
    path = mounted / "rows.npy/chunks/0_of_1.npy"
    path.stat()
    (source / "rows.npy").unlink()
    if options == PLAIN:
        with pytest.raises(FileNotFoundError):
            os.open(path, os.O_RDONLY)
        return
    with open(path, "rb", buffering=0) as file:
        assert_fails(file.fileno(), errno.ENOENT, errno.ESTALE)


@MODES
def test_a_truncated_source_is_an_error(source, mount, options):
    """Where SOURCE has been truncated, reads fail with EIO or ESTALE, and npyfs lives on."""
    fill(source)
    mounted = mount(source, *options)
    with open(mounted / "rows.npy/chunks/0_of_1.npy", "rb", buffering=0) as file:
        file.read(10)
        os.truncate(source / "rows.npy", 150_000)
        assert_fails(file.fileno(), errno.EIO, errno.ESTALE)
        os.truncate(source / "rows.npy", 300_000)
        assert_fails(file.fileno(), errno.EIO, errno.ESTALE)
    assert np.array_equal(np.load(mounted / "large.npy/chunks/0_of_1.npy"), LARGE)


def _read_until_it_fails(path, expected, ready):
    """What is wrong; "" if every read gave the old bytes until one failed."""
    numbers = random.Random(os.getpid())
    with open(path, "rb", buffering=0) as file:
        for turn in itertools.count():
            if turn == 20:
                ready.release()
            offset = numbers.randrange(0, len(expected), mmap.PAGESIZE)
            try:
                found = os.pread(file.fileno(), 50_000, offset)
            except OSError as error:
                return "" if error.errno in (errno.EIO, errno.ESTALE) else repr(error)
            if found != expected[offset:offset + len(found)] or not found:
                return f"wrong bytes at {offset}"
            forget_pages(file.fileno())


@MODES
def test_changes_under_readers(source, mount, options):
    """Readers at work get the old bytes until their reads fail, however the source changes."""
    changes = [lambda path: os.truncate(path, 0), lambda path: rewrite(path, saved(OTHER)),
               lambda path: rewrite(path, saved(ROWS + 1)), lambda path: path.write_bytes(saved(OTHER))]
    for index in range(len(changes)):
        (source / f"{index}.npy").write_bytes(saved(ROWS))
        os.utime(source / f"{index}.npy", (1, 1))
    mounted = mount(source, *options, "source_io=pread")
    context = multiprocessing.get_context("fork")
    for index, change in enumerate(changes):
        ready = context.Semaphore(0)
        with context.Pool(3, initializer=_take, initargs=(ready,)) as pool:
            path = str(mounted / f"{index}.npy/chunks/0_of_1.npy")
            found = [pool.apply_async(_read_with_taken, (path, saved(ROWS))) for _ in range(3)]
            for _ in range(3):
                assert ready.acquire(timeout=mounting.DEADLINE)
            change(source / f"{index}.npy")
            assert [each.get(mounting.DEADLINE) for each in found] == [""] * 3


def _take(ready):
    global _taken
    _taken = ready


def _read_with_taken(path, expected):
    return _read_until_it_fails(path, expected, _taken)


def test_a_file_does_not_grow(source, mount):
    """Every file has the size that it had when it was looked up."""
    fill(source)
    mounted = mount(source, *PLAIN)
    with open(mounted / "notes.txt", "rb", buffering=0) as file:
        assert file.read() == b"hello"
        with open(source / "notes.txt", "a") as notes:
            notes.write(", world")
        assert os.fstat(file.fileno()).st_size == 5
        assert file.read() == b""
