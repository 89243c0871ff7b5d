"""What becomes of written bytes when the source, the disk or the power fails."""

import contextlib
import errno
import mmap
import os
import resource
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import mount as mounting
from arrays import saved
from disks import Disk


@pytest.fixture
def array(source):
    np.save(source / "a.npy", np.zeros((100_000, 4)))
    return source / "a.npy"


def assert_fails(codes, call, *arguments):
    """Keeps no traceback, which would keep mappings alive. numpy itself gives no errno where an array was cut short."""
    try:
        call(*arguments)
    except OSError as error:
        failed = errno.errorcode.get(error.errno, "short")
    else:
        failed = "nothing"
    assert failed in codes


@pytest.mark.parametrize("disk", ["ext4", "xfs", "btrfs"], indirect=True)
def test_a_full_disk_is_the_writers_error(disk, mount):
    """ENOSPC in a sparse source is the writer's error, from write and from flush; npyfs goes on, the file keeps its size."""
    with open(disk.path / "a.npy", "wb") as file:
        np.lib.format.write_array_header_1_0(file, {"descr": "<f8", "fortran_order": False, "shape": (1 << 25,)})
        file.truncate(128 + (8 << 25))
    disk.fill()
    size = (disk.path / "a.npy").stat().st_size
    mounted = mount(disk.path, "rw", foreground=True)
    rows = np.random.default_rng(1).random(1 << 20)

    def write_and_sync():
        with open(mounted / "a.npy/chunks/1_of_32.npy", "r+b", buffering=0) as file:
            file.write(saved(rows))
            os.fsync(file.fileno())

    assert_fails(["ENOSPC"], write_and_sync)
    mapped = np.load(mounted / "a.npy/chunks/2_of_32.npy", mmap_mode="r+")
    mapped[:] = rows
    assert_fails(["ENOSPC", "EIO"], mapped.flush)
    del mapped
    assert mounted.metric("failed_writes_total") >= 2
    assert "No space left on device" in mounted.stderr()
    assert (disk.path / "a.npy").stat().st_size == size
    (disk.path / "filler").unlink()
    os.sync()
    np.save(mounted / "a.npy/chunks/3_of_32.npy", rows)
    assert np.array_equal(np.load(mounted / "a.npy/chunks/3_of_32.npy"), rows)
    mounted.unmount()


@pytest.mark.parametrize("disk", ["btrfs"], indirect=True)
def test_a_quota_is_the_writers_error(disk, mount):
    """EDQUOT, from write and from flush; npyfs goes on, the file keeps its size."""
    limited = disk.path / "limited"
    for command in (["quota", "enable", disk.path], ["subvolume", "create", limited], ["qgroup", "limit", "1M", limited]):
        subprocess.run(["btrfs", *command], check=True, capture_output=True)
    with open(limited / "a.npy", "wb") as file:
        np.lib.format.write_array_header_1_0(file, {"descr": "<f8", "fortran_order": False, "shape": (1 << 20,)})
        file.truncate(128 + (8 << 20))
    mounted = mount(limited, "rw")

    def write():
        with open(mounted / "a.npy/chunks/0_of_2.bin", "r+b", buffering=0) as file:
            for _ in range(64):
                file.write(b"x" * 65_536)
                os.fsync(file.fileno())

    assert_fails(["EDQUOT"], write)
    mapped = np.load(mounted / "a.npy/chunks/1_of_2.npy", mmap_mode="r+")
    mapped[:] = 1
    assert_fails(["EDQUOT", "EIO"], mapped.flush)
    del mapped
    assert mounted.metric("failed_writes_total") >= 2
    assert (limited / "a.npy").stat().st_size == 128 + (8 << 20)
    mounted.unmount()


def test_a_limit_on_the_size_of_files_is_the_writers_error(array, mount):
    """A limit that the source meets is the writer's error: EFBIG, and npyfs goes on."""
    mounted = mount(array.parent, "rw", preexec_fn=lambda: (signal.signal(signal.SIGXFSZ, signal.SIG_DFL),
                                                            resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))))
    np.save(mounted / "a.npy/chunks/0_of_10.npy", np.ones((10_000, 4)))
    assert_fails(["EFBIG", "short"], np.save, mounted / "a.npy/chunks/9_of_10.npy", np.ones((10_000, 4)))
    assert np.load(array)[:10_000].all() and not np.load(array)[10_000:].any()


def test_a_source_truncated_under_a_writer_is_never_made_longer(array, mount):
    """A source that is truncated while it is written stays as short as it is: EIO, from write and from flush."""
    mounted = mount(array.parent, "rw", foreground=True)
    view = mounted / "a.npy/chunks/5_of_10.npy"
    with open(view, "r+b", buffering=0) as file:
        mapped = np.load(view, mmap_mode="r+")
        mapped[:] = 1
        os.truncate(array, 1000)
        assert_fails(["EIO"], mapped.flush)
        assert_fails(["EIO"], file.write, saved(np.ones((10_000, 4))))
        del mapped
    assert array.stat().st_size == 1000
    assert "was 3200128 bytes when it was opened and is 1000 now" in mounted.stderr()
    assert mounted.metric("failed_writes_total") >= 2
    mounted.unmount()


