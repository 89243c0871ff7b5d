"""The fields of structured dtypes that numpy makes: npyfs finds the same names, offsets, sizes, shapes and descr."""

import io
import os
import random
import warnings

import numpy as np
import pytest

from test_headers import by_npyfs, by_numpy, fields_of

COUNT = int(os.environ.get("NPYFS_DTYPES", "5000"))
_TYPES = ["?", "<i2", ">i4", "<u8", "<f4", ">f8", "<c16", "S3", "U2", "V5", "<M8[ns]", ">m8[25s]", "f2", "S0", "g"]
_NAMES = ["a", "b", "x", "größe", "名", "it's", 'q"q', "back\\slash", "a\nb", " ", "f0", "/", "..", "%2F", "\x00", "x" * 300]


class Dtypes:
    """Structured dtypes without end; equal seeds give equal dtypes."""

    def __init__(self, seed):
        self._random = random.Random(seed)

    def structured(self, depth=0):
        """A dtype with fields, some aligned as in C, some with gaps, some with titles."""
        names = self._random.sample(_NAMES + [f"n{i}" for i in range(20)], self._random.randrange(1, 7))
        formats = [self._format(depth) for _ in names]
        if self._random.random() < 0.3:
            return np.dtype({"names": names, "formats": formats}, align=True)
        titles = [f"title of {name}" if self._random.random() < 0.2 else None for name in names]
        offsets, end = [], 0
        for dtype in formats:
            offsets.append(end + self._gap())
            end = offsets[-1] + dtype.itemsize
        return np.dtype({"names": names, "formats": formats, "titles": titles, "offsets": offsets,
                         "itemsize": end + self._gap()})

    def _gap(self):
        return self._random.choice([0, 0, 0, 1, 3, 8, 1000])

    def _format(self, depth):
        nested = depth < 4 and self._random.random() < 0.2
        dtype = self.structured(depth + 1) if nested else np.dtype(self._random.choice(_TYPES))
        for _ in range(self._random.choice([0, 0, 0, 1, 1, 2])):
            shape = tuple(self._random.choice([1, 2, 3, 5]) for _ in range(self._random.randrange(1, 4)))
            if 0 < dtype.itemsize < 2000:
                dtype = np.dtype((dtype, shape))
        return dtype


def saved(array):
    """The file that np.save writes."""
    file = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # version 3.0
        np.save(file, array, allow_pickle=False)
    return file.getvalue()


def test_fields_of_dtypes_that_numpy_saves():
    """Names, titles, offsets, descr, itemsizes, shapes and the fields of fields, for thousands of dtypes."""
    dtypes = Dtypes(14)
    expected = [dtypes.structured() for _ in range(COUNT)]
    for dtype, found in zip(expected, by_npyfs([saved(np.empty(1, dtype)) for dtype in expected])):
        assert found is not None and found[5] == fields_of(dtype), dtype


@pytest.mark.parametrize("count", [300, 3000])
def test_headers_of_many_fields(count):
    """cryoSPARC's .cs files, for instance: their headers are longer than np.load reads by itself."""
    dtype = np.dtype([(f"alignments3D/field_{i}", _TYPES[i % 10], (1 + i % 3,)) for i in range(count)])
    file = saved(np.zeros(2, dtype))
    with pytest.raises(ValueError, match="max_header_size"):
        np.load(io.BytesIO(file))
    (found,) = by_npyfs([file])
    assert found[5] == fields_of(dtype)
    assert found[:4] == by_numpy(file)[:4]


def test_a_field_lies_where_its_offset_says():
    """The bytes at offset, of the field's shape and descr, are array[name]; and so within fields of fields."""
    dtypes = Dtypes(15)
    draw = np.random.default_rng(15)
    arrays = []
    for dtype in (dtypes.structured() for _ in range(500)):
        arrays.append(np.frombuffer(draw.bytes(3 * dtype.itemsize), dtype) if dtype.itemsize else np.empty(3, dtype))
    for array, found in zip(arrays, by_npyfs([saved(array) for array in arrays])):
        _check_bytes(array, found[5])


def _check_bytes(array, fields):
    size = array.dtype.itemsize
    for name, _, offset, descr, itemsize, shape, inner in fields:
        rows = [item.tobytes() for item in array.reshape(-1)]
        end = offset + itemsize * int(np.prod(shape, dtype=int))
        expected = [row[offset:end] for row in rows]
        part = array[name]
        assert b"".join(expected) == part.tobytes() and end <= size
        assert part.dtype == np.lib.format.descr_to_dtype(descr)
        _check_bytes(np.frombuffer(b"".join(expected), part.dtype) if itemsize and end > offset else part, inner)
