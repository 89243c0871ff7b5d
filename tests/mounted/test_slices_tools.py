"""Slices beside tools: mappings of strided views, copies with attributes, headers too long for numpy, replaced sources."""

import errno
import json
import os
import shutil
import subprocess

import numpy as np
import pytest

from arrays import filled, saved

ARRAY = filled((50, 40, 3), "<f8")
WIDE = filled((40,), [(f"field_number_{i}", "<f4") for i in range(300)])
# Beyond the 10,000 characters of a header that numpy reads unasked.
WIDER = filled((40,), [(f"field_number_{i}", "<f4", (1 + i % 3,)) for i in range(700)])
STRIDED = {"index/::2": np.s_[::2], "index/::-3": np.s_[::-3], "index/:,7": np.s_[:, 7], "index/...,1": np.s_[..., 1],
           "axis1/slices/3_to_30_by_5": np.s_[:, 3:30:5], "chunks/1_of_5/axis1/batches/16/2": np.s_[10:20, 32:]}


@pytest.mark.parametrize("order", "CF")
def test_strided_views_are_mapped(source, mount, order):
    """mmap_mode r, c and r+ work on what does not lie in one piece: a column, a tile, every second row backwards."""
    array = np.array(ARRAY, order=order)
    np.save(source / "data.npy", array)
    mounted = mount(source, "rw")
    for name, index in STRIDED.items():
        path = mounted / f"data.npy/{name}.npy"
        assert np.load(path, mmap_mode="r").tobytes() == array[index].tobytes()
        private = np.load(path, mmap_mode="c")
        private[...] = 0
        del private
        assert np.load(path).tobytes() == array[index].tobytes()
        shared = np.load(path, mmap_mode="r+")
        shared[...] = array[index] = filled(array[index].shape, "<i2", seed=len(name))
        shared.flush()
        del shared
        assert (source / "data.npy").read_bytes() == saved(array)


@pytest.fixture(params=["tmpfs", "ext4"])
def target(request, scratch):
    """A directory of a filesystem that takes attributes of a few KiB at most."""
    directory = scratch / request.param
    directory.mkdir()
    if request.param == "tmpfs":
        subprocess.run(["mount", "-t", "tmpfs", "none", directory], check=True)
    else:
        subprocess.run(["truncate", "-s", "32M", f"{directory}.img"], check=True)
        subprocess.run(["mkfs.ext4", "-q", f"{directory}.img"], check=True)
        subprocess.run(["mount", "-o", "loop", f"{directory}.img", directory], check=True)
    yield directory
    subprocess.run(["umount", directory], check=True)


@pytest.mark.skipif(os.getuid() != 0, reason="needs root, to mount a filesystem")
def test_chunks_of_many_fields_are_copied_with_their_attributes(source, mount, target):
    """An attribute longer than 1 KiB is left out, so cp -a, shutil.copy2 and rsync -X of wide structured chunks work."""
    (source / "wide.npy").write_bytes(saved(WIDE))
    path = mount(source) / "wide.npy/chunks/1_of_4.npy"
    assert "user.npyfs.index" in os.listxattr(path) and "user.npyfs.descr" not in os.listxattr(path)
    assert all(len(os.getxattr(path, name)) <= 1024 for name in os.listxattr(path))
    shutil.copy2(path, target / "copy2.npy")
    subprocess.run(["cp", "-a", path, target / "cp.npy"], check=True)
    subprocess.run(["rsync", "-aX", path, target / "rsync.npy"], check=True)
    for name in ("copy2", "cp", "rsync"):
        assert np.load(target / f"{name}.npy").tobytes() == np.array_split(WIDE, 4)[1].tobytes()


