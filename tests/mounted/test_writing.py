"""Writing views of a writable mount in every way that programs write files: the right bytes change, and no others."""

import errno
import os
import random
import subprocess
import tempfile

import numpy as np
import pytest

from arrays import chunk, expected_file, filled, is_fortran, saved
from users import MEMBER, OWNER, STRANGER, as_user, outcome

STRUCTURED = np.dtype([("id", "<u2"), ("x", ">f8")])


@pytest.fixture
def mounted(source, mount):
    return mount(source, "rw")


def by_mapping(path, part):
    mapped = np.load(path, mmap_mode="r+")
    mapped[...] = part
    mapped.flush()


def by_open_memmap(path, part):
    mapped = np.lib.format.open_memmap(path, "r+")
    mapped[...] = part
    mapped.flush()


def by_save(path, part):
    np.save(path, part)


def by_cp(path, part):
    with tempfile.NamedTemporaryFile(suffix=".npy") as new:
        np.save(new, part)
        new.flush()
        subprocess.run(["cp", new.name, path], check=True)


def by_dd(path, part):
    order = "F" if is_fortran(part) else "C"
    subprocess.run(["dd", f"of={path.with_suffix('.bin')}", "conv=notrunc", "bs=777", "status=none"],
                   input=part.tobytes(order), check=True)


def by_seek_and_write(path, part):
    new = saved(part)
    offsets = list(range(0, len(new), 1000))
    random.Random(1).shuffle(offsets)
    with open(path, "r+b", buffering=0) as file:
        for offset in offsets:
            file.seek(offset)
            assert file.write(new[offset:offset + 1000]) == len(new[offset:offset + 1000])


WAYS = [by_mapping, by_open_memmap, by_save, by_cp, by_dd, by_seek_and_write]

# Rows whose edges fall inside pages, whole arrays, single rows, single columns.
ARRAYS = {
    "c": filled((1000, 3), "<f8"),
    "f": filled((1000, 3), "<f8", "F"),
    "bytes": filled((10_001,), "|u1"),
    "structured": filled((500, 7), STRUCTURED),
    "deep": filled((6, 50, 40), ">i2"),
    "deep f": filled((6, 50, 40), ">i2", "F"),
    "one row": filled((1, 900), "<c16"),
}


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
@pytest.mark.parametrize("name", ARRAYS)
def test_exactly_the_rows_of_a_view_change(source, mounted, name, way):
    """np.load(mmap_mode='r+'), open_memmap, np.save, cp, dd and write change exactly the rows of their view."""
    array = ARRAYS[name]
    path = source / "a.npy"
    for axis in range(array.ndim):
        for count in (1, 3, array.shape[axis] + 1):
            index = min(1, count - 1)
            path.write_bytes(saved(array) + b"what follows the array")
            new = filled(array.shape, array.dtype, "F" if is_fortran(array) else "C", seed=7)
            view = mounted / "a.npy" / ("" if axis == 0 else f"axis{axis}") / f"chunks/{index}_of_{count}.npy"
            part = chunk(new, index, count, axis)
            part = np.asfortranarray(part) if is_fortran(array) else np.ascontiguousarray(part)
            way(view, part)
            expected = array.copy("K")
            np.array_split(expected.view(f"V{array.dtype.itemsize}"), count, axis)[index][...] = \
                part.view(f"V{array.dtype.itemsize}")
            assert path.read_bytes() == saved(expected) + b"what follows the array"
            assert view.read_bytes() == expected_file(part, array)


def test_source_npy_can_be_written_but_for_its_header(source, mounted):
    """source.npy can be written as well, its header only with what is there."""
    array = ARRAYS["c"]
    (source / "a.npy").write_bytes(saved(array))
    np.save(mounted / "a.npy/source.npy", array[::-1])
    assert (source / "a.npy").read_bytes() == saved(array[::-1])
    with pytest.raises(OSError) as refused:
        np.save(mounted / "a.npy/source.npy", array[:5])
    assert refused.value.errno == errno.EINVAL
    assert (source / "a.npy").read_bytes() == saved(array[::-1])


