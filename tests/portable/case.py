"""What round_trip (round_trip.cc) compares: a source, and the bytes that numpy says are to be read in the mount."""

import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "mounted"))
from arrays import body_of, chunk, expected_file, filled, rows, saved  # noqa: E402: below tests/mounted

ARRAYS = {
    "rows.npy": filled((1000, 3), "<f8"),
    "columns.npy": filled((60, 40), ">i4", "F"),
    "large.npy": filled((3_000_000,), "|u1"),  # many requests
    "wide.npy": filled((8, 20_000), "<f8"),  # of which axis 1 is runs far apart
    "in/there/fields.npy": filled((50,), [("a", "|u1"), ("b", "<f8", (2,)), ("c", "<U3")]),
    "empty.npy": filled((0, 4), "<f4"),
}


def _views(array):
    """Path below the array -> bytes."""
    yield "source.npy", saved(array)
    for axis in range(array.ndim):
        below = f"axis{axis}/" if axis else ""
        for index in (0, 6):
            part = chunk(array, index, 7, axis)
            yield f"{below}chunks/{index}_of_7.npy", expected_file(part, array)
            if part.size:
                yield f"{below}chunks/{index}_of_7.bin", body_of(expected_file(part, array), part)
        if array.shape[axis] > 5:
            yield f"{below}slices/2_to_5.npy", expected_file(rows(array, 2, 5, axis), array)


def _put(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def _put_views(directory, arrays):
    for name, array in arrays.items():
        for path, content in _views(array):
            _put(directory / name / path, content)


def make_case(directory):
    """Fills `directory` with what round_trip takes as CASE; anybody may write the source."""
    after = {name: array.copy(order="K") for name, array in ARRAYS.items()}
    for name, index in (("rows.npy", 2), ("columns.npy", 5), ("large.npy", 6), ("wide.npy", 1)):
        part = chunk(after[name], index, 7)
        part[...] = filled(part.shape, part.dtype, seed=1)
        _put(directory / "writes" / name / f"chunks/{index}_of_7.npy", expected_file(part, after[name]))
    for name, array in ARRAYS.items():
        _put(directory / "source" / name, saved(array))
        _put(directory / "source_after" / name, saved(after[name]))
        (directory / "source" / name).chmod(0o666)
    _put(directory / "source/notes.txt", b"hello\n")
    _put(directory / "source_after/notes.txt", b"hello\n")
    _put(directory / "reads/notes.txt", b"hello\n")
    (directory / "source/link.npy").symlink_to("in/there/fields.npy")
    _put_views(directory / "reads", {**ARRAYS, "link.npy": ARRAYS["in/there/fields.npy"]})
    _put_views(directory / "reads_after", after)
