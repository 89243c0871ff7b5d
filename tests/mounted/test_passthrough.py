"""Passthrough: what is served whole, the kernel reads from the file of the source itself, where npyfs runs as root."""

import concurrent.futures
import contextlib
import errno
import mmap
import os
import random
import signal
import subprocess
import time

import numpy as np
import pytest

import mount as mounting
from arrays import saved
from passthrough import (ARRAY, LINE, SMALL, WHOLE, YES, read, read_in_pieces, read_mapping, reads_of, status,
                         shared, tree)  # noqa: F401 (fixtures)
from users import STRANGER, as_user, outcome


def read_private_mapping(path):
    return read_mapping(path, mmap.MAP_PRIVATE)


def read_through(transfer):
    """A reader that has `transfer(in, out, offset, count)` copy the file into another one."""
    def reader(path):
        with open(path, "rb") as file, open(os.memfd_create("copy"), "w+b") as copy:
            offset = 0
            while done := transfer(file.fileno(), copy.fileno(), offset, 1 << 20):
                offset += done
            return os.pread(copy.fileno(), offset + 1, 0)
    return reader


def send(source, target, offset, count):
    return os.sendfile(target, source, offset, count)


def splice(source, target, offset, count):
    pipe = os.pipe()
    try:
        count = os.splice(source, pipe[1], min(count, 1 << 15), offset_src=offset)
        return os.splice(pipe[0], target, count, offset_dst=offset) if count else 0
    finally:
        for end in pipe:
            os.close(end)


READERS = {"read": read, "pieces": read_in_pieces, "mmap": read_mapping, "private mmap": read_private_mapping,
           "sendfile": read_through(send), "splice": read_through(splice)}


@pytest.mark.parametrize("reader", READERS.values(), ids=READERS)
def test_bytes_are_those_of_the_file(shared, reader):
    """They are then read as fast as the files themselves, by read, mmap and sendfile: npyfs is asked for none of their bytes."""
    def all_are_right():
        for name, plain in WHOLE.items():
            assert reader(shared / name) == (shared.source / plain).read_bytes(), name
    assert reads_of(shared, all_are_right) == 0
    assert status(shared) == YES


def test_numpy_loads_and_maps_it(shared):
    def load():
        for mode in (None, "r", "c"):
            assert np.array_equal(np.load(shared / "data.npy/source.npy", mmap_mode=mode), ARRAY)
        assert np.array_equal(np.load(shared / "pack.npz/source.npz")["w"], SMALL)
    assert reads_of(shared, load) == 0


def test_the_end_is_that_of_the_file(shared):
    """Seeks and reads at and behind the end."""
    for name, plain in WHOLE.items():
        with open(shared / name, "rb", buffering=0) as file, open(shared.source / plain, "rb", buffering=0) as expected:
            assert file.seek(0, os.SEEK_END) == expected.seek(0, os.SEEK_END)
            assert file.read(10) == b""
            end = file.seek(0, os.SEEK_END)
            assert os.pread(file.fileno(), 10, end + 5000) == b""
            assert os.pread(file.fileno(), 100, max(end - 3, 0)) == os.pread(expected.fileno(), 100, max(end - 3, 0))


def test_direct_reads_need_no_alignment(shared):
    """Reads with O_DIRECT go through npyfs, and may have any offset and size."""
    content = (shared.source / "large.bin").read_bytes()
    file = os.open(shared / "large.bin", os.O_RDONLY | os.O_DIRECT)
    with mmap.mmap(-1, 1 << 16) as buffer, open(shared / "large.bin", "rb") as beside:
        for offset, size in ((0, 4096), (3, 100), (999_999, 5000), (len(content) - 7, 100)):
            got = os.preadv(file, [memoryview(buffer)[:size]], offset)
            assert buffer[:got] == content[offset:offset + size]
        with mmap.mmap(file, 0, prot=mmap.PROT_READ) as mapping:
            assert mapping[-100:] == content[-100:]
        assert beside.read() == content
    os.close(file)


