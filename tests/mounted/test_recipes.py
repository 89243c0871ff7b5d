"""The README's recipes that need nothing but numpy."""

import errno
import os
import signal

import numpy as np
import pytest

import recipes


@pytest.fixture
def rows(scratch, source, mount):
    """An array of integers, mounted at scratch/mnt/rows.npy as the recipes have it."""
    array = np.arange(3000).reshape(1000, 3)
    np.save(source / "rows.npy", array)
    (scratch / "mnt").mkdir()
    mount(source, at=scratch / "mnt")
    return array


def test_numpy_loads_maps_and_concatenates(scratch, rows, monkeypatch):
    """The numpy recipe: load a share, map a window, put all chunks together."""
    monkeypatch.chdir(scratch)
    names = {}
    exec(compile(recipes.blocks("numpy", "python")[0], str(recipes.README), "exec"), names)
    assert type(names["share"]) is np.ndarray and np.array_equal(names["share"], np.array_split(rows, 16)[3])
    assert isinstance(names["window"], np.memmap) and np.array_equal(names["window"], rows[100:200])
    assert np.array_equal(names["together"], rows)
    assert np.array_equal(names["columns"], rows[:, 0:2])


def test_a_killed_npyfs_is_replaced(scratch, source, mount):
    """Its readers get errors, never wrong bytes, and the next npyfs at the same place clears the dead mount away."""
    array = np.arange(1000)
    np.save(source / "rows.npy", array)
    killed = mount(source, "direct_io")
    path = killed / "rows.npy/chunks/1_of_2.npy"
    with open(path, "rb", buffering=0) as reader:
        assert reader.read(6) == b"\x93NUMPY"
        os.kill(killed.pid, signal.SIGKILL)
        assert killed.wait_for_exit() == -signal.SIGKILL
        for read in (reader.read, path.read_bytes):
            with pytest.raises(OSError) as refused:
                read()
            assert refused.value.errno in (errno.ENOTCONN, errno.ECONNABORTED, errno.EIO)
        mount(source, at=killed.path)
        assert np.array_equal(np.load(path), array[500:])
        with pytest.raises(OSError):
            reader.read()
