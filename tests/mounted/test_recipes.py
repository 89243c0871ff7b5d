"""The README's recipes that need nothing but numpy."""

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
