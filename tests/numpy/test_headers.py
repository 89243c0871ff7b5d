"""Whatever npyfs takes for a header, numpy takes for the same: shape, dtype, order, offset, and every field.

NPYFS_READ_HEADERS names the program read_headers; NPYFS_HEADERS=1000000 compares as many.
"""

import ast
import io
import os
import struct
import subprocess
import warnings
from pathlib import Path

import numpy as np
import pytest

from generate import Headers

TESTS = Path(__file__).resolve().parent.parent
COUNT = int(os.environ.get("NPYFS_HEADERS", "20000"))
BATCH = 10_000
MAX_DIMENSIONS = 32 if np.lib.NumpyVersion(np.__version__) < "2.0.0" else 64


def by_npyfs(files):
    """For each file (offset, itemsize, fortran_order, shape, descr, fields), or None where npyfs finds no header.

    Each field is (name, title, offset, descr, itemsize, shape, fields).
    """
    framed = b"".join(struct.pack("<I", len(file)) + file for file in files)
    ran = subprocess.run([os.environ["NPYFS_READ_HEADERS"]], input=framed, capture_output=True, check=True)
    lines = ran.stdout.decode().split("\n")[:-1]
    assert len(lines) == len(files)
    return [None if line == "-" else _parsed(line) for line in lines]


def _parsed(line):
    offset, itemsize, order, shape, descr, fields = line.split("\t")
    return (int(offset), int(itemsize), order == "1", *map(ast.literal_eval, (shape, descr, fields)))


def by_numpy(file):
    """The same by numpy, with the dtype in place of descr. Raises what numpy raises."""
    stream = io.BytesIO(file)
    version = np.lib.format.read_magic(stream)
    shape, order, dtype = np.lib.format._read_array_header(stream, version, max_header_size=1 << 20)
    return stream.tell(), dtype.itemsize, order, shape, dtype


def fields_of(dtype):
    """What by_npyfs() must find: every field as numpy's array[name] shows it."""
    item = np.empty((), dtype)
    fields = []
    for name in dtype.names or ():
        _, offset, title = (*dtype.fields[name], None)[:3]
        part = item[name]
        # The second name of a field.
        assert title is None or (dtype.fields[title] == dtype.fields[name] and item[title].dtype == part.dtype)
        fields.append((name, title, offset, np.lib.format.dtype_to_descr(part.dtype), part.dtype.itemsize, part.shape,
                       fields_of(part.dtype)))
    return fields


def _most_dimensions(descr):
    """Of the subarrays in a descr."""
    if isinstance(descr, str):
        return 0
    shapes = [field[2] for field in descr if len(field) > 2]
    return max([len(shape) for shape in shapes] + [_most_dimensions(field[1]) for field in descr], default=0)


# What npyfs accepts and this numpy does not: name -> whether a header that npyfs has read so is such a one.
EXCEPTIONS = {
    # numpy 2 reads up to 64 dimensions.
    "more dimensions than this numpy has": lambda found: max(len(found[3]), _most_dimensions(found[4])) > MAX_DIMENSIONS,
}


def difference(file, found):
    """What is not the same, in words; None where all is."""
    try:
        expected = by_numpy(file)
    except Exception as error:
        excused = any(holds(found) for holds in EXCEPTIONS.values())
        return None if excused else f"numpy: {type(error).__name__}: {error}"
    if found[:4] != expected[:4]:
        return f"numpy: {expected}"
    if found[5] != fields_of(expected[4]):
        return f"numpy: {fields_of(expected[4])}"
    dtype = np.lib.format.descr_to_dtype(found[4])
    same = dtype == expected[4] and np.lib.format.dtype_to_descr(dtype) == np.lib.format.dtype_to_descr(expected[4])
    return None if same else f"numpy: {expected[4]!r}"


def examples():
    return [file.read_bytes() for name in ("accepted", "refused") for file in sorted((TESTS / name).glob("*.npy"))]


@pytest.mark.parametrize("seed", range(max(1, COUNT // BATCH)))
def test_whatever_npyfs_accepts_numpy_accepts_with_the_same_meaning(seed):
    """Shape, dtype, order and offset are the same."""
    warnings.simplefilter("ignore")
    headers = Headers(seed, examples())
    files = [headers.next() for _ in range(BATCH)]
    accepted = 0
    for file, found in zip(files, by_npyfs(files)):
        if found is None:
            continue
        accepted += 1
        different = difference(file, found)
        assert different is None, f"{file!r}: npyfs: {found}, {different}"
    assert accepted > BATCH // 5, "there is little to compare"


def test_the_examples_are_the_same():
    """What npyfs accepts of tests/accepted and tests/refused numpy loads with the same meaning."""
    warnings.simplefilter("ignore")
    files = examples()
    assert len(files) > 100
    differences = [difference(file, found) for file, found in zip(files, by_npyfs(files)) if found]
    assert len(differences) > 30 and not any(differences)
