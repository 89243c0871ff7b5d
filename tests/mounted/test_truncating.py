"""Whoever asks for an empty file (O_TRUNC) gets zeros where he writes nothing: never old rows."""

import contextlib
import ctypes
import errno
import mmap
import os
import signal

import numpy as np
import pytest

import mount as mounting
from arrays import saved
from emptied import ARRAY, CHUNK, FULL, OLD, SIZE, assert_rows, array, mounted, view  # noqa: F401 (fixtures)

def start(*values):
    """A chunk that begins with these bytes and has zeros behind them."""
    return bytes(values) + bytes(SIZE - len(values))


def test_memmap_w_plus_gives_zeros(array, view):
    """np.memmap(mode='w+') sees zeros, and what is written into it beside them."""
    mapped = np.memmap(view, "u1", "w+", shape=(SIZE,))
    assert not mapped.any()
    mapped[5000] = 1
    mapped.flush()
    del mapped
    assert_rows(array, bytes(5000) + b"\1" + bytes(SIZE - 5001))


@pytest.mark.parametrize("dtype, shape", [("<f8", (2, 2)), ("<f8", (1 << 17, 2))], ids=["small", "large"])
@pytest.mark.parametrize("chunk", range(2))
def test_memmap_w_plus_of_numbers(source, mount, chunk, dtype, shape):
    """The same for each chunk of an array of numbers, small or large, also where it was read before."""
    before = np.arange(2.0 * shape[0] * shape[1]).reshape(2 * shape[0], shape[1]) + 1
    np.save(source / "acc.npy", before)
    view = mount(source, "rw") / f"acc.npy/chunks/{chunk}_of_2.bin"
    assert view.read_bytes() == before[chunk * shape[0]:(chunk + 1) * shape[0]].tobytes()
    mapped = np.memmap(view, dtype, "w+", shape=shape)
    assert not mapped.any()
    del mapped
    before[chunk * shape[0]:(chunk + 1) * shape[0]] = 0
    assert np.array_equal(np.load(source / "acc.npy"), before)


def test_open_memmap_w_plus_gives_zeros(array, mounted):
    """open_memmap(mode='w+') writes the header and maps: zeros."""
    mapped = np.lib.format.open_memmap(mounted / "a.npy/chunks/1_of_3.npy", "w+", "u1", (1, SIZE))
    assert not mapped.any()
    mapped[0, 1] = 9
    del mapped
    assert_rows(array, start(0, 9))


def test_open_memmap_w_plus_of_another_shape_leaves_the_rows(array, mounted):
    """What is refused leaves the source untouched, also after O_TRUNC."""
    with pytest.raises(OSError) as refused:
        np.lib.format.open_memmap(mounted / "a.npy/chunks/1_of_3.npy", "w+", "u1", (1, SIZE + 1))
    assert refused.value.errno == errno.EINVAL
    with pytest.raises(OSError):
        np.save(mounted / "a.npy/chunks/1_of_3.npy", np.zeros(3))
    assert_rows(array, FULL)


def test_mapped_right_after_o_trunc(array, view):
    """A mapping made right after O_TRUNC sees zeros at its first access."""
    file = os.open(view, os.O_RDWR | os.O_TRUNC)
    with contextlib.closing(mmap.mmap(file, SIZE)) as mapped:
        assert mapped[:] == bytes(SIZE)
        mapped[3] = 3
    os.close(file)
    assert_rows(array, start(0, 0, 0, 3))


def test_read_right_after_o_trunc(array, view):
    """Whoever reads a view that was opened with O_TRUNC, through any descriptor, gets zeros or what was written since."""
    with open(view, "rb", buffering=0) as reader:
        assert reader.read(4) == bytes([OLD] * 4)
        with open(view, "w+b", buffering=0) as file:
            assert os.pread(file.fileno(), 4, 0) == bytes(4)
            file.write(b"ab")
            assert os.pread(file.fileno(), 4, 0) == b"ab\0\0"
        with open(view, "wb", buffering=0) as file:
            file.write(b"cd")
            assert os.pread(reader.fileno(), 4, 0) == b"cd\0\0"
            assert view.read_bytes() == start(*b"cd")
    assert_rows(array, start(*b"cd"))


