"""Every system call that writing makes fails in turn: the writer is told, no other byte changes, and nothing hangs."""

import os

import numpy as np
import pytest

from arrays import chunk, expected_file, rows, saved
from faults import cases, injected, outcomes

SHAPE = (300, 200)

# Array -> (the view that is written, its part of the array).
VIEWS = {
    "rows.npy": ("chunks/1_of_3.npy", lambda array: chunk(array, 1, 3)),
    "columns.npy": ("axis1/slices/20_to_30.npy", lambda array: rows(array, 20, 30, 1)),  # 300 writes to the source
    "mapped.npy": ("chunks/1_of_3.npy", lambda array: chunk(array, 1, 3)),
    "emptied.npy": ("chunks/1_of_3.npy", lambda array: chunk(array, 1, 3)),
}
CALLS = ["pwrite64", "fdatasync", "openat2", "newfstatat", "pread64", "fcntl"]
# Interrupted, these are called again.
RETRIED = {"pwrite64", "fdatasync", "openat2", "pread64"}


def bytes_of(name, value):
    """What np.save writes for the part when it holds `value`."""
    array = np.full(SHAPE, float(value))
    return expected_file(VIEWS[name][1](array), array)


def path_of(root, name):
    return f"{root}/{name}/{VIEWS[name][0]}"


def write_bytes(file, content):
    while content:
        content = content[os.write(file, content):]


def writes(name, value, flags):
    """Writes the view from its start to its end, and has it synced."""
    def operation(root):
        file = os.open(path_of(root, name), flags)
        try:
            write_bytes(file, bytes_of(name, value))
            os.fsync(file)
        except OSError:
            close_anyway(file)
            raise
        os.close(file)
        return True
    return operation


def close_anyway(file):
    try:
        os.close(file)
    except OSError:
        pass


def maps(name, value):
    def operation(root):
        mapped = np.memmap(path_of(root, name), "<f8", "r+", offset=128)
        mapped[:] = value
        mapped.flush()
        return True
    return operation


def operations(value):
    """As faults.OPERATIONS: each fills its view with `value`."""
    return {
        "rows.npy": writes("rows.npy", value, os.O_RDWR),
        "columns.npy": writes("columns.npy", value, os.O_RDWR),
        "mapped.npy": maps("mapped.npy", value),
        "emptied.npy": writes("emptied.npy", value, os.O_WRONLY | os.O_TRUNC),
    }


def assert_arrays_hold(source, found, value):
    """Nothing but the views was written, with nothing but what was to be; where that succeeded, all of them."""
    for name, (_, part_of) in VIEWS.items():
        array = np.load(source / name)
        part = part_of(array)
        assert np.isin(part, range(value + 1)).all(), f"{name}: made-up items"
        assert found[name] != "right" or (part == value).all(), f"{name}: not all is written"
        part[...] = 0
        assert not array.any(), f"{name}: other rows were written"


def assert_mount_shows(mounted, source):
    for name, (view, part_of) in VIEWS.items():
        array = np.load(source / name)
        assert (mounted / name / view).read_bytes() == expected_file(part_of(array), array), name


@pytest.mark.parametrize("call", CALLS)
def test_a_call_that_fails_while_writing_is_the_writers_error(source, scratch, mount, call):
    """The writer gets the errno of the call or EIO, or all is written; no other byte changes, and the next write succeeds."""
    for name in VIEWS:
        (source / name).write_bytes(saved(np.zeros(SHAPE)))
    mounted = mount(source, "rw", "max_threads=2", "entry_timeout=0", "attr_timeout=0")
    value = times = 0
    for _, error, index in cases([call], [1, 3, 7, 2, 40]):
        value += 1
        with injected(mounted.pid, call, error, index, scratch / "strace") as count:
            found = outcomes(mounted.path, operations(value))
        times += count()
        allowed = {"right"} if error == "EINTR" and call in RETRIED else {"right", error, "EIO"}
        assert found.keys() == VIEWS.keys() and set(found.values()) <= allowed, f"{error} at call {index}: {found}"
        assert_arrays_hold(source, found, value)
        value += 1
        found = outcomes(mounted.path, operations(value))
        assert set(found.values()) == {"right"}, f"after {error} at call {index}: {found}"
        assert_arrays_hold(source, found, value)
        assert_mount_shows(mounted, source)
    if call in {"pwrite64", "fdatasync", "openat2"}:  # the others are made in other ways by some sanitizers
        assert times > 0, "nothing has failed"