def test_close_reports_what_could_not_be_written(array, mount):
    """close() reports what became of pages that were mapped, where they cannot be written."""
    mounted = mount(array.parent, "rw")
    descriptor = os.open(mounted / "a.npy/chunks/5_of_10.npy", os.O_RDWR)
    with mmap.mmap(descriptor, 0) as mapped:
        mapped[200] = 1
        os.truncate(array, 1000)
        assert_fails(["EIO"], os.close, descriptor)
    assert array.stat().st_size == 1000


@pytest.fixture
def failing_disk(scratch):
    """A disk that takes nothing new once `fail()` was called, of which its filesystem knows nothing: its image lies on
    another one, which is full then (ENOSPC, from behind the page cache)."""
    backing = scratch / "backing"
    backing.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=100m", "none", backing], check=True)
    # With a journal it would be read-only as soon as anybody syncs all filesystems: the journal cannot be written.
    disk = Disk(backing, "ext4", "-O", "^has_journal")

    def fail():
        with contextlib.suppress(OSError), open(backing / "filler", "wb", buffering=0) as filler:
            while filler.write(b"x" * 4096):
                pass

    disk.fail = fail
    yield disk
    disk.close()
    subprocess.run(["umount", "-l", backing], check=True)


@pytest.mark.parametrize("way", ["flush", "fsync"])
def test_a_failing_disk_is_reported_by_flush_and_fsync(failing_disk, mount, way):
    """Where the disk does not take what was written, flush() and fsync say so, the log too, and it is counted."""
    with open(failing_disk.path / "a.npy", "wb") as file:
        np.lib.format.write_array_header_1_0(file, {"descr": "<f8", "fortran_order": False, "shape": (1 << 22,)})
        file.truncate(128 + (8 << 22))
    os.sync()
    mounted = mount(failing_disk.path, "rw", foreground=True)
    view = mounted / "a.npy/chunks/1_of_2.npy"
    failing_disk.fail()
    if way == "flush":
        rows = np.load(view, mmap_mode="r+")
        rows[:] = 1
        assert_fails(["ENOSPC"], rows.flush)
        del rows
    else:
        with open(view, "r+b", buffering=0) as file:
            file.write(saved(np.ones(1 << 21)))
            assert_fails(["ENOSPC"], os.fsync, file.fileno())
    assert mounted.metric("failed_writes_total") > 0
    assert "fdatasync failed: No space left on device" in mounted.stderr()


@pytest.mark.parametrize("change", ["replace", "replace what has another link", "remove"])
def test_a_source_replaced_under_a_writer_is_left_alone(array, mount, change):
    """A source that is removed or replaced while it is written: its writers get ESTALE, from close at the latest."""
    mounted = mount(array.parent, "rw")
    view = mounted / "a.npy/chunks/5_of_10.npy"
    mapped = np.load(view, mmap_mode="r+")
    descriptor = os.open(view, os.O_RDWR)
    if change == "replace what has another link":
        os.link(array, array.parent / "other.npy")
    if change == "remove":
        array.unlink()
    else:
        np.save(array.parent / "new", np.zeros((100_000, 4)))
        os.rename(array.parent / "new.npy", array)
    if change != "replace what has another link":
        assert_fails(["ESTALE"], os.pwrite, descriptor, b"x", 1000)
    mapped[:] = 1
    assert_fails(["ESTALE", "EIO"], mapped.flush)
    del mapped
    assert_fails(["ESTALE"], os.close, descriptor)
    assert array.exists() == (change != "remove")
    assert change == "remove" or not np.load(array).any()
    assert change == "remove" or np.save(view, np.ones((10_000, 4))) is None, "the next open is of the new one"
    mounted.unmount()


def test_pages_that_are_lost_at_the_end_are_told(array, mount):
    """Where pages cannot be written at the end, the log says how many, and npyfs exits with status 3."""
    mounted = mount(array.parent, "rw", foreground=True)
    mapped = np.load(mounted / "a.npy/chunks/5_of_10.npy", mmap_mode="r+")
    mapped[:] = 1
    os.truncate(array, 1000)
    os.kill(mounted.pid, signal.SIGTERM)
    assert mounted.wait_for_exit() == 3
    assert "writes of mapped pages failed at the end: their bytes are lost" in mounted.stderr()
    del mapped


@pytest.mark.skipif(mounting.is_sanitized(), reason="sanitizers need memory of their own")
def test_nothing_is_lost_at_the_end_where_no_thread_can_be_started(array, mount):
    """Every dirty mapped page reaches the source before npyfs exits with status 0, also where no thread can be started."""
    mounted = mount(array.parent, "rw", foreground=True)
    mapped = [np.load(mounted / f"a.npy/chunks/{index}_of_10.npy", mmap_mode="r+") for index in range(10)]
    for rows in mapped:
        rows[:] = 1
    size = int(Path(f"/proc/{mounted.pid}/statm").read_text().split()[0]) * mmap.PAGESIZE
    # Some memory for requests, and none for a stack.
    resource.prlimit(mounted.pid, resource.RLIMIT_AS, (size + (1 << 20), resource.RLIM_INFINITY))
    os.kill(mounted.pid, signal.SIGTERM)
    mounted.assert_ended_cleanly()
    assert np.load(array).all()


