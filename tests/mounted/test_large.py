"""Arrays of more than 2^31 rows and files of many TiB, as sparse files; numpy's memory map of the source is the oracle."""

import os
import shutil
import tempfile
from pathlib import Path

import numpy as np
import pytest

from arrays import header_of, is_fortran

TIB = 2 ** 40
ITEMS = 1000  # compared at each place

# Name -> (shape, descr, Fortran order). The largest is as much as numpy can map in 47 bits of address space.
ARRAYS = {
    "many_rows": ((3 * 2 ** 31 + 5,), "|u1", False),
    "many_rows_of_8": ((2 ** 33 + 1, 8), ">u2", False),
    "many_rows_fortran": ((2 ** 31 + 7, 3), "<f4", True),
    "many_columns": ((3, 2 ** 32 + 9), "<i8", False),
    "many_columns_fortran": ((5, 2 ** 31 + 9), "<u4", True),
    "twelve_tib": ((3 * 2 ** 30, 512), "<f8", False),
    "ninety_tib": ((90 * TIB // 24 + 1, 3), "<f8", False),
}
SECTIONS = (1, 2, 7, 100_003)


def places(lines, start, stop, length):
    """Flat item numbers of the source worth marking: the ends of rows [start, stop) of every line of `length`."""
    for line in {0, 1, lines // 2, lines - 1}:
        for item in (start, stop - 1):
            yield line * length + item


def write_sparse(path, shape, descr, fortran_order):
    """A file of zeros with distinct items at the borders of the chunks that the tests read."""
    dtype = np.dtype(descr)
    header = header_of(shape, descr, fortran_order)
    count = int(np.prod(np.array(shape, dtype=object)))
    numbers = np.random.default_rng(count)
    with open(path, "wb") as out:
        out.write(header)
        out.truncate(len(header) + count * dtype.itemsize)
        for axis, length in enumerate(shape):
            inner = int(np.prod(np.array(shape[:axis] if fortran_order else shape[axis + 1:], dtype=object)))
            for sections in SECTIONS:
                for index in {0, sections // 2, sections - 1}:
                    bounds = [length * i // sections * inner for i in (index, index + 1)]
                    for place in places(count // (length * inner), *bounds, length * inner):
                        around = min(max(place - ITEMS // 2, 0), count - min(ITEMS, count))
                        out.seek(len(header) + around * dtype.itemsize)
                        out.write(numbers.bytes(min(ITEMS, count) * dtype.itemsize))


@pytest.fixture(scope="module")
def large_source():
    # tmpfs takes files of any size; ext4 ends at 16 TiB.
    directory = Path(tempfile.mkdtemp(prefix="npyfs-test-", dir="/dev/shm"))
    for name, array in ARRAYS.items():
        write_sparse(directory / f"{name}.npy", *array)
    yield directory
    shutil.rmtree(directory)


@pytest.fixture(scope="module")
def mounted(large_source, module_mount):
    return module_mount(large_source)


def cases():
    for name, (shape, _, _) in ARRAYS.items():
        for axis in range(len(shape)):
            for sections in SECTIONS:
                for index in sorted({0, sections // 2, sections - 1}):
                    yield name, axis, sections, index


def split(array, index, sections, axis):
    """np.array_split(array, sections, axis)[index]; numpy makes all the others as well, so not for many sections."""
    each, extras = divmod(array.shape[axis], sections)
    start = index * each + min(index, extras)
    stop = start + each + (index < extras)
    return array[(slice(None),) * axis + (slice(start, stop),)]


def lines_of(part, array):
    """A 1-d or 2-d part as the lines that lie one behind the other in its file."""
    if part.ndim == 1:
        return part.reshape(1, -1)
    return part.T if is_fortran(array) else part


@pytest.mark.parametrize("name, axis, sections, index", cases())
def test_chunks_of_huge_arrays_start_and_end_at_the_right_rows(large_source, mounted, name, axis, sections, index):
    """Arrays of more than 2^31 rows and files of many TiB are split as np.array_split splits them."""
    array = np.load(large_source / f"{name}.npy", mmap_mode="r")
    part = split(array, index, sections, axis)
    if sections < 10:
        assert part.shape == np.array_split(array, sections, axis=axis)[index].shape
    lines = lines_of(part, array)
    one_dimensional = sum(length > 1 for length in part.shape) < 2 or part.size == 0  # so contiguous in both orders
    header = header_of(part.shape, ARRAYS[name][1], is_fortran(array) and not one_dimensional)
    item = part.dtype.itemsize
    directory = mounted / f"{name}.npy" / (f"axis{axis}/chunks" if axis else "chunks")
    descriptor = os.open(directory / f"{index}_of_{sections}.npy", os.O_RDONLY)
    try:
        size = len(header) + part.nbytes
        assert os.fstat(descriptor).st_size == size
        assert os.pread(descriptor, len(header), 0) == header
        for line in {0, min(1, len(lines) - 1), len(lines) // 2, len(lines) - 1} if part.size else ():
            offset = len(header) + line * lines.shape[1] * item
            first = lines[line][:ITEMS].tobytes()
            assert os.pread(descriptor, len(first), offset) == first
            last = lines[line][-ITEMS:].tobytes()
            offset += lines.shape[1] * item - len(last)
            assert os.pread(descriptor, len(last), offset) == last
        assert os.pread(descriptor, 100, size) == b""
    finally:
        os.close(descriptor)


def test_slices_far_out_are_found_by_row_number(large_source, mounted):
    """Row numbers beyond 2^32 are row numbers like any other."""
    shape = ARRAYS["ninety_tib"][0]
    array = np.load(large_source / "ninety_tib.npy", mmap_mode="r")
    for start, stop in ((2 ** 32, 2 ** 32 + 10), (shape[0] - 10, shape[0]), (shape[0], shape[0])):
        loaded = np.load(mounted / f"ninety_tib.npy/slices/{start}_to_{stop}.npy")
        assert loaded.shape == (stop - start, 3)
        assert loaded.tobytes() == array[start:stop].tobytes()
    assert not (mounted / f"ninety_tib.npy/slices/{shape[0]}_to_{shape[0] + 1}.npy").exists()


def test_huge_chunks_can_be_mapped(large_source, mounted):
    """mmap_mode='r' of a chunk of many GiB reads only the pages that are looked at."""
    array = np.load(large_source / "many_rows.npy", mmap_mode="r")
    half = np.load(mounted / "many_rows.npy/chunks/1_of_2.npy", mmap_mode="r")
    expected = split(array, 1, 2, 0)
    assert half.shape == expected.shape
    for part in (slice(0, ITEMS), slice(-ITEMS, None), slice(2 ** 31, 2 ** 31 + ITEMS)):
        assert half[part].tobytes() == expected[part].tobytes()


def test_a_chunk_of_one_row_of_a_huge_array_is_complete(large_source, mounted):
    """More chunks than anyone can list still resolve one by one."""
    array = np.load(large_source / "many_rows_of_8.npy", mmap_mode="r")
    rows = len(array)
    for row in (0, 2 ** 31, rows - 1):
        loaded = np.load(mounted / f"many_rows_of_8.npy/chunks/{row}_of_{rows}.npy")
        assert loaded.tobytes() == array[row:row + 1].tobytes()
    surplus = np.load(mounted / f"many_rows_of_8.npy/chunks/{2 ** 62}_of_{2 ** 63 - 1}.npy")
    assert surplus.shape == (0, 8)