def test_headers_longer_than_numpy_reads(source, mount):
    """Headers of the source up to 1 MiB are read: numpy then loads one field, and a chunk with max_header_size."""
    (source / "wider.npy").write_bytes(saved(WIDER))
    path = mount(source) / "wider.npy"
    with pytest.raises(ValueError, match="max_header_size"):
        np.load(source / "wider.npy")
    with pytest.raises(ValueError, match="max_header_size"):
        np.load(path / "chunks/0_of_2.npy")
    assert np.load(path / "chunks/0_of_2.npy", max_header_size=1 << 20).tobytes() == WIDER[:20].tobytes()
    assert np.array_equal(np.load(path / "fields/field_number_5.npy"), WIDER["field_number_5"], equal_nan=True)
    assert np.load(path / "fields/field_number_5/batches/16/2.npy", mmap_mode="r").shape == (8, 3)


@pytest.mark.parametrize("count, is_read", [(45_000, True), (60_000, False)], ids=["below", "above"])
def test_headers_of_up_to_1_mib_are_read(source, mount, count, is_read):
    """Headers of the source up to 1 MiB are read; a longer one is an error that says so."""
    array = filled((3,), [(f"f{i:05}", "|i1") for i in range(count)])
    (source / "wide.npy").write_bytes(saved(array))
    assert ((source / "wide.npy").stat().st_size - array.nbytes < 1 << 20) == is_read
    path = mount(source) / "wide.npy"
    if is_read:
        assert (path / "fields/f40000/index/::-1.bin").read_bytes() == array["f40000"][::-1].tobytes()
    else:
        assert "header" in (path / "error.txt").read_text()


def test_a_view_says_what_it_is(source, mount):
    """info.json and user.npyfs.index have a view's place in the source in numpy's notation, shape and strides."""
    array = filled((100, 6), [("pos", "<f4", (3,)), ("id", "<i8")])
    (source / "data.npy").write_bytes(saved(array))
    path = mount(source) / "data.npy/slices/10_to_90_by_4/fields/pos/index/...,0"
    info = json.loads((path / "info.json").read_text())
    view = array[10:90:4]["pos"][..., 0]
    assert info == {"source": str(source / "data.npy"), "shape": [20, 6], "descr": "<f4", "fortran_order": False, "itemsize": 4,
                    "data_size": view.nbytes, "sliceable": True, "most_aligned_chunks": [1, 1],
                    "zarr": {"chunk": [20, 6], "versions": [2, 3]}, "nrrd_type": "float", "index": "a[10:90:4]['pos'][:, :, 0]", "strides": list(view.strides)}
    found = eval(info["index"], {"a": array})
    assert np.array_equal(found, view, equal_nan=True)
    assert os.getxattr(f"{path}.npy", "user.npyfs.index").decode() == info["index"]


def replace(path, array):
    np.save(path.parent / "new", array)
    os.replace(path.parent / "new.npy", path)


def test_a_directory_below_a_view_after_the_source_was_replaced(source, mount):
    """The next access by name has the new array's rows; a directory that is held is ESTALE, never another one's rows."""
    old, new = np.arange(400).reshape(100, 4), np.arange(1000, 1060).reshape(20, 3)
    np.save(source / "data.npy", old)
    mounted = mount(source)
    names = ["slices/5_to_15/chunks/0_of_2", "index/::2/items/3", "chunks/1_of_4/axis1/batches/2/1"]
    held = {name: os.open(mounted / "data.npy" / os.path.dirname(name), os.O_PATH) for name in names}
    for name, directory in held.items():
        os.stat(os.path.basename(name) + ".npy", dir_fd=directory)
    replace(source / "data.npy", new)
    assert np.array_equal(np.load(mounted / f"data.npy/{names[0]}.npy"), new[5:10])
    assert np.array_equal(np.load(mounted / f"data.npy/{names[1]}.npy"), new[6])
    assert np.array_equal(np.load(mounted / f"data.npy/{names[2]}.npy"), new[5:10, 2:])
    for name, directory in held.items():
        with pytest.raises(OSError) as raised:
            os.open(os.path.basename(name) + ".bin", os.O_RDONLY, dir_fd=directory)
        assert raised.value.errno == errno.ESTALE
        os.close(directory)
