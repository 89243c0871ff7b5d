"""The README's recipes that need nothing but numpy."""

import errno
import os
import re
import signal

import numpy as np
import pytest

import mount as mounting
import recipes


@pytest.fixture
def rows(scratch, source, mount):
    """An array of integers, mounted at scratch/mnt/rows.npy as the recipes have it."""
    array = np.arange(3000).reshape(1000, 3)
    np.save(source / "rows.npy", array)
    (scratch / "mnt").mkdir()
    mount(source, at=scratch / "mnt")
    return array


def test_the_five_lines_do_it(scratch, source):
    """The README's first screen: mount, add up four chunks at once, unmount."""
    array = np.arange(30.0).reshape(10, 3)
    np.save(source / "rows.npy", array)
    (scratch / "data").symlink_to(source)
    (scratch / "mnt").mkdir()
    first_screen = recipes.README.read_text(encoding="utf-8").partition("\n## ")[0]
    lines = re.search(r"^Five lines that do it:\n\n```sh\n(.*?)^```$", first_screen, re.MULTILINE | re.DOTALL).group(1)
    assert len(lines.splitlines()) == 5
    printed = recipes.run_shell(lines.replace("scripts/mount", "npyfs"), scratch)
    # Four processes print at once, each its number and its end of line in two writes where nothing is buffered.
    assert sorted(re.findall(r"\d+\.0", printed)) == sorted(str(part.sum()) for part in np.array_split(array, 4))
    assert not mounting.is_mounted(scratch / "mnt")


def test_numpy_loads_maps_and_concatenates(scratch, rows, monkeypatch):
    """The numpy recipe: load a share, map a window, put all chunks together."""
    monkeypatch.chdir(scratch)
    names = {}
    exec(compile(recipes.blocks("numpy", "python")[0], str(recipes.README), "exec"), names)
    assert type(names["share"]) is np.ndarray and np.array_equal(names["share"], np.array_split(rows, 16)[3])
    assert isinstance(names["window"], np.memmap) and np.array_equal(names["window"], rows[100:200])
    assert np.array_equal(names["together"], rows)
    assert np.array_equal(names["columns"], rows[:, 0:2])


def test_a_killed_npyfs_is_replaced(scratch, source, mount):
    """Its readers get errors, never wrong bytes, and the next npyfs at the same place clears the dead mount away."""
    array = np.arange(1000)
    np.save(source / "rows.npy", array)
    killed = mount(source, "direct_io")
    path = killed / "rows.npy/chunks/1_of_2.npy"
    with open(path, "rb", buffering=0) as reader:
        assert reader.read(6) == b"\x93NUMPY"
        os.kill(killed.pid, signal.SIGKILL)
        assert killed.wait_for_exit() == -signal.SIGKILL
        for read in (reader.read, path.read_bytes):
            with pytest.raises(OSError) as refused:
                read()
            assert refused.value.errno in (errno.ENOTCONN, errno.ECONNABORTED, errno.EIO)
        mount(source, at=killed.path)
        assert np.array_equal(np.load(path), array[500:])
        with pytest.raises(OSError):
            reader.read()


def test_two_nodes_fill_one_array(source, mount):
    """With -o rw each node fills the rows of its own chunks; that a row has one writer is known within one mount."""
    array = np.zeros((1000, 3), "<i4")
    np.save(source / "rows.npy", array)
    nodes = [mount(source, "rw"), mount(source, "rw")]
    for i, part in enumerate(np.array_split(array, 7)):
        chunk = np.load(nodes[i % 2] / f"rows.npy/chunks/{i}_of_7.npy", mmap_mode="r+")
        chunk[:] = i + 1
        chunk.flush()
        part[:] = i + 1
    del chunk
    assert np.array_equal(np.load(source / "rows.npy"), array)
    with open(nodes[0] / "rows.npy/slices/0_to_2.bin", "r+b"), open(nodes[1] / "rows.npy/slices/1_to_3.bin", "r+b"):
        pass
    with open(nodes[0] / "rows.npy/slices/0_to_2.bin", "r+b"), pytest.raises(OSError) as busy:
        open(nodes[0] / "rows.npy/slices/1_to_3.bin", "r+b")
    assert busy.value.errno == errno.EBUSY
