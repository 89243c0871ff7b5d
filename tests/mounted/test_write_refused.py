"""What a writable mount refuses: the right errno, a line in the log where it helps, and an untouched source."""

import errno
import os

import numpy as np
import pytest

import mount as mounting
from arrays import filled, saved


@pytest.fixture
def mounted(source, mount):
    return mount(source, "rw")


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
    "chown to nobody": (lambda path: os.chown(path, 65534, -1), "EPERM"),
    "set the times of a directory": (lambda path: os.utime(path.parent, (1, 1)), "EPERM"),
    "set the times of what cannot be written": (lambda path: os.utime(path.parents[1] / "info.json"), "EPERM"),
    "chmod what cannot be written": (lambda path: os.chmod(path.parents[1] / "info.json", 0o644), "EPERM"),
    "new file": (lambda path: open(path.with_name("x.npy"), "wb"), "EPERM"),
    "new directory": (lambda path: os.mkdir(path.with_name("x")), "EPERM"),
    "remove directory": (lambda path: os.rmdir(path.parent), "EPERM"),
    "new array": (lambda path: open(path.parents[2] / "new.npy", "wb"), "EPERM"),
    "set attribute": (lambda path: os.setxattr(path, "user.npyfs.written", b"0"), "ENOTSUP"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_view_keeps_size_name_mode_and_owner(source, mounted, change):
    """Size, name, mode and owner of a view are fixed: changing them fails, and the source is untouched."""
    before = saved(filled((9, 3), "<f8"))
    (source / "a.npy").write_bytes(before)
    status = (source / "a.npy").stat()
    function, code = CHANGES[change]
    assert refused_by(function, mounted / "a.npy/chunks/1_of_3.npy") == code
    assert (source / "a.npy").read_bytes() == before
    assert (source / "a.npy").stat()[:7] == status[:7]
    assert os.listdir(source) == ["a.npy"]


@pytest.mark.parametrize("name", ["a.npy/info.json", "notes.txt", "damaged.npy/source.npy", "damaged.npy/error.txt",
                                  ".npyfs/metrics"])
def test_nothing_else_can_be_written(source, mounted, name):
    """Chunks, slices, their .bin twins and source.npy of a sliceable array can be written, nothing else: EACCES."""
    (source / "a.npy").write_bytes(saved(filled((9, 3), "<f8")))
    (source / "notes.txt").write_text("hello")
    (source / "damaged.npy").write_text("hello")
    assert refused_by(lambda path: open(path, "r+b"), mounted / name) == "EACCES"
    assert (mounted / name).stat().st_mode & 0o222 == 0


def test_close_repeats_that_a_header_was_refused(source, mounted):
    """Whoever looks at the result of close alone is told as well, until the right header is written."""
    before = saved(filled((9, 3), "<f8"))
    (source / "a.npy").write_bytes(before)
    view = mounted / "a.npy/chunks/1_of_3.npy"
    for flags in (os.O_WRONLY, os.O_WRONLY | os.O_TRUNC, os.O_RDWR, os.O_RDWR | os.O_TRUNC):
        file = os.open(view, flags)
        for offset, wrong in ((0, saved(filled((4, 3), "<f8"))), (127, b" ")):
            assert refused_by(lambda path: os.pwrite(file, wrong, offset), view) == "EINVAL"
            assert refused_by(lambda path: os.close(os.dup(file)), view) == "EINVAL"
        assert refused_by(lambda path: os.close(file), view) == "EINVAL"
        assert (source / "a.npy").read_bytes() == before
    file = os.open(view, os.O_WRONLY)
    assert refused_by(lambda path: os.write(file, b"x"), view) == "EINVAL"
    os.pwrite(file, view.read_bytes(), 0)
    os.close(file)
    assert (source / "a.npy").read_bytes() == before


def test_without_rw_everything_is_erofs(source, mount):
    """Without -o rw every write is EROFS; the last of ro and rw counts."""
    (source / "a.npy").write_bytes(saved(filled((9, 3), "<f8")))
    for options in ([], ["rw", "ro"]):
        assert refused_by(lambda path: open(path, "r+b"), mount(source, *options) / "a.npy/chunks/1_of_3.npy") == "EROFS"
    open(mount(source, "ro", "rw") / "a.npy/chunks/1_of_3.npy", "r+b").close()
