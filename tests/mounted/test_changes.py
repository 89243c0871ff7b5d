"""When the source changes: open files keep what they opened, the next open sees the new array, nothing is made up."""

import errno
import os
import time

import numpy as np
import pytest

import mount as mounting
from arrays import saved

OLD = np.arange(3000.0).reshape(1000, 3)
LONG = np.arange(60_000.0).reshape(20_000, 3)  # more than is put into the page cache at an open
NEW = np.arange(8, dtype="<i2").reshape(4, 2)
PAGE_CACHES = ["direct_io", "kernel_cache"]


@pytest.fixture(params=PAGE_CACHES)
def mounted(source, mount, request):
    (source / "data.npy").write_bytes(saved(OLD))
    return mount(source, request.param)


def replace(source, array):
    (source / "data.tmp").write_bytes(saved(array))
    os.rename(source / "data.tmp", source / "data.npy")


def in_place(source, array):
    with open(source / "data.npy", "r+b") as file:
        file.truncate(0)
        file.write(saved(array))


@pytest.mark.parametrize("change", [replace, in_place])
def test_the_next_open_sees_the_new_array(source, mounted, change):
    """An open sees every change that moved the source's mtime, size or identity before it (close-to-open)."""
    path = mounted / "data.npy/chunks/1_of_2.npy"
    assert np.array_equal(np.load(path), OLD[500:])
    change(source, NEW)
    assert path.read_bytes() == saved(NEW[2:])
    assert sorted(os.listdir(mounted / "data.npy/chunks/2")) == ["0_of_2.npy", "1_of_2.npy"]


def test_an_open_file_keeps_the_array_that_it_was_opened_for(source, mounted):
    """A source that is replaced by renaming, or removed, goes on being served to those who have it open."""
    with open(mounted / "data.npy/chunks/0_of_2.npy", "rb", buffering=0) as file:
        replace(source, NEW)
        assert os.fstat(file.fileno()).st_size == len(saved(OLD[:500]))
        assert file.read() == saved(OLD[:500])
    with open(mounted / "data.npy/chunks/0_of_2.npy", "rb", buffering=0) as file:
        (source / "data.npy").unlink()
        assert file.read() == saved(NEW[:2])


def test_reads_beyond_the_end_of_a_truncated_source_are_eio(source, mounted):
    """They never return zeros or end early; the rows that are still there can be read."""
    replace(source, LONG)
    descriptor = os.open(mounted / "data.npy/chunks/0_of_1.npy", os.O_RDONLY)
    try:
        os.truncate(source / "data.npy", 8192)
        assert os.pread(descriptor, 4096, 0) == saved(LONG)[:4096]
        for offset in (8192, 16384, len(saved(LONG)) - 1):
            with pytest.raises(OSError) as caught:
                os.pread(descriptor, 100, offset)
            assert caught.value.errno == errno.EIO
    finally:
        os.close(descriptor)


def test_what_the_page_cache_holds_of_an_open_file_is_still_served_as_it_was(source, mount):
    """A file of up to 128 KiB is in the page cache from its first open on; nobody gets anything but what was opened."""
    (source / "data.npy").write_bytes(saved(OLD))
    mounting.wait_until_not_racy(source / "data.npy")
    mounted = mount(source)
    with open(mounted / "data.npy/chunks/0_of_1.npy", "rb", buffering=0) as file:
        os.truncate(source / "data.npy", 100)
        assert file.read() == saved(OLD)
    with pytest.raises(FileNotFoundError):
        open(mounted / "data.npy/chunks/0_of_1.npy", "rb")


def test_a_small_file_costs_no_read_once_it_is_open(source, mount):
    """Its bytes are put into the page cache before its first open is answered."""
    (source / "data.npy").write_bytes(saved(OLD))
    mounting.wait_until_not_racy(source / "data.npy")
    mounted = mount(source)
    before = mounted.metric("read_bytes_total")
    own = mounted.metric("read_bytes_total") - before
    assert (mounted / "data.npy/chunks/0_of_1.npy").read_bytes() == saved(OLD)
    assert (mounted / "data.npy/chunks/1_of_2.npy").read_bytes() == saved(OLD[500:])
    # Reading the metrics is counted, too; their text is a line and some digits longer by now.
    assert mounted.metric("read_bytes_total") - before < 2 * own + 1000


