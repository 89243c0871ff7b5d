"""Real readers of Zarr, current and old, and of NRRD: each reads all values as numpy does, over dtypes, byte orders, memory
orders, edges, 1 to 5 dimensions, and arrays without items."""

import base64
import itertools
import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import recipes

PROGRAMS = Path(__file__).parent / "zarr"

NUMBERS = ["|i1", "|u1", "<i2", ">i2", "<u2", ">u2", "<i4", ">i4", "<u4", ">u4", "<i8", ">i8", "<u8", ">u8", "<f4", ">f4",
           "<f8", ">f8"]
OTHERS = ["|b1", "<f2", ">f2", "<c8", ">c8", "<c16", ">c16"]
TIMES = ["<M8[ns]", ">M8[s]", "<m8[us]", "<M8[25s]"]
TEXTS = ["|S5", "<U3", ">U3", "|V3"]
RECORDS = {"plain": [("r", "|u1"), ("x", "<f4"), ("t", "<M8[s]")], "nested": [("id", "<u2"), ("at", [("x", "<f4"), ("y", "<f8")])]}
SHAPES = {(7,): ["3", "10"], (6, 5): ["4x2", "7x8"], (3, 4, 2): ["2x3x2"], (2, 3, 2, 2): ["2x2x1x2"], (2, 1, 3, 2, 2): ["1x1x2x2x1"]}
EMPTY = [(0,), (0, 3), (4, 0, 2)]


def random_array(shape, dtype, order):
    """Of any finite values: readers may change the bits of a NaN."""
    dtype = np.dtype(dtype)
    random = np.random.default_rng(7)
    count = int(np.prod(shape))
    if dtype.kind in "fc":
        values = random.integers(-1000, 1000, count).astype(dtype)
    elif dtype.kind in "SU":
        values = np.array(["", "a", "bcd"])[random.integers(0, 3, count)].astype(dtype)
    elif dtype.names:
        values = np.zeros(count, dtype)
        values[dtype.names[0]] = random.integers(0, 255, count)
    elif dtype.kind == "b":
        values = random.integers(0, 2, count).astype(bool)
    elif dtype.kind in "mM":
        values = random.integers(0, 10**9, count).astype("<i8").astype(dtype)
    else:
        values = np.frombuffer(random.bytes(count * dtype.itemsize), dtype)
    return np.asarray(values.reshape(shape), dtype=dtype, order=order)


@pytest.fixture(scope="module")
def arrays(module_scratch):
    """Name -> array, all in a directory."""
    made = {}
    for number, dtype in enumerate(NUMBERS + OTHERS + TIMES + TEXTS):
        made[f"dtype_{number}_{dtype[1:].partition('[')[0]}.npy"] = random_array((6, 5), dtype, "CF"[number % 2])
    for name, dtype in RECORDS.items():
        made[f"record_{name}.npy"] = random_array((7,), dtype, "C")
    for shape, order in itertools.product(SHAPES, "CF"):
        made[f"shape_{'x'.join(map(str, shape))}{order}.npy"] = random_array(shape, "<i4", order)
    for shape in EMPTY:
        made[f"empty_{'x'.join(map(str, shape))}.npy"] = np.zeros(shape, "<i4")
    made["large.npy"] = np.arange(3_000_000, dtype="<i4").reshape(1500, 2000)
    made["picture.npy"] = np.add.outer(np.arange(50), np.arange(40)).astype("u1")
    source = module_scratch / "source"
    source.mkdir()
    for name, array in made.items():
        np.save(source / name, array)
    return made


@pytest.fixture(scope="module")
def mounted(module_scratch, arrays, module_mount):
    assert arrays
    (module_scratch / "mnt").mkdir()
    return module_mount(module_scratch / "source", at=module_scratch / "mnt")


def install(command, where):
    ran = subprocess.run(command, cwd=where, capture_output=True, text=True, timeout=300)
    assert ran.returncode == 0, f"{command} cannot install what {PROGRAMS} names; it comes from its registry, or from its cache:\n" \
                                f"{ran.stdout}{ran.stderr}"


def pip_install(where, requirements):
    install([sys.executable, "-m", "pip", "install", "--quiet", "--target", where, "--root-user-action=ignore",
             "-r", PROGRAMS / requirements], PROGRAMS)
    return where


