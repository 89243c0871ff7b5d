"""Changes that npyfs hears of show long before the timeouts end. All mounts here have timeouts of an hour."""

import errno
import json
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
from faults import arguments, injected
from users import in_namespace

OLD = np.arange(300.0).reshape(100, 3)
NEW = np.arange(8, dtype="<i2")
AN_HOUR = ["entry_timeout=3600", "attr_timeout=3600"]


@pytest.fixture
def mounted(source, mount):
    (source / "data.npy").write_bytes(saved(OLD))
    (source / "notes.txt").write_bytes(b"old")
    (source / "sub").mkdir()
    (source / "sub/nested.npy").write_bytes(saved(OLD))
    return mount(source, *AN_HOUR)


def replace(path, content):
    replacement = path.with_name("replacement")
    replacement.write_bytes(content)
    os.rename(replacement, path)


def state(path):
    """What stat says, or None where there is nothing. The kernel answers from what it knows."""
    try:
        found = os.stat(path)
        return found.st_size, found.st_mode, found.st_mtime_ns
    except FileNotFoundError:
        return None


def size(path):
    found = state(path)
    return found and found[0]


def wait_for(mounted, look, expected):
    mounted.wait_until(lambda: look() == expected, f"change to {expected}")


BELOW = ["chunks/0_of_2.npy", "chunks/2/1_of_2.npy", "slices/0_to_2.bin", "axis1/chunks/0_of_1.npy", "info.json",
         "source.npy"]


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


def test_a_replaced_array_shows_at_once(source, mounted):
    """All that is below it follows: sizes, bytes, what there is and what is not any more."""
    new = np.arange(1000.0)
    assert None not in [state(mounted / "data.npy" / name) for name in BELOW]
    assert json.loads((mounted / "data.npy/info.json").read_text())["shape"] == [100, 3]
    replace(source / "data.npy", saved(new))
    wait_for(mounted, lambda: size(mounted / "data.npy/source.npy"), len(saved(new)))
    wait_for(mounted, lambda: size(mounted / "data.npy/chunks/0_of_2.npy"), len(saved(new[:500])))
    wait_for(mounted, lambda: size(mounted / "data.npy/chunks/2/1_of_2.npy"), len(saved(new[:500])))
    wait_for(mounted, lambda: size(mounted / "data.npy/slices/0_to_2.bin"), 16)
    wait_for(mounted, lambda: state(mounted / "data.npy/axis1"), None)
    wait_for(mounted, lambda: state(mounted / "data.npy/axis1/chunks/0_of_1.npy"), None)
    wait_for(mounted, lambda: json.loads((mounted / "data.npy/info.json").read_text())["shape"], [1000])
    assert np.array_equal(np.load(mounted / "data.npy/chunks/1_of_2.npy"), new[500:])


def test_a_file_that_is_open_is_what_was_opened(source, mounted):
    """Its size and bytes stay; its name shows the new file from the next open on, or when the timeout ends."""
    chunk = mounted / "data.npy/chunks/0_of_2.npy"
    with open(chunk, "rb", buffering=0) as file, open(mounted / "data.npy/info.json", "rb", buffering=0) as info:
        before = state(chunk)
        replace(source / "data.npy", saved(NEW))
        wait_for(mounted, lambda: size(mounted / "data.npy/source.npy"), len(saved(NEW)))
        assert state(chunk) == before
        assert os.fstat(file.fileno()).st_size == before[0]
        assert np.array_equal(np.load(chunk), NEW[:4]), "an open asks"
        assert size(chunk) == len(saved(NEW[:4]))
        assert file.read() == saved(OLD[:50])
        assert json.loads(info.read())["shape"] == [100, 3]


def test_a_file_rewritten_in_place_shows_when_it_is_closed(source, mounted):
    """An array that was given more rows; info.json is never that of another array."""
    paths = [mounted / "data.npy/chunks/0_of_1.npy", mounted / "data.npy/info.json", mounted / "notes.txt"]
    before = [(state(path), path.read_bytes()) for path in paths]
    with open(source / "data.npy", "r+b") as file:
        file.write(saved(np.arange(600.0).reshape(200, 3)))
    wait_for(mounted, lambda: size(paths[0]), len(saved(np.arange(600.0).reshape(200, 3))))
    wait_for(mounted, lambda: json.loads(paths[1].read_text())["shape"], [200, 3])
    with open(source / "notes.txt", "ab") as file:
        file.write(b" and new")
    wait_for(mounted, lambda: size(paths[2]), len(b"old and new"))
    assert paths[2].read_bytes() == b"old and new" != before[2][1]
    with open(source / "notes.txt", "r+b") as file:
        file.write(b"OLD")
    wait_for(mounted, lambda: state(paths[2])[2], os.stat(source / "notes.txt").st_mtime_ns)
    assert paths[2].read_bytes() == b"OLD and new"


