"""What users of other software have reported, tried with npyfs. Each test names the public report."""

import io
import os
import shutil
import signal
import subprocess
import sys

import numpy as np
import pytest

from arrays import filled, saved

HALF = "chunks/0_of_2.npy"


@pytest.fixture
def array(source):
    """A hundred rows of three numbers."""
    values = filled((100, 3), "<f8").copy()
    (source / "a.npy").write_bytes(saved(values))
    return values


def run_python(script, *arguments):
    return subprocess.run([sys.executable, "-c", "import os, sys\nimport numpy as np\n" + script, *map(str, arguments)],
                          capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize("options", ["rw", "rw,direct_io", "rw,kernel_cache"])
def test_mapping_works_in_every_mode(source, mount, array, options):
    """Mapping a chunk in the modes r, c and r+ works with each kind of caching (numpy#9894: ENODEV)."""
    path = mount(source, options) / "a.npy" / HALF
    for mode in ("r", "c", "r+"):
        mapped = np.load(path, mmap_mode=mode)
        assert np.array_equal(mapped, array[:50])
        if mode != "r":
            mapped[3] = -1
    mapped.flush()
    array[3] = -1
    assert np.array_equal(np.load(source / "a.npy"), array)


@pytest.mark.parametrize("touched", [False, True], ids=["not read before", "read before"])
@pytest.mark.parametrize("rows", [100, 100_000], ids=["small", "large"])
@pytest.mark.parametrize("mode", ["r", "c", "r+"])
def test_a_mapped_array_saved_over_itself(source, mount, mode, rows, touched):
    """np.save of a mapped array over itself leaves every row what it was (nibabel#492: they became zeros)."""
    before = saved(filled((rows, 3), "<f8"))
    (source / "a.npy").write_bytes(before)
    mounted = mount(source, "rw")
    script = """
array = np.load(sys.argv[1], mmap_mode=sys.argv[2])
if sys.argv[3] == "True": array.sum()
np.save(sys.argv[1], array)
"""
    ran = run_python(script, mounted / "a.npy" / HALF, mode, touched)
    assert (source / "a.npy").read_bytes() == before
    assert ran.returncode == 0, ran.stderr


def test_half_of_a_mapped_array_saved_over_itself(source, mount, array):
    """Who empties a view, reads the old rows through a mapping, and does not write all of them, is told at close."""
    before = (source / "a.npy").read_bytes()
    mounted = mount(source, "rw", foreground=True)
    path = mounted / "a.npy" / HALF
    mapped = np.load(path, mmap_mode="r")
    file = os.open(path, os.O_WRONLY | os.O_TRUNC)
    os.write(file, saved(array[:50])[:128] + mapped[:20].tobytes())
    with pytest.raises(OSError):
        os.close(file)
    assert (source / "a.npy").read_bytes() == before
    assert "720 bytes were not written" in mounted.stderr()


def test_a_mapped_array_and_w_plus(source, mount, array):
    """np.memmap(mode='w+') gives zeros, also to a process that has the view mapped already."""
    path = mount(source, "rw") / "a.npy/chunks/0_of_2.bin"
    mapped = np.memmap(path, "<f8", "r", shape=(50, 3))
    emptied = np.memmap(path, "<f8", "w+", shape=(50, 3))
    assert not mapped.any() and not emptied.any()
    del emptied
    array[:50] = 0
    assert np.array_equal(np.load(source / "a.npy"), array)


def test_a_copy_is_saved_over_a_mapped_array(source, mount, array):
    """What was made of a mapped array is saved over it as on any filesystem, while it is still mapped."""
    path = mount(source, "rw") / "a.npy" / HALF
    mapped = np.load(path, mmap_mode="r")
    np.save(path, mapped * 2)
    array[:50] *= 2
    assert np.array_equal(mapped, array[:50])
    assert np.array_equal(np.load(source / "a.npy"), array)


@pytest.mark.parametrize("options", ["ro", "rw", "ro,direct_io", "ro,kernel_cache"])
def test_a_source_that_is_truncated_under_a_mapping(source, mount, options):
    """Reading is EIO and touching the mapping SIGBUS, never zeros (cpython#148650)."""
    np.save(source / "a.npy", np.arange(1.0, 1e6))
    script = """
mapped = np.load(sys.argv[1], mmap_mode="r")
file = os.open(sys.argv[1], os.O_RDONLY)
os.truncate(sys.argv[2], 100_000)
for offset in (300_000, 3_000_000):
    try: os.pread(file, 200_000, offset); print("read")
    except OSError as error: print(error.errno, flush=True)
print(mapped[300_000])
"""
    ran = run_python(script, mount(source, options) / "a.npy" / HALF, source / "a.npy")
    assert ran.stdout.split() == ["5", "5"] and ran.returncode == -signal.SIGBUS


def test_a_source_that_is_replaced_by_a_longer_one(source, mount):
    """An open file and a mapping serve the old source to its end; the next open has the new one (mountpoint-s3#785)."""
    old, new = filled((300,), "<f8"), filled((1000,), "<i4")
    (source / "a.npy").write_bytes(saved(old))
    (source / "new.npy").write_bytes(saved(new))
    path = mount(source) / "a.npy/chunks/0_of_1.npy"
    with open(path, "rb", buffering=0) as file:
        mapped = np.load(path, mmap_mode="r")
        start = file.read(500)
        os.replace(source / "new.npy", source / "a.npy")
        assert np.array_equal(np.load(io.BytesIO(start + file.read())), old)
        assert np.array_equal(mapped, old)
        assert np.array_equal(np.load(path), new)


def test_two_mapped_slices_are_two(source, mount, array):
    """Their names, inode numbers and contents differ, so nothing that keys by those takes them for one (dask#1645)."""
    tokenize = pytest.importorskip("dask.base").tokenize
    array[:] = array[0]  # all rows are equal
    (source / "a.npy").write_bytes(saved(array))
    mounted = mount(source)
    paths = [mounted / f"a.npy/chunks/{index}_of_4.npy" for index in range(4)]
    assert len({tokenize(np.load(path, mmap_mode="r")) for path in paths}) == 4
    assert len({os.stat(path).st_ino for path in paths}) == 4
    assert tokenize(np.load(paths[0], mmap_mode="r")) == tokenize(np.load(paths[0], mmap_mode="r"))


def test_twelve_bytes_that_claim_a_header_of_4_gib(source, mount):
    """The file is refused for what it holds, and takes no memory (mlx#3365)."""
    (source / "a.npy").write_bytes(b"\x93NUMPY\x02\x00\xff\xff\xff\xff")
    mounted = mount(source, foreground=True)
    assert "the header is 4294967295 bytes long by its length field, the file holds 0 bytes" in (
        mounted / "a.npy/error.txt").read_text()
    status = dict(line.split(":", 1) for line in open(f"/proc/{mounted.pid}/status", encoding="utf-8"))
    assert int(status["VmHWM"].split()[0]) < 200_000


@pytest.mark.parametrize("descr", ["('|O', {'vlen': 'str'})", "('<f8', {'unit': 'm'})"])
def test_a_dtype_with_metadata(source, mount, descr):
    """numpy refuses a dtype that was saved with its metadata, and so does npyfs, in words (numpy#14142)."""
    text = f"{{'descr': {descr}, 'fortran_order': False, 'shape': (4,), }}".encode()
    (source / "a.npy").write_bytes(b"\x93NUMPY\x01\x00\x76\x00" + text.ljust(117) + b"\n" + bytes(32))
    with pytest.raises(ValueError):
        np.load(source / "a.npy", allow_pickle=True)
    assert "the shape of a subarray is a dict" in (mount(source) / "a.npy/error.txt").read_text()


@pytest.mark.parametrize("version", [(2, 0), (3, 0)])
def test_chunks_of_later_versions_are_of_version_1(source, mount, array, version):
    """Readers that know version 1.0 alone read the chunks of every array (cnpy#77, cnpy#85)."""
    with open(source / "a.npy", "wb") as file:
        np.lib.format.write_array(file, array, version)
    assert (mount(source) / "a.npy" / HALF).read_bytes() == saved(array[:50])


def test_blocks_and_holes(source, mount, scratch):
    """st_blocks are those of the size, so tar -S, cp --sparse=always and du count and copy all (fuse-archive#14,
    ratarmount#165)."""
    array = np.zeros((100_000, 3))
    array[60_000] = 1
    (source / "a.npy").write_bytes(saved(array))
    chunks = mount(source) / "a.npy/chunks"
    status = os.stat(chunks / "1_of_2.npy")
    assert status.st_size <= status.st_blocks * 512 < status.st_size + 4096
    shutil.copytree(chunks, scratch / "plain")
    for command in (["tar", "-C", chunks, "-cSf", scratch / "x.tar", "."], ["mkdir", scratch / "out"],
                    ["tar", "-C", scratch / "out", "-xf", scratch / "x.tar"],
                    ["cp", "--sparse=always", chunks / "1_of_2.npy", scratch / "copy.npy"]):
        subprocess.run(command, check=True)
    for name in ("0_of_2.npy", "1_of_2.npy"):
        assert (scratch / "out" / name).read_bytes() == (scratch / "plain" / name).read_bytes()
    assert np.array_equal(np.load(scratch / "copy.npy"), array[50_000:])
    sizes = [subprocess.run(["du", "-s", place], capture_output=True, check=True).stdout.split()[0]
             for place in (chunks, scratch / "plain")]
    assert abs(int(sizes[0]) - int(sizes[1])) <= 16


@pytest.mark.parametrize("options", ["ro", "rw", "ro,direct_io", "ro,kernel_cache"])
def test_rows_are_appended_first_and_the_shape_after(source, mount, options):
    """Whoever reads in between has the rows of one of the two headers, never others (numpy PR#20321)."""
    rows = filled((60, 3), "<f8")
    header = [saved(rows[:count])[:128] for count in range(61)]
    (source / "a.npy").write_bytes(header[40] + rows[:40].tobytes())
    directory = mount(source, options) / "a.npy"
    with open(directory / "slices/0_to_40.npy", "rb") as held, open(source / "a.npy", "r+b", buffering=0) as file:
        mapped = np.load(directory / "slices/0_to_40.npy", mmap_mode="r")
        for count in range(41, 61):
            file.seek(0, os.SEEK_END)
            file.write(rows[count - 1].tobytes())
            assert np.array_equal(np.load(directory / "chunks/0_of_1.npy"), rows[:count - 1])
            os.pwrite(file.fileno(), header[count], 0)
            assert np.array_equal(np.load(directory / "chunks/0_of_1.npy"), rows[:count])
            held.seek(0)
            assert np.array_equal(np.load(io.BytesIO(held.read())), rows[:40])
            assert np.array_equal(mapped, rows[:40])