@pytest.fixture(scope="module")
def current(module_scratch):
    """A directory of Python packages: zarr-python 3, tensorstore, pynrrd."""
    return pip_install(module_scratch / "python", "requirements.txt")


@pytest.fixture(scope="module")
def large(module_scratch, current):
    """More of them: xarray, dask and SimpleITK of today."""
    return f"{pip_install(module_scratch / 'python-large', 'requirements-big.txt')}:{current}"


@pytest.fixture(scope="module")
def node(module_scratch):
    """A directory with the readers in JavaScript."""
    for program in PROGRAMS.iterdir():
        shutil.copy(program, module_scratch)
    install(["npm", "ci", "--ignore-scripts"], module_scratch)
    return module_scratch


def stores(mounted, arrays, version, known=lambda name, array: True):
    """(store, .npy file) of all arrays that the reader knows, with chunks of the default shape and of others."""
    for name, array in arrays.items():
        if not known(name, array):
            continue
        chunks = SHAPES.get(array.shape, []) if name.startswith("shape") else ["4x2"] if name.startswith("dtype") else []
        for chunk in ["", *chunks]:
            yield str(mounted / name / f"zarr{version}" / chunk), str(mounted.source / name)


def wrong(reader, files, packages=""):
    """What a reader in Python finds wrong. `packages`: where its libraries are; Debian's if there is none."""
    files = list(files)
    assert files
    alone = ["-S"] if packages else []  # without Debian's, which may not go with another numpy
    ran = subprocess.run([sys.executable, *alone, PROGRAMS / "read_zarr.py", reader], input=json.dumps(files), capture_output=True,
                         text=True, timeout=300, env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(packages)})
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def is_number(name, array):
    return array.dtype.names is None and array.dtype.kind in "biufc"


def test_zarr_python_3_reads_version_3(mounted, arrays, current):
    """zarr-python 3 opens zarr3/: structured arrays are `struct`, which it reads since version 3.2, and their fields before."""
    assert wrong("zarr", stores(mounted, arrays, 3, lambda _, array: array.dtype.names is None), current) == ""
    assert wrong("zarr_consolidated", stores(mounted, arrays, 3, is_number), current) == ""


def test_zarr_python_3_reads_version_2(mounted, arrays, current):
    """zarr-python 3 opens zarr2/ as well. (Version 3.1 knows no fields with fields.)"""
    assert wrong("zarr", stores(mounted, arrays, 2, lambda name, _: name != "record_nested.npy"), current) == ""


@pytest.mark.parametrize("reader", ["zarr", "zarr_consolidated", "dask"])
def test_zarr_python_2_and_old_dask(mounted, arrays, reader):
    """Those of Debian 12, zarr-python 2.13 and dask 2022.12, read zarr2/ whatever the dtype."""
    assert wrong(reader, stores(mounted, arrays, 2)) == ""


def test_old_xarray(mounted, arrays):
    """xarray of 2023 opens the group with one variable, data, whose dimensions have names; integers stay integers."""
    known = lambda name, array: is_number(name, array) or array.dtype.str == "<M8[ns]"
    assert wrong("xarray", stores(mounted, arrays, 2, known)) == ""


def test_tensorstore(mounted, arrays, current):
    """tensorstore reads all numbers of both versions."""
    for version in (2, 3):
        assert wrong("tensorstore", stores(mounted, arrays, version, is_number), current) == ""


def test_zarrita(mounted, arrays, node):
    """zarrita, in node, reads all numbers but complex ones and float16, and has the names of the dimensions."""
    known = lambda name, array: is_number(name, array) and array.dtype.kind != "c" and array.dtype.str[1:] != "f2" and array.size
    for version in (2, 3):
        pairs = list(stores(mounted, arrays, version, known))
        lines = recipes.run(["node", "read_zarrita.mjs", *[store for store, _ in pairs]], node).splitlines()
        assert len(lines) == len(pairs) > 40
        for (store, original), line in zip(pairs, lines):
            found, expected = json.loads(line), np.load(original)
            native = expected.dtype.newbyteorder("=")
            values = np.frombuffer(base64.b64decode(found["bytes"]), native)
            strides = [stride * native.itemsize for stride in found["stride"]]
            assert found["shape"] == list(expected.shape), store
            assert np.array_equal(np.lib.stride_tricks.as_strided(values, expected.shape, strides), expected), store
            assert found.get("names") in ([f"dim_{axis}" for axis in range(expected.ndim)], None), store


