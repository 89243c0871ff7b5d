"""-o immutable: of a source that nobody changes, nothing is asked twice."""

import json
import multiprocessing
import os
import random
import re
import time

import numpy as np
import pytest

import mount as mounting
import zarr_model
from arrays import saved
from immutable import ALL_CACHED, LARGE, MODES, PLAIN, ROWS, fill, forget_pages
from limits import at_most_descriptors

USAGE = 2


@pytest.fixture(scope="module")
def mounts(module_scratch, module_mount):
    """A mount of the same tree for each mode; the tests that share them change nothing."""
    source = module_scratch / "source"
    source.mkdir()
    fill(source)
    return {options: module_mount(source, *options) for options in (PLAIN, ALL_CACHED)}


def operations(mounted):
    """How many requests of each kind came in so far."""
    text = (mounted / ".npyfs/metrics").read_text()
    return {kind: int(count) for kind, count in re.findall(r'^npyfs_operations_total\{operation="(.*)"\} (.*)$', text, re.M)}


@MODES
def test_every_file_holds_what_numpy_says(mounts, options):
    """Arrays, members of archives, joined arrays, stores and texts, loaded and mapped, more than once."""
    mounted = mounts[options]
    for _ in range(2):
        for array, root in ((ROWS, "rows.npy"), (LARGE, "large.npy"), (ROWS, "pack.npz/rows.npy"), (ROWS, "parts.npy")):
            for path, expected in {"chunks/3_of_7": np.array_split(array, 7)[3], "chunks/0_of_1": array,
                                   "axis1/chunks/1_of_2": np.array_split(array, 2, axis=1)[1],
                                   "index/::3,-5": array[::3, -5], "items/17": array[17]}.items():
                assert np.array_equal(np.load(mounted / root / f"{path}.npy"), expected)
                assert np.array_equal(np.load(mounted / root / f"{path}.npy", mmap_mode="r"), expected)
                order = "F" if array is LARGE else "C"
                assert (mounted / root / f"{path}.bin").read_bytes() == expected.tobytes(order)
            assert json.loads((mounted / root / "info.json").read_text())["shape"] == list(array.shape)
        for zarr in ("zarr2", "zarr3"):
            assert np.array_equal(zarr_model.read(mounted / "rows.npy" / zarr), ROWS)
        assert (mounted / "rows.npy/source.npy").read_bytes() == saved(ROWS)
        assert (mounted / "no.npy/error.txt").read_text().endswith("\n")
        assert (mounted / "notes.txt").read_text() == "hello"
        assert sorted(os.listdir(mounted.path)) == sorted(os.listdir(mounted.source))
        assert len(os.listdir(mounted / "rows.npy/chunks/16")) == 16
        assert not (mounted / "missing").exists()


def test_the_kernel_opens_without_asking(mounts):
    """With `-o immutable,kernel_cache` the kernel opens files without asking: it sends no OPEN but the first, and no RELEASE."""
    mounted = mounts[ALL_CACHED]
    np.load(mounted / "rows.npy/chunks/3_of_7.npy")
    before = operations(mounted)
    for _ in range(3):
        for index in range(50):
            np.load(mounted / f"rows.npy/chunks/{index}_of_50.npy")
        with open(mounted / "notes.txt", "rb") as file:
            os.fsync(file.fileno())
    after = operations(mounted)
    assert 0 < before["open"] == after["open"]
    assert after["release"] == 0 and after["flush"] == before["flush"]
    assert "opens files without asking" in (mounted / ".npyfs/status").read_text()


@MODES
def test_small_files_stay_in_the_page_cache(mounts, options):
    """A small file that is loaded again is not read again."""
    mounted = mounts[options]
    path = mounted / "rows.npy/chunks/1_of_9.npy"
    np.load(path)
    before = operations(mounted)["read"], mounted.metric("preloaded_bytes_total")
    for _ in range(20):
        assert np.array_equal(np.load(path), np.array_split(ROWS, 9)[1])
    # The files of .npyfs/ are read, or stored, each time.
    assert operations(mounted)["read"] - before[0] < 20
    assert mounted.metric("preloaded_bytes_total") - before[1] < 8 * (mounted / ".npyfs/metrics").stat().st_size


