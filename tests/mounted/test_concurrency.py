"""Many readers at once, and unmounting while they read."""

import concurrent.futures
import errno
import hashlib
import multiprocessing
import os
import random
import subprocess

import numpy as np
import pytest

import mount as mounting
from arrays import chunk, expected_file, filled, saved

READERS = 16
SECTIONS = 7

ARRAYS = {
    "c.npy": filled((3000, 40), "<f8"),
    "f.npy": filled((3000, 40), "<f8", "F"),
    "cube.npy": filled((60, 50, 40), "<i2"),
    "bytes.npy": filled((4_000_001,), "|u1"),
    "records.npy": filled((5000, 3), [("a", "|u1"), ("b", "<f8")]),
}


def all_chunks():
    """Path -> digest of what numpy writes there."""
    digests = {}
    for name, array in ARRAYS.items():
        for axis in range(array.ndim):
            for index in range(SECTIONS):
                path = f"{name}/axis{axis}/chunks/{index}_of_{SECTIONS}.npy" if array.ndim > 1 else (
                    f"{name}/chunks/{index}_of_{SECTIONS}.npy")
                expected = expected_file(chunk(array, index, SECTIONS, axis), array)
                digests[path] = hashlib.sha256(expected).digest()
    return digests


CHUNKS = all_chunks()


@pytest.fixture(scope="module")
def tree(module_scratch):
    root = module_scratch / "source"
    root.mkdir()
    for name, array in ARRAYS.items():
        (root / name).write_bytes(saved(array))
    return root


def wrong_chunks(mountpoint, seed):
    """Reads every chunk in an order of its own, in pieces of sizes of its own, and returns those that are not right."""
    numbers = random.Random(seed)
    wrong = []
    for name in numbers.sample(sorted(CHUNKS), len(CHUNKS)):
        digest = hashlib.sha256()
        with open(mountpoint / name, "rb", buffering=0) as file:
            while piece := file.read(numbers.choice((4096, 100_003, 1 << 20, 1 << 23))):
                digest.update(piece)
        if digest.digest() != CHUNKS[name]:
            wrong.append(name)
    return wrong


@pytest.mark.parametrize("options", [[], ["max_threads=1"], ["direct_io"], ["kernel_cache"], ["source_io=pread"]],
                         ids=lambda options: ",".join(options) or "default")
def test_16_processes_read_every_chunk_at_once(tree, mount, options):
    """16 processes that read every chunk at once all get the bytes of np.save, however they are served."""
    mounted = mount(tree, *options)
    # With "fork" all processes are started at once.
    with concurrent.futures.ProcessPoolExecutor(READERS, multiprocessing.get_context("fork")) as readers:
        assert list(readers.map(wrong_chunks, [mounted.path] * READERS, range(READERS))) == [[]] * READERS


def test_16_threads_of_one_process_read_every_chunk_at_once(tree, mount):
    """16 threads that read every chunk at once all get the bytes of np.save."""
    mounted = mount(tree)
    with concurrent.futures.ThreadPoolExecutor(READERS) as readers:
        assert list(readers.map(wrong_chunks, [mounted.path] * READERS, range(READERS))) == [[]] * READERS


def test_threads_that_share_one_descriptor_read_independently(tree, mount):
    """pread from many threads through one descriptor, and through many mappings of one file."""
    path = mount(tree) / "bytes.npy/chunks/1_of_2.npy"
    array = ARRAYS["bytes.npy"]
    expected = expected_file(chunk(array, 1, 2), array)

    def wrong_places(descriptor, seed):
        numbers = random.Random(seed)
        mapped = np.memmap(path, mode="r")
        places = [(numbers.randrange(len(expected)), numbers.randrange(200_000)) for _ in range(100)]
        return [(offset, size) for offset, size in places
                if os.pread(descriptor, size, offset) != expected[offset:offset + size]
                or mapped[offset:offset + size].tobytes() != expected[offset:offset + size]]

    with open(path, "rb") as file, concurrent.futures.ThreadPoolExecutor(READERS) as readers:
        assert list(readers.map(wrong_places, [file.fileno()] * READERS, range(READERS))) == [[]] * READERS


def test_unmounting_while_busy_is_ebusy(tree, mount):
    """A mount with open files is busy: umount and fusermount3 -u say so, and reading goes on."""
    mounted = mount(tree)
    name = f"bytes.npy/chunks/0_of_{SECTIONS}.npy"
    with open(mounted / name, "rb") as file:
        first = file.read(100_000)
        with pytest.raises(OSError) as refused:
            mounting.umount(mounted.path)
        assert refused.value.errno == errno.EBUSY
        assert subprocess.run(["fusermount3", "-u", mounted.path], capture_output=True).returncode != 0
        assert hashlib.sha256(first + file.read()).digest() == CHUNKS[name]
    mounted.unmount()


def test_a_mapping_keeps_the_mount_busy(tree, mount):
    """A mapped array keeps the mount busy as an open file does."""
    mounted = mount(tree)
    mapped = np.load(mounted / "c.npy/chunks/0_of_2.npy", mmap_mode="r")
    with pytest.raises(OSError) as refused:
        mounting.umount(mounted.path)
    assert refused.value.errno == errno.EBUSY
    assert mapped.tobytes() == ARRAYS["c.npy"][:1500].tobytes()
    del mapped
    mounted.unmount()


def test_after_a_lazy_unmount_open_files_are_served_to_the_end(tree, mount):
    """After a lazy unmount open files are served to the end; then npyfs ends with exit status 0."""
    mounted = mount(tree)
    name = f"bytes.npy/chunks/0_of_{SECTIONS}.npy"
    with open(mounted / name, "rb", buffering=0) as file:
        first = file.read(1000)
        mapped = np.load(mounted / "f.npy/axis1/chunks/0_of_2.npy", mmap_mode="r")
        mounting.umount(mounted.path, mounting.MNT_DETACH)
        assert not mounting.is_mounted(mounted.path)
        assert not (mounted / "bytes.npy").exists()
        assert not mounted.has_exited()
        assert hashlib.sha256(first + file.read()).digest() == CHUNKS[name]
        assert mapped.tobytes("F") == ARRAYS["f.npy"][:, :20].tobytes("F")
        del mapped
    mounted.assert_ended_cleanly()


def test_readers_that_are_killed_leave_nothing_open(tree, mount):
    """A reader that is killed in mid-read leaves no file open in npyfs."""
    mounted = mount(tree)
    for _ in range(30):
        reader = subprocess.Popen(["cat", *(mounted / name for name in CHUNKS)], stdout=subprocess.PIPE)
        reader.stdout.read(1000)
        reader.kill()
        reader.wait()
        reader.stdout.close()
    mounted.wait_until(lambda: mounted.metric("open_files") == 0, "end of the open files")


def test_mounts_of_one_source_do_not_disturb_each_other(tree, mount):
    """One source may be mounted many times; each mount ends by itself."""
    mounts = [mount(tree) for _ in range(4)]
    while mounts:
        assert [wrong_chunks(mounted.path, 0) for mounted in mounts] == [[]] * len(mounts)
        mounts.pop().unmount()