def test_fsync_of_a_file_that_is_open_for_reading_syncs_as_well(array, mount, scratch):
    """fsync returns when the array is on stable storage, also of a file that is open for reading alone (sync FILE)."""
    mounted = mount(array.parent, "rw", foreground=True)
    np.save(mounted / "a.npy/chunks/5_of_10.npy", np.ones((10_000, 4)))
    with subprocess.Popen(["strace", "-f", "-qq", "-e", "trace=fdatasync", "-o", scratch / "trace", "-p", str(mounted.pid)],
                          stderr=subprocess.DEVNULL) as trace:
        def is_traced():  # which any thread may be the last to be
            statuses = [status.read_text() for status in Path(f"/proc/{mounted.pid}/task").glob("*/status")]
            return not any("TracerPid:\t0\n" in status for status in statuses)
        mounted.wait_until(is_traced, "strace")
        subprocess.run(["sync", mounted / "a.npy/chunks/5_of_10.npy"], check=True)
        trace.terminate()
    assert "fdatasync" in (scratch / "trace").read_text()


def test_a_header_rewritten_under_a_writer_is_noticed(array, mount):
    """A source that is given another header while it is written: its writers get ESTALE, and it is left alone."""
    mounted = mount(array.parent, "rw")
    with open(mounted / "a.npy/chunks/5_of_10.npy", "r+b", buffering=0) as file:
        other = saved(np.ones((400_000,), "<i8"))
        with open(array, "r+b") as source:
            source.write(other)
        assert_fails(["ESTALE"], os.pwrite, file.fileno(), b"x", 1000)
    assert array.read_bytes() == other
    np.save(mounted / "a.npy/chunks/5_of_10.npy", np.zeros((40_000,), "<i8"))


_FLUSHED = """
import os, sys, numpy as np
view, way = sys.argv[1:]
if way == "flush":
    rows = np.load(view, mmap_mode="r+")
    rows[:] = 7
    rows.flush()
elif way == "RWF_DSYNC":
    with open(view, "r+b") as file:
        os.pwritev(file.fileno(), [np.full((10_000, 4), 7.0)], 128, os.RWF_DSYNC)
elif way in ("O_SYNC", "O_DSYNC"):
    os.pwrite(os.open(view, os.O_WRONLY | getattr(os, way)), np.full((10_000, 4), 7.0), 128)
else:
    with open(view, "r+b") as file:
        file.seek(128)
        file.write(np.full((10_000, 4), 7.0).tobytes())
        file.flush()
        os.fsync(file.fileno())
print("safe", flush=True)
sys.stdin.read()
"""


@pytest.mark.parametrize("disk", ["xfs"], indirect=True)
@pytest.mark.parametrize("way", ["flush", "fsync", "O_SYNC", "O_DSYNC", "RWF_DSYNC"])
def test_what_flush_returned_for_survives_a_power_cut(disk, mount, way):
    """When flush() or fsync has returned, or a write with O_SYNC or O_DSYNC, the bytes are on stable storage: they survive
    a power cut."""
    np.save(disk.path / "a.npy", np.zeros((100_000, 4)))
    os.sync()
    mounted = mount(disk.path, "rw")
    view = mounted / "a.npy/chunks/5_of_10.npy"
    writer = subprocess.Popen([sys.executable, "-c", _FLUSHED, view, way], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                              text=True)
    assert writer.stdout.readline() == "safe\n"
    subprocess.run(["xfs_io", "-x", "-c", "shutdown", disk.path], check=True)
    writer.communicate("")
    mounted.unmount()
    disk.remount()
    array = np.load(disk.path / "a.npy")
    assert (array[50_000:60_000] == 7).all()
    assert not array[:50_000].any() and not array[60_000:].any()


def can_be_written(path):
    try:
        os.close(os.open(path, os.O_RDWR))
    except OSError as error:
        assert error.errno == errno.EBUSY, error
        return False
    return True


def test_a_writer_killed_in_the_middle_leaves_no_open_file(array, mount):
    """Writers that are killed while they write leave no row owned and no file open."""
    mounted = mount(array.parent, "rw")
    script = "import sys, numpy as np\nwhile True: np.save(sys.argv[1], np.ones((10_000, 4)))"
    for round in range(10):
        writers = [subprocess.Popen([sys.executable, "-c", script, mounted / f"a.npy/chunks/{i}_of_10.npy"])
                   for i in range(3)]
        mounted.wait_until(lambda: mounted.metric("writes_total") > round * 10, "writes")
        for writer in writers:
            writer.kill()
        for writer in writers:
            writer.wait()
        # The kernel reports the end of what they had open when it comes to it.
        mounted.wait_until(lambda: can_be_written(mounted / "a.npy/source.npy"), "end of what the killed writers own")
    mounted.wait_until(lambda: mounted.metric("open_files") == 0, "end of the open files")
