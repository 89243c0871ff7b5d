"""Readers of .npy files in other languages, none of them numpy, read chunks as any other file.

xtensor in C++, npyjs and numpy-parser in JavaScript, sqlite-vec in C (from SQL). Each parses headers in its own way.
"""

import json
import os
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

import mount as mounting
import recipes

PROGRAMS = Path(__file__).parent / "readers"

_rows = np.random.default_rng(5).standard_normal((10, 3))
ARRAYS = {
    "f8.npy": _rows,
    "f4.npy": _rows.astype("<f4"),
    "i4.npy": (_rows * 1e6).astype("<i4"),
    "u1.npy": (_rows * 100).astype("u1"),
    "line.npy": _rows.ravel(),
    "cube.npy": np.arange(240.0).reshape(10, 4, 6),
    "fortran.npy": np.asfortranarray(_rows),
}
# Those of the recipes.
ROWS = np.arange(30.0).reshape(10, 3)
VECTORS = (np.arange(120, dtype="<f4") * 7 % 100).reshape(40, 3)
# What each of them reads at all. (sqlite-vec takes float32 rows alone, numpy-parser no arrays in Fortran order.)
READS = {
    "xtensor": list(ARRAYS),
    "npyjs": list(ARRAYS),
    "numpy_parser": [name for name in ARRAYS if name not in ("fortran.npy", "line.npy")],
    "sqlite_vec": ["f4.npy"],
}
CHUNKS = [(reader, name, index) for reader, names in READS.items() for name in names for index in (0, 2, 3)]


@pytest.fixture(scope="module")
def place(module_scratch, module_mount):
    """A folder with mnt/, where the arrays are, and with the readers, compiled or installed."""
    source = module_scratch / "source"
    source.mkdir()
    for name, array in ARRAYS.items():
        np.save(source / name, array)
    np.save(source / "rows.npy", ROWS)
    np.save(source / "vectors.npy", VECTORS)
    (module_scratch / "mnt").mkdir()
    module_mount(source, at=module_scratch / "mnt")
    for program in PROGRAMS.iterdir():
        shutil.copy(program, module_scratch)
    compile_cpp(module_scratch, "xtensor.cc")
    installed = subprocess.run(["npm", "ci", "--ignore-scripts"], cwd=module_scratch, capture_output=True, text=True,
                               timeout=120)
    assert installed.returncode == 0, (
        f"npm cannot install what {PROGRAMS}/package.json names; it comes from npm's registry, or from its cache:\n"
        f"{installed.stdout}{installed.stderr}")
    return module_scratch


def compile_cpp(place, name):
    recipes.run(["g++", "-std=c++17", "-o", Path(name).stem, name], place)


def read_by_sqlite(place, path):
    (extension,) = place.glob("node_modules/sqlite-vec-*/vec0.*")
    printed = recipes.run(["sqlite3", ":memory:", f".load {extension} sqlite3_vec_init",
                           f".load {extension} sqlite3_vec_numpy_init",
                           f"SELECT hex(vector) FROM vec_npy_each(vec_npy_file('{path}'))"], place)
    return np.array([np.frombuffer(bytes.fromhex(row), "<f4") for row in printed.split()])


def read(place, reader, path, dtype):
    """The array that a reader finds in a file."""
    if reader == "sqlite_vec":
        return read_by_sqlite(place, path)
    command = ["./xtensor", dtype.str[1:], path] if reader == "xtensor" else ["node", f"{reader}.mjs", path]
    found = json.loads(recipes.run(command, place))
    order = "F" if found.get("fortran_order") else "C"
    return np.array(found["values"], dtype).reshape(found["shape"], order=order)


@pytest.mark.parametrize("reader, name, index", CHUNKS)
def test_chunks_are_what_numpy_says(place, reader, name, index):
    """Shape and values of a chunk are those of np.array_split."""
    expected = np.array_split(ARRAYS[name], 4)[index]
    found = read(place, reader, f"mnt/{name}/chunks/{index}_of_4.npy", expected.dtype)
    assert found.shape == expected.shape and np.array_equal(found, expected)


@pytest.mark.parametrize("reader", ["xtensor", "npyjs", "numpy_parser"])
def test_columns_and_chunks_beyond_the_rows(place, reader):
    """Other axes are read as well, and chunks without rows."""
    array = ARRAYS["f8.npy"]
    columns = read(place, reader, "mnt/f8.npy/axis1/slices/1_to_3.npy", array.dtype)
    assert np.array_equal(columns, array[:, 1:3])
    assert read(place, reader, "mnt/f8.npy/chunks/15_of_16.npy", array.dtype).shape == (0, 3)


@pytest.mark.parametrize("name", ARRAYS)
def test_headers_end_within_256_bytes(place, name):
    """Old readers look no further for the header, and know version 1.0 alone."""
    start = (place / "mnt" / name / "chunks/1_of_4.npy").read_bytes()[:256]
    assert start[6:8] == b"\1\0" and b"}" in start and 10 + int.from_bytes(start[8:10], "little") <= 256


def test_the_recipes(place):
    """The recipes in C++ and JavaScript add up a chunk, the one in SQL finds the nearest vector in one."""
    for name in ("xtensor_sum.cc", "npyjs_sum.mjs", "sqlite_nearest.sql"):
        shutil.copy(recipes.RECIPES / name, place)
    compile_cpp(place, "xtensor_sum.cc")
    chunk = np.array_split(ROWS, 4)[1]
    for command in ["./xtensor_sum"], ["node", "npyjs_sum.mjs"]:
        printed = recipes.run([*command, "mnt/rows.npy/chunks/1_of_4.npy"], place)
        assert printed == f"{len(chunk)} rows, sum {chunk.sum():.0f}\n"
    (extension,) = place.glob("node_modules/sqlite-vec-*/vec0.*")
    shutil.copy(extension, place)
    nearest = np.linalg.norm(np.array_split(VECTORS, 4)[1] - [40, 50, 60], axis=1).argmin()
    assert recipes.run(["sqlite3", ":memory:", ".param set :chunk mnt/vectors.npy/chunks/1_of_4.npy",
                        ".read sqlite_nearest.sql"], place) == f"{nearest}\n"


def test_javascript_holds_every_inode_number(source, mount):
    """Inode numbers are below 2^53, so JavaScript holds them exactly."""
    np.save(source / "data.npy", np.zeros((100, 3)))
    names = ["chunks/3_of_16.npy", "chunks/3_of_16.bin", "slices/7_to_9.npy", "axis1/chunks/0_of_2.npy", "info.json", "items/7.npy"]
    mounted = mount(source)
    paths = [str(mounted / "data.npy" / name) for name in names]
    script = "for (const path of process.argv.slice(1)) console.log(require('fs').statSync(path).ino)"
    ran = subprocess.run(["node", "-e", script, *paths], capture_output=True, text=True, check=True)
    assert [int(line) for line in ran.stdout.splitlines()] == [os.stat(path).st_ino for path in paths]
