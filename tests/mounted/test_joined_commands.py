"""npyfs --check --joined and npyfs --export of arrays that are joined from the files of a directory."""

import json
import os
import subprocess

import numpy as np

import mount as mounting
from arrays import filled, saved
from joined import write_parts

DAMAGED, FAILED = 1, 3


def check(*arguments):
    ran = mounting.run("--check", "--joined", *arguments)
    return ran.returncode, [line.split("\t") for line in ran.stdout.splitlines()], ran.stderr


def test_check_shows_each_directory_as_one_array(source, mount):
    """npyfs --check --joined lists each directory that has .npy files as the one array that a mount joins from them: its
    name in the mount, shape, dtype, order, the bytes of all items, and why it cannot be sliced."""
    array = filled((30, 2), "<f4")
    (source / "a").mkdir()
    write_parts(source / "a/shards", array, [10, 10, 21], "CF")
    write_parts(source / "differ", array, [10])
    np.save(source / "differ/z.npy", np.zeros(3))
    write_parts(source / "damaged", array, [10])
    os.truncate(source / "damaged/part-1.npy", 100)
    write_parts(source / "taken", array, [10])
    np.save(source / "taken.npy", array)
    (source / "empty").mkdir()
    (source / "shards").symlink_to("a/shards")
    np.save(source / "empty/.hidden.npy", array)
    status, lines, err = check(source)
    assert status == DAMAGED and err.startswith("arrays: 4, sliceable: 2, damaged: 1")
    assert [line[0] for line in lines] == [".npy", "a/shards.npy", "damaged.npy", "differ.npy"]
    assert lines[1][1:6] == ["(30, 2)", "<f4", "C", "240", "yes"]
    assert lines[2][5].startswith("DAMAGED: 1 of 2 parts cannot be joined; part-1.npy: ")
    assert lines[3][5] == "no: cannot be joined: z.npy has dtype '<f8', and part-0.npy has '<f4'"
    mounted = mount(source)
    for line in lines:
        assert (mounted / line[0] / "error.txt").exists() == (line[5] != "yes")
    ran = json.loads(mounting.run("--check", "--json", "--joined", source / "a").stdout)
    assert [(one["path"], one["shape"], one["sliceable"]) for one in ran["arrays"]] == [("shards.npy", [30, 2], True)]


def test_export_writes_what_a_mount_lists(source, scratch, mount):
    """npyfs --export takes joined arrays by the names that they have in a mount."""
    array = filled((3000, 4), [("x", "<i2"), ("y", "<f8")])
    write_parts(source / "shards", array, [10, 10, 21, *range(30, 130)], "CF")
    mounted = mount(source)
    for index, below in enumerate(["chunks/7", "batches/400", "fields/y/axis1/chunks/2", "index/::-1,1/batches/999"]):
        ran = mounting.run("--export", source / "shards.npy" / below, scratch / f"out{index}")
        assert (ran.returncode, ran.stderr) == (0, "")
        subprocess.run(["cp", "-r", mounted / "shards.npy" / below, scratch / f"copy{index}"], check=True)
        assert subprocess.run(["diff", "-r", scratch / f"out{index}", scratch / f"copy{index}"]).returncode == 0
    assert mounting.run("--export", source / "shards.npy", "--chunks", "3", scratch / "three").returncode == 0
    assert (scratch / "three/1_of_3.npy").read_bytes() == saved(array[1000:2000])
    np.save(source / "shards/z.npy", np.zeros(3))
    ran = mounting.run("--export", source / "shards.npy", "--chunks", "3", scratch / "four")
    assert ran.returncode == FAILED and "cannot be joined: z.npy has dtype '<f8', and part-0.npy has " in ran.stderr
