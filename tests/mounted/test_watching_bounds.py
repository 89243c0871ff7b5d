"""What watching the source costs, where it ends, and what it leaves alone."""

import errno
import os
import shutil
import signal
import subprocess
import threading
import time
from pathlib import Path

import numpy as np
import pytest

import mount as mounting
from arrays import saved
from faults import injected
from watching import AN_HOUR, NEW, OLD, mount_for_an_hour, replace, size, state, wait_for


@pytest.fixture
def mounted(source, mount):
    return mount_for_an_hour(source, mount)


def test_what_was_kept_is_kept_where_nothing_changes(source, mounted):
    """The kernel answers by itself; it is not asked for less."""
    def lookups():
        return mounted.metric("lookups_total")
    state(mounted / "data.npy/chunks/0_of_2.npy")
    before = lookups()
    os.utime(source / "sub/nested.npy")  # of a directory in which the kernel knows no name
    (source / "data.npy").read_bytes()
    assert state(mounted / "data.npy/chunks/0_of_2.npy")
    assert lookups() == before


def test_without_watches_the_timeouts_do(source, scratch, mount, mounted):
    """Where the system has no inotify to give, npyfs says so once, and all is as the timeouts have it."""
    (scratch / "unwatched").mkdir()
    environment = {**os.environ, "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":detect_leaks=0"}
    command = ["strace", "-o", scratch / "strace", "-e", "trace=inotify_init1",
               "-e", "inject=inotify_init1:error=EMFILE",
               mounting.binary(), source, scratch / "unwatched", "-f", "-o", ",".join(AN_HOUR)]
    with open(scratch / "stderr", "wb") as stderr, subprocess.Popen(command, stderr=stderr,
                                                                    env=environment) as unwatched:
        mounting.wait_for_mount_state(scratch / "unwatched", mounted=True)
        try:
            paths = [root / "notes.txt" for root in (mounted.path, scratch / "unwatched")]
            assert [size(path) for path in paths] == [3, 3]
            (source / "notes.txt").write_bytes(b"newer")
            wait_for(mounted, lambda: size(paths[0]), 5)
            assert size(paths[1]) == 3
            assert paths[1].read_bytes() == b"newer", "an open asks"
            assert "npyfs_watched_directories 0\n" in (scratch / "unwatched/.npyfs/metrics").read_text()
        finally:
            mounting.umount(scratch / "unwatched", mounting.MNT_DETACH)
        assert unwatched.wait(mounting.DEADLINE) == 0
    said = (scratch / "stderr").read_text().splitlines()
    assert [line for line in said if "inotify" in line] == said != [], said


def test_a_watch_that_is_refused_is_one_line_in_the_log(source, scratch, mount, monkeypatch):
    """ENOSPC, as where fs.inotify.max_user_watches is reached: everything else is as it was."""
    monkeypatch.setenv("ASAN_OPTIONS", os.environ.get("ASAN_OPTIONS", "") + ":detect_leaks=0")
    for name in "abc":
        (source / name).mkdir()
        (source / name / "data.npy").write_bytes(saved(OLD))
    mounted = mount(source, *AN_HOUR, foreground=True)
    assert size(mounted / "a/data.npy/source.npy") == len(saved(OLD))
    with injected(mounted.pid, "inotify_add_watch", "ENOSPC", "1+", scratch / "strace") as count:
        for name in "bc":
            assert size(mounted / name / "data.npy/source.npy") == len(saved(OLD))
        assert count() == 2
    assert mounted.metric("watched_directories") == 2  # SOURCE and a
    assert len([line for line in mounted.stderr().splitlines() if "inotify_add_watch" in line]) == 1, mounted.stderr()
    replace(source / "a/data.npy", saved(NEW))
    wait_for(mounted, lambda: size(mounted / "a/data.npy/source.npy"), len(saved(NEW)))
    mounted.unmount()


def test_directories_are_watched_not_files(source, mounted):
    """One watch for any number of arrays in a directory; given back with the directory."""
    for index in range(300):
        (source / f"{index}.npy").write_bytes(saved(NEW))
    assert all(state(mounted / f"{index}.npy/chunks/0_of_1.npy") for index in range(300))
    assert mounted.metric("watched_directories") == 1
    for index in range(20):
        (source / f"sub/{index}").mkdir()
    def watched():
        assert not any(state(mounted / f"sub/{index}/missing") for index in range(20))
        return mounted.metric("watched_directories")
    wait_for(mounted, watched, 22)
    shutil.rmtree(source / "sub")
    wait_for(mounted, lambda: mounted.metric("watched_directories"), 1)
    wait_for(mounted, lambda: state(mounted / "sub"), None)


def test_a_mount_of_a_mount_is_not_watched(source, mount, mounted):
    """Filesystems that ask somebody else tell of this machine's changes alone; there the timeouts do."""
    second = mount(mounted / "data.npy", "follow_symlinks", *AN_HOUR)
    assert size(second / "source.npy/chunks/0_of_1.npy") == len(saved(OLD))
    assert second.metric("watched_directories") == 0
    second.unmount()


@pytest.fixture
def writable(source, mount):
    (source / "data.npy").write_bytes(saved(np.zeros(100_000)))
    return mount(source, "rw", *AN_HOUR)


def test_what_a_writer_has_mapped_stays(source, writable):
    """Changes that are heard of drop no page: neither those of others, nor those that the mount itself makes."""
    rows = np.load(writable / "data.npy/chunks/0_of_2.npy", mmap_mode="r+")
    for value in range(1, 4):
        rows[:] = value
        np.save(writable / "data.npy/chunks/1_of_2.npy", np.full(50_000, -float(value)))
        os.utime(source / "data.npy", (value, value))
        for name in ("source.npy", "chunks/0_of_2.npy"):  # the kernel is told of one after the other
            wait_for(writable, lambda name=name: os.stat(writable / "data.npy" / name).st_mtime, value)
        assert (rows == value).all()
    rows.flush()
    assert np.array_equal(np.load(source / "data.npy"), np.repeat([3.0, -3.0], 50_000))


def test_writers_through_the_mount_make_no_work(source, writable):
    """A write is no event; a close is one, whatever number of chunks the kernel knows of."""
    for index in range(500):
        assert state(writable / f"data.npy/chunks/{index}_of_500.npy")
    def seconds():
        fields = Path(f"/proc/{writable.pid}/task/{thread}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    # Each notice to the kernel is a write. (It may read, and use time: of what is mounted elsewhere it hears as well.)
    def notices():
        return int(Path(f"/proc/{writable.pid}/task/{thread}/io").read_text().partition("syscw: ")[2].split()[0])
    # The thread that hears of changes is the only one that sleeps in poll.
    def listeners():
        tasks = Path(f"/proc/{writable.pid}/task").iterdir()
        return [task.name for task in tasks if "poll" in (task / "wchan").read_text()]
    found = []
    writable.wait_until(lambda: found.extend(listeners()) or found, "sleep of the one that listens")
    (thread,) = found
    begin, before, told = time.monotonic(), seconds(), notices()
    with open(writable / "data.npy/slices/0_to_50000.bin", "r+b", buffering=0) as file:
        for index in range(1000):
            file.seek(8 * index)
            file.write(b"12345678")
        assert notices() == told
    for index in range(300):
        os.utime(source / "data.npy", (index, index))
        (source / "other").touch()
    assert seconds() - before < 0.3 * (time.monotonic() - begin) + 0.1


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount something")
def test_mounts_elsewhere_make_little_work(scratch, mounted):
    """However many there are: the table of mounts is read no more often than every 20 ms, not once or twice each."""
    def reads():
        return int(Path(f"/proc/{mounted.pid}/io").read_text().partition("syscr: ")[2].split()[0])
    (scratch / "elsewhere").mkdir()
    place = os.fsencode(scratch / "elsewhere")
    pages = len(Path("/proc/self/mountinfo").read_bytes()) // 2048 + 2  # which it is read by
    others = 100  # of events, of requests, and what came before
    begin, before, events = time.monotonic(), reads(), 0
    while events < 1000:
        assert mounting.libc.mount(b"none", place, b"tmpfs", 0, None) == 0
        mounting.umount(place)
        events += 2
    assert reads() - before <= (time.monotonic() - begin) / 0.02 * pages + others


def test_signals_end_a_mount_whose_source_never_rests(source, mounted):
    """Notices under way are no reason to stay."""
    for index in range(200):
        state(mounted / f"data.npy/chunks/{index}_of_200.npy")
    ends = threading.Event()
    rounds = []
    def change():
        while not ends.is_set():
            rounds.append(time.monotonic())
            replace(source / "data.npy", saved(NEW))
            os.rename(source / "sub", source / "bus")
            os.rename(source / "bus", source / "sub")
    def look():
        while not ends.is_set():
            try:
                os.listdir(mounted / "sub")
                state(mounted / "sub/nested.npy/chunks/0_of_1.npy")
            except OSError as error:
                assert error.errno in (errno.ENOENT, errno.ENOTCONN, errno.ECONNABORTED, errno.EIO)
    workers = [threading.Thread(target=change), *(threading.Thread(target=look) for _ in range(3))]
    for worker in workers:
        worker.start()
    try:
        mounted.wait_until(lambda: len(rounds) > 100, "changes")
        os.kill(mounted.pid, signal.SIGTERM)
        mounted.assert_ended_cleanly()
    finally:
        ends.set()
        for worker in workers:
            worker.join()


def test_what_is_not_heard_of_is_left_to_the_timeouts(source, scratch, mount):
    """The target of a link, another hard link, a file that is still open for writing, one truncated by its name."""
    (source / "unseen").mkdir()
    for name in ("unseen/target", "hard", "written", "truncated", "heard"):
        (source / name).write_bytes(b"old")
    os.link(source / "hard", source / "unseen/hard")
    (source / "link").symlink_to("unseen/target")
    mounted = mount(source, *AN_HOUR)
    names = ["link", "hard", "written", "truncated"]
    before = [state(mounted / name) for name in names]
    assert size(mounted / "heard") == 3
    for name in ("target", "hard"):
        (source / "unseen" / name).write_bytes(b"newer")
    os.truncate(source / "truncated", 1)
    with open(source / "written", "ab", buffering=0) as file:
        file.write(b" and new")
        (source / "heard").write_bytes(b"newer")
        wait_for(mounted, lambda: size(mounted / "heard"), 5)
        assert [state(mounted / name) for name in names] == before
        assert (mounted / "link").read_bytes() == (mounted / "hard").read_bytes() == b"newer", "an open asks"
    wait_for(mounted, lambda: size(mounted / "written"), len(b"old and new"))


def test_names_that_do_not_exist_are_kept_as_long_as_negative_timeout_says(source, mount):
    """They are asked for each time by default; where they are kept, nothing takes them back."""
    (source / "heard").touch()
    mounted = mount(source, "negative_timeout=3600", *AN_HOUR)
    assert not (mounted / "new.npy").exists() and size(mounted / "heard") == 0
    (source / "new.npy").write_bytes(saved(NEW))
    (source / "heard").write_bytes(b"newer")
    wait_for(mounted, lambda: size(mounted / "heard"), 5)
    assert not (mounted / "new.npy").exists()
    assert "new.npy" in os.listdir(mounted.path)
