"""Every basic slice can be written: exactly its own bytes, with a shadow array as the oracle; what overlaps is busy."""

import errno
import itertools
import os
import random

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
import pytest

from arrays import filled, saved
from selections import arrays, body, chains, expected_file, expression, opaque, places, take, thorough

PATHS_AN_ARRAY = 10


@pytest.fixture(scope="module")
def mounted(module_scratch, module_mount):
    source = module_scratch / "source"
    source.mkdir()
    return module_mount(source, "rw")


def write(how, path, view, shadow, numbers):
    """Writes random bytes into the view and its shadow alike, in one of four ways."""
    noise = filled(view.shape, view.dtype, "F" if np.isfortran(shadow) else "C", seed=numbers.randrange(1 << 30))
    if how == "save":
        with open(f"{path}.npy", "wb") as file:
            file.write(expected_file(noise, shadow))
    elif how == "map":
        mapped = np.load(f"{path}.npy", mmap_mode="r+")
        opaque(mapped)[...] = opaque(noise)
        mapped.flush()
        del mapped
    elif how == "bin":
        with open(f"{path}.bin", "r+b") as file:
            file.write(body(noise, shadow))
    else:  # a few bytes in the middle
        old, new = body(view, shadow), body(noise, shadow)
        start = numbers.randrange(len(old))
        stop = numbers.randrange(start, len(old)) + 1
        with open(f"{path}.bin", "r+b", buffering=0) as file:
            assert os.pwrite(file.fileno(), new[start:stop], start) == stop - start
        order = "F" if np.isfortran(shadow) else "C"
        noise = np.ndarray(view.shape, opaque(view).dtype, old[:start] + new[start:stop] + old[stop:], order=order)
    opaque(view)[...] = opaque(noise)


def test_what_is_written_are_exactly_the_bytes_of_the_slice(mounted):
    """np.save, mmap_mode r+, a .bin and a few bytes of one, of views of up to four selections: the source then has what
    numpy's own assignment makes of the array, to the last byte, and the view reads as it was written."""
    count, numbers = itertools.count(), random.Random(3)

    @thorough(2 * PATHS_AN_ARRAY)
    @given(st.data())
    def run(data):
        shadow = data.draw(arrays()).array.copy()
        name = f"{next(count)}.npy"
        shadow = np.array(opaque(shadow)).view(shadow.dtype)
        (mounted.source / name).write_bytes(saved(shadow))
        for drawn in [data.draw(chains(shadow)) for _ in range(PATHS_AN_ARRAY)]:
            path, view = mounted / name / drawn.text, drawn.array
            if view.nbytes:
                write(data.draw(st.sampled_from(["save", "map", "bin", "part"])), path, view, shadow, numbers)
                assert (mounted.source / name).read_bytes() == saved(shadow)
                assert path.with_name(path.name + ".npy").read_bytes() == expected_file(view, shadow)

    run()


def test_a_column_a_field_and_every_second_row_backwards(mounted):
    """A column, a field and every second row backwards are written by np.save and mmap_mode r+, and nothing else is."""
    array = filled((9, 4), [("x", "<f4"), ("y", ">i2", (3,)), ("z", "|S5")]).copy()
    (mounted.source / "fill.npy").write_bytes(saved(array))
    opaque(array)[:, 2] = opaque(filled((9,), array.dtype, seed=1))
    array["x"] = np.arange(36).reshape(9, 4)
    array["z"][::-2] = b"back"
    np.save(mounted / "fill.npy/index/:,2.npy", array[:, 2])
    np.save(mounted / "fill.npy/fields/x.npy", array["x"])
    backwards = np.load(mounted / "fill.npy/index/::-2/fields/z.npy", mmap_mode="r+")
    backwards[...] = b"back"
    backwards.flush()
    del backwards
    assert (mounted.source / "fill.npy").read_bytes() == saved(array)


def is_busy(path):
    try:
        os.close(os.open(path, os.O_WRONLY))
    except OSError as error:
        assert error.errno == errno.EBUSY, error
        return True
    return False


def small_views(array):
    """Paths and views of every kind, of a few bytes each."""
    indices = [np.s_[::2], np.s_[1::2], np.s_[::-3], np.s_[2], np.s_[-1], np.s_[1:3], np.s_[:, 0], np.s_[:, 1:], np.s_[:, ::-1],
               np.s_[3:3], np.s_[4, 1], np.s_[..., None, 2], np.s_[1:4, ::2], np.s_[:], np.s_[5::-2, 1]]
    found = [("index/" + expression(index), take(array, index)) for index in indices]
    found += [("chunks/1_of_3", np.array_split(array, 3)[1]), ("axis1/batches/2/0", array[:, :2]), ("items/3", array[3]),
              ("axis1/slices/0_to_3_by_2", array[:, 0:3:2])]
    fields = [("x", array["x"]), ("y", array["y"]), ("y/fields/p", array["y"]["p"])]
    for name, field in fields:
        found += [(f"fields/{name}", field), (f"index/::2/fields/{name}", field[::2])]
    found.append(("fields/y/fields/p/index/...,1", array["y"]["p"][..., 1]))
    return found


def test_claims_conflict_exactly_where_bytes_intersect(mounted):
    """Even and odd rows can be written at once, and so can two fields: opening for writing is EBUSY exactly where two
    views have a byte in common."""
    array = filled((6, 3), [("x", "<i2"), ("y", [("p", "|u1", (2,)), ("q", "<i4")])])
    (mounted.source / "claims.npy").write_bytes(saved(array))
    views = [(path, set(places(view, array))) for path, view in small_views(array)]
    pairs = {True: 0, False: 0}
    for path, where in views:
        held = os.open(mounted / "claims.npy" / f"{path}.bin", os.O_WRONLY)
        for other, there in views:
            if where != there:  # the same view may be opened by many
                expected = bool(where & there)
                assert is_busy(mounted / "claims.npy" / f"{other}.bin") == expected, (path, other)
                pairs[expected] += 1
        os.close(held)
    assert min(pairs.values()) > 100
