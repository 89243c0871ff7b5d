"""Byte identity: what is read below the mount are the bytes that numpy's own np.save writes for that part."""

import itertools
import os
import random
import re
from pathlib import Path

import numpy as np
import pytest

from arrays import body_of, chunk, expected_file, filled, header_of, is_fortran, rows, saved, section_counts, zoo

ZOO = zoo()


def file_name(name):
    return re.sub(r"[^A-Za-z0-9]+", "_", name) + f"_{sorted(ZOO).index(name)}.npy"


@pytest.fixture(scope="module")
def mounted(module_scratch, module_mount):
    source = module_scratch / "source"
    source.mkdir()
    for name, (array, version) in ZOO.items():
        (source / file_name(name)).write_bytes(saved(array, version))
    return module_mount(source)


def view_directories(array_path, array, axis):
    """Where the views along `axis` are: axis 0 has two names, unless it is the only one."""
    if axis == 0:
        yield array_path
    if array.ndim > 1:
        yield array_path / f"axis{axis}"


def assert_served(directory, name, part, array):
    expected = expected_file(part, array)
    assert (directory / f"{name}.npy").read_bytes() == expected
    assert (directory / f"{name}.bin").read_bytes() == body_of(expected, part)


def axes_of(array):
    """Every axis, or the ends and the middle of many."""
    return range(array.ndim) if array.ndim <= 4 else (0, array.ndim // 2, array.ndim - 1)


@pytest.mark.parametrize("name", ZOO)
def test_chunk_bytes_are_those_np_save_writes_for_array_split(mounted, name):
    """Each chunk's bytes are those of np.save(f, np.array_split(a, N, axis=K)[i]), and its .bin twin is the body."""
    array, _ = ZOO[name]
    path = mounted / file_name(name)
    for axis in axes_of(array):
        for directory in view_directories(path, array, axis):
            for sections in section_counts(array.shape[axis]):
                for index in range(sections):
                    part = chunk(array, index, sections, axis)
                    assert_served(directory / "chunks", f"{index}_of_{sections}", part, array)


@pytest.mark.parametrize("name", ZOO)
def test_slice_bytes_are_those_np_save_writes_for_the_rows(mounted, name):
    """slices/A_to_B.npy is a[A:B], axisK/slices/A_to_B.npy is that along axis K."""
    array, _ = ZOO[name]
    path = mounted / file_name(name)
    for axis in axes_of(array):
        directory = path / f"axis{axis}" if array.ndim > 1 else path
        length = array.shape[axis]
        for start, stop in itertools.combinations_with_replacement(range(length + 1), 2):
            assert_served(directory / "slices", f"{start}_to_{stop}", rows(array, start, stop, axis), array)


def assert_same(loaded, part, array):
    assert loaded.dtype == part.dtype and loaded.dtype.descr == part.dtype.descr
    assert loaded.shape == part.shape
    assert is_fortran(loaded) == is_fortran(np.asfortranarray(part) if is_fortran(array) else np.ascontiguousarray(part))
    if part.size:
        opaque = f"V{part.dtype.itemsize}"
        assert loaded.view(opaque).tobytes() == part.view(opaque).tobytes()


@pytest.mark.parametrize("name", ZOO)
@pytest.mark.parametrize("mmap_mode", [None, "r", "c"])
def test_unmodified_np_load_reads_every_chunk(mounted, name, mmap_mode):
    """An unmodified np.load reads a chunk, and maps it with mmap_mode='r' and 'c': same values, dtype, shape, order."""
    array, _ = ZOO[name]
    for axis in axes_of(array):
        directory = mounted / file_name(name) / (f"axis{axis}/chunks" if axis else "chunks")
        for index, part in enumerate(np.array_split(array, 3, axis=axis)):
            loaded = np.load(directory / f"{index}_of_3.npy", mmap_mode=mmap_mode)
            assert isinstance(loaded, np.memmap) == bool(mmap_mode)
            assert_same(loaded, part, array)


def test_copy_on_write_maps_keep_changes_to_themselves(mounted):
    """mmap_mode='c' may be written to; the file does not change."""
    path = mounted / file_name(next(name for name in ZOO if name.endswith("rows"))) / "chunks/0_of_2.npy"
    before = path.read_bytes()
    private = np.load(path, mmap_mode="c")
    private.view("u1")[:] = 1
    assert path.read_bytes() == before


BIG = {
    "c": filled((1000, 700), "<f8"),
    "f": filled((1000, 700), "<f8", "F"),
    "c3": filled((40, 50, 301), "<i2"),
    "f3": filled((40, 50, 301), "<i2", "F"),
    "bytes": filled((3_000_003,), "|u1"),
    "records": filled((5000, 7), [("a", "|u1"), ("b", "<f8"), ("c", "|S3")]),
    "many small runs": filled((200_000, 3), "|u1"),
}


@pytest.fixture(scope="module")
def mounted_big(module_scratch, module_mount):
    source = module_scratch / "big"
    source.mkdir()
    for name, array in BIG.items():
        (source / f"{name}.npy").write_bytes(saved(array))
    return module_mount(source)


@pytest.mark.parametrize("name, axis", [(name, axis) for name, a in BIG.items() for axis in range(a.ndim)])
def test_reads_at_random_offsets_and_sizes_return_the_bytes_of_np_save(mounted_big, name, axis):
    """Any read at any offset returns the file's bytes there, and stops at the end of the file."""
    array = BIG[name]
    numbers = random.Random(f"{name} {axis}")
    directory = mounted_big / f"{name}.npy" / (f"axis{axis}/chunks" if axis else "chunks")
    for sections in (1, 3, 7):
        index = numbers.randrange(sections)
        expected = expected_file(chunk(array, index, sections, axis), array)
        descriptor = os.open(directory / f"{index}_of_{sections}.npy", os.O_RDONLY)
        try:
            for _ in range(60):
                offset = numbers.randrange(len(expected) + 200)
                size = int(2 ** numbers.uniform(0, 21))
                assert os.pread(descriptor, size, offset) == expected[offset:offset + size]
        finally:
            os.close(descriptor)


ACCEPTED = Path(__file__).parent.parent / "accepted"


@pytest.fixture(scope="module", params=[b"", b"bytes after the array"], ids=["", "more behind"])
def mounted_odd(request, module_scratch, module_mount):
    source = module_scratch / f"odd {len(request.param)}"
    source.mkdir()
    for path in ACCEPTED.glob("*.npy"):
        (source / path.name).write_bytes(path.read_bytes() + request.param)
    return module_mount(source)


@pytest.mark.parametrize("name", sorted(path.name for path in ACCEPTED.glob("*.npy")))
def test_a_source_written_by_another_program_comes_out_as_numpys(mounted_odd, name):
    """Other key order, quotes, spacing, or data after the array: the views are those of np.save all the same."""
    array = np.load(mounted_odd.source / name)
    path = mounted_odd / name
    assert (path / "source.npy").read_bytes() == (mounted_odd.source / name).read_bytes()
    assert (path / "error.txt").exists() == (array.ndim == 0)
    for axis in axes_of(array):
        for directory in view_directories(path, array, axis):
            for index, part in enumerate(np.array_split(array, 2, axis=axis)):
                assert_served(directory / "chunks", f"{index}_of_2", part, array)


@pytest.mark.parametrize("fortran_order", [False, True])
def test_arrays_of_64_dimensions(source, mount, fortran_order):
    """Up to 64 dimensions are served (numpy 2 writes as many; numpy 1.24 cannot load more than 32)."""
    shape = (3,) + (1,) * 40 + (4,) + (1,) * 21 + (2,)
    array = filled((3, 4, 2), "<f8", "F" if fortran_order else "C")
    (source / "deep.npy").write_bytes(header_of(shape, "<f8", fortran_order) + array.tobytes("A"))
    path = mount(source) / "deep.npy"
    for axis, squeezed in {0: 0, 41: 1, 63: 2}.items():
        for sections in (1, 2, 3, 5):
            for index in range(sections):
                part = chunk(array, index, sections, squeezed)
                part_shape = shape[:axis] + (part.shape[squeezed],) + shape[axis + 1:]
                as_one = np.asfortranarray(part) if fortran_order else np.ascontiguousarray(part)
                expected = header_of(part_shape, "<f8", is_fortran(as_one)) + as_one.tobytes("A")
                assert (path / f"axis{axis}/chunks/{index}_of_{sections}.npy").read_bytes() == expected
    assert not (path / "axis64").exists()
