"""Prints the sum of each file that it is given: npyfs data -- python3 sum.py {}/rows.npy/chunks/1_of_4.npy"""

import sys

import numpy as np

for path in sys.argv[1:]:
    print(path.rpartition("/")[2], np.load(path).sum())
