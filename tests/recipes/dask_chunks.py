"""The chunks of an array as one dask array: npyfs data -- python3 dask_chunks.py {}/rows.npy

Workers load chunks by name. The header says what a chunk will be, and costs a read of some bytes.
"""

import glob
import sys

import dask
import dask.array as da
import numpy as np
from dask.distributed import Client, LocalCluster


def chunked(directory):
    """The chunks that a directory lists, as one dask array."""
    load = dask.delayed(np.load)
    parts = []
    for path in sorted(glob.glob(f"{directory}/*.npy")):
        header = np.load(path, mmap_mode="r")
        parts.append(da.from_delayed(load(path), header.shape, header.dtype))
    return da.concatenate(parts)


if __name__ == "__main__":
    with LocalCluster(n_workers=2, threads_per_worker=1) as cluster, Client(cluster):
        rows = chunked(f"{sys.argv[1]}/chunks/16")
        print(rows.shape, rows.numblocks)
        print(rows.sum(axis=0).compute())
