"""Many writers of one array: who may write which rows, and that no written byte is lost, however it all ends."""

import contextlib
import errno
import multiprocessing
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

import mount as mounting
from arrays import chunk, saved

ROUNDS = int(os.environ.get("NPYFS_WRITER_ROUNDS", "10"))
WRITERS = 16
ROWS = 4001  # of 12 bytes: no edge of a chunk is one of a page


@pytest.fixture
def mounted(source, mount):
    np.save(source / "a.npy", np.zeros((ROWS, 3), "<f4"))
    return mount(source, "rw")


def values(index, round):
    rows = len(chunk(np.empty(ROWS), index, WRITERS))
    return np.random.default_rng([index, round]).random((rows, 3), "<f4")


def fill(arguments):
    path, index, round, mapped = arguments
    part = values(index, round)
    if mapped:
        rows = np.load(path, mmap_mode="r+")
        rows[:] = part
        rows.flush()
    else:
        np.save(path, part)


@pytest.mark.parametrize("mapped", [False, True], ids=["np.save", "r+"])
def test_16_processes_fill_one_array(source, mounted, mapped):
    """Many processes fill one array at once, each its own rows, with no edge on a page's edge: every byte is right."""
    with multiprocessing.Pool(WRITERS) as writers:
        for round in range(ROUNDS):
            jobs = [(mounted / f"a.npy/chunks/{i}_of_{WRITERS}.npy", i, round, mapped) for i in range(WRITERS)]
            writers.map(fill, jobs, chunksize=1)
            expected = np.concatenate([values(i, round) for i in range(WRITERS)])
            assert (source / "a.npy").read_bytes() == saved(expected)


_INCREMENT = """
import mmap, os, sys
view = os.open(sys.argv[1], os.O_RDWR)
mapped = mmap.mmap(view, 0)
print("ready", flush=True)
value = 0
while True:
    value = (value + 1) % 200
    mapped[128:132] = bytes([value] * 4)
    if value == 0 and os.path.exists(sys.argv[2]):
        break
mapped.flush()
"""


@pytest.mark.parametrize("flags", [os.O_RDWR, os.O_WRONLY], ids=["reading and writing", "writing alone"])
def test_one_view_that_is_mapped_and_written_at_once_loses_nothing(source, mounted, scratch, flags):
    """Where one view is mapped by one process and written by another, in the same page, no byte of either is lost."""
    view = mounted / "a.npy/chunks/1_of_3.npy"
    mapper = subprocess.Popen([sys.executable, "-c", _INCREMENT, view, scratch / "stop"], stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE, text=True)
    assert mapper.stdout.readline() == "ready\n"
    descriptor = os.open(view, flags)
    expected = {}
    for step in range(5000):
        offset = 200 + 4 * (step % 400)
        expected[offset] = step.to_bytes(4, "little")
        assert os.pwrite(descriptor, expected[offset], offset) == 4
    os.close(descriptor)
    (scratch / "stop").touch()
    mapper.communicate()
    assert mapper.returncode == 0
    with open(view, "rb") as file:
        found = file.read()
    assert [offset for offset, value in expected.items() if found[offset:offset + 4] != value] == []


OVERLAPPING = ["chunks/1_of_3.bin", "chunks/0_of_1.npy", "slices/0_to_1500.npy", "axis1/chunks/0_of_3.npy", "source.npy"]


@pytest.mark.parametrize("name", OVERLAPPING)
def test_a_row_has_one_view_that_is_open_for_writing(source, mount, name):
    """While a view is open for writing, opening another one that overlaps is EBUSY, and the log names both and a process
    that has the first one open. The same view may be opened by many, and everybody may read."""
    np.save(source / "a.npy", np.zeros((ROWS, 3), "<f4"))
    mounted = mount(source, "rw", foreground=True)
    view, other = mounted / "a.npy/chunks/1_of_3.npy", mounted / "a.npy" / name
    with open(view, "r+b"):
        with pytest.raises(OSError) as refused:
            open(other, "r+b")
        assert refused.value.errno == errno.EBUSY
        assert f"overlaps chunk 1 of 3, which process {os.getpid()} has open for writing" in mounted.stderr()
        open(other, "rb").close()
        open(view, "r+b").close()
        open(mounted / "a.npy/chunks/01_of_3.npy", "r+b").close()
        open(mounted / "a.npy/chunks/2_of_3.npy", "r+b").close()
    open(other, "r+b").close()


