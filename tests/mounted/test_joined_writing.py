"""Views of joined arrays can be written: to each part exactly its own bytes."""

import errno
import itertools
import os
import random
import subprocess
import sys

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
import pytest

from arrays import filled, saved
from joined import in_c_order, write_parts
from selections import arrays, chains, expected_file, opaque, thorough
from test_slices_writing import is_busy, write


@pytest.fixture(scope="module")
def mounted(module_scratch, module_mount):
    source = module_scratch / "source"
    source.mkdir()
    return module_mount(source, "rw")


def test_each_part_gets_exactly_its_own_bytes(mounted):
    """np.save, mmap_mode r+, a .bin and a few bytes of one, of views over several parts: each part then has what numpy's
    own assignment makes of it, to the last byte, header and padding included."""
    count, numbers = itertools.count(), random.Random(5)

    @thorough(50)
    @given(st.data())
    def run(data):
        shadow = in_c_order(data.draw(arrays()).array)
        edges = sorted(data.draw(st.lists(st.integers(0, len(shadow)), max_size=5)))
        orders = data.draw(st.sampled_from(["C", "F", "CF"]))
        name = f"{next(count)}"
        directory, expected = mounted.source / name, mounted.source / "expected"
        write_parts(directory, shadow, edges, orders)
        for drawn in [data.draw(chains(shadow)) for _ in range(5)]:
            path, view = mounted / f"{name}.npy" / drawn.text, drawn.array
            if view.nbytes == 0:
                continue
            write(data.draw(st.sampled_from(["save", "map", "bin", "part"])), path, view, shadow, numbers)
            for part in write_parts(expected, shadow, edges, orders):
                assert (directory / part).read_bytes() == (expected / part).read_bytes(), part
            assert path.with_name(path.name + ".npy").read_bytes() == expected_file(view, shadow)

    run()


def test_claims_hold_between_the_joined_array_and_its_parts(mounted):
    """While a view of shards.npy is open for writing, views of shards/part-1.npy that share a byte with it are EBUSY, and
    the other way round; those that share none are not."""
    array = filled((30, 4), "<i4")
    write_parts(mounted.source / "claims", array, [10, 10, 21], "CF")
    joined, part = mounted / "claims.npy", mounted / "claims/part-2.npy"
    pairs = [("slices/5_to_15", "slices/0_to_5", True), ("slices/5_to_15", "slices/5_to_11", False),
             ("slices/0_to_10", "chunks/0_of_1", False), ("index/::2", "index/::2", True), ("index/::2", "index/1::2", False),
             ("axis1/chunks/0_of_2", "axis1/chunks/1_of_2", False), ("axis1/chunks/0_of_2", "axis1/chunks/0_of_2", True),
             ("items/20", "items/10", True), ("items/20", "items/9", False), ("items/21", "items/10", False)]
    for of_joined, of_part, expected in pairs:
        for held, other in ((joined / of_joined, part / of_part), (part / of_part, joined / of_joined)):
            descriptor = os.open(f"{held}.bin", os.O_WRONLY)
            assert is_busy(f"{other}.bin") == expected, (held, other)
            os.close(descriptor)
    descriptor = os.open(joined / "slices/5_to_15.npy", os.O_WRONLY)
    assert is_busy(part / "source.npy") and not is_busy(mounted / "claims/part-3.npy/source.npy")
    assert is_busy(joined / "slices/14_to_30.npy") and not is_busy(joined / "slices/15_to_30.npy")
    os.close(descriptor)


@pytest.mark.parametrize("how", ["fsync", "close"])
def test_an_error_of_any_part_is_reported(mounted, how):
    """fsync, flush and close report the error of any part: here that another file has taken the name of the second."""
    directory = mounted.source / f"errors-{how}"
    write_parts(directory, np.zeros((9, 2)), [3, 6])
    descriptor = os.open(mounted / f"errors-{how}.npy/chunks/0_of_1.bin", os.O_RDWR)
    assert os.pwrite(descriptor, np.ones(18).tobytes(), 0) == 144
    os.link(directory / "part-1.npy", directory / "kept")
    (directory / "new.tmp").write_bytes(saved(np.zeros((3, 2))))
    os.rename(directory / "new.tmp", directory / "part-1.npy")
    with pytest.raises(OSError) as caught:
        (os.fsync if how == "fsync" else os.close)(descriptor)
    assert caught.value.errno == errno.ESTALE
    if how == "fsync":
        with pytest.raises(OSError):
            os.close(descriptor)
    assert (np.load(directory / "part-2.npy") == 1).all() and (np.load(directory / "part-0.npy") == 1).all()


