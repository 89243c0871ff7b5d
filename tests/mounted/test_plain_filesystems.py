"""npyfs --create and --export on a filesystem that can do little: no unnamed files, no renameat2, no fallocate."""

import os
import subprocess
from pathlib import Path

import numpy as np
import pytest

import mount as mounting

FAILED = 3
PASSTHROUGH = Path("/usr/share/doc/libfuse3-dev/examples/passthrough_ll.c")


@pytest.fixture
def plain(scratch):
    """An empty directory on such a filesystem: libfuse's own example, over another directory."""
    if not PASSTHROUGH.exists():
        pytest.skip("this system leaves out the documents of packages, and with them libfuse's examples")
    flags = subprocess.run(["pkg-config", "--cflags", "--libs", "fuse3"], capture_output=True, text=True, check=True).stdout
    subprocess.run(["cc", PASSTHROUGH, "-o", scratch / "passthrough", *flags.split()], check=True)
    (scratch / "below").mkdir()
    (scratch / "plain").mkdir()
    with subprocess.Popen([scratch / "passthrough", "-f", "-o", f"source={scratch}/below", scratch / "plain"]):
        mounting.wait_for_mount_state(scratch / "plain", mounted=True)
        yield scratch / "plain"
        mounting.umount(scratch / "plain", mounting.MNT_DETACH)


def test_it_is_such_a_filesystem(plain):
    """Unnamed files do not work here, or the tests below would show nothing."""
    with pytest.raises(OSError):
        os.open(plain, os.O_TMPFILE | os.O_RDWR)


def test_arrays_are_created_there(plain):
    """The array is complete, nothing is overwritten, and no temporary name is left."""
    command = ["--create", plain / "out.npy", "--dtype", "<f8", "--shape", "1000,4"]
    assert mounting.run(*command).returncode == 0
    assert np.array_equal(np.load(plain / "out.npy"), np.zeros((1000, 4)))
    before = (plain / "out.npy").stat()
    assert mounting.run(*command).returncode == FAILED
    assert (plain / "out.npy").stat().st_ino == before.st_ino
    assert os.listdir(plain) == ["out.npy"]


def test_chunks_are_exported_there(plain):
    """The chunks are complete, nothing is overwritten, and no temporary name is left."""
    array = np.arange(3000.0).reshape(1000, 3)
    np.save(plain / "data.npy", array)
    command = ["--export", plain / "data.npy", "--chunks", "3", plain / "out"]
    assert mounting.run(*command).returncode == 0
    parts = [np.load(plain / f"out/{index}_of_3.npy") for index in range(3)]
    assert np.array_equal(np.concatenate(parts), array)
    assert mounting.run(*command).returncode == FAILED
    assert sorted(os.listdir(plain)) == ["data.npy", "out"] and len(os.listdir(plain / "out")) == 3