def test_two_names_of_one_source_are_one_array(source, mounted):
    """Links do not hide that two views are of the same rows."""
    os.symlink("a.npy", source / "link.npy")
    os.link(source / "a.npy", source / "hard.npy")
    with open(mounted / "a.npy/chunks/1_of_3.npy", "r+b"):
        for name in ("link.npy", "hard.npy"):
            with pytest.raises(OSError) as refused:
                open(mounted / name / "slices/1400_to_1500.npy", "r+b")
            assert refused.value.errno == errno.EBUSY


def test_views_without_rows_in_common_do_not_exclude_each_other(mounted):
    """Neighbours can be open for writing at once, and so can empty views."""
    with contextlib.ExitStack() as stack:
        for name in ["chunks/0_of_3.npy", "chunks/1_of_3.npy", "chunks/2_of_3.npy", "slices/5_to_5.npy",
                     f"chunks/{ROWS}_of_{ROWS + 1}.npy"]:
            stack.enter_context(open(mounted / "a.npy" / name, "r+b"))


def test_an_open_that_follows_a_close_at_once_is_never_busy(mounted):
    """An open that follows a close, or the end of a mapping, at once meets no stale EBUSY."""
    whole, part = mounted / "a.npy/chunks/0_of_1.npy", mounted / "a.npy/chunks/1_of_3.npy"
    for _ in range(300):
        open(whole, "r+b").close()
        np.load(part, mmap_mode="r+")[0] = 1
        rows = np.load(whole, mmap_mode="r+")
        rows[0] = 1
        del rows
        os.close(os.open(part, os.O_WRONLY))


TURNS = multiprocessing.Array("i", 8, lock=False)  # how often each process has had its turn


def take_turns(index, path):
    """Two seconds, and until all have had their turn, or too long."""
    start = time.monotonic()
    while time.monotonic() < start + 2 or not all(TURNS) and time.monotonic() < start + mounting.DEADLINE:
        try:
            np.load(path, mmap_mode="r+")[0] = index
            TURNS[index] += 1
        except OSError as error:
            assert error.errno == errno.EBUSY


def test_processes_that_take_turns_all_get_theirs(mounted):
    """Where overlapping views are fought over, some wait, some are refused, all get their turn, and nothing hangs."""
    names = ["chunks/0_of_1.npy", "chunks/0_of_3.npy", "slices/10_to_2000.npy", "axis1/chunks/0_of_3.npy"]
    with multiprocessing.Pool(len(TURNS)) as writers:
        writers.starmap(take_turns, [(i, mounted / "a.npy" / name) for i, name in enumerate(names * 2)], chunksize=1)
    assert all(TURNS), list(TURNS)


def test_a_mapping_keeps_its_rows_after_its_file_is_closed(mounted):
    """A view stays owned while it is mapped, after its descriptor is closed; an overlapping open is refused after two
    seconds, and does not hang."""
    rows = np.load(mounted / "a.npy/chunks/1_of_3.npy", mmap_mode="r+")
    before = time.monotonic()
    with pytest.raises(OSError) as refused:
        open(mounted / "a.npy/source.npy", "r+b")
    assert refused.value.errno == errno.EBUSY
    assert 2 <= time.monotonic() - before < mounting.DEADLINE
    del rows
    open(mounted / "a.npy/source.npy", "r+b").close()


_WRITER = """
import sys, numpy as np
rows = np.load(sys.argv[1], mmap_mode="r+")
rows[:] = float(sys.argv[2])
print("dirty", flush=True)
sys.stdin.read()
"""

_BUSY_WRITER = """
import sys, numpy as np
rows = np.load(sys.argv[1], mmap_mode="r+")
value = 0
while True:
    value += 1
    rows[:] = value
    print(value, flush=True)
"""


def writers_of(mounted, count, script=_WRITER):
    writers = []
    for index in range(count):
        view = mounted / f"a.npy/chunks/{index}_of_{count}.npy"
        writers.append(subprocess.Popen([sys.executable, "-c", script, view, str(index + 1)], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True))
    return writers


def end(writers):
    for writer in writers:
        writer.kill()
        writer.wait()
        writer.stdin.close()
        writer.stdout.close()


def assert_filled(source, count):
    array = np.load(source / "a.npy")
    for index in range(count):
        assert set(chunk(array, index, count).flat) == {index + 1}


