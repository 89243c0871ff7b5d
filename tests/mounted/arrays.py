"""Arrays of every kind that np.save can write, and what numpy itself makes of a part of one."""

import io
import itertools
import os
import warnings

import numpy as np

_UNITS = ["Y", "M", "W", "D", "h", "m", "s", "ms", "us", "ns", "ps", "fs", "as", "25s", "10D", "3ns"]

_NUMBERS = ["i2", "i4", "i8", "u2", "u4", "u8", "f2", "f4", "f8", "f16", "c8", "c16", "c32"]

_STRUCTURES = {
    "plain": [("a", "<i4"), ("b", ">f8")],
    "one field": [("x", "|u1")],
    "nested": [("id", "<u2"), ("at", [("x", "<f4"), ("y", [("re", "<f8"), ("im", "<f8")])])],
    "subarray": [("m", "<f4", (2, 3)), ("n", ">i2", (4,)), ("one", "|i1", (1,))],
    "nested subarray": [("p", [("q", "<i2", (3,))], (2, 2))],
    "titles": [(("the title", "a"), "<f4"), ("b", "<i8"), (("ünï", "c"), "|S3")],
    "strings": [("s", "|S4"), ("u", "<U3"), ("v", "|V2"), ("t", "<M8[ns]")],
    "padded": np.dtype([("a", "|u1"), ("b", "<f8"), ("c", "<i2")], align=True),
    "padded inside": {"names": ["a", "b"], "formats": ["|u1", "<i4"], "offsets": [3, 12], "itemsize": 24},
    "padded at the front": {"names": ["a"], "formats": ["<i2"], "offsets": [5], "itemsize": 7},
    "latin1 names": [("größe", "<f8"), ("é", "<i4")],
    "names beyond latin1": [("名前", "<f8"), ("имя", "<i4"), ("😀", "|u1")],
    "odd names": [("it's", "<i4"), ('say "x"', "<i4"), ("back\\slash", "<i4"), ("a b", "|u1"), ("x\ty\n", "|u1")],
    "empty string field": [("nothing", "|S0"), ("something", "<i4")],
    "many fields": [(f"field_number_{i}", "<f4") for i in range(300)],
}


def dtypes():
    """Name -> dtype, one of each kind that a .npy file may hold in rows of fixed size."""
    kinds = {name: np.dtype(name) for name in ("?", "|i1", "|u1", "|S1", "|S5", "|V3", "|V16")}
    for order, kind in itertools.product("<>", _NUMBERS + ["U1", "U3", "M8", "m8"]):
        kinds[order + kind] = np.dtype(order + kind)
    for kind, unit in itertools.product(("M8", "m8"), _UNITS):
        kinds[f"<{kind}[{unit}]"] = np.dtype(f"<{kind}[{unit}]")
    for kind in (">M8[ns]", ">m8[25s]"):
        kinds[kind] = np.dtype(kind)
    kinds.update((name, np.dtype(fields)) for name, fields in _STRUCTURES.items())
    return kinds


SHAPES = [(1,), (10,), (0,), (0, 3), (3, 0), (4, 0, 2), (1, 1), (7, 1), (1, 6), (6, 5), (3, 4, 2), (1, 5, 1), (2, 3, 2, 2)]
SHAPES += [(2,) + (1,) * 30 + (3,), (1,) * 32]


def filled(shape, dtype, order="C", seed=0):
    """An array of random bytes, padding included."""
    dtype = np.dtype(dtype)
    count = int(np.prod(shape, dtype=np.int64))
    noise = np.random.default_rng([seed, count, dtype.itemsize]).bytes(count * dtype.itemsize)
    return np.ndarray(shape, dtype, noise, order=order)


def zoo():
    """Name -> (array, version of the format): a few hundred arrays over dtypes, orders, shapes and versions.

    NPYFS_EVERY=n leaves every n-th of them, for builds with sanitizers, in which they take too long.
    """
    found = {}
    for name, dtype in dtypes().items():
        found[f"{name} rows"] = filled((7,), dtype), None
        found[f"{name} C"] = filled((5, 3), dtype), None
        found[f"{name} F"] = filled((5, 3), dtype, "F"), None
    for kind, shape, order in itertools.product(("<f8", "|u1", "padded"), SHAPES, "CF"):
        dtype = np.dtype(_STRUCTURES.get(kind, kind))
        found[f"{kind} {len(shape)}d {shape[:4]} {order}"] = filled(shape, dtype, order), None
    for version, order in itertools.product(((1, 0), (2, 0), (3, 0)), "CF"):
        for kind in (">i2", "titles"):
            dtype = np.dtype(_STRUCTURES.get(kind, kind))
            found[f"{kind} version {version[0]} {order}"] = filled((4, 3), dtype, order), version
    return dict(list(found.items())[:: int(os.environ.get("NPYFS_EVERY", "1"))])


def saved(array, version=None):
    """The bytes that np.save writes."""
    out = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # "can only be read by NumPy >= 1.17"
        np.lib.format.write_array(out, array, version)
    return out.getvalue()


def assert_serves(mounted, array):
    """data.npy of this mount is the array, as its second third shows."""
    assert np.array_equal(np.load(mounted / "data.npy/chunks/1_of_3.npy"), np.array_split(array, 3)[1])


def chunk(array, index, sections, axis=0):
    return np.array_split(array, sections, axis=axis)[index]


def rows(array, start, stop, axis=0):
    return array[(slice(None),) * axis + (slice(start, stop),)]


def is_fortran(array):
    """As np.save sees it: an array that is contiguous in both orders is a C-order one."""
    return array.flags.f_contiguous and not array.flags.c_contiguous


def expected_file(part, source):
    """What np.save writes for a part of `source`, made contiguous in the order of the source.

    The copy goes through a plain void type, since numpy copies structured items field by field and leaves whatever
    was in memory in their padding.
    """
    opaque = part.view(f"V{part.dtype.itemsize}")
    contiguous = np.asfortranarray(opaque) if is_fortran(source) else np.ascontiguousarray(opaque)
    return saved(contiguous.view(part.dtype))


def body_of(file_bytes, part):
    """The bytes after the header: what the .bin twin holds."""
    return file_bytes[len(file_bytes) - part.nbytes:]


def header_of(shape, descr="<f8", fortran_order=False):
    """The header that np.save writes for an array too large, or of too many dimensions, to be made here."""
    out = io.BytesIO()
    np.lib.format.write_array_header_1_0(out, {"descr": descr, "fortran_order": fortran_order, "shape": shape})
    return out.getvalue()


def section_counts(length):
    return sorted({1, 2, 3, 7, max(length, 1), length + 3})
