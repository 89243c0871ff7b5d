"""The recipes that need nothing but numpy, and the commands that the README and npyfs(1) show."""

import errno
import os
import re
import runpy
import signal
import subprocess
import sys

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


def test_the_five_lines_do_it(scratch):
    """The README's first screen: save an array, mount its directory for one command, add up four chunks at once."""
    lines = recipes.example(recipes.README, "Five lines that do it:")
    assert len(lines.splitlines()) == 5
    printed = recipes.run_shell(lines.replace("scripts/mount", "npyfs"), scratch)
    array = np.arange(3000.0).reshape(1000, 3)
    # Four processes print at once, each its number and its end of line in two writes where nothing is buffered.
    assert sorted(re.findall(r"\d+\.0", printed)) == sorted(str(part.sum()) for part in np.array_split(array, 4))


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


def test_every_recipe_is_in_the_table_and_in_a_test():
    """tests/recipes/README.md lists every recipe, and each is run by a test."""
    names = {path.name for path in recipes.RECIPES.iterdir() if path.is_file()} - {"README.md"}
    assert names == set(re.findall(r"\[[^]]+\]\(([^)]+)\)", (recipes.RECIPES / "README.md").read_text(encoding="utf-8")))
    tests = "".join(path.read_text(encoding="utf-8") for path in (recipes.ROOT / "tests").rglob("test_*.py"))
    assert [name for name in names if f'"{name}"' not in tests] == []


def test_numpy_loads_maps_and_concatenates(scratch, rows, monkeypatch):
    """load.py: load a share, map a window, columns, every tenth row, batches, put all chunks together."""
    monkeypatch.setattr(sys, "argv", ["load.py", str(scratch / "mnt/rows.npy")])
    names = runpy.run_path(str(recipes.RECIPES / "load.py"))
    assert type(names["share"]) is np.ndarray and np.array_equal(names["share"], np.array_split(rows, 16)[3])
    assert isinstance(names["window"], np.memmap) and np.array_equal(names["window"], rows[100:200])
    assert np.array_equal(names["together"], rows) and np.array_equal(np.concatenate(names["batches"]), rows)
    assert np.array_equal(names["columns"], rows[:, 0:2]) and np.array_equal(names["every_tenth"], rows[::10])


def with_npyfs(scratch, source, *command, options=()):
    """Runs a recipe as its first lines say: npyfs data -- COMMAND."""
    return recipes.run(["npyfs", source, *options, "--", *command], scratch)


def test_sums_and_processes(scratch, source):
    """sum.py prints the sum of each file. One chunk a process: each worker loads its own share."""
    array = np.arange(300.0).reshape(100, 3)
    np.save(source / "rows.npy", array)
    paths = [f"{{}}/rows.npy/chunks/{i}_of_4.npy" for i in range(4)]
    expected = "".join(f"{i}_of_4.npy {part.sum()}\n" for i, part in enumerate(np.array_split(array, 4)))
    assert with_npyfs(scratch, source, "python3", recipes.RECIPES / "sum.py", *paths) == expected
    assert with_npyfs(scratch, source, "python3", recipes.RECIPES / "processes.py", "{}/rows.npy") == f"{array.sum()}\n"


def test_one_chunk_a_task(scratch, source):
    """Any other scheduler that counts its tasks from 0 has all that a path needs."""
    array = np.arange(300).reshape(100, 3)
    np.save(source / "rows.npy", array)
    (scratch / "data").symlink_to(source)
    command = re.search(r"`(npyfs data -- COMMAND [^`]*TASK[^`]*)`", (recipes.RECIPES / "README.md").read_text()).group(1)
    for task in range(3):
        recipes.run_shell(command.replace("COMMAND", "tool"), scratch, TASK=str(task), TASKS="3")
    recipes.assert_tool_has_seen_the_chunks(scratch, array, 3)


def filled():
    return np.concatenate([np.full_like(part, i) for i, part in enumerate(np.array_split(np.zeros((100000, 128)), 8))])


