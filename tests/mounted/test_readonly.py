"""Anything that would modify is EROFS, on every kind of file and directory below the mount."""

import errno
import os
import socket
import stat

import numpy as np
import pytest

from arrays import saved

FILES = ["data.npy/chunks/0_of_2.npy", "data.npy/chunks/0_of_2.bin", "data.npy/slices/0_to_3.npy",
         "data.npy/axis1/chunks/2/0_of_2.npy", "data.npy/source.npy", "data.npy/info.json", "bad.npy/error.txt", "notes.txt",
         ".npyfs/metrics"]
DIRECTORIES = [".", "sub", "data.npy", "data.npy/chunks", "data.npy/chunks/2", "data.npy/slices", "data.npy/axis1", ".npyfs"]


@pytest.fixture(scope="module")
def mounted(module_scratch, module_mount):
    source = module_scratch / "source"
    (source / "sub").mkdir(parents=True)
    (source / "data.npy").write_bytes(saved(np.arange(12.0).reshape(6, 2)))
    (source / "bad.npy").write_bytes(b"bad")
    (source / "notes.txt").write_text("notes")
    for path in source.rglob("*"):
        path.chmod(0o777)
    return module_mount(source, "allow_other")


def opened(path, flags):
    os.close(os.open(path, flags))


def mapped_for_writing(path):
    np.memmap(path, mode="r+")


ON_FILES = {
    "open for writing": lambda path: opened(path, os.O_WRONLY),
    "open for reading and writing": lambda path: opened(path, os.O_RDWR),
    "open for appending": lambda path: opened(path, os.O_WRONLY | os.O_APPEND),
    "open with O_TRUNC": lambda path: opened(path, os.O_RDONLY | os.O_TRUNC),
    "open with O_WRONLY, O_CREAT": lambda path: opened(path, os.O_WRONLY | os.O_CREAT),
    "truncate": lambda path: os.truncate(path, 0),
    "unlink": os.unlink,
    "map for writing": mapped_for_writing,
}

ON_DIRECTORIES = {
    "create": lambda path: opened(path / "new", os.O_WRONLY | os.O_CREAT | os.O_EXCL),
    "create a view": lambda path: opened(path / "5_of_9.npz", os.O_RDWR | os.O_CREAT),
    "create without a name": lambda path: opened(path, os.O_RDWR | os.O_TMPFILE),
    "mkdir": lambda path: os.mkdir(path / "new"),
    "mknod": lambda path: os.mknod(path / "new", stat.S_IFREG | 0o600),
    "mkfifo": lambda path: os.mkfifo(path / "new"),
    "symlink": lambda path: os.symlink("target", path / "new"),
    "bind a socket": lambda path: bind_socket(path),
    "rename within": lambda path: os.rename(path / next(iter(os.listdir(path)), "old"), path / "new"),
}

ON_BOTH = {
    "rename": lambda path: os.rename(path, path.with_name("new")),
    "link": lambda path: os.link(path, path.with_name("new")),
    "chmod": lambda path: os.chmod(path, 0o777),
    "chown": lambda path: os.chown(path, 1, 1),
    "lchown": lambda path: os.lchown(path, 1, 1),
    "utime": os.utime,
    "utime to the nanosecond": lambda path: os.utime(path, ns=(1, 1)),
    "setxattr": lambda path: os.setxattr(path, "user.npyfs.start", b"0"),
    "setxattr of another name": lambda path: os.setxattr(path, "user.other", b"x"),
    "set an ACL": lambda path: os.setxattr(path, "system.posix_acl_access", b"\x02\0\0\0"),
    "removexattr": lambda path: os.removexattr(path, "user.npyfs.start"),
    "access for writing": lambda path: access_for_writing(path),
}


def bind_socket(path):
    # The path of a socket has at most 107 bytes: bind it in the working directory.
    before = os.open(".", os.O_DIRECTORY)
    os.chdir(path)
    try:
        with socket.socket(socket.AF_UNIX) as server:
            server.bind("new")
    finally:
        os.fchdir(before)
        os.close(before)


def access_for_writing(path):
    # access(2) says no more than yes or no through os.access.
    if not os.access(path, os.W_OK):
        raise OSError(errno.EROFS, "not writable")


def assert_read_only(change, path):
    with pytest.raises(OSError) as refused:
        change(path)
    assert refused.value.errno == errno.EROFS, os.strerror(refused.value.errno)


@pytest.mark.parametrize("change", ON_FILES | ON_BOTH)
def test_changing_a_file_is_erofs(mounted, change):
    """Anything that would modify a file is EROFS, whatever its mode."""
    for name in FILES:
        before = (mounted / name).stat()
        assert_read_only((ON_FILES | ON_BOTH)[change], mounted / name)
        assert (mounted / name).stat().st_mtime == before.st_mtime


@pytest.mark.parametrize("change", ON_DIRECTORIES | ON_BOTH)
def test_changing_a_directory_is_erofs(mounted, change):
    """Anything that would modify a directory is EROFS."""
    for name in DIRECTORIES:
        if name == "." and change in ("rename", "link"):
            continue  # EBUSY and EPERM, as for every root
        assert_read_only((ON_DIRECTORIES | ON_BOTH)[change], mounted / name)


def test_removing_directories_is_erofs(mounted):
    """rmdir is EROFS as well."""
    for name in DIRECTORIES[1:]:
        assert_read_only(os.rmdir, mounted / name)


def test_an_open_file_cannot_be_changed_through_its_descriptor(mounted):
    """A descriptor is for reading: fchmod, fchown, futimens and fsetxattr are EROFS, writes are EBADF."""
    for name in FILES:
        descriptor = os.open(mounted / name, os.O_RDONLY)
        try:
            for change in (lambda: os.fchmod(descriptor, 0o777), lambda: os.fchown(descriptor, 1, 1),
                           lambda: os.utime(descriptor), lambda: os.setxattr(descriptor, "user.x", b"x")):
                assert_read_only(lambda _, change=change: change(), None)
            for write in (lambda: os.write(descriptor, b"x"), lambda: os.posix_fallocate(descriptor, 0, 1)):
                with pytest.raises(OSError) as refused:
                    write()
                assert refused.value.errno == errno.EBADF
        finally:
            os.close(descriptor)


def test_numpy_cannot_write_through_the_mount(mounted):
    """np.save and mmap_mode='r+' fail with EROFS, and the source keeps its bytes."""
    path = mounted / "data.npy/chunks/0_of_2.npy"
    before = (mounted.source / "data.npy").read_bytes()
    for write in (lambda: np.save(path, np.zeros((3, 2))), lambda: np.load(path, mmap_mode="r+")):
        assert_read_only(lambda _, write=write: write(), None)
    assert (mounted.source / "data.npy").read_bytes() == before


def test_the_mount_is_shown_as_read_only(mounted):
    """The mount is ro, nosuid, nodev and noexec."""
    flags = os.statvfs(mounted.path).f_flag
    assert flags & (os.ST_RDONLY | os.ST_NOSUID | os.ST_NODEV | os.ST_NOEXEC) == (
        os.ST_RDONLY | os.ST_NOSUID | os.ST_NODEV | os.ST_NOEXEC)
