"""What numpy can do with the files of an array: npyfs data -- python3 load.py {}/rows.npy"""

import glob
import sys

import numpy as np

array = sys.argv[1]

share = np.load(f"{array}/chunks/3_of_16.npy")                          # in memory
window = np.load(f"{array}/slices/100_to_200.npy", mmap_mode="r")       # read when you look at it
columns = np.load(f"{array}/axis1/slices/0_to_2.npy")                   # the first two columns
every_tenth = np.load(f"{array}/index/::10.npy")                        # any basic index of numpy
batches = [np.load(path) for path in sorted(glob.glob(f"{array}/batches/256/*.npy"))]
together = np.concatenate([np.load(path) for path in sorted(glob.glob(f"{array}/chunks/16/*.npy"))])

for name in ("share", "window", "columns", "every_tenth", "together"):
    print(name, globals()[name].shape)
print("batches", [batch.shape for batch in batches])
