"""One chunk for each worker of PyTorch's DataLoader: npyfs data -- python3 pytorch_rows.py {}/rows.npy

Workers are numbered from 0, as chunks are.
"""

import sys

import numpy as np
import torch
from torch.utils.data import DataLoader, IterableDataset, get_worker_info


class Chunk(IterableDataset):
    """Each worker yields the rows of its own chunk, and reads nothing else."""

    def __init__(self, array):
        self.array = array

    def __iter__(self):
        worker = get_worker_info()
        rows = np.load(f"{self.array}/chunks/{worker.id}_of_{worker.num_workers}.npy")
        return iter(torch.from_numpy(rows))


for batch in DataLoader(Chunk(sys.argv[1]), batch_size=100, num_workers=4):
    print(tuple(batch.shape), int(batch.sum()))
