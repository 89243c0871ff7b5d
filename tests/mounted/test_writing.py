"""Writing views of a writable mount in every way that programs write files: the right bytes change, and no others."""

import errno
import os
import random
import struct
import subprocess
import tempfile

import numpy as np
import pytest

import mount as mounting
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


@pytest.mark.parametrize("other, says", [
    (np.zeros((600, 10), "<f4"), "(600, 10) '<f4'"),
    (np.zeros((625, 10), "<i8"), "(625, 10) '<i8'"),
    (np.zeros((625, 10), "<f8", "F"), "(625, 10) '<f8' in Fortran order"),
    (np.zeros((625, 11), "<f8"), "(625, 11) '<f8'"),
], ids=["shape", "dtype", "order", "columns"])
def test_saving_another_array_is_einval_and_the_log_says_both(source, mount, other, says):
    """np.save of another shape, dtype or order fails at once with EINVAL, and the log says what is there and what was
    written; the source is untouched."""
    before = saved(filled((10_000, 10), "<f8"))
    (source / "a.npy").write_bytes(before)
    mounted = mount(source, "rw", foreground=True)
    with pytest.raises(OSError) as refused:
        np.save(mounted / "a.npy/chunks/3_of_16.npy", other)
    assert refused.value.errno == errno.EINVAL
    assert f"chunk 3 of 16 is (625, 10) '<f8', the header written says {says}" in mounted.stderr()
    assert (source / "a.npy").read_bytes() == before


def refused_by(change, path):
    with pytest.raises(OSError) as refused:
        change(path)
    return errno.errorcode[refused.value.errno]


def append(path):
    with open(path, "ab", buffering=0) as file:
        file.write(b"x")


def truncate_open_file(path):
    with open(path, "r+b") as file:
        os.ftruncate(file.fileno(), 150)


def truncate_open_file_to_nothing(path):
    with open(path, "r+b") as file:
        os.ftruncate(file.fileno(), 0)


def write_beyond_the_end(path):
    with open(path, "r+b", buffering=0) as file:
        file.seek(0, os.SEEK_END)
        file.write(b"x")


def write_over_the_end(path):
    with open(path, "r+b", buffering=0) as file:
        file.seek(-1, os.SEEK_END)
        file.write(b"xy")


def allocate(path):
    with open(path, "r+b") as file:
        result = mounting.libc.fallocate(file.fileno(), 0, mounting.ctypes.c_long(0), mounting.ctypes.c_long(10_000))
        assert result == -1
        raise OSError(mounting.ctypes.get_errno(), "fallocate")


