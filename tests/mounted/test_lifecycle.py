"""From mount to unmount: how npyfs ends, and that nothing is left mounted, open or running."""

import contextlib
import errno
import os
import signal
import subprocess
from pathlib import Path

import numpy as np
import pytest

import mount as mounting
from arrays import assert_serves, saved
from users import in_namespace

ARRAY = np.arange(12.0).reshape(6, 2)


@pytest.fixture
def tree(source):
    (source / "sub").mkdir()
    for name in ("data.npy", "sub/nested.npy"):
        (source / name).write_bytes(saved(ARRAY))
    return source


def test_npyfs_returns_when_the_mount_is_ready(tree, mount):
    """npyfs returns when the mount is ready: the next command can use it."""
    assert_serves(mount(tree), ARRAY)


@pytest.mark.parametrize("command", [["fusermount3", "-u"], ["umount"], ["fusermount3", "-u", "-z"], ["umount", "-l"]],
                         ids=" ".join)
@pytest.mark.parametrize("foreground", [False, True])
def test_npyfs_ends_when_it_is_unmounted(tree, mount, command, foreground):
    """npyfs serves until fusermount3 -u or umount, and then ends with exit status 0."""
    mounted = mount(tree, foreground=foreground)
    assert_serves(mounted, ARRAY)
    mounted.unmount(*command)


SIGNALS = pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT],
                                  ids=lambda number: number.name)


@SIGNALS
@pytest.mark.parametrize("foreground", [False, True])
def test_npyfs_unmounts_and_ends_on_signals(tree, mount, number, foreground):
    """SIGTERM, SIGINT, SIGHUP and SIGQUIT end it as well, after which nothing is left mounted."""
    mounted = mount(tree, foreground=foreground)
    assert_serves(mounted, ARRAY)
    os.kill(mounted.pid, number)
    mounted.assert_ended_cleanly()
    assert os.listdir(mounted.path) == []


@SIGNALS
@pytest.mark.parametrize("foreground", [False, True])
def test_a_relative_mountpoint_is_unmounted_too(tree, scratch, mount, number, foreground):
    """SOURCE and MOUNTPOINT may be relative paths; a daemon, which has left that directory, still unmounts."""
    (scratch / "mnt").mkdir()
    mounted = mount("source", at=scratch / "mnt", spelled="mnt", foreground=foreground, cwd=scratch)
    assert_serves(mounted, ARRAY)
    info = (mounted / "data.npy/info.json").read_text()
    assert str(tree / "data.npy") in info
    os.kill(mounted.pid, number)
    mounted.assert_ended_cleanly()


@SIGNALS
def test_a_signal_ends_npyfs_while_files_are_open(tree, mount, number):
    """A signal unmounts even while files are open; their readers get an error, not a hang."""
    mounted = mount(tree, "direct_io")
    descriptor = os.open(mounted / "data.npy/chunks/0_of_1.npy", os.O_RDONLY)
    try:
        os.read(descriptor, 10)
        os.kill(mounted.pid, number)
        mounted.assert_ended_cleanly()
        with pytest.raises(OSError) as refused:
            os.read(descriptor, 10)
        assert refused.value.errno in (errno.ENOTCONN, errno.ECONNABORTED, errno.EIO)
    finally:
        with contextlib.suppress(OSError):  # there is nobody to tell of the close
            os.close(descriptor)


def test_other_signals_do_not_end_npyfs(tree, mount):
    """SIGPIPE is nothing to npyfs."""
    mounted = mount(tree)
    os.kill(mounted.pid, signal.SIGPIPE)
    assert_serves(mounted, ARRAY)


def test_mounting_over_the_source_itself(tree, mount):
    """Mounting over SOURCE itself works: the arrays are read from beneath the mount."""
    mounted = mount(tree, at=tree)
    assert_serves(mounted, ARRAY)
    assert sorted(os.listdir(tree)) == ["data.npy", "sub"]
    assert np.load(tree / "sub/nested.npy/slices/0_to_2.npy").tolist() == ARRAY[:2].tolist()
    mounted.unmount()
    assert (tree / "data.npy").read_bytes() == saved(ARRAY)


def test_mounting_over_a_parent_of_the_source(tree, scratch, mount):
    """Mounting over a directory that holds SOURCE works as well."""
    mounted = mount(tree, at=scratch)
    assert_serves(mounted, ARRAY)
    mounted.unmount()


