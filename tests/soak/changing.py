"""A source that changes all the time, and of which every byte can be checked: an item says where it is and of which
version."""

import contextlib
import functools
import os
import random

import numpy as np

from arrays import saved

VERSIONS = 255  # one byte, so that no item is ever torn between two of them
VERSION_SHIFT = 40

# What happens to the files of each kind.
#   static    nothing
#   replaced  another array, of another shape, is renamed over it
#   rewritten every item is overwritten in place, the shape stays
#   removed   it is removed, and comes back as another array
#   cut       it is truncated, and comes back as another array
KINDS = {"static": 3, "replaced": 4, "rewritten": 2, "removed": 2, "cut": 2}
NAMES = [f"{kind}{index}.npy" for kind, count in KINDS.items() for index in range(count)]

# Names of text files in one directory: these are always there, those beginning with "come" now and then.
STAYING = [f"stay_{index:03}.txt" for index in range(200)]


def kind_of(name):
    return name.removesuffix(".npy").rstrip("0123456789")


def shape_of(kind, version):
    if kind == "static":
        return 120_000, 8
    if kind == "rewritten":
        return 9000, 5
    return 1500 + 41 * version, 3 + version % 5


@functools.lru_cache(maxsize=32)
def array_of(kind, version):
    shape = shape_of(kind, version)
    items = np.arange(shape[0] * shape[1], dtype="<u8").reshape(shape) + np.uint64(version << VERSION_SHIFT)
    return np.asfortranarray(items) if version % 3 == 0 and kind != "rewritten" else items


class ChangingSource:
    """The directory, and the changes to it, which the seed decides; to be used by one process at a time."""

    def __init__(self, directory, seed):
        self._directory = directory
        self._numbers = random.Random(seed)
        self._changes = {"replaced": self._replace, "rewritten": self._rewrite, "removed": self._remove, "cut": self._cut}
        self.count = 0

    def make(self):
        for name in NAMES:
            (self._directory / name).write_bytes(saved(array_of(kind_of(name), 1)))
        (self._directory / "names").mkdir()
        for name in STAYING:
            (self._directory / "names" / name).write_text(name)

    def change(self):
        """One change, of a file that happens to be chosen."""
        name = self._numbers.choice([name for name in NAMES if kind_of(name) != "static"])
        self._changes[kind_of(name)](name)
        self._rename_texts()
        self.count += 1

    def _any_array(self, name):
        return array_of(kind_of(name), self._numbers.randint(1, VERSIONS))

    def _replace(self, name):
        temporary = self._directory / "new.tmp"
        temporary.write_bytes(saved(self._any_array(name)))
        os.rename(temporary, self._directory / name)

    def _rewrite(self, name):
        items = self._any_array(name)
        with open(self._directory / name, "r+b", buffering=0) as file:
            file.seek(-items.nbytes, os.SEEK_END)
            file.write(items.tobytes())

    def _remove(self, name):
        if (self._directory / name).exists():
            (self._directory / name).unlink()
        else:
            self._replace(name)

    def _cut(self, name):
        size = (self._directory / name).stat().st_size
        if self._numbers.random() < 0.5 and size > 1000:
            os.truncate(self._directory / name, self._numbers.randrange(0, size))
        else:
            self._replace(name)

    def _rename_texts(self):
        come = self._directory / "names" / f"come_{self._numbers.randrange(100)}.txt"
        if come.exists():
            come.unlink()
        else:
            come.write_text(come.name)
            with contextlib.suppress(FileNotFoundError):
                os.rename(come, come.with_name(f"come_{self._numbers.randrange(100)}.txt"))
