"""A chunk as a pandas table: npyfs data -- python3 pandas_table.py {}/table.npy {}/rows.npy

A chunk of a structured array has its columns; a chunk of rows gets names.
"""

import sys

import numpy as np
import pandas as pd

table = pd.DataFrame(np.load(f"{sys.argv[1]}/chunks/3_of_16.npy"))
named = pd.DataFrame(np.load(f"{sys.argv[2]}/chunks/3_of_16.npy"), columns=["x", "y", "z"])
print(table.describe())
print(named.describe())