def test_a_mount_of_a_mount(tree, mount):
    """A mount may be the source of another one: there, data.npy is a directory, and its chunks are arrays."""
    first = mount(tree)
    second = mount(first / "data.npy/chunks", "follow_symlinks")
    assert np.load(second / "0_of_2.npy/chunks/1_of_3.npy").tolist() == ARRAY[1:2].tolist()
    second.unmount()
    first.unmount()


def test_auto_unmount_leaves_nothing_behind(tree, mount):
    """With -o auto_unmount nothing stays mounted, even if npyfs is killed."""
    mounted = mount(tree, "auto_unmount")
    assert_serves(mounted, ARRAY)
    os.kill(mounted.pid, signal.SIGKILL)
    assert mounted.wait_for_exit() == -signal.SIGKILL
    mounting.wait_for_mount_state(mounted.path, mounted=False)


def helper_of(mountpoint):
    """The process id of the fusermount3 that waits for the end of the npyfs at `mountpoint`."""
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            words = (process / "cmdline").read_bytes().split(b"\0")
            if words[0].endswith(b"fusermount3") and os.fsencode(mountpoint) in words:
                return int(process.name)
    raise AssertionError(f"no fusermount3 waits at {mountpoint}")


def test_auto_unmount_waits_for_the_end_of_a_slow_death(tree, mount):
    """Where the dying npyfs gets no time, fusermount3 learns of its death only when the mount is dead as well."""
    cpu = {min(os.sched_getaffinity(0))}
    for _ in range(20):
        mounted = mount(tree, "auto_unmount")
        os.sched_setaffinity(helper_of(mounted.path), cpu)
        for thread in map(int, os.listdir(f"/proc/{mounted.pid}/task")):
            os.sched_setaffinity(thread, cpu)
            os.sched_setscheduler(thread, os.SCHED_IDLE, os.sched_param(0))
        os.kill(mounted.pid, signal.SIGKILL)
        if not mounted.has_exited(timeout=1):  # on a busy CPU it might get no time at all
            for thread in map(int, os.listdir(f"/proc/{mounted.pid}/task")):
                with contextlib.suppress(ProcessLookupError):
                    os.sched_setscheduler(thread, os.SCHED_OTHER, os.sched_param(0))
        assert mounted.wait_for_exit() == -signal.SIGKILL
        mounting.wait_for_mount_state(mounted.path, mounted=False)


def test_dead_mounts_are_cleared_whatever_the_kernel_remembers(tree, mount):
    """A killed npyfs is replaced at once, also while the kernel still answers for it, and nothing of it is left."""
    killed = mount(tree, "attr_timeout=60", "entry_timeout=60")
    for _ in range(2):
        os.stat(killed.path)
        os.kill(killed.pid, signal.SIGKILL)
        assert killed.wait_for_exit() == -signal.SIGKILL
        os.stat(killed.path)  # answered from memory
        killed = mount(tree, "attr_timeout=60", "entry_timeout=60", at=killed.path)
        assert_serves(killed, ARRAY)
    killed.unmount()
    assert not mounting.is_mounted(killed.path)


def test_auto_unmount_ends_as_any_other_mount(tree, mount):
    """-o auto_unmount changes nothing about the usual ways to end."""
    mounted = mount(tree, "auto_unmount")
    assert_serves(mounted, ARRAY)
    mounted.unmount()
    mounted = mount(tree, "auto_unmount")
    os.kill(mounted.pid, signal.SIGTERM)
    mounted.assert_ended_cleanly()


def test_in_the_foreground_the_log_goes_to_stderr(tree, mount):
    """-f stays in the foreground and logs to stderr; a healthy mount has nothing to say at loglevel=warning."""
    mounted = mount(tree, "loglevel=warning", foreground=True)
    assert_serves(mounted, ARRAY)
    with pytest.raises(FileNotFoundError):
        os.stat(mounted / "missing")
    mounted.unmount()
    assert mounted.stderr() == ""


