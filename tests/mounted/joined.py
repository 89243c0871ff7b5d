"""Directories of parts for the tests of joined arrays."""

import numpy as np

from arrays import saved
from selections import opaque

DAY = 86400


def in_c_order(array):
    """The same items, padding included, as numpy has them in C order."""
    return np.array(opaque(array), order="C").view(array.dtype)


def write_parts(directory, array, edges, orders="C", versions=(None,), name="part-{}.npy"):
    """Cuts an array at these rows, and writes each part into the directory; orders and versions go round. Returns the
    names."""
    directory.mkdir(exist_ok=True)
    names = []
    for index, (start, stop) in enumerate(zip([0, *edges], [*edges, len(array)])):
        part = np.array(opaque(array[start:stop]), order=orders[index % len(orders)]).view(array.dtype)
        names.append(name.format(index))
        (directory / names[-1]).write_bytes(saved(part, versions[index % len(versions)]))
    return names