def test_many_readers_of_one_file_agree(shared):
    """All files of a node that are open at the same time are opened in the same way: otherwise the kernel says EIO."""
    content = (shared.source / "large.bin").read_bytes()
    path = shared / "large.bin"

    def reader(seed):
        chance = random.Random(seed)
        for _ in range(40):
            kind = chance.choice(["read", "mmap", "direct"])
            file = os.open(path, os.O_RDONLY | (os.O_DIRECT if kind == "direct" else 0))
            try:
                offset = chance.randrange(len(content) - 4096)
                if kind == "mmap":
                    with mmap.mmap(file, 0, prot=mmap.PROT_READ) as mapping:
                        assert mapping[offset:offset + 100] == content[offset:offset + 100]
                elif kind == "read":
                    assert os.pread(file, 100, offset) == content[offset:offset + 100]
                else:
                    with mmap.mmap(-1, 4096) as buffer:
                        assert os.preadv(file, [buffer], offset) == 4096 and buffer[:] == content[offset:offset + 4096]
            finally:
                os.close(file)

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        list(pool.map(reader, range(16)))
    shared.assert_no_descriptor_leaked()


def test_hundreds_of_files_are_open_at_once(tree, mount):
    """Each file that is open takes one descriptor, however often it is open, and none is left in the end."""
    for number in range(300):
        (tree / f"{number}.txt").write_bytes(b"%d\n" % number)
    mounted = mount(tree)
    with contextlib.ExitStack() as opened:
        for _ in range(2):
            files = [opened.enter_context(open(mounted / f"{number}.txt", "rb")) for number in range(300)]
            assert [int(file.read()) for file in files] == list(range(300))
        assert mounted.metric("open_files") >= 600
        assert mounted.descriptors_since_start().total() <= 320
    mounted.assert_no_descriptor_leaked()


def test_the_kernel_lets_go_of_a_file_that_nobody_has_open(tree, mount):
    """A filesystem below SOURCE is busy while a file of it is open, and free afterwards."""
    (tree / "sub").mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", tree / "sub"], check=True)
    try:
        (tree / "sub/there.txt").write_bytes(LINE)
        # At most 16 sources then stay open when nobody has them open, and others take their places at once.
        mounted = mount(tree, started_by=["prlimit", "--nofile=64:64"])
        with open(mounted / "sub/there.txt", "rb") as file:
            assert file.read() == LINE
            assert outcome(mounting.umount, tree / "sub") == "EBUSY"
        for number in range(20):
            (tree / f"{number}.txt").write_bytes(LINE)
            assert (mounted / f"{number}.txt").read_bytes() == LINE
        mounted.wait_until(lambda: outcome(mounting.umount, tree / "sub") is None, "end of the kernel's use of the file")
    finally:
        if mounting.is_mounted(tree / "sub"):
            mounting.umount(tree / "sub", mounting.MNT_DETACH)


def append(path, data):
    with open(path, "ab") as file:
        file.write(data)


@pytest.mark.parametrize("name", ["notes.txt", "small.npy/source.npy", "pack.npz/source.npz"])
def test_it_grows_for_those_who_have_it_open(tree, mount, name):
    """Whoever has such a file open sees it grow, and shrink, as in the source."""
    mounted = mount(tree)
    plain = tree / WHOLE[name]
    with open(mounted / name, "rb", buffering=0) as file:
        assert file.read(1 << 20) == plain.read_bytes()
        append(plain, LINE)
        assert file.read() == LINE
        mounted.wait_until(lambda: os.fstat(file.fileno()).st_size == plain.stat().st_size, "the new size")
        assert os.fstat(file.fileno()).st_mtime_ns == plain.stat().st_mtime_ns
        with open(mounted / name, "rb", buffering=0) as again:
            assert again.read() == plain.read_bytes()