def test_a_source_rewritten_in_place_is_rewritten_for_those_who_have_it_open(source, mount):
    """The bytes of the file itself have changed, and an open file shows the file itself."""
    (source / "data.npy").write_bytes(saved(OLD))
    with open(mount(source, "direct_io") / "data.npy/chunks/0_of_1.npy", "rb", buffering=0) as file:
        in_place(source, -OLD)
        assert file.read() == saved(-OLD)


@pytest.mark.parametrize("source_io", ["mmap", "pread"])
@pytest.mark.parametrize("new", [NEW, LONG[:-1], LONG.astype(">f8"), np.asfortranarray(LONG), LONG.reshape(30_000, 2)],
                         ids=["other", "fewer rows", "dtype", "order", "shape"])
def test_what_is_open_fails_where_the_header_comes_to_say_something_else(source, mount, new, source_io):
    """Old header and new bytes are never mixed: reads fail with ESTALE."""
    (source / "data.npy").write_bytes(saved(LONG))
    os.utime(source / "data.npy", (1, 1))  # times tell that it changes, and do not go on at each moment
    mounted = mount(source, "direct_io", f"source_io={source_io}", foreground=True)
    names = ["chunks/0_of_2.npy", "axis1/chunks/0_of_3.npy", "slices/0_to_10000.bin"]
    opened = [open(mounted / "data.npy" / name, "rb", buffering=0) for name in names]
    assert opened[0].read(1128) == saved(LONG[:10_000])[:1128]
    with open(source / "data.npy", "r+b") as file:
        file.write(saved(new) + saved(LONG))  # as long as before, so that nothing is missing
    for file in opened:
        with pytest.raises(OSError) as stale:
            file.read()
        assert stale.value.errno == errno.ESTALE
        file.close()
    assert "data.npy: has another header than when it was opened\n" in mounted.stderr()
    assert np.array_equal(np.load(mounted / "data.npy/chunks/0_of_1.npy"), new), "the next open sees the new array"


@pytest.mark.parametrize("order", "CF")
def test_rows_that_are_appended_disturb_nobody(source, mounted, order):
    """Header and all: what is open keeps its rows, the next open sees all of them."""
    def header_and_all(rows):
        return saved(np.asarray(rows if order == "C" else rows.T, order=order))
    replaced = LONG[:10_000]
    (source / "data.npy").write_bytes(header_and_all(replaced))
    name = f"data.npy/axis{'01'[order == 'F']}/chunks/1_of_2.npy"
    with open(mounted / name, "rb", buffering=0) as file:
        begin = file.read(1128)
        with open(source / "data.npy", "r+b") as appended:
            appended.write(header_and_all(LONG))
        assert begin + file.read() == header_and_all(replaced[5000:])
    assert (mounted / name).read_bytes() == header_and_all(LONG[10_000:])


def test_sizes_and_listings_follow_within_the_timeouts(source, mount):
    """What stat and ls say is at most as old as -o entry_timeout and -o attr_timeout allow."""
    (source / "data.npy").write_bytes(saved(OLD))
    mounted = mount(source, "entry_timeout=0.2", "attr_timeout=0.2")
    path = mounted / "data.npy/chunks/0_of_1.npy"
    assert path.stat().st_size == len(saved(OLD))
    replace(source, NEW[0])
    end = time.monotonic() + mounting.DEADLINE
    while path.stat().st_size != len(saved(NEW[0])) or (mounted / "data.npy/axis1").exists():
        assert time.monotonic() < end
    assert sorted(os.listdir(mounted / "data.npy")) == ["batches", "chunks", "index", "info.json", "slices", "source.npy"]
