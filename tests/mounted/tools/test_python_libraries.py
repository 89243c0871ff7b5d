"""Dask, pandas, xarray and PyTorch, on chunks and stores."""

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
    printed = recipes.run_python("dask_chunks.py", scratch, "mnt/rows.npy")
    assert printed == f"{rows.shape} (16, 1)\n{rows.sum(axis=0)}\n"


def test_xarray_and_dask_open_a_store(scratch, rows):
    """An array is a Zarr store for xarray and Dask."""
    printed = recipes.run_python("xarray_store.py", scratch, "mnt/rows.npy")
    assert printed == f"{{'dim_0': 1000, 'dim_1': 3}} {rows[10:20].sum()}\n{rows.sum(axis=0)}\n"


def test_pandas_makes_tables_of_chunks(scratch, rows):
    """A chunk of a structured array is a table with its columns; a chunk of rows becomes one with names."""
    printed = recipes.run_python("pandas_table.py", scratch, "mnt/table.npy", "mnt/rows.npy").splitlines()
    chunk = np.array_split(rows, 16)[3]
    assert len(printed) % 2 == 0 and printed[:len(printed) // 2] == printed[len(printed) // 2:]
    assert printed[0].split() == ["x", "y", "z"]
    described = {line.split()[0]: [float(number) for number in line.split()[1:]] for line in printed[1:len(printed) // 2]}
    assert described["count"] == [len(chunk)] * 3 and described["mean"] == list(chunk.mean(axis=0))


@pytest.mark.big
def test_pytorch_workers_read_their_own_chunk(scratch, rows):
    """Each worker of a DataLoader reads its own chunk, and nothing else; together they have read the array."""
    printed = recipes.run_python("pytorch_rows.py", scratch, "mnt/rows.npy")
    batches = [batch for chunk in np.array_split(rows, 4) for batch in np.split(chunk, range(100, len(chunk), 100))]
    assert sorted(printed.splitlines()) == sorted(f"{batch.shape} {batch.sum()}" for batch in batches)
