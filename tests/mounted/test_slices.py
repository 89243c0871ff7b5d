"""Every basic slice of every array is a path: chains of selections, with numpy as the oracle."""

import json
import os

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
import pytest

from arrays import saved
from selections import Views, arrays, body, chains, expected_file, opaque, places, thorough

PATHS_AN_ARRAY = 10


@pytest.fixture(scope="module")
def mounted(module_scratch, module_mount):
    source = module_scratch / "source"
    source.mkdir()
    return module_mount(source)


class Numbers:
    """Inode numbers, and what has them: one thing, one number."""

    def __init__(self):
        self.thing_of, self.number_of = {}, {}

    def add(self, path, where, header, dtype):
        number = os.stat(path).st_ino
        assert number < 1 << 53
        known = self.thing_of.setdefault(number, (where, header))
        assert known == (where, header), f"{path} has the number of another file"
        if where:  # not of those without a byte
            known = self.number_of.setdefault((where, header, dtype), number)
            assert known == number, f"{path} is a file that has another number, too"


def assert_file(path, view, array):
    """Bytes, values, dtype, shape, order and size are those of numpy."""
    expected = expected_file(view, array)
    assert path.with_name(path.name + ".npy").read_bytes() == expected
    assert path.with_name(path.name + ".bin").read_bytes() == body(view, array)
    assert os.stat(f"{path}.npy").st_size == len(expected)
    if view.dtype.itemsize:
        loaded = np.load(f"{path}.npy")
        assert (loaded.dtype, loaded.shape) == (view.dtype, view.shape)
        assert opaque(loaded).tobytes() == opaque(view).tobytes()


def assert_directory(path, view, array):
    """info.json says where in the source the view is, and whatever is listed has the number that stat tells."""
    info = json.loads((path / "info.json").read_text())
    found = eval(info["index"], {"a": Views(array)}).array
    assert (found.dtype, found.shape) == (view.dtype, view.shape)
    assert found.size == 0 or found.__array_interface__["data"] == view.__array_interface__["data"]
    assert info["shape"] == list(view.shape)
    for axis, (length, stride) in enumerate(zip(view.shape, view.strides)):
        assert view.size == 0 or length == 1 or info["strides"][axis] == stride
    for directory in (path, path.parent):
        with os.scandir(directory) as names:
            for name in names:
                assert name.inode() == os.stat(name.path).st_ino, name.path
                assert name.is_dir() == os.path.isdir(name.path), name.path


def test_chains_of_selections_are_those_of_numpy(mounted):
    """A path of up to four selections, each of any kind along any axis, has the bytes, values, dtype, shape and size of
    what numpy selects: and paths that mean the same bytes have one inode number, below 2^53."""
    numbers, count = Numbers(), iter(range(1 << 60))

    @thorough(PATHS_AN_ARRAY)
    @given(st.data())
    def run(data):
        array = data.draw(arrays()).array
        name = f"{next(count)}.npy"
        (mounted.source / name).write_bytes(saved(array))
        for drawn in [data.draw(chains(array)) for _ in range(PATHS_AN_ARRAY)]:
            path, view = drawn.text, drawn.array
            assert_file(mounted / name / path, view, array)
            assert_directory(mounted / name / path, view, array)
            where = places(view, array)
            dtype = str(view.dtype)
            numbers.add(mounted / name / f"{path}.npy", where, (name, view.shape, dtype), dtype)
            numbers.add(mounted / name / f"{path}.bin", where, (name,), dtype)

    run()