@pytest.mark.parametrize("number", ["SIGTERM", "SIGINT", "SIGHUP", "SIGQUIT", "SIGXCPU"])
def test_signals_drain(source, mount, number):
    """SIGTERM, SIGINT, SIGHUP, SIGQUIT and SIGXCPU drain: every dirty mapped page reaches the source before npyfs exits with status 0."""
    np.save(source / "a.npy", np.zeros((400_000, 3), "<f4"))
    mounted = mount(source, "rw")
    writers = writers_of(mounted, 8)
    try:
        for writer in writers:
            assert writer.stdout.readline() == "dirty\n"
        os.kill(mounted.pid, getattr(signal, number))
        mounted.assert_ended_cleanly()
        assert_filled(source, 8)
    finally:
        end(writers)


MEANINGLESS = [signal.SIGUSR1, signal.SIGUSR2, signal.SIGALRM, signal.SIGVTALRM, signal.SIGPROF, signal.SIGIO, signal.SIGPWR,
               signal.SIGSTKFLT, signal.SIGPIPE, signal.SIGXFSZ, *range(signal.SIGRTMIN, signal.SIGRTMAX + 1)]


def test_signals_that_mean_nothing_lose_nothing(source, mount):
    """SIGUSR1 and SIGUSR2, those of timers and descriptors, and real-time signals are ignored, also by requests under way."""
    np.save(source / "a.npy", np.zeros((400_000, 3), "<f4"))
    np.save(source / "b.npy", np.arange(400_000))
    mounted = mount(source, "rw", "max_read=4096")
    writers = writers_of(mounted, 8)
    try:
        for writer in writers:
            assert writer.stdout.readline() == "dirty\n"
        for number in MEANINGLESS:
            for index in range(4):
                os.kill(mounted.pid, number)
                part = np.load(mounted / f"b.npy/chunks/{index}_of_4.npy")
                assert part[0] == index * 100_000 and part[-1] == index * 100_000 + 99_999, number
        assert not mounted.has_exited()
        os.kill(mounted.pid, signal.SIGTERM)
        mounted.assert_ended_cleanly()
        assert_filled(source, 8)
    finally:
        end(writers)


def test_a_signal_drains_while_many_are_writing(source, mount):
    """Writers that go on writing while npyfs drains get SIGBUS, at a moment at which all they wrote before is safe."""
    np.save(source / "a.npy", np.zeros((400_000, 3), "<f4"))
    mounted = mount(source, "rw")
    writers = writers_of(mounted, 8, _BUSY_WRITER)
    try:
        for writer in writers:
            writer.stdout.readline()
        os.kill(mounted.pid, signal.SIGTERM)
        mounted.assert_ended_cleanly()
        array = np.load(source / "a.npy")
        for index, writer in enumerate(writers):
            printed = writer.stdout.read()  # first: a writer whose pipe is full writes no more, and gets no signal
            assert writer.wait(30) == -signal.SIGBUS
            finished = max([0, *map(int, printed.split())])
            part = chunk(array, index, 8)
            assert part.min() >= finished and part.max() <= part.min() + 1, (finished, part.min(), part.max())
    finally:
        end(writers)


def test_writers_that_are_killed_lose_nothing(source, mounted):
    """What a process has written into a mapping reaches the source even if it is killed."""
    writers = writers_of(mounted, 4)
    try:
        for writer in writers:
            writer.stdout.readline()
    finally:
        end(writers)
    mounted.wait_until(lambda: mounted.metric("open_files") == 0, "end of the open files")
    assert_filled(source, 4)


@pytest.mark.parametrize("lazily", [False, True])
def test_unmounting_writes_back(source, mounted, lazily):
    """Unmounting loses nothing either: a mount with mapped arrays is busy, and after a lazy unmount it goes on serving."""
    writers = writers_of(mounted, 4)
    try:
        for writer in writers:
            writer.stdout.readline()
        with pytest.raises(OSError) as refused:
            mounting.umount(mounted.path, mounting.MNT_DETACH if lazily else 0)
            raise OSError(errno.EBUSY, "unmounted lazily, and busy")
        assert refused.value.errno == errno.EBUSY
        for writer in writers:
            writer.stdin.close()
        if lazily:
            mounted.assert_ended_cleanly()
    finally:
        end(writers)
    assert lazily or mounted.unmount() is None
    assert_filled(source, 4)
