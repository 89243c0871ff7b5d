"""How npyfs reads the source: -o source_io, and what auto chooses on a filesystem that is local and on one that is not."""

import os
import subprocess

import numpy as np
import pytest

import mount as mounting
from arrays import saved

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a tmpfs")

ARRAY = np.arange(300_000.0).reshape(1000, 300)
# One of columns, since chunks of whole rows are read without a mapping anyway.
CHUNK = "axis1/chunks/1_of_3.npy"


@pytest.fixture(scope="module")
def local(module_scratch):
    """An array on a tmpfs."""
    directory = module_scratch / "local"
    directory.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "none", directory], check=True)
    np.save(directory / "a.npy", ARRAY)
    yield directory / "a.npy"
    mounting.umount(directory, mounting.MNT_DETACH)


@pytest.fixture(scope="module")
def remote(local, module_mount):
    """The same array on a filesystem that the table of local ones does not have: FUSE, here of another npyfs."""
    return module_mount(local.parent, "kernel_cache") / "a.npy/source.npy"


@pytest.mark.parametrize("filesystem, options, is_mapped", [
    ("local", [], True),
    ("local", ["source_io=auto"], True),
    ("local", ["source_io=pread"], False),
    ("remote", [], False),
    ("remote", ["source_io=auto"], False),
    ("remote", ["source_io=mmap"], True),
])
def test_what_is_not_known_to_be_local_is_read_with_pread(request, mount, filesystem, options, is_mapped):
    """By default a source that is known to be local is mapped, and any other read with pread; mmap and pread are obeyed."""
    array = request.getfixturevalue(filesystem)
    mounted = mount(array.parent, "direct_io", *options)
    with open(mounted / array.name / CHUNK, "rb") as file:
        assert file.read() == saved(np.ascontiguousarray(ARRAY[:, 100:200]))
        assert (mounted.metric("mappings") > 0) == is_mapped
    mounted.unmount()
