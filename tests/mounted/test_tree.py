"""The tree below the mount: which names resolve, what is listed, and what the files beside the views say."""

import json
import os
import stat

import numpy as np
import pytest

from arrays import body_of, chunk, expected_file, filled, saved

ROWS = 105
ARRAYS = {
    "data.npy": filled((ROWS, 4), "<f8"),
    "sub/dir/nested.npy": filled((6,), ">i2"),
    "fortran.npy": filled((9, 3), "<i4", "F"),
    "records.npy": filled((5,), [("x", "<f4"), ("名前", "|S3")]),
}
NRRD_TYPES = {"data.npy": "double", "sub/dir/nested.npy": "int16", "fortran.npy": "int32", "records.npy": None}


@pytest.fixture(scope="module")
def tree(module_scratch):
    root = module_scratch / "source"
    (root / "sub/dir").mkdir(parents=True)
    (root / "sub/empty").mkdir()
    (root / "sub/.hidden").mkdir()
    for name, array in ARRAYS.items():
        (root / name).write_bytes(saved(array))
    (root / "notes.txt").write_text("Other files are served with their own bytes.\n" * 1000)
    (root / "sub/empty.bin").write_bytes(b"")
    (root / "scalar.npy").write_bytes(saved(np.array(1.5)))
    (root / "short.npy").write_bytes(saved(ARRAYS["data.npy"])[:-100])
    (root / "x.npy.d").mkdir()
    (root / "directory.npy").mkdir()
    (root / "directory.npy/file").write_text("x")
    (root / ".npy").write_bytes(saved(np.arange(3)))
    (root / "sp ace 名.npy").write_bytes(saved(np.arange(3)))
    return root


@pytest.fixture(scope="module")
def mounted(tree, module_mount):
    return module_mount(tree, "chunks=12")


RESOLVE = ["chunks/0_of_16.npy", "chunks/15_of_16.npy", "chunks/03_of_16.npy", "chunks/00000_of_0001.npy",
           "chunks/0_of_9223372036854775807.npy", "chunks/9223372036854775806_of_9223372036854775807.bin",
           "chunks/16/3_of_16.npy", "chunks/16/03_of_16.bin", "chunks/016/003_of_0016.npy",
           "slices/0_to_0.npy", "slices/5_to_5.bin", f"slices/0_to_{ROWS}.npy", f"slices/{ROWS}_to_{ROWS}.npy",
           f"slices/000_to_00{ROWS}.npy", "axis0/chunks/3_of_16.npy", "axis1/chunks/3_of_16.npy",
           "axis1/chunks/16/3_of_16.npy", "axis1/slices/0_to_4.npy", "axis1/slices/0_to_3.bin"]

REFUSED = ["chunks/16_of_16.npy", "chunks/3_of_0.npy", "chunks/0_of_0.npy", "slices/5_to_4.npy",
           f"slices/0_to_{ROWS + 1}.npy", f"slices/{ROWS + 1}_to_{ROWS + 1}.npy", "axis1/slices/0_to_5.npy",
           "axis2/chunks/0_of_1.npy", "axis2", "axis", "axis-1", "axis1x", "axis99999999999999999999", "chunks/0", "chunks/x",
           "chunks/00", "chunks/-1", "chunks/16_of_16", "chunks/3_of_16.npz", "chunks/3_of_16.npy.npy", "chunks/3_of_16.NPY",
           "chunks/_of_16.npy", "chunks/3_of_.npy", "chunks/-0_of_16.npy", "chunks/+3_of_16.npy", "chunks/ 3_of_16.npy",
           "chunks/3_of_16.npy ", "chunks/0x3_of_16.npy", "chunks/3.0_of_16.npy", "chunks/3_to_16.npy",
           "chunks/1e1_of_16.npy", "chunks/٣_of_16.npy", "chunks/3_of_9223372036854775808.npy",
           "chunks/3_of_18446744073709551617.npy", "chunks/18446744073709551616_of_5.npy", "chunks/16/3_of_17.npy",
           "chunks/16/16", "chunks/16/slices", "chunks/16/source.npy", "slices/0", "slices/0_of_1.npy", "slices/-5_to_-1.npy",
           "slices/5_to_.npy", "slices/_to_5.npy", "slices/0_to_18446744073709551616.npy", "chunk/0_of_1.npy",
           "0_of_1.npy", "source.bin", "source", "info.txt", "error.txt", ".npyfs"]


