"""Listings of 100,000 entries (fewer with sanitizers): each is listed once, also after rewinddir and seekdir."""

import ctypes
import os
import random

import numpy as np
import pytest

from arrays import saved
from mount import libc

EVERY = int(os.environ.get("NPYFS_EVERY", "1"))
COUNT = 100_000 // EVERY

libc.opendir.restype = libc.readdir.restype = ctypes.c_void_p
libc.readdir.argtypes = libc.closedir.argtypes = libc.rewinddir.argtypes = libc.telldir.argtypes = [ctypes.c_void_p]
libc.telldir.restype = ctypes.c_long
libc.seekdir.argtypes = [ctypes.c_void_p, ctypes.c_long]

_NAME_OFFSET = 19  # of d_name in struct dirent: ino, off, reclen, type


class Directory:
    """opendir(3) and what goes with it, which Python does not have."""

    def __init__(self, path):
        self._stream = libc.opendir(os.fsencode(path))
        assert self._stream, os.strerror(ctypes.get_errno())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        libc.closedir(self._stream)

    def read(self):
        """The next name, None at the end."""
        ctypes.set_errno(0)
        entry = libc.readdir(self._stream)
        assert entry or ctypes.get_errno() == 0, os.strerror(ctypes.get_errno())
        return ctypes.string_at(entry + _NAME_OFFSET).decode() if entry else None

    def rest(self):
        return list(iter(self.read, None))

    def rewind(self):
        libc.rewinddir(self._stream)

    def tell(self):
        return libc.telldir(self._stream)

    def seek(self, position):
        libc.seekdir(self._stream, position)


@pytest.fixture(scope="module")
def mounted(module_scratch, module_mount):
    source = module_scratch / "source"
    (source / "many").mkdir(parents=True)
    directory = os.open(source / "many", os.O_DIRECTORY)
    for index in range(COUNT):
        os.close(os.open(f"file number {index}.npy", os.O_CREAT | os.O_WRONLY, 0o644, dir_fd=directory))
    os.close(directory)
    (source / "data.npy").write_bytes(saved(np.arange(COUNT)))
    return module_mount(source)


EXPECTED = {
    "many": {f"file number {index}.npy" for index in range(COUNT)},
    f"data.npy/chunks/{COUNT}": {f"{index:05}_of_{COUNT}.npy" for index in range(COUNT)},
}
BIG = pytest.mark.parametrize("name", EXPECTED)
DOTS = {".", ".."}


def assert_complete(names, name):
    assert len(names) == COUNT + len(DOTS)
    assert set(names) == EXPECTED[name] | DOTS


@BIG
def test_each_of_100000_entries_is_listed_once(mounted, name):
    """A directory of 10^5 entries lists each of them once, and . and .. as well."""
    with Directory(mounted / name) as directory:
        assert_complete(directory.rest(), name)
        assert directory.read() is None


@BIG
def test_rewinddir_starts_again(mounted, name):
    """rewinddir starts again, from the middle and from the end."""
    with Directory(mounted / name) as directory:
        first = [directory.read() for _ in range(COUNT // 3)]
        directory.rewind()
        again = directory.rest()
        assert again[:len(first)] == first
        assert_complete(again, name)
        directory.rewind()
        assert directory.rest() == again


@BIG
def test_seekdir_continues_where_telldir_was(mounted, name):
    """seekdir continues where telldir was, in any order, also in another open directory."""
    numbers = random.Random(name)
    positions = []
    with Directory(mounted / name) as directory:
        positions.append(directory.tell())
        names = []
        while (entry := directory.read()) is not None:
            names.append(entry)
            positions.append(directory.tell())
        assert_complete(names, name)
        assert len(set(positions)) == len(positions)
        places = [0, 1, 2, COUNT, COUNT + 1, COUNT + 2] + [numbers.randrange(COUNT) for _ in range(300 // EVERY)]
        for place in numbers.sample(places, len(places)):
            directory.seek(positions[place])
            following = [directory.read() for _ in range(3)]
            assert following == (names[place:place + 3] + [None] * 3)[:3]
        directory.seek(positions[COUNT // 2])
        assert directory.rest() == names[COUNT // 2:]
    with Directory(mounted / name) as other:
        other.seek(positions[COUNT - 5])
        assert other.rest() == names[COUNT - 5:]


@BIG
def test_a_listing_with_attributes_is_complete(mounted, name):
    """ls -l of 10^5 entries gets the attributes of each."""
    with os.scandir(mounted / name) as entries:
        seen = {entry.name: entry.inode() for entry in entries}
    assert set(seen) == EXPECTED[name]
    assert len(set(seen.values())) == COUNT
    for entry in random.Random(name).sample(sorted(seen), 1000):
        assert os.stat(mounted / name / entry).st_ino == seen[entry]


def test_listings_of_any_number_of_chunks_start_at_once(mounted):
    """chunks/N/ lists all N of any N: a listing is made as it is read, not before."""
    count = 2 ** 60
    width = len(str(count - 1))
    with Directory(mounted / f"data.npy/chunks/{count}") as directory:
        names = [directory.read() for _ in range(1000)]
        position = directory.tell()
        following = directory.read()
        directory.seek(position)
        assert directory.read() == following
    assert names[:2] == [".", ".."]
    assert names[2:] == [f"{index:0{width}}_of_{count}.npy" for index in range(998)]
