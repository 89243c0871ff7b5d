"""Zarr stores below every array, and detached headers, read by a model of a few lines. tools/test_zarr_readers.py has
real readers."""

import errno
import itertools
import json
import os
import subprocess
from pathlib import Path

import numpy as np
import pytest

import arrays
import zarr_model

DTYPES = arrays.dtypes()
SHAPES = {(7,): ["7", "3", "10", "1"], (6, 5): ["6x5", "4x2", "1x1", "7x8", "6x2", "4x5"], (3, 4, 2): ["2x3x2", "3x4x3"],
          (2, 3, 2, 2): ["1x2x2x1", "2x3x3x2"], (2, 1, 3, 2, 2): ["1x1x2x2x1"], (0, 3): ["1x3", "2x2"], (4, 0, 2): ["3x1x3"]}


@pytest.fixture(scope="module")
def mounted(module_scratch, module_mount):
    source = module_scratch / "source"
    source.mkdir()
    for number, dtype in enumerate(DTYPES.values()):
        np.save(source / f"dtype_{number}.npy", arrays.filled((5, 3), dtype, "CF"[number % 2]))
    for shape, order in itertools.product(SHAPES, "CF"):
        np.save(source / f"{'x'.join(map(str, shape))}{order}.npy", arrays.filled(shape, "<i4", order))
    np.save(source / "many.npy", np.arange(1_200_000, dtype="<u2").reshape(1200, 1000))
    return module_mount(source, "rw")


def original(mounted, name):
    return np.load(mounted.source / name)


