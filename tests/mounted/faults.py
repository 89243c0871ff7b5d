"""System calls of a running npyfs that fail because strace makes them, and what readers see of it."""

import contextlib
import errno
import itertools
import json
import os
import select
import signal
import subprocess

import numpy as np

import mount as mounting
from arrays import chunk, expected_file, filled, saved

# Seconds that any operation may take, whatever fails: what takes longer hangs. Under a sanitizer and strace it may just
# be slow.
LONGEST = mounting.DEADLINE if mounting.is_sanitized() else 5

ERRORS = ["EIO", "ENOMEM", "EINTR", "EMFILE", "ENOSPC"]

# Which calls of each thread fail, counted from 1. NPYFS_FAULTS=50 tries the first 50, one after the other.
EVERY = int(os.environ.get("NPYFS_FAULTS", "0"))

ARRAY = filled((300, 500), "<f8")  # 1.2 MB: two requests
SMALL = filled((6, 2), "<i4")
NOTES = b"hello\n" * 100


def cases(calls, few):
    """(call, error, index): all of them, or each call with each error once, at indexes that take turns."""
    if EVERY:
        return list(itertools.product(calls, ERRORS, range(1, EVERY + 1)))
    return [(call, error, few[(i + j) % len(few)]) for i, call in enumerate(calls) for j, error in enumerate(ERRORS)]


def make_source(source):
    (source / "sub").mkdir()
    (source / "a.npy").write_bytes(saved(ARRAY))
    (source / "sub/small.npy").write_bytes(saved(SMALL))
    (source / "notes.txt").write_bytes(NOTES)
    (source / "leaves").symlink_to("/etc/passwd")
    (source / "comes back").symlink_to("sub/small.npy")


def _whole(path, size):
    """The bytes of a file that must hold `size`: an early end is no end but a wrong answer."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        found = b""
        while len(found) < size:
            piece = os.read(descriptor, 1 << 20)
            if not piece:
                return f"ends at {len(found)}"
            found += piece
        return found
    finally:
        with contextlib.suppress(OSError):
            os.close(descriptor)


def _holds(path, expected):
    return lambda root: _whole(f"{root}/{path}", len(expected)) == expected


def _lists(path, names):
    return lambda root: sorted(os.listdir(f"{root}/{path}")) == names


def _array(root):
    found = sorted(os.listdir(f"{root}/a.npy"))
    if found == ["error.txt", "source.npy"]:
        return "unreadable"
    return found == ["axis0", "axis1", "batches", "chunks", "index", "info.json", "slices", "source.npy"]


def _error(root):
    return "unreadable" if os.path.lexists(f"{root}/a.npy/error.txt") else True


# What a reader does, each call with no chance of being answered from what the kernel knows already: name -> function of
# the mountpoint: True where the answer is right, "unreadable" where it is that a.npy has no header that can be read.
OPERATIONS = {
    "stat": lambda root: os.stat(f"{root}/notes.txt").st_size == len(NOTES),
    "names": _lists(".", ["a.npy", "comes back", "leaves", "notes.txt", "sub"]),
    "link": lambda root: os.readlink(f"{root}/leaves") == "/etc/passwd",
    "file": _holds("notes.txt", NOTES),
    "followed": _holds("comes back", saved(SMALL)),
    "array": _array,
    "chunks": _lists("a.npy/chunks/3", [f"{index}_of_3.npy" for index in range(3)]),
    "rows": _holds("a.npy/chunks/0_of_1.npy", saved(ARRAY)),
    "some rows": _holds("a.npy/chunks/1_of_3.npy", expected_file(chunk(ARRAY, 1, 3), ARRAY)),
    "columns": _holds("a.npy/axis1/chunks/1_of_100.npy", expected_file(chunk(ARRAY, 1, 100, 1), ARRAY)),
    "source": _holds("sub/small.npy/source.npy", saved(SMALL)),
    "info": lambda root: json.loads(_whole(f"{root}/sub/small.npy/info.json", 100))["shape"] == list(SMALL.shape),
    "error": _error,
    "xattr": lambda root: os.getxattr(f"{root}/a.npy/chunks/1_of_3.npy", "user.npyfs.shape") == b"(100, 500)",
    "statvfs": lambda root: os.statvfs(root).f_blocks > 0,
}


def _outcome(operation, root):
    try:
        answer = operation(root)
        return answer if answer == "unreadable" else "right" if answer else "wrong"
    except OSError as error:
        return errno.errorcode[error.errno]


def _outcomes_in_child(root, pipe, operations):
    for name, operation in operations.items():
        os.write(pipe, f"{name}\t{_outcome(operation, root)}\n".encode())


def outcomes(root, operations=None):
    """Operation -> "right", "wrong", "unreadable" or the name of its errno, as a process of its own sees it.

    `operations` are others than OPERATIONS.
    An operation that takes longer than LONGEST seconds is an AssertionError.
    """
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            _outcomes_in_child(root, writer, operations or OPERATIONS)
        finally:
            os._exit(0)
    os.close(writer)
    found = b""
    try:
        while select.select([reader], [], [], LONGEST)[0]:
            piece = os.read(reader, 1 << 16)
            if not piece:
                return dict(line.split("\t") for line in found.decode().splitlines())
            found += piece
        raise AssertionError(f"no answer within {LONGEST} s, after {found.decode()!r}")
    finally:
        os.close(reader)
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def arguments(call, error, index, log):
    """Those of strace that make the `index`-th call of each thread, counted from 1, fail; "3+": and all that follow."""
    return ["-f", "-o", str(log), "-e", f"trace={call}", "-e", f"inject={call}:error={error}:when={index}"]


@contextlib.contextmanager
def injected(pid, call, error, index, log):
    """While it lasts, that call of every thread of a process fails. Yields a function that says how often it did."""
    with subprocess.Popen(["strace", *arguments(call, error, index, log), "-p", str(pid)], stderr=subprocess.PIPE,
                          text=True) as strace:
        try:
            assert "attached" in strace.stderr.readline()
            yield lambda: log.read_text().count("(INJECTED)")
        finally:
            strace.send_signal(signal.SIGINT)
            strace.stderr.read()
