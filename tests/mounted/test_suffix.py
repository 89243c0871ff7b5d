"""-o suffix=: files with other names than *.npy that are arrays."""

import json
import os

import numpy as np
import pytest

import mount as mounting
from arrays import filled, saved

USAGE = 2
RECORDS = filled((20,), [("uid", "<u8"), ("blob/path", "|S20"), ("pose", "<f4", (3,))])


@pytest.fixture
def particles(source):
    """Files of the kind that cryoSPARC writes, and others."""
    for name in ("particles.cs", "rows.npy", "more.tar.x", "other.cs2"):
        (source / name).write_bytes(saved(RECORDS))
    (source / "broken.cs").write_bytes(b"no array")
    (source / "directory.cs").mkdir()
    return source


def test_files_with_further_suffixes_are_arrays(particles, mount):
    """-o suffix=.cs, as often as needed, names further suffixes of files that are arrays; .npy stays one."""
    mounted = mount(particles, "suffix=.cs", "suffix=.tar.x")
    for name in ("particles.cs", "rows.npy", "more.tar.x"):
        assert np.load(mounted / name / "fields/pose/chunks/1_of_4.npy").tobytes() == RECORDS["pose"][5:10].tobytes()
        assert (mounted / name / "source.npy").read_bytes() == saved(RECORDS)
    assert (mounted / "other.cs2").read_bytes() == saved(RECORDS)
    assert "broken.cs" in (mounted / "broken.cs/error.txt").read_text()
    assert os.listdir(mounted / "directory.cs") == []
    with os.scandir(mounted.path) as entries:
        assert {entry.name for entry in entries if entry.is_file()} == {"other.cs2"}
    assert "suffixes=.cs,.tar.x\n" in (mounted / ".npyfs/options").read_text()


def test_without_the_option_they_are_files(particles, mount):
    """Without -o suffix, *.npy alone are arrays."""
    mounted = mount(particles)
    assert (mounted / "particles.cs").read_bytes() == saved(RECORDS)
    assert (mounted / "rows.npy").is_dir()


@pytest.mark.parametrize("suffix", ["", ".", "cs", "./cs", "/.cs", ".c/s"])
def test_what_is_no_suffix_is_refused(particles, scratch, suffix):
    """A suffix begins with a dot and has something behind it, and no '/'."""
    (scratch / "at").mkdir()
    for arguments in ((particles, scratch / "at", "-o", f"suffix={suffix}"), ("--check", particles, "-o", f"suffix={suffix}")):
        ran = mounting.run(*arguments)
        assert ran.returncode == USAGE and f"'{suffix}' is no suffix of files" in ran.stderr


def test_check_knows_them(particles):
    """--check -o suffix= names further suffixes of arrays, as often as needed."""
    ran = mounting.run("--check", particles, "--json", "-o", "suffix=.cs", "-osuffix=.tar.x")
    found = [array["path"] for array in json.loads(ran.stdout)["arrays"]]
    assert found == ["broken.cs", "more.tar.x", "particles.cs", "rows.npy"]
    ran = mounting.run("--check", particles, "--json")
    assert [array["path"] for array in json.loads(ran.stdout)["arrays"]] == ["rows.npy"]