@MODES
def test_names_and_attributes_are_kept_for_good(mounts, options):
    """The kernel keeps names, attributes and listings for good, and remembers what does not exist."""
    mounted = mounts[options]

    def look_at_all():
        for name in ("rows.npy/chunks/1_of_3.npy", "rows.npy/index", "parts.npy", "notes.txt", "missing"):
            (mounted / name).exists()
        os.listdir(mounted / "rows.npy")

    def asked(look):
        before = operations(mounted)
        look()
        after = operations(mounted)
        return {kind: after[kind] - before[kind] for kind in ("lookup", "getattr", "readdir", "readdirplus")}

    look_at_all()
    nothing = asked(lambda: None)
    time.sleep(1.1)  # the usual timeout is a second
    assert asked(look_at_all) == nothing
    assert mounted.metric("watched_directories") == 0


@MODES
def test_texts_about_the_mount_are_always_new_and_whole(mounts, options):
    """`.npyfs/status` and `metrics` are made anew for each open, and stay what they are while open."""
    mounted = mounts[options]
    files = []
    for turn in range(12):  # so that numbers get more digits
        np.load(mounted / f"rows.npy/items/{turn}.npy")
        files.append(os.open(mounted / ".npyfs/metrics", os.O_RDONLY))
    texts = []
    for file in files:
        forget_pages(file)
        size = os.fstat(file).st_size
        texts.append(b"".join(iter(lambda: os.read(file, 1000), b"")))
        assert texts[-1].endswith(b"\n") and size == len(texts[-1])
        assert os.pread(file, 1 << 20, 0) == texts[-1]
        os.close(file)
    lookups = [int(re.search(rb"^npyfs_lookups_total (.*)$", text, re.M)[1]) for text in texts]
    assert lookups == sorted(set(lookups))
    status = (mounted / ".npyfs/status").read_text()
    assert "immutable=yes" in status and "watched directories of the source: 0" in status


@MODES
def test_many_readers_at_once(mounts, options):
    """Readers of many files at once, each first read being that of several of them."""
    mounted = mounts[options]
    with multiprocessing.get_context("fork").Pool(8) as pool:
        paths = [str(mounted / f"rows.npy/slices/{i}_to_{i + 500}.npy") for i in range(100) for _ in range(4)]
        for path, total in zip(paths, pool.imap(_sum, paths, 8)):
            start = int(re.search(r"(\d+)_to", path)[1])
            assert total == ROWS[start:start + 500].sum(), path


def _sum(path):
    return np.load(path).sum()


@MODES
def test_more_arrays_than_descriptors(source, mount, options):
    """Any number of arrays may be open at once with `-o immutable,kernel_cache`; 64 descriptors are enough."""
    count = 300
    for index in range(count):
        (source / f"{index}.npy").write_bytes(saved(ROWS[index:index + 3]))
    mounted = mount(source, *options, preexec_fn=at_most_descriptors(64))
    held = []
    for index in range(count):
        path = mounted / f"{index}.npy/chunks/0_of_2.npy"
        assert np.array_equal(np.load(path), ROWS[index:index + 2])
        if options == ALL_CACHED:
            held.append(os.open(path, os.O_RDONLY))
    random.Random(1).shuffle(held)
    for file in held:
        forget_pages(file)
        assert len(os.pread(file, 10_000, 0)) == 128 + 2 * ROWS[0].nbytes
        os.close(file)
    assert sum(mounting.descriptors(mounted.pid).values()) < 64
    assert mounted.metric("errors_total") == 0


@pytest.mark.parametrize("options, sentence", [
    ("immutable,rw", "excludes rw, which mount(8) and fstab ask for unless ro is given: say ro"),
    ("immutable,attr_timeout=1", "excludes entry_timeout, attr_timeout and negative_timeout: all is kept for good"),
])
def test_it_excludes_what_contradicts_it(source, scratch, options, sentence):
    """`-o immutable` implies `ro`, and excludes `rw` and the timeouts: the exit status is 2."""
    (scratch / "mnt").mkdir()
    ended = mounting.run(source, scratch / "mnt", "-o", options)
    assert ended.returncode == USAGE
    assert sentence in ended.stderr
    assert not mounting.is_mounted(scratch / "mnt")
