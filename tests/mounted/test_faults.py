"""Every system call that npyfs makes fails in turn: a right errno or a clean end, no wrong byte, nothing that hangs."""

import contextlib
import os
import select
import subprocess

import pytest

import mount as mounting
from faults import LONGEST, OPERATIONS, arguments, cases, injected, make_source, outcomes
from mount import is_sanitized

ALL_RIGHT = dict.fromkeys(OPERATIONS, "right")
# A sanitizer's own calls are among these, and it gives up where they fail.
UNFIT_FOR_SANITIZERS = {"mmap", "madvise", "mprotect", "clone3", "openat", "read", "prlimit64"}


def fit(calls):
    return [call for call in calls if not (is_sanitized() and call in UNFIT_FOR_SANITIZERS)]


# Not futex and brk: the C library ends a process to which these answer what no kernel does.
SERVING = ["openat2", "newfstatat", "pread64", "mmap", "madvise", "getdents64", "lseek", "readlinkat", "fstatfs", "fcntl",
           "fadvise64", "mprotect", "clone3", "inotify_add_watch", "inotify_rm_watch"]
# What is asked besides, so that other users get no further than the source lets them.
SERVING_VISITORS = ["statx", "getxattr", "readlink", "openat", "openat2"]
OPTIONS = {call: [["direct_io"], ["kernel_cache", "source_io=pread"]] for call in SERVING}
for visited in SERVING_VISITORS:
    OPTIONS.setdefault(visited, []).append(["allow_other", "direct_io"])
# Errors that say something of the file, which error.txt then repeats; others say that the system is short of something.
PERSISTENT = {"EIO", "ENOSPC"}
# Interrupted, these are called again.
RETRIED = {"openat2", "pread64", "getdents64"}


@pytest.fixture(autouse=True)
def no_search_for_leaks(monkeypatch):
    """A sanitizer cannot look for them under strace."""
    monkeypatch.setenv("ASAN_OPTIONS", os.environ.get("ASAN_OPTIONS", "") + ":detect_leaks=0")


@pytest.fixture
def tree(source):
    make_source(source)
    return source


@pytest.mark.parametrize("call, options", [(call, options) for call in OPTIONS for options in OPTIONS[call]],
                         ids=lambda given: given if isinstance(given, str) else ",".join(given))
def test_a_call_that_fails_is_an_errno_for_that_operation_alone(tree, scratch, mount, call, options):
    """The reader gets the errno of the call or EIO, or the right bytes; then everything is as it was."""
    if not fit([call]):
        pytest.skip("the sanitizer makes this call, too")
    mounted = mount(tree, "max_threads=2", "entry_timeout=0", "attr_timeout=0", *options)
    times = 0
    for _, error, index in cases([call], [1, 2, 5, 9, 3, 23]):
        with injected(mounted.pid, call, error, index, scratch / "strace") as count:
            found = outcomes(mounted.path)
        times += count()
        allowed = {"right"} if error == "EINTR" and call in RETRIED else {"right", error, "EIO"}
        if error in PERSISTENT:
            allowed.add("unreadable")
        wrong = {name: outcome for name, outcome in found.items() if outcome not in allowed}
        assert found.keys() == ALL_RIGHT.keys() and not wrong, f"{error} at call {index}"
        assert outcomes(mounted.path) == ALL_RIGHT, f"after {error} at call {index}"
    if call in {"openat2", "newfstatat", "pread64", "getdents64"}:
        assert times > 0, "nothing has failed"


@pytest.mark.skipif(is_sanitized(), reason="the sanitizer makes this call, too")
def test_a_link_is_followed_for_other_users_or_an_error_where_its_way_cannot_be_checked(tree, scratch, mount):
    """It is no link then, which would lead a reader to another file than the one that is meant."""
    mounted = mount(tree, "allow_other", "entry_timeout=0", "attr_timeout=0")
    followed = {"followed": OPERATIONS["followed"]}
    with injected(mounted.pid, "readlink", "EIO", "1+", scratch / "strace"):
        assert outcomes(mounted.path, followed) == {"followed": "EIO"}
    assert outcomes(mounted.path, followed) == {"followed": "right"}


# What a reader may hear of a mount that ends.
ENDED = {"ENOTCONN", "ECONNABORTED", "EIO"}


@contextlib.contextmanager
def held(directory):
    """A path to a directory that leads there even when nothing is mounted there any more."""
    descriptor = os.open(directory, os.O_PATH | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{descriptor}"
    finally:
        os.close(descriptor)


@pytest.mark.parametrize("call", fit(["writev", "read"]))
def test_a_connection_that_fails_ends_the_mount_and_leaves_no_reader_waiting(tree, scratch, mount, call):
    """A failed write to /dev/fuse ends the session rather than hanging its reader; so does a failed read of it."""
    for _, error, index in cases([call], [1, 4, 2, 17, 3]):
        mounted = mount(tree, "max_threads=2", "direct_io", foreground=True)
        with held(mounted.path) as root, injected(mounted.pid, call, error, index, scratch / "strace") as count:
            found = outcomes(root)
            times = count()
            is_end = times > 0 and error != "EINTR"
            assert mounted.has_exited(LONGEST if is_end else 0) == is_end
        assert times > 0 or index > 17, "nothing has failed"
        assert set(found.values()) <= {"right"} | (ENDED if is_end else set()), found
        if not is_end:
            mounted.unmount()
            continue
        assert mounted.wait_for_exit() == 3, mounted.stderr()
        assert not mounting.is_mounted(mounted.path)
        assert not mounted.sanitizer_reports()


# Not mmap: it is the dynamic linker's before it is npyfs's.
STARTING = ["openat", "openat2", "newfstatat", "mount", "read", "clone3", "rt_sigaction", "writev", "socketpair",
            "readlink", "getdents64", "prlimit64", "fcntl", "statx", "close", "inotify_init1", "eventfd2", "poll", "prctl",
           "capget", "capset", "chdir"]


def ended(process, mountpoint):
    """The exit status of npyfs, after unmounting it where it has mounted."""
    while mounting.is_mounted(mountpoint) and process.poll() is None:
        subprocess.run(["umount", mountpoint], capture_output=True)
    return process.wait(LONGEST)


@pytest.mark.parametrize("call", STARTING)
def test_a_call_that_fails_at_the_start_is_an_error_that_leaves_nothing(tree, scratch, call):
    """npyfs either mounts, or exits with a status and a sentence, and nothing stays mounted."""
    if not fit([call]):
        pytest.skip("the sanitizer makes this call, too")
    (scratch / "mnt").mkdir()
    for _, error, index in cases([call], [1, 7, 3, 12, 20]):
        command = ["strace", *arguments(call, error, index, scratch / "strace"), mounting.binary(), tree, scratch / "mnt", "-f"]
        with open(scratch / "stderr", "wb") as stderr, subprocess.Popen(command, stderr=stderr) as process:
            while process.poll() is None and not mounting.is_mounted(scratch / "mnt"):
                select.select([], [], [], 0.01)
            found = outcomes(scratch / "mnt") if process.poll() is None else {}
            status = ended(process, scratch / "mnt")
        what = f"{error} at call {index}: status {status}, {(scratch / 'stderr').read_text()}"
        assert "wrong" not in found.values() or status != 0, what
        assert status >= 0, what
        assert not mounting.is_mounted(scratch / "mnt"), what
