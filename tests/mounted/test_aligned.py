"""chunks/aligned/: chunks of which no two have a page of the source file in common."""

import json
import os

import numpy as np
import pytest

from arrays import filled, saved

PAGE = 4096

ARRAYS = {
    "floats.npy": filled((20_000,), "<f4"),
    "rows of 12 bytes.npy": filled((9_000, 3), "<f4"),
    "fortran.npy": filled((700, 900), "<f8", "F"),
    "large rows.npy": filled((40, 2048), "<f8"),
}


def with_data_on_a_page_edge(array):
    """The array's file with a header padded to a page, as numpy loads it and `open_memmap` never writes it."""
    text = saved(array)[10:-array.nbytes].rstrip()
    length = PAGE - 10
    return b"\x93NUMPY\x01\x00" + length.to_bytes(2, "little") + text.ljust(length - 1) + b"\n" + array.tobytes()


@pytest.fixture(scope="module")
def mounted(module_scratch, module_mount):
    source = module_scratch / "source"
    source.mkdir()
    for name, array in ARRAYS.items():
        (source / name).write_bytes((with_data_on_a_page_edge if name == "large rows.npy" else saved)(array))
    (source / "one page.npy").write_bytes(saved(filled((3, 3), "<f8")))
    return module_mount(source, "chunks=3")


@pytest.mark.parametrize("name", ARRAYS)
def test_aligned_chunks_share_no_page(mounted, name):
    """The aligned chunks of an array are all of it, in order, and meet at page edges of the source file alone."""
    array = ARRAYS[name]
    info = json.loads((mounted / name / "info.json").read_text())
    axis = 1 if info["fortran_order"] else 0
    most = info["most_aligned_chunks"]
    assert most[axis] > 1 and most[:axis] + most[axis + 1:] == [1] * (array.ndim - 1)
    row_size = array.nbytes // array.shape[axis]
    chunks = mounted / name / ("" if axis == 0 else f"axis{axis}") / "chunks/aligned"
    for count in {1, 2, 3, most[axis] // 2, most[axis]}:
        parts = [np.load(chunks / f"{index}_of_{count}.npy") for index in range(count)]
        assert np.concatenate(parts, axis).tobytes() == array.tobytes()
        edges = np.cumsum([part.shape[axis] for part in parts])[:-1] * row_size + info["data_offset"]
        assert not (edges % PAGE).any()
        sizes = [part.shape[axis] for part in parts[1:-1]]
        assert not sizes or max(sizes) - min(sizes) <= PAGE // np.gcd(row_size, PAGE)


def test_where_rows_cannot_be_aligned_there_are_no_such_chunks(mounted):
    """Where rows cannot be split at page edges so often, the name is ENOENT: no chunk is ever empty."""
    most = json.loads((mounted / "floats.npy/info.json").read_text())["most_aligned_chunks"][0]
    assert (mounted / f"floats.npy/chunks/aligned/0_of_{most}.npy").exists()
    assert not (mounted / f"floats.npy/chunks/aligned/0_of_{most + 1}.npy").exists()
    assert (mounted / "one page.npy/chunks/aligned/0_of_1.npy").read_bytes() == saved(filled((3, 3), "<f8"))
    assert not (mounted / "one page.npy/chunks/aligned/0_of_2.npy").exists()
    assert not (mounted / "large rows.npy/axis1/chunks/aligned/0_of_2.npy").exists()


def test_aligned_lists_the_default_count(mounted):
    """chunks/aligned/ lists the chunks of the default count, where there are so many."""
    assert os.listdir(mounted / "floats.npy/chunks/aligned") == ["0_of_3.npy", "1_of_3.npy", "2_of_3.npy"]
    assert os.listdir(mounted / "one page.npy/chunks/aligned") == []
