"""One chunk a process, with Python's own multiprocessing: npyfs data -- python3 processes.py {}/rows.npy

Each worker loads its own share, and none passes through the parent. Prints the sum of the array.
"""

import multiprocessing
import sys

import numpy as np

WORKERS = 8


def total(i):
    return np.load(f"{sys.argv[1]}/chunks/{i}_of_{WORKERS}.npy").sum()


if __name__ == "__main__":
    with multiprocessing.Pool(WORKERS) as pool:
        print(sum(pool.map(total, range(WORKERS))))
