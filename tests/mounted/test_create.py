"""npyfs --create: arrays for others to fill, as numpy and the shell see them."""

import json
import os
import signal
import subprocess

import numpy as np
import pytest

from arrays import saved
import mount as mounting
from users import in_namespace

USAGE, FAILED = 2, 3


def create(path, dtype="<f4", shape="1000,3", *more):
    return mounting.run("--create", path, "--dtype", dtype, "--shape", shape, *more)


@pytest.mark.parametrize("more", [[], ["--fortran-order"]], ids=["C", "F"])
@pytest.mark.parametrize("dtype", ["<f4", ">i8", "float16", "S7", "M8[ns]", "[('a', '<i4'), ('b', '<f8', (2, 2))]"])
def test_numpy_loads_what_is_created(scratch, dtype, more):
    """npyfs --create writes an array of zeros that numpy loads, with the dtype, shape and order asked for."""
    path = scratch / "out.npy"
    ran = create(path, dtype, "100,7", *more)
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "", "")
    array = np.load(path)
    assert array.dtype == np.dtype(eval(dtype) if dtype[0] == "[" else dtype) and array.shape == (100, 7)
    assert array.flags.f_contiguous == bool(more) and array.flags.c_contiguous != bool(more)
    assert array.tobytes() == bytes(array.nbytes)


def test_options_before_and_behind_the_name(scratch):
    """Options may stand before the name of the file and behind it."""
    for arguments in (["--create", "--dtype", "<i2", "--shape", "4,2", "--fortran-order", "out.npy"],
                      ["--dtype", "<i2", "out.npy", "--shape", "4,2", "--fortran-order", "--create"]):
        ran = mounting.run(*arguments, cwd=scratch)
        assert (ran.returncode, ran.stderr) == (0, ""), arguments
        array = np.load(scratch / "out.npy")
        assert (array.shape, array.dtype, array.flags.f_contiguous) == ((4, 2), np.int16, True)
        (scratch / "out.npy").unlink()


def test_the_data_begin_on_an_edge_of_a_page(scratch):
    """Its data begin at byte 4,096, so rows can be mapped and split at pages."""
    path = scratch / "out.npy"
    assert create(path, "<f4", "1024,4").returncode == 0
    assert np.load(path, mmap_mode="r").offset == 4096
    assert path.stat().st_size == 4096 + 1024 * 4 * 4
    assert path.stat().st_blocks * 512 >= path.stat().st_size


@pytest.mark.parametrize("shape", ["0,3", "3,0", "0"])
@pytest.mark.parametrize("mode", ["r", "c", "r+"])
def test_numpy_maps_it_where_it_has_no_items(scratch, shape, mode):
    """An array without items can be mapped: its header is the one of np.save (numpy#27722)."""
    path = scratch / "out.npy"
    assert create(path, "<f8", shape).returncode == 0
    expected = np.zeros([int(count) for count in shape.split(",")])
    assert np.load(path, mmap_mode=mode).shape == expected.shape
    assert path.read_bytes() == saved(expected)


def test_numpy_fills_it_in_place(scratch):
    """numpy maps it for writing as any other array."""
    path = scratch / "out.npy"
    assert create(path, "<i4", "10,2").returncode == 0
    array = np.load(path, mmap_mode="r+")
    array[:] = np.arange(20).reshape(10, 2)
    array.flush()
    assert np.array_equal(np.load(path), np.arange(20).reshape(10, 2))


@pytest.mark.parametrize("more", [[], ["--fortran-order"]], ids=["C", "F"])
def test_workers_fill_it_through_a_writable_mount(source, mount, more):
    """It is made for a writable mount: each worker saves its own chunk, and the array is complete."""
    array = np.asarray(np.random.default_rng(5).standard_normal((1000, 3)), order="F" if more else "C")
    assert create(source / "out.npy", "<f8", "1000,3", *more).returncode == 0
    mounted = mount(source, "rw")
    for index, part in enumerate(np.array_split(array, 7)):
        np.save(mounted / f"out.npy/chunks/{index}_of_7.npy", part if not more else np.asfortranarray(part))
    mounted.unmount()
    assert np.array_equal(np.load(source / "out.npy"), array)


def test_it_can_be_split_at_every_page(source, mount):
    """Where rows fill pages evenly, it has as many chunks with edges of their own as pages."""
    assert create(source / "out.npy", "<f4", "1000,128").returncode == 0
    mounted = mount(source)
    assert json.loads((mounted / "out.npy/info.json").read_text())["most_aligned_chunks"] == [125, 1]
    assert np.load(mounted / "out.npy/chunks/aligned/124_of_125.npy").shape == (8, 128)


def test_nothing_is_overwritten(scratch):
    """A file that exists is refused in a sentence, and stays as it is."""
    path = scratch / "out.npy"
    path.write_text("precious")
    ran = create(path)
    assert ran.returncode == FAILED
    assert ran.stderr == f"npyfs: {path}: is there already, and is not overwritten: remove it or choose another name\n"
    assert path.read_text() == "precious"
    assert os.listdir(scratch) == ["out.npy"]


@pytest.mark.parametrize("dtype, shape, mentioned", [
    ("<f3", "3", "f3"), ("O", "3", "objects"), ("<f4", "3,x", "--shape"), ("<f4", "", "--shape"),
    ("<f4", "4611686018427387904,2", "2^63"), ("<f4", "9223372036854775808", "2^63"), ("<f4", "-1", "--shape")])
def test_what_makes_no_array_is_a_wrong_command_line(scratch, dtype, shape, mentioned):
    """A dtype or shape that makes no array is refused with what was found, exit status 2, and leaves nothing."""
    ran = create(scratch / "out.npy", dtype, shape)
    assert ran.returncode == USAGE and mentioned in ran.stderr
    assert os.listdir(scratch) == []


def test_dtype_and_shape_are_needed(scratch):
    """--dtype and --shape are needed, and nothing else is taken."""
    for arguments in (["--create", "x"], ["--create", "x", "--dtype", "f4"], ["--create"],
                      ["--create", "x", "--dtype", "f4", "--shape", "3", "y"],
                      ["--create", "x", "--dtype", "f4", "--shape", "3", "--nosuch"]):
        ran = mounting.run(*arguments, cwd=scratch)
        assert ran.returncode == USAGE and ran.stderr.startswith("npyfs: --"), arguments
    assert os.listdir(scratch) == []


def test_a_full_disk_is_told_at_once(scratch):
    """Where the disk has no room for the array, that is said at once, and nothing is left."""
    script = """
    mount -t tmpfs -o size=1m none "$2"
    "$1" --create "$2/out.npy" --dtype '<f8' --shape 1000000 && exit 9
    echo "status $?"
    ls -A "$2"
    "$1" --create "$2/out.npy" --dtype '<f8' --shape 10000
    ls -A "$2"
    """
    ran = in_namespace(script, mounting.binary(), scratch)
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout == "status 3\nout.npy\n"
    assert "8004096 bytes cannot be reserved: No space left on device" in ran.stderr


def test_a_kill_leaves_nothing(scratch):
    """The file is complete, or not there at all, whenever npyfs is killed."""
    script = 'exec strace -f -qq -o /dev/null -e inject=fsync:signal=KILL "$@"'
    killed = subprocess.run(["sh", "-c", script, "sh", mounting.binary(), "--create", scratch / "out.npy", "--dtype", "<f4",
                             "--shape", "1000"], capture_output=True, timeout=mounting.DEADLINE)
    assert killed.returncode in (-signal.SIGKILL, 128 + signal.SIGKILL), killed
    assert os.listdir(scratch) == []
