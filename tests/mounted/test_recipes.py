"""The README's recipes that need nothing but numpy."""

import errno
import os
import re
import signal
import subprocess

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
    lines = re.search(r"^Five lines that do it: [^\n]*\n\n```sh\n(.*?)^```$", first_screen, re.MULTILINE | re.DOTALL).group(1)
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


def test_workers_fill_one_array(scratch, source):
    """Create it, mount it writable, and let each worker fill its own chunk; afterwards nothing is mounted."""
    (scratch / "data").symlink_to(source)
    (scratch / "mnt").mkdir()
    (scratch / "fill.py").write_text(recipes.blocks("Filling one array", "python")[0], encoding="utf-8")
    try:
        recipes.run_shell(recipes.blocks("Filling one array", "sh")[0], scratch)
        expected = np.concatenate([np.full_like(part, i) for i, part in enumerate(np.array_split(np.zeros((100000, 128)), 8))])
        assert np.array_equal(np.load(source / "out.npy"), expected)
        assert not mounting.is_mounted(scratch / "mnt")
    finally:
        if mounting.is_mounted(scratch / "mnt"):
            mounting.umount(scratch / "mnt", mounting.MNT_DETACH)


def one_liner(title, index=0):
    """One of the commands, in backquotes, of a recipe that is one paragraph."""
    paragraph = re.search(rf"^\*\*{re.escape(title)}\*\*.*?\n\n", recipes.README.read_text(encoding="utf-8"),
                          re.MULTILINE | re.DOTALL).group()
    return re.findall(r"`([^`]+)`", paragraph)[index].replace("/scratch", "scratch")


def test_one_liners_on_a_mount(scratch, source, rows):
    """Take shares along; programs that know no numpy; all that is damaged, from the mount."""
    (source / "cut.npy").write_bytes((source / "rows.npy").read_bytes()[:-8])
    (scratch / "scratch").mkdir()
    recipes.run_shell(one_liner("Take shares along."), scratch)
    parts = [np.load(scratch / f"scratch/{i}_of_8.npy") for i in range(8)]
    assert len(os.listdir(scratch / "scratch")) == 8 and np.array_equal(np.concatenate(parts), rows)
    (body_path,) = re.findall(r"`(mnt/\S+\.bin)`", recipes.README.read_text(encoding="utf-8"))
    assert np.array_equal(np.fromfile(scratch / body_path, rows.dtype).reshape(-1, 3), np.array_split(rows, 8)[0])
    said = recipes.run_shell(one_liner("All that is damaged."), scratch)
    assert said.startswith("cut.npy: the header promises 24000 bytes") and said.count("\n") == 1
    (source / "sub").mkdir()
    np.save(source / "sub/number.npy", np.float32(7))
    below = recipes.run_shell(one_liner("All that is damaged.", 1), scratch)
    assert sorted(below.splitlines()) == [said.rstrip(), "number.npy: the array has no dimensions (shape ()), so it has no slices"]


def test_one_liners_without_a_mount(scratch, source):
    """Is it all there; chunks as files where nothing may be mounted; and a mount over the source itself."""
    array = np.arange(300).reshape(100, 3)
    np.save(source / "rows.npy", array)
    (scratch / "data").symlink_to(source)
    (scratch / "scratch").mkdir()
    recipes.run_shell(one_liner("Where nothing may be mounted."), scratch)
    assert np.array_equal(np.load(scratch / "scratch/rows/03_of_16.npy"), np.array_split(array, 16)[3])
    (source / "cut.npy").write_bytes((source / "rows.npy").read_bytes()[:-8])
    check = subprocess.run(["/bin/bash", "-c", one_liner("Is it all there?")], cwd=scratch, capture_output=True, text=True,
                           env=recipes.environment(scratch))
    assert check.stdout.startswith("cut.npy\t(100, 3)\t<i8\tC\t") and check.stdout.count("DAMAGED") == 1
    recipes.run_shell(one_liner("In place."), scratch)
    try:
        assert np.array_equal(np.load(source / "rows.npy/source.npy"), array)
        assert np.array_equal(np.load(source / "rows.npy/chunks/0_of_2.npy"), array[:50])
    finally:
        mounting.umount(source)


def test_one_chunk_a_task(scratch, rows):
    """A scheduler that counts its tasks from 0 has all that a path needs."""
    for task in range(3):
        recipes.run_shell(f"tool {one_liner('One chunk a task.')}", scratch, TASK=str(task), TASKS="3")
    recipes.assert_tool_has_seen_the_chunks(scratch, rows, 3)