def test_a_removed_array_is_gone_at_once(source, mounted):
    """With all that is below it; a damaged one that takes its name says so."""
    paths = [mounted / "data.npy", *(mounted / "data.npy" / name for name in BELOW)]
    assert None not in [state(path) for path in paths]
    (source / "data.npy").unlink()
    for path in paths:
        wait_for(mounted, lambda path=path: state(path), None)
    (source / "data.npy").write_bytes(saved(OLD)[:-1])
    wait_for(mounted, lambda: (mounted / "data.npy/error.txt").exists(), True)
    assert size(mounted / "data.npy/error.txt")
    replace(source / "data.npy", saved(OLD))
    wait_for(mounted, lambda: (mounted / "data.npy/error.txt").exists(), False)


def test_permissions_show_at_once(source, mounted):
    """Those of arrays and what is below them, of files, of directories, and of SOURCE itself."""
    def modes():
        return [oct(os.stat(mounted / name).st_mode & 0o777) for name in ("data.npy", "data.npy/chunks/0_of_2.npy",
                                                                          "notes.txt", "sub", ".")]
    for name in ("data.npy", "notes.txt"):
        (source / name).chmod(0o644)
    for name in ("sub", "."):
        (source / name).chmod(0o755)
    wait_for(mounted, modes, ["0o555", "0o444", "0o444", "0o555", "0o555"])
    for name in ("data.npy", "notes.txt"):
        (source / name).chmod(0o600)
    for name in ("sub", "."):
        (source / name).chmod(0o700)
    wait_for(mounted, modes, ["0o500", "0o400", "0o400", "0o500", "0o500"])


def test_new_names_show_at_once(source, mounted):
    """In listings, and in the directory's time."""
    assert os.listdir(mounted.path) and not (mounted / "new.npy").exists() and not (mounted / "sub/new.npy").exists()
    before = state(mounted.path), state(mounted / "sub")
    (source / "new.npy").write_bytes(saved(NEW))
    (source / "sub/new.npy").write_bytes(saved(NEW))
    (source / "made").mkdir()
    (source / "made/new.npy").write_bytes(saved(NEW))
    wait_for(mounted, lambda: state(mounted.path) != before[0], True)
    wait_for(mounted, lambda: state(mounted / "sub") != before[1], True)
    for name in ("new.npy", "sub/new.npy", "made/new.npy/chunks/0_of_1.npy"):
        assert (mounted / name).exists()
    assert {"new.npy", "made"} <= set(os.listdir(mounted.path))


def test_directories_that_go_and_come_show_at_once(source, mounted):
    """Removed, renamed, and exchanged for another one: nothing is told of a directory by a name that it had."""
    nested = mounted / "sub/nested.npy/chunks/0_of_1.npy"
    assert size(nested) == len(saved(OLD))
    os.rename(source / "sub", source / "other")
    wait_for(mounted, lambda: state(nested), None)
    assert size(mounted / "other/nested.npy/chunks/0_of_1.npy") == len(saved(OLD))
    (source / "sub").mkdir()
    (source / "sub/nested.npy").write_bytes(saved(NEW))
    wait_for(mounted, lambda: size(nested), len(saved(NEW)))
    replace(source / "other/nested.npy", saved(NEW[:2]))
    wait_for(mounted, lambda: size(mounted / "other/nested.npy/chunks/0_of_1.npy"), len(saved(NEW[:2])))
    assert size(nested) == len(saved(NEW))
    (source / "third").mkdir()
    (source / "third/nested.npy").write_bytes(saved(OLD))
    shutil.rmtree(source / "sub")
    os.rename(source / "third", source / "sub")
    wait_for(mounted, lambda: size(nested), len(saved(OLD)))
    replace(source / "sub/nested.npy", saved(NEW))
    wait_for(mounted, lambda: size(nested), len(saved(NEW)))
    shutil.rmtree(source / "sub")
    wait_for(mounted, lambda: state(mounted / "sub"), None)


def test_a_directory_that_was_away_is_heard_of_again(source, mounted):
    """Its names are those that the kernel knows: it asks for attributes, and looks nothing up."""
    (source / "sub/notes.txt").write_bytes(b"old")
    (source / "told_last").mkdir()
    assert size(mounted / "sub/notes.txt") == 3 and (mounted / "told_last").exists()
    os.rename(source / "sub", source / "bus")
    os.rename(source / "bus", source / "sub")
    (source / "told_last").chmod(0o711)
    wait_for(mounted, lambda: oct(state(mounted / "told_last")[1]), "0o40511")
    before = state(mounted / "sub")
    assert size(mounted / "sub/notes.txt") == 3
    replace(source / "sub/notes.txt", b"newer")
    wait_for(mounted, lambda: size(mounted / "sub/notes.txt"), 5)
    wait_for(mounted, lambda: state(mounted / "sub") != before, True)