def resident(mounted):
    """Bytes of memory of the daemon."""
    return int(Path(f"/proc/{mounted.pid}/statm").read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGESIZE")


def assert_same(found, expected):
    """The same shape, and the same bytes in every item that is no padding."""
    assert found.shape == expected.shape
    if expected.dtype.names is not None:
        for name in expected.dtype.names:
            assert_same(found[name], expected[name])
        return
    assert found.dtype == expected.dtype
    assert found.tobytes() == expected.tobytes()


@pytest.mark.parametrize("version", [2, 3])
@pytest.mark.parametrize("number", range(0, len(DTYPES), int(os.environ.get("NPYFS_EVERY", 1))))
def test_every_dtype_is_said_right_or_refused(mounted, number, version):
    """What a version of Zarr cannot say is refused: the store's directory then has error.txt, a sentence, and no other file."""
    name = f"dtype_{number}.npy"
    expected = original(mounted, name)
    for store in (mounted / name / f"zarr{version}", mounted / name / f"zarr{version}" / "2x2"):
        if not (store / "error.txt").exists():
            assert_same(zarr_model.read(store), expected)
            continue
        assert os.listdir(store) == ["error.txt"] and (store / "error.txt").read_text().startswith(f"{name}: Zarr version ")
        plain = expected.dtype.names is None
        if version == 2:
            assert expected.dtype.kind in "mM" and "[" not in expected.dtype.str
        elif plain:
            assert expected.dtype.str[1:] in ("f16", "c32")
        else:
            fields = [expected.dtype[i] for i in range(len(expected.dtype))]
            is_packed = sum(field.itemsize for field in fields) == expected.dtype.itemsize
            orders = {field.str[0] for field in fields if field.names is None} - {"|"}
            is_plain = all(field.itemsize and field.shape == () for field in fields)
            assert not is_packed or len(orders) > 1 or not is_plain or any(field.names for field in fields)


@pytest.mark.parametrize("order", "CF")
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_chunk_shapes_by_path(mounted, shape, order):
    """zarr3/1000x64/ is the store with that chunk shape. Chunks at the edge have full size, and zeros beyond the array."""
    name = f"{'x'.join(map(str, shape))}{order}.npy"
    expected = original(mounted, name)
    for version, chunk in itertools.product((2, 3), SHAPES[shape]):
        store = mounted / name / f"zarr{version}" / chunk
        assert_same(zarr_model.read(store), expected)
        said = json.loads((store / ("data/.zarray" if version == 2 else "data/zarr.json")).read_text())
        lengths = said["chunks"] if version == 2 else said["chunk_grid"]["configuration"]["chunk_shape"]
        assert "x".join(map(str, lengths)) == chunk


@pytest.mark.parametrize("order", "CF")
def test_views_that_are_arrays_have_stores(mounted, order):
    """Every view that is an array has stores: slices/0_to_1000/zarr3/."""
    name = f"6x5{order}.npy"
    array = original(mounted, name)
    views = {"slices/1_to_5": array[1:5], "index/::-2,1:4": array[::-2, 1:4], "axis1/chunks/0_of_2": array[:, :3],
             "items/2": array[2], "items/2/items/3": array[2, 3], "index/:,None,2": array[:, None, 2]}
    for (path, expected), version in itertools.product(views.items(), (2, 3)):
        chunk = "x".join("2" * expected.ndim)
        for store in [f"zarr{version}"] + ([f"zarr{version}/{chunk}"] if chunk else []):
            assert_same(zarr_model.read(mounted / name / path / store), np.asarray(expected))


def test_the_default_chunks_are_whole_rows_of_some_mebibytes(source, mount):
    """Without a shape in the path a chunk is whole rows, 4 MiB at most; info.json says how many."""
    np.save(source / "big.npy", np.arange(3_000_000, dtype="<f8").reshape(30_000, 100))
    mounted = mount(source)
    said = json.loads((mounted / "big.npy/zarr3/data/zarr.json").read_text())
    assert said["chunk_grid"]["configuration"]["chunk_shape"] == [5242, 100]
    assert json.loads((mounted / "big.npy/info.json").read_text())["zarr"] == {"chunk": [5242, 100], "versions": [2, 3]}
    assert_same(zarr_model.read(mounted / "big.npy/zarr3"), np.load(source / "big.npy"))


def test_stores_are_not_listed(mounted):
    """Stores and headers are not listed, so that cp -r copies nothing twice."""
    listed = subprocess.run(["find", mounted / "6x5C.npy"], capture_output=True, text=True, check=True).stdout
    assert "zarr" not in listed and "nhdr" not in listed and "chunks/" in listed


def test_a_store_lists_its_keys(mounted):
    """ls of a store lists its files and all keys of its chunks, each with the number that stat tells."""
    for store in ("zarr2", "zarr3", "zarr2/4x2", "zarr3/4x2"):
        listed = {}
        for directory, _, _ in os.walk(mounted / "6x5F.npy" / store):
            for entry in os.scandir(directory):
                status = entry.stat()
                assert entry.inode() == status.st_ino
                listed[os.path.relpath(entry.path, mounted / "6x5F.npy" / store)] = status
        files = {path for path, status in listed.items() if not os.path.isdir(mounted / "6x5F.npy" / store / path)}
        grid = [(i, k) for i in range(2) for k in range(3)] if "4x2" in store else [(0, 0)]
        if store.startswith("zarr2"):
            metadata = {".zgroup", ".zattrs", ".zmetadata", "data/.zarray", "data/.zattrs"}
            assert files == metadata | {f"data/{i}.{k}" for i, k in grid}
        else:
            assert files == {"zarr.json", "data/zarr.json"} | {f"data/c/{i}/{k}" for i, k in grid}
        for path in files:
            assert listed[path].st_size == len((mounted / "6x5F.npy" / store / path).read_bytes())


def test_a_store_of_a_million_chunks_is_listed_lazily(mounted):
    """A store of 1,200,000 chunks costs no memory: its keys are made as they are read, and each is there."""
    data = mounted / "many.npy/zarr2/1x1/data"
    before = resident(mounted)
    with os.scandir(data) as entries:
        first = [entry.name for entry in itertools.islice(entries, 1001)]
    assert first[:2] == ["0.0", "0.1"] and first[1000] == "1.0"
    assert (data / "1199.999").read_bytes() == np.uint16(1_199_999 % 65536).tobytes()
    assert not (data / "1200.0").exists()
    assert resident(mounted) - before < 4 << 20


def test_names_that_no_store_has(mounted):
    """Other names, keys beyond the array and chunk shapes that do not fit are ENOENT."""
    for path in ["zarr1", "zarr3/.zgroup", "zarr2/zarr.json", "zarr2/data/2.0", "zarr2/data/00.0", "zarr3/data/c/0/1",
                 "zarr3/4", "zarr3/4x0", "zarr3/4x2x1", "zarr3/04x2", "zarr3/error.txt", "axis1/zarr3", "zarr3/data/0.0"]:
        with pytest.raises(FileNotFoundError):
            os.stat(mounted / "6x5C.npy" / path)
    (mounted.source / "bad.npy").write_bytes(b"no array")
    with pytest.raises(FileNotFoundError):
        os.stat(mounted / "bad.npy/zarr3")


def test_stores_are_read_only(mounted):
    """Stores and headers are read-only, with -o rw as well: no permission to write, and EACCES."""
    for path in ("zarr3/zarr.json", "zarr3/data/c/0/0", "zarr2/4x2/data/1.2", "chunks/0_of_2.nhdr"):
        file = mounted / "6x5C.npy" / path
        assert file.stat().st_mode & 0o222 == 0
        with pytest.raises(OSError) as failed:
            os.close(os.open(file, os.O_WRONLY))
        assert failed.value.errno == errno.EACCES
        assert os.listxattr(file) == []
    with pytest.raises(OSError):
        (mounted / "6x5C.npy/zarr3/data/c/0/9").write_bytes(b"")


def test_what_is_written_through_a_view_is_in_the_store(source, mount):
    """A chunk of a store shows what was written through a view, or by others, when it is opened again."""
    np.save(source / "a.npy", np.zeros((6, 5), "<i4"))
    mounted = mount(source, "rw")
    store = mounted / "a.npy/zarr3/4x4"
    assert not zarr_model.read(store).any()
    with open(mounted / "a.npy/slices/2_to_6.bin", "r+b") as view:
        view.write(np.full((4, 5), 7, "<i4").tobytes())
    expected = np.zeros((6, 5), "<i4")
    expected[2:] = 7
    assert_same(zarr_model.read(store), expected)
    np.save(source / "other.npy", np.arange(14, dtype="<i4").reshape(7, 2))
    os.rename(source / "other.npy", source / "a.npy")
    assert_same(zarr_model.read(mounted / "a.npy/zarr3/2x2"), np.arange(14, dtype="<i4").reshape(7, 2))


def test_a_truncated_source_is_an_error(source, mount):
    """Where the source has lost items, a chunk with them is an error, and never zeros."""
    np.save(source / "a.npy", np.ones((1000, 1000), "<i4"))
    mounted = mount(source)
    with open(mounted / "a.npy/zarr3/900x1100/data/c/0/0", "rb", buffering=0) as chunk:
        os.truncate(source / "a.npy", 1_000_000)
        with pytest.raises(OSError) as failed:
            while chunk.read(1 << 20):
                pass
        assert failed.value.errno in (errno.EIO, errno.ESTALE)


NRRD = {"signed char": "|i1", "int8": "|i1", "uint8": "|u1", "int16": "i2", "uint16": "u2", "int32": "i4", "uint32": "u4",
        "int64": "i8", "uint64": "u8", "float": "f4", "double": "f8"}


def read_nrrd(path):
    """The array that a detached header describes."""
    magic, *lines = path.read_text(encoding="utf-8").splitlines()
    said = dict(line.split(": ", 1) for line in lines)
    assert magic == "NRRD0004" and said["encoding"] == "raw"
    sizes = [int(size) for size in said["sizes"].split()]
    assert len(sizes) == int(said["dimension"])
    dtype = np.dtype(NRRD[said["type"]]).newbyteorder({"little": "<", "big": ">", None: "="}[said.get("endian")])
    return np.fromfile(path.parent / said["data file"], dtype).reshape(sizes, order="F")


def test_detached_headers_describe_the_bodies_beside_them(mounted):
    """VIEW.nhdr beside every VIEW.bin: sizes with the fastest axis first, type, endian, and the name of the .bin."""
    known = 0
    for number, dtype in enumerate(DTYPES.values()):
        header = mounted / f"dtype_{number}.npy" / "slices/1_to_5.nhdr"
        is_known = dtype.names is None and dtype.str.lstrip("<>") in NRRD.values()
        assert header.exists() == is_known, f"{dtype}: types that NRRD does not have are ENOENT"
        if not is_known:
            continue
        known += 1
        expected = original(mounted, header.parts[-3])[1:5]
        found = read_nrrd(header)
        assert_same(found.T if number % 2 == 0 else found, expected)
    assert known == 18
    for path in ("chunks/3/1_of_3", "axis1/batches/2/1", "index/::-1,2:4", "items/2", "slices/0_to_3/axis1/items/1"):
        view = mounted / "6x5C.npy" / path
        assert_same(read_nrrd(view.with_name(view.name + ".nhdr")).T, np.load(view.with_name(view.name + ".npy")))
    assert not (mounted / "0x3C.npy/chunks/0_of_1.nhdr").exists(), "NRRD has no arrays without items"


def test_status_names_the_stores(mounted):
    """.npyfs/status names the stores and the headers."""
    text = (mounted / ".npyfs/status").read_text()
    assert "Zarr stores in zarr2/ and zarr3/; VIEW.nhdr beside each VIEW.bin" in text