def test_a_gap_before_a_write_becomes_zeros(array, view):
    """Seeking and writing out of order: zeros between and behind, as in a plain file."""
    with open(view, "wb", buffering=0) as file:
        os.pwrite(file.fileno(), b"x", 9000)
        os.pwrite(file.fileno(), b"y", 100)
        os.pwrite(file.fileno(), b"z", 9001)
    expected = bytearray(SIZE)
    expected[9000], expected[100], expected[9001] = b"xyz"
    assert_rows(array, expected)


def test_many_gaps(array, view):
    """Every second byte alone, in falling order: 8,192 gaps."""
    with open(view, "wb", buffering=0) as file:
        for offset in range(SIZE - 1, -1, -2):
            os.pwrite(file.fileno(), b"x", offset)
    assert_rows(array, b"\0x" * (SIZE // 2))


def test_the_header_stays(array, mounted):
    """A gap in the header is no gap: it stays what it is."""
    view = mounted / "a.npy/chunks/1_of_3.npy"
    header = view.read_bytes()[:128]
    with open(view, "wb", buffering=0) as file:
        os.pwrite(file.fileno(), b"x", 130)
    assert view.read_bytes() == header + start(0, 0, ord("x"))
    assert_rows(array, start(0, 0, ord("x")))


def test_columns_of_an_array(source, mount):
    """Nothing outside the view changes, also where its bytes lie apart."""
    for order in "CF":
        before = np.arange(1, 301.0).reshape(10, 30).copy(order)
        np.save(source / f"{order}.npy", before)
        mounted = mount(source, "rw")
        (mounted / f"{order}.npy/axis1/slices/3_to_17.bin").write_bytes(b"")
        before[:, 3:17] = 0
        (mounted / f"{order}.npy/axis1/slices/20_to_22.bin").write_bytes(b"abcdefgh")
        before[:, 20:22] = 0
        before[0, 20] = np.frombuffer(b"abcdefgh", "f8")[0]
        assert (source / f"{order}.npy").read_bytes() == saved(before)
        mounted.close()


def test_ftruncate(array, mounted, view):
    """ftruncate to 0 empties what is open for writing alone; to the size that is there, it keeps everything. What may be
    mapped keeps its rows and says EINVAL, as truncate by name does: pages that were mapped would come back. So do other
    sizes, which `dd seek=` sets."""
    with open(view, "r+b", buffering=0) as file:
        with pytest.raises(OSError) as refused:
            file.truncate(0)
        assert refused.value.errno == errno.EINVAL
        file.truncate(SIZE)
    with pytest.raises(OSError) as refused:
        os.truncate(view, 0)
    assert refused.value.errno == errno.EINVAL
    # The kernel sends a release only after the close. Until it has arrived, the file may be mapped for all that npyfs knows.
    all_are_released = lambda: mounted.metric("open_files") == 0
    mounted.wait_until(all_are_released, "end of the open file")
    file = os.open(view, os.O_WRONLY)
    for size in (1, SIZE - 1, SIZE + 1):
        with pytest.raises(OSError) as refused:
            os.ftruncate(file, size)
        assert refused.value.errno == errno.EINVAL
    os.ftruncate(file, SIZE)
    os.close(file)
    assert_rows(array, FULL)
    mounted.wait_until(all_are_released, "end of the open file")
    file = os.open(view, os.O_WRONLY)
    os.write(file, b"lost")
    os.ftruncate(file, 0)
    os.pwrite(file, b"ab", 1)
    os.ftruncate(file, SIZE)
    os.close(file)
    assert_rows(array, start(0, *b"ab"))


def test_posix_fallocate_keeps_what_is_there(array, view):
    """As on every file that is as long already: nothing changes, whether it succeeds or not."""
    with open(view, "r+b", buffering=0) as file:
        with contextlib.suppress(OSError):
            os.posix_fallocate(file.fileno(), 0, SIZE)
        for mode in (0x10, 0x03):  # FALLOC_FL_ZERO_RANGE; FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE
            failed = mounting.libc.fallocate(file.fileno(), mode, ctypes.c_long(0), ctypes.c_long(SIZE))
            assert failed == -1 and ctypes.get_errno() == errno.EOPNOTSUPP
    assert_rows(array, FULL)


def test_two_writers_of_one_view(array, view):
    """What another process has written since the truncation stays, whoever closes first."""
    for first in range(2):
        files = [os.open(view, os.O_WRONLY | os.O_TRUNC), os.open(view, os.O_WRONLY)]
        os.pwrite(files[0], b"a", 0)
        os.pwrite(files[1], b"b", 5000)
        os.close(files[first])
        assert_rows(array, b"a" + bytes(4999) + b"b" + bytes(SIZE - 5001))
        os.pwrite(files[1 - first], b"c", 3)
        os.close(files[1 - first])
        assert_rows(array, b"a\0\0c" + bytes(4996) + b"b" + bytes(SIZE - 5001))


def test_a_copy_of_the_descriptor_goes_on(array, view):
    """Closing a copy of a descriptor takes away nothing that is written through another."""
    file = os.open(view, os.O_WRONLY | os.O_TRUNC)
    os.close(os.dup(file))
    os.write(file, b"ab")
    child = os.fork()
    if child == 0:
        os.write(file, b"cd")
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    os.write(file, b"ef")
    os.close(file)
    assert_rows(array, start(*b"abcdef"))


def test_a_killed_writer_leaves_zeros_and_nothing_later(array, view):
    """A killed writer's rest is zeros before another view can be opened: what that one writes stays."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        file = os.open(view, os.O_WRONLY | os.O_TRUNC)
        os.write(file, b"abc")
        os.write(writer, b"x")
        signal.pause()
    os.read(reader, 1)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    with open(view.parents[1] / "slices/1_to_3.bin", "r+b", buffering=0) as other:
        os.pwrite(other.fileno(), b"other", SIZE - 5)
    os.close(reader)
    os.close(writer)
    assert_rows(array, b"abc" + bytes(SIZE - 8) + b"other")


def test_a_mapping_of_another_process_sees_the_zeros(array, view):
    """A view that is mapped already: what was written before the truncation is gone, what is written after it stays."""
    with open(view, "r+b") as file, contextlib.closing(mmap.mmap(file.fileno(), SIZE)) as mapped:
        mapped[0] = 1
        mapped[5000] = 1
        os.close(os.open(view, os.O_WRONLY | os.O_TRUNC))
        assert mapped[:] == bytes(SIZE)
        mapped[1] = 2
        mapped.flush()
    assert_rows(array, start(0, 2))


def test_a_failing_source_is_told_at_close(array, mount):
    """Zeros that cannot be written are an error at close, and a line in the log."""
    mounted = mount(array.parent, "rw", foreground=True)
    view = mounted / "a.npy/chunks/2_of_3.bin"
    file = os.open(view, os.O_WRONLY | os.O_TRUNC)
    os.write(file, b"abc")
    os.truncate(array, 1000)
    with pytest.raises(OSError) as failed:
        os.close(file)
    assert failed.value.errno == errno.EIO
    assert "16381 bytes at 3 of chunk 2 of 3, without header are not written" in mounted.stderr()
    assert array.stat().st_size == 1000


@pytest.mark.parametrize("disk", ["ext4"], indirect=True)
def test_a_full_disk_is_told_at_close_or_sync(disk, mount):
    """Zeros need room as any other bytes do: ENOSPC from close, fsync or msync."""
    with open(disk.path / "a.npy", "wb") as file:
        np.lib.format.write_array_header_1_0(file, {"descr": "<f8", "fortran_order": False, "shape": (1 << 25,)})
        file.truncate(128 + (8 << 25))
    disk.fill()
    mounted = mount(disk.path, "rw")
    view = mounted / "a.npy/chunks/1_of_32.bin"
    for end in (os.fsync, os.close):
        file = os.open(view, os.O_WRONLY | os.O_TRUNC)
        with pytest.raises(OSError) as failed:
            end(file)
        assert failed.value.errno == errno.ENOSPC
        if end == os.fsync:
            with contextlib.suppress(OSError):
                os.close(file)
    mounted.unmount()


def test_the_end_of_the_mount(array, mount):
    """Whoever has not closed an emptied view when the mount ends is told, and what was closed is zeros."""
    mounted = mount(array.parent, "rw")
    np.memmap(mounted / "a.npy/chunks/1_of_3.bin", "u1", "w+", shape=(SIZE,))[1] = 5
    file = os.open(mounted / "a.npy/chunks/2_of_3.bin", os.O_WRONLY | os.O_TRUNC)
    os.kill(mounted.pid, signal.SIGTERM)
    mounted.wait_for_exit()
    with pytest.raises(OSError):
        os.close(file)
    assert_rows(array, start(0, 5))
