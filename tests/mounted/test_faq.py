"""What npyfs(7) says of whole arrays, archives and memory, and npyfs(1) of containers."""

import ctypes
import mmap
import subprocess

import numpy as np
import pytest

import mount as mounting

ARRAY = np.arange(1_000_000.0)
LARGE, SMALL = "rows.npy/chunks/0_of_1.npy", "rows.npy/chunks/0_of_100.npy"


@pytest.fixture
def mounted(source, mount):
    np.save(source / "rows.npy", ARRAY)
    return mount(source)


def test_the_whole_array_is_a_file_of_its_directory(mounted):
    """np.load("mnt/rows.npy") fails with IsADirectoryError; source.npy is the file itself, chunks/0_of_1.npy the array."""
    with pytest.raises(IsADirectoryError):
        np.load(mounted / "rows.npy")
    assert np.array_equal(np.load(mounted / "rows.npy/source.npy"), ARRAY)
    assert np.array_equal(np.load(mounted / LARGE), ARRAY)


def test_an_npz_archive_is_a_directory_that_has_its_own_bytes(source, mounted):
    """x.npz/source.npz is the file byte for byte: np.load opens it."""
    np.savez(source / "two.npz", a=ARRAY[:7], b=ARRAY[7:9])
    assert (mounted / "two.npz/source.npz").read_bytes() == (source / "two.npz").read_bytes()
    with np.load(mounted / "two.npz/source.npz") as members:
        assert np.array_equal(members["a"], ARRAY[:7]) and np.array_equal(members["b"], ARRAY[7:9])


def share_in_page_cache(path):
    """Which share of a file's pages is in the page cache: 0 to 1."""
    writable = mmap.PROT_READ | mmap.PROT_WRITE  # or ctypes does not tell where it is
    with open(path, "rb") as file, mmap.mmap(file.fileno(), 0, mmap.MAP_PRIVATE, writable) as mapped:
        pages = (ctypes.c_ubyte * -(-len(mapped) // mmap.PAGESIZE))()
        address = ctypes.addressof(ctypes.c_char.from_buffer(mapped))
        assert mounting.libc.mincore(ctypes.c_void_p(address), ctypes.c_size_t(len(mapped)), pages) == 0
        return sum(page & 1 for page in pages) / len(pages)


def test_large_files_are_in_memory_once(mounted, mount):
    """Files from 1 MiB on are read past the page cache: only the source has pages there, but for -o kernel_cache."""
    if "can be mapped" not in (mounted / ".npyfs/status").read_text():
        pytest.skip("this kernel (before Linux 6.6) cannot map files that are read past the page cache")
    np.load(mounted / LARGE)
    assert share_in_page_cache(mounted / LARGE) == 0
    assert share_in_page_cache(mounted.source / "rows.npy") == 1
    cached = mount(mounted.source, "kernel_cache")
    mounting.wait_until_not_racy(mounted.source / "rows.npy")
    np.load(cached / LARGE)
    assert share_in_page_cache(cached / LARGE) == 1


def test_small_files_are_in_memory_twice_but_for_direct_io(mounted, mount):
    """Smaller files have pages of their own, and -o direct_io prevents that."""
    mounting.wait_until_not_racy(mounted.source / "rows.npy")
    np.load(mounted / SMALL)
    assert share_in_page_cache(mounted / SMALL) == 1
    direct = mount(mounted.source, "direct_io")
    np.load(direct / SMALL)
    assert share_in_page_cache(direct / SMALL) == 0


def test_a_container_reads_a_mount_of_the_host(scratch, mounted):
    """Bound into another mount namespace, for a root there who is the user that has mounted it."""
    script = 'mount --bind "$1" "$2" && exec /usr/bin/python3 -c "import numpy; print(numpy.load(\'$2/$3\').sum())"'
    (scratch / "data").mkdir()
    command = ["unshare", "--user", "--map-root-user", "--mount", "/bin/sh", "-euc", script, "sh"]
    ran = subprocess.run([*command, mounted.path, scratch / "data", LARGE], capture_output=True, text=True,
                         timeout=mounting.DEADLINE)
    assert (ran.stderr, ran.stdout) == ("", f"{ARRAY.sum()}\n")
