"""A reader of Zarr stores in few lines of numpy: what the tests of stores compare with."""

import json
import re

import numpy as np


def _dtype_2(said):
    """numpy's dtype of version 2: a type string, or lists of fields."""
    if isinstance(said, str):
        return np.dtype(said)
    return np.dtype([(name, _dtype_2(inner), *map(tuple, shape)) for name, inner, *shape in said])


def _dtype_3(said, endian):
    """numpy's dtype of version 3."""
    order = {"little": "<", "big": ">", None: "|"}[endian]
    if isinstance(said, str):
        return np.dtype(said).newbyteorder(order)
    name, configuration = said["name"], said["configuration"]
    if name == "struct":
        return np.dtype([(field["name"], _dtype_3(field["data_type"], endian)) for field in configuration["fields"]])
    if name.startswith("numpy."):
        unit = f"[{configuration['scale_factor']}{configuration['unit']}]" if configuration["unit"] != "generic" else ""
        return np.dtype(f"{name.removeprefix('numpy.')}{unit}").newbyteorder(order)
    length = configuration["length_bytes"]
    kinds = {"null_terminated_bytes": f"S{length}", "raw_bytes": f"V{length}", "fixed_length_utf32": f"{order}U{length // 4}"}
    return np.dtype(kinds[name])


def _metadata(store):
    """(shape, chunk shape, dtype, order, fill value) of the array in a store, and the path of a chunk's key."""
    if (store / ".zgroup").exists():
        said = json.loads((store / "data/.zarray").read_text())
        assert said["zarr_format"] == 2 and said["compressor"] is None and said["filters"] is None
        assert said["fill_value"] is None and said["dimension_separator"] == "."
        return (said["shape"], said["chunks"], _dtype_2(said["dtype"]), said["order"],
                lambda index: store / "data" / (".".join(map(str, index)) or "0"))
    said = json.loads((store / "data/zarr.json").read_text())
    *transpose, bytes_codec = said["codecs"]
    assert said["zarr_format"] == 3 and bytes_codec["name"] == "bytes" and len(transpose) <= 1
    order = "C"
    if transpose:
        order = "F"
        assert transpose[0]["configuration"]["order"] == list(range(len(said["shape"])))[::-1]
    endian = bytes_codec.get("configuration", {}).get("endian")
    assert said["chunk_key_encoding"] == {"name": "default", "configuration": {"separator": "/"}}
    return (said["shape"], said["chunk_grid"]["configuration"]["chunk_shape"], _dtype_3(said["data_type"], endian), order,
            lambda index: store / "data" / "/".join(["c", *map(str, index)]))


def read(store):
    """The array in a store. Each chunk has to have its full size, with zeros where the array has no items."""
    shape, chunk, dtype, order, key = _metadata(store)
    array = np.empty(shape, dtype)
    grid = [-(-length // part) for length, part in zip(shape, chunk)]
    for index in np.ndindex(*grid):
        stored = key(index).read_bytes()
        whole = np.frombuffer(stored, dtype).reshape(chunk, order=order)
        rows = tuple(slice(i * part, min((i + 1) * part, length)) for i, part, length in zip(index, chunk, shape))
        inside = tuple(slice(0, r.stop - r.start) for r in rows)
        array[rows] = whole[inside]
        overhang = np.ones(chunk, bool)
        overhang[inside] = False
        assert not any(whole[overhang].tobytes()), f"{key(index)} has more than zeros behind the edge"
    return array


def without_padding(array):
    """A structured array of version 2 without the fields that stand for padding."""
    return array[[name for name in array.dtype.names if not re.fullmatch(r"padding\d+_*", name)]]