@pytest.mark.parametrize("name", RESOLVE)
def test_a_name_that_resolves_is_a_regular_file(mounted, name):
    """A name that resolves holds exactly what it says; numbers may carry leading zeros."""
    assert stat.S_ISREG(os.stat(mounted / "data.npy" / name).st_mode)


@pytest.mark.parametrize("name", REFUSED)
def test_anything_else_is_enoent(mounted, name):
    """Anything else is ENOENT: 16_of_16, 3_of_0, 5_to_4, a stop beyond the end, no number, an axis too many."""
    with pytest.raises(FileNotFoundError):
        os.stat(mounted / "data.npy" / name)


def test_nothing_is_below_a_file(mounted):
    """A view that is a file has nothing below it; without .npy it is a directory, the view as an array."""
    assert (mounted / "data.npy/chunks/0_of_1").is_dir()
    with pytest.raises(NotADirectoryError):
        os.stat(mounted / "data.npy/chunks/0_of_1.npy/x")


def test_leading_zeros_name_the_same_inode(mounted):
    """03_of_16 is 3_of_16, below chunks/ and chunks/16/ and axis0/: one inode number."""
    names = ["chunks/3_of_16.npy", "chunks/03_of_16.npy", "chunks/16/03_of_16.npy", "chunks/16/3_of_0016.npy",
             "axis0/chunks/3_of_16.npy", "axis00/chunks/016/3_of_16.npy"]
    numbers = [os.stat(mounted / "data.npy" / name).st_ino for name in names]
    assert len(set(numbers)) == 1
    others = ["chunks/3_of_17.npy", "chunks/4_of_16.npy", "chunks/3_of_16.bin", "slices/3_to_16.npy",
              "axis1/chunks/3_of_16.npy"]
    assert len({numbers[0], *(os.stat(mounted / "data.npy" / name).st_ino for name in others)}) == 1 + len(others)


def test_more_chunks_than_rows_are_empty_arrays(mounted):
    """More chunks than rows is no error: the surplus chunks are valid empty arrays, as array_split has it."""
    surplus = np.load(mounted / f"data.npy/chunks/{ROWS + 5}_of_{ROWS + 10}.npy")
    assert surplus.shape == (0, 4) and surplus.dtype == np.dtype("<f8")
    assert (mounted / f"data.npy/chunks/{ROWS + 5}_of_{ROWS + 10}.bin").read_bytes() == b""


def listing(path):
    return sorted(os.listdir(path))


@pytest.mark.parametrize("count", [1, 2, 9, 10, 11, 100, 101, 1000])
def test_sorted_listings_of_chunks_concatenate_to_the_array(mounted, count):
    """chunks/N/ lists all N, zero-padded: a sorted(glob(...)) that is concatenated gives the array back."""
    for name, axis, directory in (("data.npy", 0, "chunks"), ("data.npy", 1, "axis1/chunks"), ("data.npy", 0, "axis0/chunks")):
        paths = sorted((mounted / name / directory / str(count)).glob("*.npy"))
        width = len(str(count - 1))
        assert [path.name for path in paths] == [f"{index:0{width}}_of_{count}.npy" for index in range(count)]
        joined = np.concatenate([np.load(path) for path in paths], axis=axis)
        assert joined.tobytes() == ARRAYS[name].tobytes()


def test_chunks_lists_the_default_count(mounted):
    """chunks/ lists the chunks of one default count, -o chunks=N."""
    assert listing(mounted / "data.npy/chunks") == [f"{index:02}_of_12.npy" for index in range(12)]


def test_the_default_count_is_the_online_cpus(tree, mount):
    """Without -o chunks=N that count is the number of online CPUs."""
    count = len(os.sched_getaffinity(0))
    assert len(os.listdir(mount(tree) / "data.npy/chunks")) == count


