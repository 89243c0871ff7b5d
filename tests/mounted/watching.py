"""Looking at a mount whose timeouts are an hour long, so that what shows was heard of."""

import os

import numpy as np

from arrays import saved

OLD = np.arange(300.0).reshape(100, 3)
NEW = np.arange(8, dtype="<i2")
AN_HOUR = ["entry_timeout=3600", "attr_timeout=3600"]


def mount_for_an_hour(source, mount):
    """A mount of a small tree in which nothing shows by a timeout, and which was made long ago: before Linux 6.13 what
    changes within some milliseconds keeps its times."""
    (source / "data.npy").write_bytes(saved(OLD))
    (source / "notes.txt").write_bytes(b"old")
    (source / "sub").mkdir()
    (source / "sub/nested.npy").write_bytes(saved(OLD))
    for path in [source, *source.rglob("*")]:
        os.utime(path, (1, 1))
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