def headers(mounted, arrays, known=lambda array: True):
    """(VIEW.nhdr, .npy file) of all arrays of types that NRRD has."""
    for name, array in arrays.items():
        if array.dtype.str in NUMBERS and array.size and known(array):
            yield str(mounted / name / "chunks/0_of_1.nhdr"), str(mounted.source / name)


def test_pynrrd(mounted, arrays, current):
    """pynrrd reads VIEW.nhdr, and the body through it."""
    assert wrong("pynrrd", headers(mounted, arrays), current) == ""


def test_nrrd_js(mounted, arrays, node):
    """nrrd-js finds sizes, type, byte order and the file with the body."""
    pairs = list(headers(mounted, arrays))
    lines = recipes.run(["node", "read_nrrd.mjs", *[header for header, _ in pairs]], node).splitlines()
    for (header, original), line in zip(pairs, lines, strict=True):
        found, expected = json.loads(line), np.load(original)
        body = Path(header).parent / found["dataFile"]
        order = ">" if found.get("endian") == "big" else "<"
        values = np.fromfile(body, np.dtype({"float": "float32", "double": "float64"}.get(found["type"], found["type"])).newbyteorder(order))
        assert found["encoding"] == "raw"
        is_fortran = np.isfortran(expected)
        assert found["sizes"] == list(expected.shape if is_fortran else expected.shape[::-1]), header
        assert np.array_equal(values.reshape(expected.shape, order="F" if is_fortran else "C"), expected), header


def test_unu(mounted, arrays):
    """teem's unu reads the headers: what it prints is the array. (Its printf takes 64-bit numbers without sign for signed.)"""
    for header, original in headers(mounted, arrays, lambda array: array.ndim == 2 and array.size < 100 and array.dtype.str[1:] != "u8"):
        printed = subprocess.run(["teem-unu", "save", "-f", "text", "-i", header], capture_output=True, text=True, check=True).stdout
        expected = np.load(original)
        found = np.array([[float(number) for number in line.split()] for line in printed.splitlines()])
        found = found.T if np.isfortran(expected) else found
        assert np.allclose(found, expected.astype("f8"), rtol=1e-5), header


@pytest.mark.big
def test_simpleitk(mounted, arrays, large):
    """SimpleITK reads the headers as images."""
    known = lambda array: 2 <= array.ndim <= 3 and not np.isfortran(array) and min(array.shape) > 1
    assert wrong("simpleitk", headers(mounted, arrays, known), large) == ""


@pytest.mark.big
@pytest.mark.parametrize("version", [2, 3])
def test_current_xarray_and_dask(mounted, arrays, large, version):
    """xarray and dask of today read both versions, and xarray warns of nothing."""
    assert wrong("xarray", stores(mounted, arrays, version, is_number), large) == ""
    known = lambda name, array: is_number(name, array) and array.size > 0
    assert wrong("dask", stores(mounted, arrays, version, known), large) == ""


@pytest.mark.big
def test_gdal(mounted, arrays):
    """GDAL reads zarr2/ with its multidimensional driver, and knows the names of the dimensions."""
    known = lambda name, array: is_number(name, array) and array.dtype.kind in "iuf" and array.size and \
        array.dtype.str[1:] not in ("i1", "f2", "i8", "u8")
    assert wrong("gdal", stores(mounted, arrays, 2, known)) == ""


@pytest.mark.big
def test_a_web_page_draws_a_slice(mounted, arrays, node):
    """A page in headless Chromium draws rows of an array, through zarrita and a web server with ranges."""
    with subprocess.Popen([sys.executable, PROGRAMS / "range_server.py", node], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as server:
        port = int(server.stdout.readline())
        page = subprocess.run(["chromium", "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={node}/chromium",
                               "--virtual-time-budget=20000", "--dump-dom", f"http://127.0.0.1:{port}/page.html"],
                              capture_output=True, text=True, timeout=120)
        server.stdin.close()
    text = page.stdout[page.stdout.index("<pre>") + 5:page.stdout.index("</pre>")]
    found = json.loads(text)
    picture = arrays["picture.npy"]
    assert found["shape"] == [30, 40] and found["drawn"] == picture[10:40].ravel().tolist()
    assert found["status"] == 206 and found["row"] == picture[3].tolist()
