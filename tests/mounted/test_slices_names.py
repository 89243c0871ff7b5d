"""Names of slices: what resolves as numpy has it, what is ENOENT, what is listed, and how deep and long a path may be."""

import itertools
import os
import random
import subprocess

import numpy as np
import pytest

from arrays import filled, saved
from selections import field_name

STRUCTURE = np.dtype([("x", "<f4"), ("a/b", "<i2"), ("100%", "|u1"), (".", "<i4"), ("..", "<i4"), ("x.npy", "<i8"), ("名前", "<u2"),
                      ("say\n\x7f", "<u4"), ("y" * 251, "<u4"), ("z" * 252, "<u4")])
ARRAY = np.arange(100 * 6.0).reshape(100, 6)
RECORDS = filled((5,), STRUCTURE)
EVERY = int(os.environ.get("NPYFS_EVERY", "1"))
LONG = 1_000_000 // EVERY ** 2  # rows


@pytest.fixture(scope="module")
def mounted(module_scratch, module_mount):
    source = module_scratch / "source"
    source.mkdir()
    np.save(source / "rows.npy", ARRAY)
    (source / "records.npy").write_bytes(saved(RECORDS))
    for length in range(7):
        np.save(source / f"{length}.npy", np.arange(length, dtype="u1"))
    np.save(source / "long.npy", np.zeros(LONG, "u1"))
    return module_mount(source)