def test_what_changes_after_events_were_lost_is_heard_of(source, mounted):
    """Of files that were the same before and after, too."""
    (source / "sub/notes.txt").write_bytes(b"old")
    (source / "other").mkdir()
    (source / "other/lost.txt").write_bytes(b"old")
    paths = ["notes.txt", "sub/notes.txt"]
    assert [size(mounted / path) for path in [*paths, "other/lost.txt"]] == [3, 3, 3]
    queued = int(Path("/proc/sys/fs/inotify/max_queued_events").read_text())
    if queued > 100_000:
        pytest.skip("that takes too long to fill")
    os.kill(mounted.pid, signal.SIGSTOP)
    for index in range(queued + 1):
        os.utime(source / ("data.npy", "sub/nested.npy")[index % 2])
    os.utime(source / "other/lost.txt", (1, 1))
    os.kill(mounted.pid, signal.SIGCONT)
    wait_for(mounted, lambda: state(mounted / "other/lost.txt")[2], 10**9)
    assert [size(mounted / path) for path in paths] == [3, 3]
    for path in paths:
        replace(source / path, b"newer")
        wait_for(mounted, lambda path=path: size(mounted / path), 5)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount something there")
def test_who_is_in_a_directory_stays_there(source, mounted, monkeypatch):
    """A change of an array takes nobody's current directory, and no mount away."""
    (mounted / "data.npy/chunks").stat()
    monkeypatch.chdir(mounted / "data.npy/chunks")
    subprocess.run(["mount", "-t", "tmpfs", "none", mounted / "sub"], check=True)
    try:
        replace(source / "data.npy", saved(NEW))
        (source / "sub").chmod(0o700)
        (source / "more").mkdir()
        wait_for(mounted, lambda: size("0_of_1.npy"), len(saved(NEW)))
        assert os.getcwd() == str(mounted / "data.npy/chunks")
        assert mounting.is_mounted(mounted / "sub")
    finally:
        mounting.umount(mounted / "sub")
        monkeypatch.undo()


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


def test_mounted_over_the_source_it_hears_of_what_is_beneath(source, mount):
    """The source is watched, not the mount over it."""
    (source / "data.npy").write_bytes(saved(OLD))
    descriptor = os.open(source, os.O_RDONLY)
    mounted = mount(source, *AN_HOUR, at=source)
    try:
        assert size(mounted / "data.npy/source.npy") == len(saved(OLD))
        new = os.open("data.npy", os.O_WRONLY | os.O_TRUNC, dir_fd=descriptor)
        os.write(new, saved(NEW))
        os.close(new)
        wait_for(mounted, lambda: size(mounted / "data.npy/source.npy"), len(saved(NEW)))
    finally:
        os.close(descriptor)


def test_a_plain_namespace_needs_no_help(scratch):
    """Inside unshare -Urm changes show at once, too."""
    (scratch / "source").mkdir()
    (scratch / "mnt").mkdir()
    (scratch / "source/notes.txt").write_text("old")
    script = """
    unshare -Ur --mount sh -euc '
      "$0" "$1" "$2" -o entry_timeout=3600,attr_timeout=3600
      test "$(stat -c %s "$2/notes.txt")" = 3
      echo newer > "$1/notes.txt"
      until test "$(stat -c %s "$2/notes.txt")" = 6; do :; done
      umount "$2"
    ' "$@"
    """
    ran = in_namespace(script, mounting.binary(), scratch / "source", scratch / "mnt")
    assert ran.returncode == 0, ran.stdout + ran.stderr


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
        wait_for(writable, lambda value=value: os.stat(writable / "data.npy/source.npy").st_mtime, value)
        assert os.stat(writable / "data.npy/chunks/0_of_2.npy").st_mtime == value
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
    # The thread that hears of changes is the only one that sleeps in poll.
    def listeners():
        tasks = Path(f"/proc/{writable.pid}/task").iterdir()
        return [task.name for task in tasks if "poll" in (task / "wchan").read_text()]
    found = []
    writable.wait_until(lambda: found.extend(listeners()) or found, "sleep of the one that listens")
    (thread,) = found
    begin, before = time.monotonic(), seconds()
    with open(writable / "data.npy/slices/0_to_50000.bin", "r+b", buffering=0) as file:
        for index in range(1000):
            file.seek(8 * index)
            file.write(b"12345678")
    written = seconds() - before
    assert written <= 0.02
    for index in range(300):
        os.utime(source / "data.npy", (index, index))
        (source / "other").touch()
    assert seconds() - before < 0.3 * (time.monotonic() - begin) + 0.1


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount something")
def test_mounts_elsewhere_make_little_work(scratch, mounted):
    """However many there are: the table of mounts is read no more often than every 20 ms."""
    def reads():
        return int(Path(f"/proc/{mounted.pid}/io").read_text().partition("syscr: ")[2].split()[0])
    (scratch / "elsewhere").mkdir()
    place = os.fsencode(scratch / "elsewhere")
    pages = len(Path("/proc/self/mountinfo").read_bytes()) // 2048 + 2  # which it is read by
    begin, before, events = time.monotonic(), reads(), 0
    while events < 500:
        assert mounting.libc.mount(b"none", place, b"tmpfs", 0, None) == 0
        mounting.umount(place)
        events += 2
    assert reads() - before <= ((time.monotonic() - begin) / 0.02 + 2) * pages


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
