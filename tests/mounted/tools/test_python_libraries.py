"""Dask, pandas and PyTorch, on chunks."""

import numpy as np
import pytest

import recipes


@pytest.fixture
def rows(scratch, source, mount):
    """Arrays mounted at scratch/mnt as the recipes have it: rows.npy, and table.npy with the same numbers in fields."""
    array = np.arange(3000).reshape(1000, 3)
    np.save(source / "rows.npy", array)
    np.save(source / "table.npy", np.rec.fromarrays(array.T, names="x,y,z").view(np.ndarray))
    (scratch / "mnt").mkdir()
    mount(source, at=scratch / "mnt")
    return array


def test_dask_workers_load_chunks(scratch, rows):
    """A LocalCluster whose workers load chunks by name: 16 blocks that are the array."""
    printed = recipes.run_python(recipes.blocks("Dask", "python")[0], scratch)
    assert printed == f"{rows.shape} (16, 1)\n{rows.sum(axis=0)}\n"


def test_pandas_makes_tables_of_chunks(scratch, rows):
    """A chunk of a structured array is a table with its columns; a chunk of rows becomes one with names."""
    lines = 'print(len(table), (table == named).all().all(), list(table.columns), named["y"].sum())\n'
    printed = recipes.run_python(recipes.blocks("pandas", "python")[0] + lines, scratch)
    chunk = np.array_split(rows, 16)[3]
    assert printed == f"{len(chunk)} True ['x', 'y', 'z'] {chunk[:, 1].sum()}\n"


@pytest.mark.big
def test_pytorch_workers_read_their_own_chunk(scratch, rows):
    """Each worker of a DataLoader reads its own chunk, and nothing else; together they have read the array."""
    printed = recipes.run_python(recipes.blocks("PyTorch", "python")[0], scratch)
    batches = [batch for chunk in np.array_split(rows, 4) for batch in np.split(chunk, range(100, len(chunk), 100))]
    assert sorted(printed.splitlines()) == sorted(f"{batch.shape} {batch.sum()}" for batch in batches)