def every(*parts):
    """All combinations, or as many of them as NPYFS_EVERY leaves, drawn at random."""
    found = list(itertools.product(*parts))
    return random.Random(1).sample(found, -(-len(found) // EVERY))


@pytest.mark.parametrize("length", range(7))
def test_every_start_stop_step_is_that_of_numpy(mounted, length):
    """index/START:STOP:STEP clips as numpy does, with all signs, on lengths 0 to 6; slices/A_to_B_by_S is exact."""
    array = np.arange(length, dtype="u1")
    bounds = [None, *range(-length - 2, length + 3)]
    directory = os.open(mounted / f"{length}.npy/index", os.O_PATH)
    for start, stop, step in every(bounds, bounds, [None, *range(-length - 1, 0), *range(1, length + 2)]):
        name = ":".join("" if part is None else str(part) for part in (start, stop)) + ("" if step is None else f":{step}")
        file = os.open(name + ".bin", os.O_RDONLY, dir_fd=directory)
        assert os.read(file, 100) == array[start:stop:step].tobytes(), name
        os.close(file)
    os.close(directory)
    for start, stop, step in every(range(length + 2), range(length + 2), range(length + 2)):
        path = mounted / f"{length}.npy/slices/{start}_to_{stop}_by_{step}.bin"
        if start <= stop <= length and step >= 1:
            assert path.read_bytes() == array[start:stop:step].tobytes()
        else:
            assert not path.exists()


@pytest.mark.parametrize("index", ["100", "-101", "0,6", "0,-7", "0,0,0", "...,...", "::0", ":,::0", "0:1,...,...", "1.0", "1e1",
                                   "True", "[0]", "", " 1", "1,", "1:2:3:4", "0x1", "--1", "x", "newaxis", "none", "'x'"])
def test_where_numpy_raises_there_is_no_file(mounted, index):
    """ENOENT: an index out of range, too many indices, a step of 0, two ellipses, and what is no basic index."""
    for name in (f"index/{index}.npy", f"index/{index}.bin", f"index/{index}"):
        if name != "index/":
            assert not (mounted / "rows.npy" / name).exists()


@pytest.mark.parametrize("name", ["items/100.npy", "items/-1.npy", "batches/0/0.npy", "batches/7/15.npy", "batches/256/1.npy",
                                  "slices/0_to_10_by_0.npy", "slices/0_to_101_by_2.npy", "slices/0_to_10_by_-1.npy", "fields",
                                  "fields/x.npy", "axis2/items/0.npy", "axis1/items/6.npy", "items/0/axis0", "items/0/axis1",
                                  "items/0/items/0/items/0.npy", "items/0/items/0/chunks", "chunks/3_of_16/source.npy"])
def test_what_an_array_does_not_have_is_enoent(mounted, name):
    """No row, batch, field or axis that the array does not have; no source.npy of a view."""
    assert not (mounted / "rows.npy" / name).exists()


def test_paths_that_mean_the_same_bytes_have_one_inode_number(mounted):
    """Whatever way they are spelled, paths that mean the same bytes have one inode number, below 2^53."""
    same = ["slices/0_to_25.npy", "index/:25.npy", "chunks/0_of_4.npy", "chunks/0_of_2/chunks/0_of_2.npy", "batches/25/0.npy",
            "index/:25,:.npy", "index/-100:-75,....npy", "index/24::-1/index/::-1.npy", "axis0/slices/00_to_25.npy",
            "slices/0_to_25_by_1.npy", "axis1/slices/0_to_6/slices/0_to_25.npy"]
    numbers = {os.stat(mounted / "rows.npy" / name).st_ino for name in same}
    assert len(numbers) == 1 and max(numbers) < 1 << 53
    others = ["index/24::-1.npy", "index/:25,None.npy", "slices/0_to_25_by_2.npy", "slices/0_to_25.bin", "items/0.npy",
              "chunks/1_of_4.npy"]
    assert len(numbers | {os.stat(mounted / "rows.npy" / name).st_ino for name in others}) == 1 + len(others)


def test_directories_are_told_apart(mounted, scratch):
    """Directories have numbers of their own, so that cp -r copies slices/ and axis0/ of one array together."""
    names = ["", "slices", "axis0", "axis0/slices", "axis0/chunks", "axis1", "chunks", "chunks/16", "chunks/aligned", "batches",
             "batches/256", "items", "index", "chunks/3_of_16", "slices/0_to_25", "chunks/0_of_4"]
    assert len({os.stat(mounted / "rows.npy" / name).st_ino for name in names}) == len(names)
    subprocess.run(["cp", "-r", mounted / "rows.npy/slices", mounted / "rows.npy/axis0", mounted / "rows.npy/batches", scratch],
                   check=True)
    assert sorted(os.listdir(scratch / "axis0")) == ["batches", "chunks", "slices"]


def test_a_path_holds_32_selections(mounted):
    """A path of 32 selections resolves; the 33rd is ENOENT."""
    path = "rows.npy" + "/index/::-1" * 31
    assert (mounted / f"{path}/index/::-1.bin").read_bytes() == ARRAY.tobytes()
    assert (mounted / f"{path}/index/::-1").is_dir()
    for name in (".bin", ".npy", ""):
        assert not (mounted / f"{path}/index/::-1/index/::-1{name}").exists()
    tiles = "rows.npy" + "/chunks/0_of_1/axis1/slices/0_to_6" * 16
    assert np.array_equal(np.load(mounted / f"{tiles}.npy"), ARRAY)
    assert not (mounted / f"{tiles}/items/0.npy").exists()


def test_names_of_fields_are_percent_encoded(mounted):
    """'/', '%', control characters and names of dots are percent-encoded, and other bytes stay as they are."""
    expected = {"x": "x.npy", "a/b": "a%2Fb.npy", "100%": "100%25.npy", ".": "%2E.npy", "..": "%2E%2E.npy",
                "x.npy": "x%2Enpy.npy", "名前": "名前.npy", "say\n\x7f": "say%0A%7F.npy", "y" * 251: "y" * 251 + ".npy"}
    assert sorted(os.listdir(mounted / "records.npy/fields")) == sorted(expected.values())
    for field, name in expected.items():
        loaded = np.load(mounted / "records.npy/fields" / name)
        assert loaded.tobytes() == RECORDS[field].tobytes() and loaded.dtype == RECORDS[field].dtype
        assert (mounted / f"records.npy/fields/{field_name(field)}/chunks/0_of_1.npy").exists()


def test_names_of_255_bytes(mounted):
    """Names of 255 bytes work, as in other filesystems; a field of which the file would have a longer one is not listed, but
    is there as an array."""
    zeros = "0" * 250
    assert np.array_equal(np.load(mounted / f"rows.npy/index/{zeros}7.npy"), ARRAY[7])
    assert (mounted / f"rows.npy/items/{zeros}7.bin").read_bytes() == ARRAY[7].tobytes()
    assert (mounted / f"records.npy/fields/{'y' * 251}.npy").exists()
    assert np.load(mounted / f"records.npy/fields/{'z' * 252}/index/:.npy").tobytes() == RECORDS["z" * 252].tobytes()


def test_items_and_batches_list_all_rows_and_are_not_walked(mounted, scratch):
    """items/ lists all, padded, but is itself not listed, and views as directories are not: find and cp -r stay small."""
    rows = mounted / "rows.npy"
    assert "items" not in os.listdir(rows) and "items" not in os.listdir(rows / "axis1")
    assert sorted(os.listdir(rows / "items")) == [f"{row:02}.npy" for row in range(100)]
    assert sorted(os.listdir(rows / "batches/33")) == ["0.npy", "1.npy", "2.npy", "3.npy"]
    assert [len(np.load(rows / f"batches/33/{batch}.npy")) for batch in range(4)] == [33, 33, 33, 1]
    assert os.listdir(rows / "batches") == os.listdir(rows / "index") == os.listdir(rows / "slices") == []
    found = subprocess.run(["find", mounted / "long.npy"], capture_output=True, text=True, check=True).stdout.splitlines()
    assert len(found) < 20 + 2 * len(os.sched_getaffinity(0))
    subprocess.run(["cp", "-r", mounted / "long.npy", scratch], check=True)
    with os.scandir(mounted / "long.npy/items") as names:
        assert sum(1 for _ in names) == LONG


def test_an_item_of_one_dimension_is_an_array_of_none(mounted):
    """A row of a 1-d array is a 0-d file; a row of a structured one has its fields below it."""
    item = np.load(mounted / "long.npy/items/7.npy")
    assert item.shape == () and item.dtype == np.dtype("u1")
    assert np.load(mounted / "records.npy/items/3/fields/x.npy").tobytes() == RECORDS[3]["x"].tobytes()
    assert sorted(os.listdir(mounted / "records.npy/items/3")) == ["fields", "index", "info.json"]


def test_a_view_is_an_array(mounted):
    """Tiles, batches of a column and every second row, split: below a view is what is below an array."""
    rows = mounted / "rows.npy"
    assert np.array_equal(np.load(rows / "chunks/3_of_4/axis1/chunks/0_of_2.npy"), ARRAY[75:, :3])
    assert np.array_equal(np.load(rows / "index/:,2/batches/30/3.npy"), ARRAY[90:, 2])
    assert np.array_equal(np.load(rows / "index/::2/chunks/3_of_16.npy"), np.array_split(ARRAY[::2], 16)[3])
    assert sorted(os.listdir(rows / "chunks/3_of_4")) == ["axis0", "axis1", "batches", "chunks", "index", "info.json", "slices"]


def test_the_debug_log_says_why_a_name_does_not_exist(mounted, mount):
    """The debug log says why a name does not exist: the index, the field, the number of selections."""
    logging = mount(mounted.source, "loglevel=debug", foreground=True)
    for name, why in (("rows.npy/index/100.npy", "index 100 is out of bounds for an axis of length 100"),
                      ("rows.npy/index/::0.npy", "slice step cannot be zero"), ("rows.npy/index/x.npy", "is no index: write one"),
                      ("records.npy/fields/no.npy", "is no field of the array; it has x, a/b, 100%"),
                      ("rows.npy" + "/index/..." * 33, "a path holds at most 32 selections")):
        assert not (logging / name).exists()
        logging.wait_until(lambda: why in logging.stderr(), f"line in the log: {why}")