def test_who_may_write_the_source_may_write_its_views(source, mount):
    """Views have the write bits of their source; with allow_other another user writes exactly what the source allows."""
    modes = {0o644: [OWNER], 0o664: [OWNER, MEMBER], 0o444: [], 0o600: [OWNER], 0o666: [OWNER, MEMBER, STRANGER]}
    for mode in modes:
        path = source / f"{mode:o}.npy"
        path.write_bytes(saved(filled((9, 3), "<f8")))
        os.chown(path, OWNER, MEMBER)
        path.chmod(mode)
    mounted = mount(source, "rw", "allow_other")

    def opens(mode):
        return outcome(lambda: os.open(mounted / f"{mode:o}.npy/chunks/1_of_3.npy", os.O_RDWR) and "opened")

    for user, group in ((OWNER, OWNER), (MEMBER, MEMBER), (STRANGER, STRANGER)):
        for mode, writers in modes.items():
            expected = "opened" if user in writers else "EACCES"
            assert as_user(user, lambda: opens(mode), gid=group) == expected, (user, oct(mode))
    assert (mounted / "664.npy/chunks/1_of_3.npy").stat().st_mode & 0o777 == 0o664


def test_readers_of_other_views_see_what_was_written(source, mounted):
    """Readers see written bytes: at once where they read, whichever view they read; at the next open where they map."""
    array = np.zeros((100, 4), "<i8")
    (source / "a.npy").write_bytes(saved(array))
    with open(mounted / "a.npy/chunks/0_of_1.bin", "rb", buffering=0) as reader:
        mapped = np.load(mounted / "a.npy/slices/0_to_60.npy", mmap_mode="r")
        assert mapped.sum() == 0
        for value in range(1, 20):
            np.save(mounted / "a.npy/chunks/1_of_2.npy", np.full((50, 4), value, "<i8"))
            reader.seek(50 * 4 * 8)
            assert set(np.frombuffer(reader.read(), "<i8")) == {value}
            assert np.load(mounted / "a.npy/axis1/chunks/1_of_2.npy")[99, 1] == value
            assert np.load(mounted / "a.npy/slices/0_to_60.npy", mmap_mode="r")[55, 0] == value


def test_readers_by_sendfile_see_what_was_written_at_their_next_open(source, mounted, scratch):
    """Readers see written bytes at their next open where the kernel reads for them, as sendfile does."""
    (source / "a.npy").write_bytes(saved(np.zeros((100, 4), "<i8")))
    view = mounted / "a.npy/chunks/0_of_1.bin"
    with open(view, "rb", buffering=0) as kept, open(scratch / "sent", "w+b", buffering=0) as sent:
        for value in range(1, 20):
            np.save(mounted / "a.npy/chunks/1_of_2.npy", np.full((50, 4), value, "<i8"))
            with open(view, "rb", buffering=0) as reader:
                assert os.sendfile(sent.fileno(), reader.fileno(), 50 * 4 * 8, 50 * 4 * 8) == 50 * 4 * 8
            sent.seek(0)
            assert set(np.frombuffer(sent.read(), "<i8")) == {value}
            sent.seek(0)
            kept.seek(50 * 4 * 8)
            assert set(np.frombuffer(kept.read(), "<i8")) == {value}, "what was sent is not in the way of read"


def test_written_bytes_are_counted_by_view(source, mounted):
    """user.npyfs.written says how many bytes of a view were written since the mount began; .npyfs/written lists all."""
    (source / "a.npy").write_bytes(saved(np.zeros((9, 3))))
    view = mounted / "a.npy/chunks/1_of_3.npy"
    assert os.getxattr(view, "user.npyfs.written") == b"0"
    np.save(view, np.ones((3, 3)))
    assert os.getxattr(view, "user.npyfs.written") == b"72"
    np.load(mounted / "a.npy/chunks/2_of_3.npy", mmap_mode="r+")[...] = 2
    lines = (mounted / ".npyfs/written").read_text().splitlines()
    assert lines == ["72 a.npy/chunks/1_of_3.npy", "72 a.npy/chunks/2_of_3.npy"]
    assert mounted.metric("writes_total") > 0 and mounted.metric("failed_writes_total") == 0


def test_fio_verifies_what_it_wrote(source, mounted):
    """fio finds what it wrote: random blocks, written and mapped, in a view between two others."""
    (source / "a.npy").write_bytes(saved(np.zeros((3, 1 << 20), "u1")))
    view = mounted / "a.npy/chunks/1_of_3.bin"
    for engine, blocks in (("psync", "512-32k"), ("mmap", "4k-32k")):
        command = ["fio", "--name=npyfs", f"--filename={view}", "--size=1m", "--rw=randwrite", f"--bsrange={blocks}",
                   "--verify=crc32c", f"--ioengine={engine}", "--fallocate=none", "--overwrite=1", "--allow_file_create=0",
                   "--do_verify=1", "--verify_fatal=1", "--fsync=16", "--loops=3"]
        ran = subprocess.run(command, capture_output=True, text=True, cwd=source.parent)
        assert ran.returncode == 0, ran.stdout + ran.stderr
    array = np.load(source / "a.npy")
    assert not array[0].any() and array[1].any() and not array[2].any()
