"""Eight processes fill one array, each its own chunk: npyfs data -o rw -- python3 fill.py {}/out.npy

No worker touches another's rows. A worker that died can do its chunk again: nothing else was touched. A worker that has
its rows in memory, with the shape and dtype that are there, can say np.save(path, rows) instead. How far each has come
stands in .npyfs/written.
"""

import multiprocessing
import sys

import numpy as np

WORKERS = 8


def fill(i):
    rows = np.load(f"{sys.argv[1]}/chunks/{i}_of_{WORKERS}.npy", mmap_mode="r+")
    rows[:] = i     # whatever there is to compute, in any order
    rows.flush()    # all of it is on stable storage now, or this raises an OSError


if __name__ == "__main__":
    with multiprocessing.Pool(WORKERS) as pool:
        pool.map(fill, range(WORKERS))