def test_a_removed_part_fails_the_write_and_changes_no_other(mounted):
    """A write is checked in all the parts that it goes to before any of them changes."""
    directory = mounted.source / "removed"
    write_parts(directory, np.zeros((9, 2)), [3, 6])
    with open(mounted / "removed.npy/chunks/0_of_1.bin", "r+b", buffering=0) as file:
        (directory / "part-2.npy").unlink()
        with pytest.raises(OSError) as caught:
            os.pwrite(file.fileno(), np.ones(18).tobytes(), 0)
        assert caught.value.errno == errno.ESTALE
        assert (np.load(directory / "part-0.npy") == 0).all()
        assert os.pwrite(file.fileno(), np.ones(6).tobytes(), 0) == 48, "rows of the first part alone"
        with pytest.raises(OSError):
            file.close()
    assert (np.load(directory / "part-0.npy") == 1).all()


def test_more_parts_than_can_be_open_for_writing(mounted):
    """A view over more than 256 files is not opened for writing: EMFILE, and the log says why. One over 256 is."""
    write_parts(mounted.source / "many", np.zeros((300, 2)), range(1, 300))
    with pytest.raises(OSError) as caught:
        os.open(mounted / "many.npy/chunks/0_of_1.npy", os.O_WRONLY)
    assert caught.value.errno == errno.EMFILE
    np.save(mounted / "many.npy/slices/10_to_266.npy", np.ones((256, 2)))
    expected = np.zeros((300, 2))
    expected[10:266] = 1
    assert np.array_equal(np.load(mounted / "many.npy/chunks/0_of_1.npy"), expected)


_FILL = """
import sys, numpy as np
path, value = sys.argv[1], float(sys.argv[2])
for _ in range(20):
    mapped = np.load(path, mmap_mode="r+")
    mapped[:] = value
    mapped.flush()
    del mapped
"""


def test_two_mounts_fill_one_joined_array(mounted, module_mount):
    """Two mounts of one source fill halves of a joined array, whose edge lies in a page of a part, at once: no row is
    lost."""
    write_parts(mounted.source / "halves", np.zeros((1000, 3)), [300, 700])
    other = module_mount(mounted.source, "rw")
    halves = [mounted / "halves.npy/chunks/0_of_2.npy", other / "halves.npy/chunks/1_of_2.npy"]
    writers = [subprocess.Popen([sys.executable, "-c", _FILL, path, str(value)]) for value, path in enumerate(halves, 1)]
    assert [writer.wait() for writer in writers] == [0, 0]
    whole = np.concatenate([np.load(mounted.source / f"halves/part-{index}.npy") for index in range(3)])
    assert (whole == np.repeat([1.0, 2.0], 500)[:, None]).all()
    assert os.getxattr(halves[0], "user.npyfs.written") == b"%d" % (20 * 500 * 3 * 8)
    assert b"halves.npy/chunks/0_of_2.npy" in (mounted / ".npyfs/written").read_bytes()
    assert opaque(whole).tobytes() == (other / "halves.npy/chunks/0_of_1.bin").read_bytes()


@pytest.mark.parametrize("link", [os.symlink, os.link], ids=["symbolic", "hard"])
def test_one_file_as_two_parts(source, mount, link):
    """If links make one file two parts, a view with the same bytes twice is not opened for writing."""
    (source / "twice").mkdir()
    array = np.arange(4)
    np.save(source / "twice/a.npy", array)
    link(source / "twice/a.npy", source / "twice/b.npy")
    mounted = mount(source, "rw")
    for view in ("chunks/0_of_1.npy", "slices/2_to_7.bin", "index/::4.npy"):
        with pytest.raises(PermissionError):
            os.open(mounted / "twice.npy" / view, os.O_WRONLY)
        assert np.load(source / "twice/a.npy").tolist() == array.tolist()
    np.save(mounted / "twice.npy/slices/3_to_4.npy", [7])
    np.save(mounted / "twice.npy/slices/4_to_7.npy", [4, 5, 6])
    assert np.load(mounted / "twice.npy/chunks/0_of_1.npy").tolist() == [4, 5, 6, 7] * 2
