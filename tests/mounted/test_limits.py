"""Few descriptors, little memory, readers that are killed: nothing fails but what has to, and all of it comes back."""

import contextlib
import errno
import itertools
import os
import random
import resource
import select
import signal

import numpy as np
import pytest

import mount as mounting
from arrays import header_of, saved
from limits import anonymous_memory, at_most_descriptors, memory_group
from mount import is_sanitized

ARRAY = np.arange(12.0).reshape(6, 2)
MIB = 1 << 20


def long_form(name, short):
    """A number that the environment may raise, as the test of it says. Sanitizers see as much in a quarter."""
    return int(os.environ.get(name, max(1, short // 4) if is_sanitized() else short))


def make_arrays(source, count):
    bytes_of_all = saved(ARRAY)
    for index in range(count):
        directory = source / f"{index // 1000}"
        directory.mkdir(exist_ok=True)
        (directory / f"{index}.npy").write_bytes(bytes_of_all)


def path_of(index):
    return f"{index // 1000}/{index}.npy"


def test_64_descriptors_are_enough_for_any_number_of_sources_one_after_another(source, mount):
    """Sources that nobody has open are closed to make room for others. NPYFS_SOURCES=66000 takes longer."""
    count = long_form("NPYFS_SOURCES", 2000)
    make_arrays(source, count)
    mounted = mount(source, preexec_fn=at_most_descriptors(64))
    expected = saved(ARRAY[2:4])
    for index in range(count):
        assert (mounted / path_of(index) / "chunks/1_of_3.npy").read_bytes() == expected, index
    assert mounted.metric("open_sources") <= 16
    assert mounted.metric("errors_total") == 0


@contextlib.contextmanager
def many_descriptors(count):
    """This process may open that many files."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, count), max(hard, count)))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_open_files_of_one_source_share_its_descriptor(source, mount):
    """15,000 open files cost npyfs no more descriptors than one."""
    count = 15_000 // int(os.environ.get("NPYFS_EVERY", "1")) if os.geteuid() == 0 else 1000
    make_arrays(source, 1)
    mounted = mount(source, preexec_fn=at_most_descriptors(64))
    with many_descriptors(count + 100), contextlib.ExitStack() as opened:
        for index in range(count):
            file = os.open(mounted / path_of(0) / f"slices/{index % 6}_to_6.npy", os.O_RDONLY)
            opened.callback(os.close, file)
        assert mounted.metric("open_files") == count
        assert sum(mounting.descriptors(mounted.pid).values()) < 64
        assert os.read(file, 1000) == saved(ARRAY[(count - 1) % 6:])
    mounted.wait_until(lambda: mounted.metric("open_files") == 0, "end of the open files")


# It asks the kernel, by a write(2) into a pipe, whether there is memory where an object's type should be; without a
# descriptor for the pipe it takes that for no. Listings have virtual functions.
@pytest.mark.skipif(is_sanitized("asan"), reason="UndefinedBehaviorSanitizer reports an invalid vptr where it gets no pipe")
def test_one_source_too_many_is_emfile_for_that_open_alone(source, mount):
    """Each source that is open at the same time needs a descriptor: one too many is EMFILE for that open alone. What is
    open goes on being served; once something is closed, the next open succeeds."""
    make_arrays(source, 100)
    mounted = mount(source, "direct_io", preexec_fn=at_most_descriptors(64))
    files = []
    try:
        with pytest.raises(OSError) as refused:
            for index in range(100):
                files.append(os.open(mounted / path_of(index) / "chunks/0_of_1.npy", os.O_RDONLY))
        assert refused.value.errno == errno.EMFILE
        assert len(files) > 40
        assert [os.pread(file, 1000, 0) for file in files] == [saved(ARRAY)] * len(files)
        for _ in range(10):
            os.close(files.pop())
        mounted.wait_until(lambda: mounted.metric("open_files") <= len(files), "end of the closed files")
        assert (mounted / path_of(99) / "chunks/0_of_1.npy").read_bytes() == saved(ARRAY)
        assert sorted(os.listdir(mounted / path_of(98) / "chunks/2")) == ["0_of_2.npy", "1_of_2.npy"]
    finally:
        for file in files:
            os.close(file)


def sum_of(path, buffer):
    """How many bytes a file gives, read through one buffer; an AssertionError where one is not 0."""
    size = 0
    with open(path, "rb", buffering=0) as file:
        while got := file.readinto(buffer):
            if size >= 4096:
                assert not buffer[:got].any()
            size += got
    return size


@pytest.mark.parametrize("option", ["source_io=mmap", "source_io=pread"])
def test_64_mib_of_memory_are_enough_to_read_any_number_of_bytes(source, mount, option):
    """Nothing is killed, and npyfs needs less than 32 MiB of its own. NPYFS_GIB=100 takes longer."""
    gib = long_form("NPYFS_GIB", 2)
    array_gib = min(gib, 16)
    chunk = 1 << (27 if is_sanitized() else 30)  # sanitizers, which have no limit here, see as much in 128 MiB
    (source / "big.npy").write_bytes(header_of((array_gib * chunk,), "|u1"))
    os.truncate(source / "big.npy", (source / "big.npy").stat().st_size + array_gib * chunk)
    with memory_group(64 * MIB) as group:
        # Without a controller that we may use, npyfs's own memory alone is looked at.
        under = {"preexec_fn": group.enter} if group and not is_sanitized() else {}
        mounted = mount(source, "direct_io", option, **under)
        buffer = np.empty(4 * MIB, "|u1")
        for index in range(gib):
            sections = array_gib
            size = sum_of(mounted / f"big.npy/chunks/{index % sections}_of_{sections}.npy", buffer)
            assert size == chunk + 128
            if not is_sanitized():
                assert anonymous_memory(mounted.pid) < 32 * MIB
        assert group is None or is_sanitized() or (group.kills() == 0 and group.was_full())
        mounted.close()


def killed_reader(mounted, names, seconds):
    """A child that lists, opens and reads without end, killed after that many seconds."""
    child = os.fork()
    if child == 0:
        try:
            for name in itertools.cycle(names):
                with open(mounted / name, "rb", buffering=0) as file:
                    while file.read(1 << 16):
                        pass
                os.listdir(os.path.dirname(mounted / name))
        finally:
            os._exit(1)
    select.select([], [], [], seconds)
    os.kill(child, signal.SIGKILL)
    assert os.waitpid(child, 0)[1] == signal.SIGKILL


def test_killed_readers_leave_nothing(source, mount):
    """Open files, mappings and the nodes that the kernel knows of are as before. NPYFS_KILLS=10000 takes longer."""
    (source / "big.npy").write_bytes(saved(np.arange(500_000.0).reshape(-1, 4)))
    mounted = mount(source, "entry_timeout=0", "attr_timeout=0")
    gauges = {name: mounted.metric(name) for name in ("nodes", "mappings", "open_sources")}
    numbers = random.Random(1)
    for _ in range(long_form("NPYFS_KILLS", 100)):
        names = [f"big.npy/axis{index % 2}/chunks/{count}/{index % count}_of_{count}.npy"
                 for count in (numbers.randrange(1, 4), numbers.randrange(4, 50)) for index in range(8)]
        numbers.shuffle(names)
        killed_reader(mounted, names, numbers.random() * 0.01)
    mounted.wait_until(lambda: mounted.metric("open_files") == 0, "end of the open files")
    # The kernel forgets what lies below a name that is no longer there.
    (source / "big.npy").unlink()
    assert not (mounted / "big.npy").exists()
    def is_back():
        return {name: mounted.metric(name) for name in gauges} == gauges
    mounted.wait_until(is_back, f"return to {gauges}")
