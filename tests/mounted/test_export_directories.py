"""npyfs --export of any directory below an array: what a mount lists there, as files of their own."""

import os
import subprocess

import numpy as np
import pytest

import mount as mounting
from arrays import filled, saved

USAGE, FAILED = 2, 3
RECORDS = filled((50, 6), [("x", "<f4"), ("a/b", ">i2", (3,)), ("at", [("u", "|u1"), ("v", "<f8")])], "F")
DIRECTORIES = ["fields/x/batches/16", "chunks/16", "chunks", "axis1/chunks/4", "batches/7", "items", "axis1/items", "fields",
               "fields/at/fields", "fields/a%2Fb/axis2/items", "index/::-2,1:/fields/x/chunks/3", "chunks/1_of_4/axis1/batches/4",
               "items/3", "slices/10_to_20_by_3/items", "slices", "chunks/aligned", "fields/at/fields/v/index/...,0"]


@pytest.fixture
def array(source):
    (source / "data.npy").write_bytes(saved(RECORDS))
    return source / "data.npy"


@pytest.mark.parametrize("directory", DIRECTORIES)
def test_a_directory_is_exported_as_a_mount_lists_it(array, scratch, mount, directory):
    """--export SOURCE/data.npy/PATH OUT writes what that directory would list: names and bytes are those of cp -r."""
    ran = mounting.run("--export", f"{array}/{directory}", scratch / "out")
    assert (ran.returncode, ran.stderr) == (0, "")
    mounted = mount(array.parent)
    subprocess.run(["cp", "-r", mounted / "data.npy" / directory, scratch / "copy"], check=True)
    assert subprocess.run(["diff", "-r", scratch / "out", scratch / "copy"]).returncode == 0
    assert sorted(os.listdir(scratch / "out")) == sorted(os.listdir(mounted / "data.npy" / directory))


def test_the_old_spelling_goes_on_below_any_directory(array, scratch):
    """--chunks N --axis K is PATH/axisK/chunks/N, of the array or of a view of it."""
    for of, name in (("", "whole"), ("/fields/x", "field"), ("/index/:,0", "column")):
        axis = [] if name == "column" else ["--axis", "1"]
        along = "axis1/" if axis else ""
        assert mounting.run("--export", f"{array}{of}", "--chunks", "3", *axis, scratch / f"{name}1").returncode == 0
        assert mounting.run("--export", f"{array}{of}/{along}chunks/3", scratch / f"{name}2").returncode == 0
        assert subprocess.run(["diff", "-r", scratch / f"{name}1", scratch / f"{name}2"]).returncode == 0
    assert np.load(scratch / "column1/2_of_3.npy").tobytes() == RECORDS[34:, 0].tobytes()


def test_an_array_of_any_name_is_exported(array, scratch):
    """The file need not be called *.npy."""
    os.rename(array, array.parent / "particles.cs")
    assert mounting.run("--export", array.parent / "particles.cs/fields/x/batches/20", scratch / "out").returncode == 0
    assert np.load(scratch / "out/2.npy").tobytes() == RECORDS["x"][40:].tobytes()


@pytest.mark.parametrize("path, status, why", [
    ("chunks/x", FAILED, "is no name of a chunk, slice or axis"), ("fields/y/items", FAILED, "is no field of the array"),
    ("index/9,9/items", FAILED, "index 9 is out of bounds"), ("axis2/items", FAILED, "no such axis"),
    ("chunks/0_of_2.npy", USAGE, "leads to a file: name a directory"), ("chunks/0_of_2.npy/x", USAGE, "leads to a file"),
    ("", USAGE, "is a whole array: add --chunks N"), ("info.json", USAGE, "leads to a file")])
def test_what_is_no_directory_is_refused(array, scratch, path, status, why):
    """A path that a mount does not have, or that is a file, is an error that says why, and nothing is written."""
    ran = mounting.run("--export", f"{array}/{path}", scratch / "out")
    assert ran.returncode == status and why in ran.stderr and str(array) in ran.stderr, ran.stderr
    assert not (scratch / "out").exists()


def test_wrong_command_lines(array, scratch):
    """--axis belongs to --chunks; an array that is not there is an error."""
    ran = mounting.run("--export", array, "--axis", "1", scratch / "out")
    assert ran.returncode == USAGE and "--chunks, which is missing" in ran.stderr
    ran = mounting.run("--export", array.parent / "none.npy/chunks/2", scratch / "out")
    assert ran.returncode == FAILED and "No such file" in ran.stderr
    ran = mounting.run("--export", array.parent, scratch / "out")
    assert ran.returncode == FAILED and not (scratch / "out").exists()