def test_slices_and_axis_chunks_list_nothing_and_still_resolve(mounted):
    """slices/ lists nothing; axisK/chunks/ lists nothing until a count is named; everything still resolves."""
    for directory in ("slices", "axis1/slices", "axis0/slices", "axis1/chunks", "axis0/chunks"):
        assert listing(mounted / "data.npy" / directory) == []
    assert listing(mounted / "data.npy/axis1/chunks/2") == ["0_of_2.npy", "1_of_2.npy"]


def test_an_array_directory_lists_what_it_holds(mounted):
    """data.npy/ lists batches, chunks, index, slices, an axisK for each axis of two or more, fields of a structured dtype,
    source.npy and info.json; items/ and views as directories are not listed."""
    both = ["batches", "chunks", "index", "info.json", "slices", "source.npy"]
    assert listing(mounted / "data.npy") == ["axis0", "axis1", *both]
    assert listing(mounted / "sub/dir/nested.npy") == both
    assert listing(mounted / "records.npy") == ["batches", "chunks", "fields", *both[2:]]
    assert listing(mounted / "records.npy/fields") == ["x.npy", "名前.npy"]
    assert listing(mounted / "data.npy/axis1") == ["batches", "chunks", "slices"]


def test_bin_twins_are_not_listed_and_hold_the_body_alone(mounted):
    """With .bin instead of .npy the same path is the body alone; listings show the .npy only."""
    array = ARRAYS["fortran.npy"]
    assert not [name for name in listing(mounted / "fortran.npy/chunks/4") if name.endswith(".bin")]
    part = chunk(array, 2, 4)
    expected = body_of(expected_file(part, array), part)
    assert (mounted / "fortran.npy/chunks/4/2_of_4.bin").read_bytes() == expected


def test_directories_and_other_files_are_mirrored(tree, mounted):
    """Directories are mirrored at any depth; other files are served with their own bytes."""
    for directory, _, _ in os.walk(tree):
        relative = os.path.relpath(directory, tree)
        assert listing(mounted / relative) == listing(directory)
    for name in ("notes.txt", "sub/empty.bin", "directory.npy/file"):
        assert (mounted / name).read_bytes() == (tree / name).read_bytes()
    assert not (mounted / "missing.txt").exists()
    assert not (mounted / "missing.npy").exists()


def test_only_regular_files_named_npy_are_array_directories(mounted):
    """Every regular file named *.npy is a directory; a directory of that name is a directory like any other."""
    assert listing(mounted / "directory.npy") == ["file"]
    assert listing(mounted / "x.npy.d") == []
    for name in (".npy", "sp ace 名.npy"):
        assert np.load(mounted / name / "slices/1_to_3.npy").tolist() == [1, 2]


def test_array_directories_give_the_type_that_the_listing_says(tree, mounted):
    """readdir's d_type and inode number are those that stat gives."""
    for directory in ("", "sub", "data.npy", "data.npy/axis1", "data.npy/chunks", "data.npy/chunks/3"):
        with os.scandir(mounted / directory) as entries:
            for entry in entries:
                found = os.lstat(entry.path)
                assert entry.is_dir(follow_symlinks=False) == stat.S_ISDIR(found.st_mode)
                assert entry.inode() == found.st_ino


def test_source_npy_is_the_source_byte_for_byte(tree, mounted):
    """source.npy is the source file, byte for byte, also where it holds no sliceable array."""
    for name in (*ARRAYS, "scalar.npy", "short.npy"):
        assert (mounted / name / "source.npy").read_bytes() == (tree / name).read_bytes()


def test_info_json_describes_the_array(tree, mounted):
    """info.json holds shape, strides, descr, order, sizes, offsets, the source's path and the place in the source, and what
    other formats have: the chunk shape of the default Zarr store, the versions of the format, and the type in NRRD."""
    for name, array in ARRAYS.items():
        info = json.loads((mounted / name / "info.json").read_text())
        descr = array.dtype.str if array.dtype.names is None else repr(array.dtype.descr)
        offset = (tree / name).stat().st_size - array.nbytes
        assert info.pop("zarr") == {"chunk": list(array.shape), "versions": [2, 3]}
        assert info.pop("nrrd_type") == NRRD_TYPES[name]
        assert info == {"source": str(tree / name), "shape": list(array.shape), "descr": descr,
                        "fortran_order": array.flags.f_contiguous and array.ndim > 1, "itemsize": array.itemsize,
                        "data_offset": offset, "data_size": array.nbytes, "file_size": (tree / name).stat().st_size,
                        "sliceable": True, "most_aligned_chunks": [1] * array.ndim, "index": "a", "strides": list(array.strides)}