def test_workers_fill_one_array(scratch, source):
    """Create it, mount it writable for one command, and let each worker fill its own chunk (fill.py)."""
    recipes.run(["sh", recipes.RECIPES / "fill.sh", source], scratch)
    assert np.array_equal(np.load(source / "out.npy"), filled())


def test_the_readme_fills_an_array(scratch, source):
    """The README's two commands: make an array, and fill it, each worker its own chunk."""
    (scratch / "data").symlink_to(source)
    (scratch / "tests").symlink_to(recipes.ROOT / "tests")
    for want in ("make an array for many workers to fill", "fill it, each worker its own chunk"):
        recipes.run_shell(recipes.in_the_table(want)[0], scratch)
    assert "fill.py" in recipes.in_the_table("fill it, each worker its own chunk")[0]
    assert np.array_equal(np.load(source / "out.npy"), filled())


def test_commands_on_a_mount(scratch, source, rows):
    """Take shares along; all that is damaged, one sentence for each file that has no slices."""
    (source / "cut.npy").write_bytes((source / "rows.npy").read_bytes()[:-8])
    (scratch / "OUT").mkdir()
    recipes.run_shell(recipes.in_the_table("take shares along")[0], scratch)
    parts = [np.load(scratch / f"OUT/{i}_of_8.npy") for i in range(8)]
    assert len(os.listdir(scratch / "OUT")) == 8 and np.array_equal(np.concatenate(parts), rows)
    (source / "sub").mkdir()
    np.save(source / "sub/number.npy", np.float32(7))
    said = recipes.run_shell(recipes.example(recipes.MAN_1, "From a mount:"), scratch)
    damaged, no_slices = sorted(said.splitlines())
    assert damaged.startswith("cut.npy: the header promises 24000 bytes")
    assert no_slices == "number.npy: the array has no dimensions (shape ()), so it has no slices"


def test_commands_without_a_mount(scratch, source):
    """Is the data set sound; chunks as files where FUSE is forbidden; a mount for one command."""
    array = np.arange(300).reshape(100, 3)
    np.save(source / "rows.npy", array)
    (scratch / "data").symlink_to(source)
    recipes.run_shell(recipes.in_the_table("work where FUSE is forbidden")[0], scratch)
    assert np.array_equal(np.load(scratch / "OUT/03_of_16.npy"), np.array_split(array, 16)[3])
    command = recipes.in_the_table("mount for one command")[0].replace("python3 train.py", "tool")
    recipes.run_shell(command, scratch)
    assert (scratch / "tool.log").read_text() == f"3_of_16.npy {np.array_split(array, 16)[3].sum()}\n"
    (source / "cut.npy").write_bytes((source / "rows.npy").read_bytes()[:-8])
    check = subprocess.run(["/bin/bash", "-c", recipes.example(recipes.MAN_1, "job that takes all night:")],
                           cwd=scratch, capture_output=True, text=True, env=recipes.environment(scratch))
    assert check.stdout.startswith("cut.npy\t(100, 3)\t<i8\tC\t") and check.stdout.count("DAMAGED") == 1
    sound = subprocess.run(["/bin/bash", "-c", recipes.in_the_table("know whether a data set is sound")[0]], cwd=scratch,
                           capture_output=True, text=True, env=recipes.environment(scratch))
    assert sound.returncode == 1 and "DAMAGED" in sound.stdout


def test_a_mount_over_the_source_itself(scratch, source):
    """Programs find the arrays where they were, as data/rows.npy/source.npy, beside their chunks."""
    array = np.arange(300).reshape(100, 3)
    np.save(source / "rows.npy", array)
    (scratch / "data").symlink_to(source)
    recipes.run_shell(recipes.example(recipes.MAN_1, "Over SOURCE itself:"), scratch)
    try:
        assert np.array_equal(np.load(source / "rows.npy/source.npy"), array)
        assert np.array_equal(np.load(source / "rows.npy/chunks/0_of_2.npy"), array[:50])
    finally:
        mounting.umount(source)