def test_debug_prints_every_request(tree, mount):
    """-d stays in the foreground and prints every request."""
    mounted = mount(tree, "direct_io", foreground=True, arguments=["-d"])
    assert_serves(mounted, ARRAY)
    # A release comes some time after the close; unmounting might come before it.
    for request in ("INIT", "LOOKUP", "OPEN", "READ", "RELEASE"):
        mounted.wait_until(lambda request=request: f"opcode: {request}" in mounted.stderr(), request)
    mounted.unmount()


def test_max_threads_bounds_the_threads_that_serve(tree, mount):
    """-o max_threads=N: no more than N threads serve requests, however many readers there are."""
    def threads_after_load(option):
        mounted = mount(tree, option)
        readers = [subprocess.Popen(["find", mounted.path, "-type", "f", "-exec", "cat", "{}", "+"], stdout=subprocess.DEVNULL)
                   for _ in range(8)]
        assert [reader.wait() for reader in readers] == [0] * len(readers)
        return len(os.listdir(f"/proc/{mounted.pid}/task"))
    others = threads_after_load("max_threads=1") - 1
    assert threads_after_load("max_threads=4") <= others + 4


def test_unused_sources_are_closed_again(source, mount):
    """Sources that nobody uses are closed within seconds, so that their filesystem can be unmounted."""
    for index in range(300):
        (source / f"{index}.npy").write_bytes(saved(ARRAY))
    mounted = mount(source)
    for index in range(300):
        np.load(mounted / f"{index}.npy/chunks/0_of_2.npy")
    assert 0 < mounted.metric("open_sources") <= 1024
    mounted.wait_until(lambda: not mounted.descriptors_since_start(), "end of the open descriptors")
    assert mounted.metric("open_sources") == mounted.metric("mappings") == 0


def test_many_mounts_leave_nothing_behind(tree, mount):
    """Mounting and unmounting again and again leaves no mount, process or file behind. NPYFS_CYCLES=1000 takes longer."""
    before = mounting.descriptors(os.getpid()).total()
    for _ in range(int(os.environ.get("NPYFS_CYCLES", "50"))):
        mounted = mount(tree)
        assert_serves(mounted, ARRAY)
        mounted.unmount()
    assert mounting.descriptors(os.getpid()).total() == before


def test_unmounting_frees_the_source_at_once(scratch):
    """umount MNT && umount SOURCE: the daemon has closed the source by the time that the second umount asks, unless it gets no
    CPU meanwhile."""
    (scratch / "disk").mkdir()
    (scratch / "mountpoint").mkdir()
    (scratch / "data.npy").write_bytes(saved(ARRAY))
    script = """
    for turn in $(seq 20); do
      mount -t tmpfs none "$2"
      cp "$4" "$2/data.npy"
      "$1" "$2" "$3" -o "$5"
      cat "$3/data.npy/chunks/0_of_1.npy" | cmp - "$4"
      umount "$3" && { umount "$2" 2> /dev/null && echo free; } || umount -l "$2"
    done
    """
    # Of 20, on a machine that is busy, too. A daemon that closes the source later than it unmounts frees it in none. A
    # sanitizer takes a millisecond for the end of each thread.
    least = 1 if mounting.is_sanitized() else 4
    for option in ("ro", "rw"):
        ran = in_namespace(script, mounting.binary(), scratch / "disk", scratch / "mountpoint", scratch / "data.npy", option)
        assert ran.returncode == 0, ran.stdout + ran.stderr
        assert ran.stdout.count("free") >= least, ran.stdout


def test_the_source_can_be_unmounted_once_npyfs_has_ended(scratch):
    """npyfs holds nothing of the source's filesystem after its end."""
    (scratch / "disk").mkdir()
    (scratch / "mountpoint").mkdir()
    script = """
    mount -t tmpfs none "$2"
    cp "$4" "$2/data.npy"
    "$1" "$2" "$3"
    cat "$3/data.npy/chunks/0_of_1.npy" | cmp - "$4"
    umount "$3"
    # The daemon ends once its mount is gone; umount(8) of the source is refused until it has.
    timeout 30 /bin/sh -c 'until umount "$0" 2> /dev/null; do :; done' "$2"
    """
    (scratch / "data.npy").write_bytes(saved(ARRAY))
    ran = in_namespace(script, mounting.binary(), scratch / "disk", scratch / "mountpoint", scratch / "data.npy")
    assert ran.returncode == 0, ran.stdout + ran.stderr