def test_error_txt_is_only_where_there_is_no_sliceable_array(mounted):
    """A file that is no sliceable array keeps source.npy and info.json and says why in error.txt, in one sentence."""
    for name in ARRAYS:
        assert not (mounted / name / "error.txt").exists()
    for name in ("scalar.npy", "short.npy"):
        assert listing(mounted / name) == ["error.txt", "info.json", "source.npy"]
        assert not json.loads((mounted / name / "info.json").read_text())["sliceable"]
        assert not (mounted / name / "chunks/0_of_1.npy").exists()
    size = ARRAYS["data.npy"].nbytes
    assert (mounted / "short.npy/error.txt").read_text() == (
        f"short.npy: the header promises {size} bytes of data (shape (105, 4), descr '<f8'), the file holds {size - 100}\n")


def test_views_carry_extended_attributes(tree, mounted):
    """Views carry user.npyfs.* extended attributes: source, index, shape, descr, and axis, start, stop where these say all."""
    expected = {"source": str(tree / "data.npy"), "axis": "0", "start": "10", "stop": "20", "index": "a[10:20]",
                "shape": "(10, 4)", "descr": "<f8"}
    for name in ("slices/10_to_20.npy", "slices/10_to_20.bin"):
        path = mounted / "data.npy" / name
        assert sorted(os.listxattr(path)) == sorted(f"user.npyfs.{key}" for key in expected)
        for key, value in expected.items():
            assert os.getxattr(path, f"user.npyfs.{key}") == value.encode()
        with pytest.raises(OSError, match="No data available"):
            os.getxattr(path, "user.npyfs.other")
        with pytest.raises(OSError, match="Operation not supported"):
            os.getxattr(path, "system.posix_acl_access")
    path = mounted / "data.npy/axis1/chunks/1_of_3.npy"
    values = [os.getxattr(path, f"user.npyfs.{key}") for key in ("axis", "start", "stop", "index", "shape")]
    assert values == [b"1", b"2", b"3", b"a[:, 2:3]", b"(105, 1)"]
    for name in ("index/::2.npy", "chunks/1_of_4/axis1/chunks/0_of_2.npy", "items/3.npy"):
        assert sorted(os.listxattr(mounted / "data.npy" / name)) == sorted(
            f"user.npyfs.{key}" for key in ("source", "index", "shape", "descr"))
    descr = os.getxattr(mounted / "records.npy/chunks/0_of_1.npy", "user.npyfs.descr")
    assert descr.decode() == repr(ARRAYS["records.npy"].dtype.descr)


def test_the_daemons_own_directory_is_hidden_and_there(mounted):
    """.npyfs/ is never listed and always there: version, options, metrics, status."""
    assert ".npyfs" not in os.listdir(mounted.path)
    assert listing(mounted / ".npyfs") == ["metrics", "options", "status", "version"]
    assert "chunks=12\n" in (mounted / ".npyfs/options").read_text()
    assert (mounted / ".npyfs/version").read_text().strip().count(".") == 2
    assert str(mounted.source) in (mounted / ".npyfs/status").read_text()
    before = mounted.metric("reads_total")
    (mounted / "notes.txt").read_bytes()
    assert mounted.metric("reads_total") > before
    assert not (mounted / "sub/.npyfs").exists()


def test_the_source_has_no_npyfs_directory_of_its_own(scratch, mount):
    """What the source has by the name of .npyfs is hidden behind the daemon's own."""
    source = scratch / "with_npyfs"
    (source / ".npyfs").mkdir(parents=True)
    (source / ".npyfs/version").write_text("not ours")
    (source / "notes.txt").write_text("notes")
    mounted = mount(source)
    assert os.listdir(mounted.path) == ["notes.txt"]
    assert (mounted / ".npyfs/version").read_text() != "not ours"
