"""A source on overlayfs, as in a container: the first write to a file puts a copy in its place, which mappings miss."""

import subprocess

import numpy as np
import pytest

import mount as mounting
from arrays import saved

ARRAY = np.arange(30_000.0).reshape(10_000, 3)


@pytest.fixture(params=["one filesystem", "two filesystems"])
def overlay(scratch, request):
    """A directory with an array that is in the lower layer alone."""
    layers, merged = scratch / "layers", scratch / "merged"
    for directory in (layers, scratch / "lower", merged):
        directory.mkdir()
    np.save(scratch / "lower/a.npy", ARRAY)
    if request.param == "two filesystems":
        subprocess.run(["mount", "-t", "tmpfs", "tmpfs", layers], check=True)
    for name in ("upper", "work"):
        (layers / name).mkdir()
    places = f"lowerdir={scratch}/lower,upperdir={layers}/upper,workdir={layers}/work"
    subprocess.run(["mount", "-t", "overlay", "overlay", "-o", places, merged], check=True)
    yield merged
    mounting.umount(merged)
    if request.param == "two filesystems":
        mounting.umount(layers)


@pytest.mark.parametrize("source_io", ["auto", "mmap", "pread"])
def test_readers_of_a_file_that_was_copied_up_see_what_was_written(overlay, mount, source_io):
    """Readers of overlapping views see what was written, also on overlayfs, and with any -o source_io."""
    mounted = mount(overlay, "rw", f"source_io={source_io}")
    part = np.load(mounted / "a.npy/chunks/1_of_4.npy")
    np.save(mounted / "a.npy/chunks/1_of_4.npy", -part)
    now = np.concatenate([ARRAY[:2500], -part, ARRAY[5000:]])
    for name, expected in (("chunks/1_of_4.npy", -part), ("slices/2499_to_2502.npy", now[2499:2502]),
                           ("axis1/chunks/0_of_3.npy", np.ascontiguousarray(now[:, :1])), ("source.npy", now)):
        assert (mounted / "a.npy" / name).read_bytes() == saved(expected), name
    assert np.array_equal(np.load(overlay / "a.npy"), now)


def test_a_file_that_is_copied_up_is_rewritten_for_those_who_have_it_open(overlay, mount):
    """A source that is rewritten in place is rewritten for those who have it open, too, also on overlayfs."""
    mounted = mount(overlay, "direct_io")
    with open(mounted / "a.npy/chunks/0_of_1.npy", "rb") as reader:
        assert reader.read() == saved(ARRAY)
        with open(overlay / "a.npy", "r+b") as writer:
            writer.write(saved(-ARRAY))
        reader.seek(0)
        assert reader.read() == saved(-ARRAY)