@pytest.mark.parametrize("name", ["notes.txt", "data.npy/source.npy", "pack.npz/source.npz"])
def test_it_shrinks_for_those_who_have_it_open(tree, mount, name):
    """It ends where the file of the source ends, with no error. Views never end early: EIO."""
    mounted = mount(tree)
    plain = tree / WHOLE[name]
    with open(mounted / name, "rb", buffering=0) as file, open(mounted / "data.npy/chunks/0_of_1.npy", "rb") as view:
        os.truncate(plain, 100)
        assert file.read() == plain.read_bytes() and file.read() == b""
        mounted.wait_until(lambda: os.fstat(file.fileno()).st_size == 100, "the new size")
        if plain.name == "data.npy":
            assert outcome(os.pread, view.fileno(), 1 << 16, 1 << 20) == "EIO"


def test_it_is_the_file_that_was_opened(tree, mount):
    """A file that is replaced or removed goes on being served to those who have it open, mapped or not."""
    mounted = mount(tree)
    old = (tree / "data.npy").read_bytes()
    with open(mounted / "data.npy/source.npy", "rb") as file:
        mapping = mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ)
        (tree / "new").write_bytes(saved(-ARRAY))
        os.rename(tree / "new", tree / "data.npy")
        mounted.wait_until(lambda: np.array_equal(np.load(mounted / "data.npy/source.npy"), -ARRAY), "the new file")
        assert file.read() == old and os.fstat(file.fileno()).st_size == len(old)
        os.remove(tree / "data.npy")
        assert os.pread(file.fileno(), 100, 5000) == old[5000:5100]
    assert mapping[:] == old
    mapping.close()


def test_views_are_never_read_from_the_file(tree, mount):
    """Views are served by npyfs itself, also where all their bytes are those of the source. So none of them has an old header
    and new rows: ESTALE."""
    mounted = mount(tree)
    with open(mounted / "data.npy/chunks/0_of_1.npy", "rb", buffering=0) as view:
        assert reads_of(mounted, lambda: os.pread(view.fileno(), 100, 0)) == 1
        with open(tree / "data.npy", "r+b") as file:
            file.write(saved(ARRAY.view("<i4")))
        assert outcome(os.pread, view.fileno(), 4096, 1 << 20) == "ESTALE"


def test_others_read_what_they_may(shared):
    """With `-o allow_other` another user reads what the source's permissions allow, and no more."""
    secret = shared.source / "secret.txt"
    secret.write_bytes(LINE)
    secret.chmod(0o600)
    read_both = lambda: [outcome(lambda path: open(path, "rb").read().decode(), shared / name)
                         for name in ("secret.txt", "notes.txt")]
    assert as_user(STRANGER, read_both) == ["EACCES", (shared.source / "notes.txt").read_text()]


def test_those_who_have_it_open_outlive_npyfs(tree, mount):
    """What is open goes on being read when npyfs is killed."""
    mounted = mount(tree, foreground=True)
    content = (tree / "large.bin").read_bytes()
    with open(mounted / "large.bin", "rb", buffering=0) as file, mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ) as mapping:
        assert file.read(10) == content[:10]
        os.kill(mounted.pid, signal.SIGKILL)
        mounted.wait_for_exit()
        assert file.read() == content[10:] and mapping[:] == content
        assert outcome(os.open, mounted / "notes.txt", os.O_RDONLY) == "ENOTCONN"
    mounting.umount(mounted.path, mounting.MNT_DETACH)


def test_a_mapping_keeps_an_idle_mount(tree, mount):
    """A mapped file keeps the mount, also once it is closed: `-o idle_timeout`."""
    mounted = mount(tree, "idle_timeout=0.3")
    with open(mounted / "large.bin", "rb") as file:
        mapping = mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ)
    time.sleep(1)
    assert mounting.is_mounted(mounted.path)
    assert mapping[:] == (tree / "large.bin").read_bytes()
    with pytest.raises(OSError) as busy:
        mounting.umount(mounted.path)
    assert busy.value.errno == errno.EBUSY
    mapping.close()
    mounted.assert_ended_cleanly()