CHANGES = {
    "append": (append, "EFBIG"),
    "write beyond the end": (write_beyond_the_end, "EFBIG"),
    "write over the end": (write_over_the_end, "EFBIG"),
    "shrink": (lambda path: os.truncate(path, 150), "EINVAL"),
    "shrink to nothing": (lambda path: os.truncate(path, 0), "EINVAL"),
    "shrink an open file": (truncate_open_file, "EINVAL"),
    "shrink an open file to nothing": (truncate_open_file_to_nothing, "EINVAL"),
    "grow": (lambda path: os.truncate(path, 1_000_000), "EINVAL"),
    "allocate": (allocate, "ENOTSUP"),
    "unlink": (os.unlink, "EPERM"),
    "rename": (lambda path: os.rename(path, path.with_name("0_of_3.npy")), "EPERM"),
    "replace": (lambda path: os.rename(path.with_name("0_of_3.npy"), path), "EPERM"),
    "link": (lambda path: os.link(path, path.with_name("x")), "EPERM"),
    "symlink": (lambda path: os.symlink("x", path.with_name("x")), "EPERM"),
    "chmod": (lambda path: os.chmod(path, 0o600), "EPERM"),
    "chown": (lambda path: os.chown(path, 1, 1), "EPERM"),
    "set times": (lambda path: os.utime(path, (1, 1)), "EPERM"),
    "new file": (lambda path: open(path.with_name("x.npy"), "wb"), "EPERM"),
    "new directory": (lambda path: os.mkdir(path.with_name("x")), "EPERM"),
    "remove directory": (lambda path: os.rmdir(path.parent), "EPERM"),
    "new array": (lambda path: open(path.parents[2] / "new.npy", "wb"), "EPERM"),
    "set attribute": (lambda path: os.setxattr(path, "user.npyfs.written", b"0"), "ENOTSUP"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_view_keeps_size_name_mode_and_owner(source, mounted, change):
    """Size, name, mode, owner and times of a view are fixed: changing them fails, and the source is untouched."""
    before = saved(filled((9, 3), "<f8"))
    (source / "a.npy").write_bytes(before)
    status = (source / "a.npy").stat()
    function, code = CHANGES[change]
    assert refused_by(function, mounted / "a.npy/chunks/1_of_3.npy") == code
    assert (source / "a.npy").read_bytes() == before
    assert (source / "a.npy").stat()[:7] == status[:7]
    assert os.listdir(source) == ["a.npy"]


def test_truncation_at_open_means_nothing(source, mounted):
    """O_TRUNC means nothing, and neither does setting the size to what it is."""
    array = filled((9, 3), "<f8").copy()
    (source / "a.npy").write_bytes(saved(array))
    view = mounted / "a.npy/chunks/1_of_3.npy"
    os.close(os.open(view, os.O_WRONLY | os.O_TRUNC))
    os.truncate(view, view.stat().st_size)
    assert view.read_bytes() == saved(array[3:6])
    mapped = np.load(view, mmap_mode="r+")
    mapped[0] = 5
    os.close(os.open(view, os.O_WRONLY | os.O_TRUNC))
    mapped.flush()
    array[3] = 5
    assert (source / "a.npy").read_bytes() == saved(array)


def test_a_sparse_copy_is_refused_rather_than_wrong(source, mounted):
    """cp of a file with holes leaves them out, where the old bytes would stay: that is EINVAL, and cp --sparse=never works."""
    array = filled((3, 100_000), "|u1").copy()
    (source / "a.npy").write_bytes(saved(array))
    new = source.parent / "new.bin"
    with open(new, "wb") as file:
        file.truncate(100_000)
        file.seek(60_000)
        file.write(b"x")
    ran = subprocess.run(["cp", new, mounted / "a.npy/chunks/1_of_3.bin"], capture_output=True, text=True)
    assert ran.returncode != 0 and "Invalid argument" in ran.stderr
    assert (source / "a.npy").read_bytes() == saved(array)
    subprocess.run(["cp", "--sparse=never", new, mounted / "a.npy/chunks/1_of_3.bin"], check=True)
    array[1] = np.frombuffer(new.read_bytes(), "u1")
    assert (source / "a.npy").read_bytes() == saved(array)


@pytest.mark.parametrize("name", ["a.npy/info.json", "notes.txt", "damaged.npy/source.npy", "damaged.npy/error.txt",
                                  ".npyfs/metrics"])
def test_nothing_else_can_be_written(source, mounted, name):
    """Chunks, slices, their .bin twins and source.npy of a sliceable array can be written, nothing else: EACCES."""
    (source / "a.npy").write_bytes(saved(filled((9, 3), "<f8")))
    (source / "notes.txt").write_text("hello")
    (source / "damaged.npy").write_text("hello")
    assert refused_by(lambda path: open(path, "r+b"), mounted / name) == "EACCES"
    assert (mounted / name).stat().st_mode & 0o222 == 0


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


def test_an_access_control_list_lets_nobody_write_but_the_owner(source, mount):
    """Of a source with an access control list, whose mode shows more than it grants, only the owner may write views."""
    path = source / "a.npy"
    path.write_bytes(saved(filled((9, 3), "<f8")))
    os.chown(path, OWNER, MEMBER)
    entries = [(1, 6, -1), (2, 6, STRANGER), (4, 4, -1), (16, 6, -1), (32, 4, -1)]  # the group reads, a named user writes
    acl = struct.pack("<I", 2) + b"".join(struct.pack("<HHi", *entry) for entry in entries)
    os.setxattr(path, "system.posix_acl_access", acl)
    assert path.stat().st_mode & 0o777 == 0o664
    view = mount(source, "rw", "allow_other") / "a.npy/chunks/1_of_3.npy"

    def opens():
        return outcome(lambda: os.open(view, os.O_RDWR) and "opened")

    assert as_user(OWNER, opens, gid=OWNER) == "opened"
    assert as_user(MEMBER, opens, gid=MEMBER) == "EACCES"
    assert as_user(STRANGER, opens, gid=STRANGER) == "EACCES"


def test_a_truncated_view_that_is_written_in_part_is_told(source, mount):
    """A view that is truncated and then written in part keeps the rest, and the log says so."""
    array = filled((9, 3), "<f8").copy()
    (source / "a.npy").write_bytes(saved(array))
    mounted = mount(source, "rw", foreground=True)
    (mounted / "a.npy/chunks/1_of_3.bin").write_bytes(b"12345678")
    array[3, 0] = np.frombuffer(b"12345678", "<f8")[0]
    assert (source / "a.npy").read_bytes() == saved(array)
    mounted.wait_until(lambda: "written up to byte 8 of 72: the rest is what it was" in mounted.stderr(), "line")


def test_without_rw_everything_is_erofs(source, mount):
    """Without -o rw every write is EROFS; the last of ro and rw counts."""
    (source / "a.npy").write_bytes(saved(filled((9, 3), "<f8")))
    for options in ([], ["rw", "ro"]):
        assert refused_by(lambda path: open(path, "r+b"), mount(source, *options) / "a.npy/chunks/1_of_3.npy") == "EROFS"
    open(mount(source, "ro", "rw") / "a.npy/chunks/1_of_3.npy", "r+b").close()


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


class Model:
    """Views of one array, written, mapped, read, closed and opened again at random, beside a plain array."""

    def __init__(self, path, array, seed):
        self.path, self.array, self.random = path, array, random.Random(seed)
        self.mapped, self.open = {}, {}

    def view(self):
        """A view on the axis and count of which all its neighbours are, so that none overlaps."""
        index = self.random.randrange(5)
        return f"axis{self.axis}/chunks/{index}_of_5.npy", chunk(self.array, index, 5, self.axis)

    def write(self, name, part):
        offset = self.random.randrange(part.size)
        values = self.random.randbytes(self.random.randrange(1, 200))[:part.size - offset]
        order = "F" if is_fortran(self.array) else "C"
        flat = part.flatten(order)
        flat[offset:offset + len(values)] = np.frombuffer(values, "u1")
        part[...] = flat.reshape(part.shape, order=order)
        file = self.open.get(name) or self.open.setdefault(name, open(self.path / name, "r+b", buffering=0))
        os.pwrite(file.fileno(), values, os.fstat(file.fileno()).st_size - part.size + offset)

    def write_mapped(self, name, part):
        mapped = self.mapped.get(name)
        if mapped is None:
            mapped = self.mapped[name] = np.load(self.path / name, mmap_mode="r+")
        at = tuple(self.random.randrange(length) for length in part.shape)
        mapped[at] = part[at] = self.random.randrange(256)

    def flush(self, name, part):
        if name in self.mapped:
            self.mapped[name].flush()

    def read(self, name, part):
        assert np.array_equal(np.load(self.path / name), part)

    def close(self, name, part):
        self.mapped.pop(name, None)
        if name in self.open:
            self.open.pop(name).close()

    def close_all(self):
        for name in [*self.mapped, *self.open]:
            self.close(name, None)

    def run(self, steps):
        for step in range(steps):
            if step % 200 == 0:
                self.close_all()
                self.axis = self.random.randrange(self.array.ndim)
            name, part = self.view()
            step = self.random.choices([self.write, self.write_mapped, self.flush, self.read, self.close],
                                       [4, 8, 1, 2, 1])[0]
            step(name, part)
        self.close_all()


@pytest.mark.parametrize("order", "CF")
def test_random_writes_through_many_views_agree_with_an_array_in_memory(source, mounted, order):
    """Whatever is written, mapped, flushed, read and reopened, an array in memory agrees, byte for byte."""
    seed = random.randrange(1 << 32)
    print("seed", seed)
    array = filled((60, 35, 7), "|u1", order).copy("K")
    (source / "a.npy").write_bytes(saved(array))
    Model(mounted / "a.npy", array, seed).run(int(os.environ.get("NPYFS_MODEL_STEPS", "3000")))
    assert (source / "a.npy").read_bytes() == saved(array)


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
