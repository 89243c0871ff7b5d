"""Where there is no passthrough, and that npyfs then serves the same bytes without it."""

import mmap
import os
import pwd
import subprocess

import numpy as np
import pytest

import mount as mounting
from arrays import saved
from faults import injected
from passthrough import (ARRAY, CANNOT, CHOSEN, NOT_LOCAL, WHOLE, YES, read_in_pieces, read_mapping, reads_of, status,
                         shared, tree)  # noqa: F401 (fixtures)
from users import as_user, in_namespace, outcome


@pytest.mark.parametrize("options, says", [((), YES), (("direct_io",), CHOSEN), (("kernel_cache",), CHOSEN),
                                           (("immutable",), CHOSEN)], ids=str)
def test_the_options_may_say_otherwise(shared, mount, options, says):
    """`-o direct_io`, `-o kernel_cache` and `-o immutable` turn passthrough off."""
    mounted = mount(shared.source, *options)
    reads = reads_of(mounted, lambda: (mounted / "large.bin").read_bytes())
    assert (reads == 0) == (not options) and status(mounted) == says


def test_what_can_be_written_is_not_read_from_the_file(tree, mount):
    """In a writable mount `source.npy` of a sliceable array is served by npyfs."""
    mounted = mount(tree, "rw")
    with open(mounted / "data.npy/source.npy", "rb", buffering=0) as reader:
        assert reads_of(mounted, lambda: reader.read(100)) == 1
        writer = np.load(mounted / "data.npy/source.npy", mmap_mode="r+")
        writer[:] = -ARRAY
        writer.flush()
        assert np.array_equal(np.load(mounted / "data.npy/source.npy"), -ARRAY)
        assert os.pread(reader.fileno(), 1 << 22, 0) == saved(-ARRAY) == (tree / "data.npy").read_bytes()
        del writer
    assert reads_of(mounted, lambda: [(mounted / name).read_bytes() for name in ("notes.txt", "pack.npz/source.npz")]) == 0
    assert outcome(os.open, mounted / "notes.txt", os.O_WRONLY) == "EACCES"


def test_a_kernel_that_refuses_once_refuses_for_as_long_as_the_file_is_open(tree, scratch, mount):
    """The file that is open is read by requests, and all others that are opened meanwhile; later ones are not."""
    mounted = mount(tree, "max_threads=1")
    content = (tree / "large.bin").read_bytes()
    with injected(mounted.pid, "ioctl", "EPERM", "1+", scratch / "strace") as count:
        first = open(mounted / "large.bin", "rb", buffering=0)
        assert count() == 1
    with first, mmap.mmap(first.fileno(), 0, prot=mmap.PROT_READ) as mapping:
        assert reads_of(mounted, lambda: read_in_pieces(mounted / "large.bin")) > 0
        assert read_in_pieces(mounted / "large.bin") == mapping[:] == content
        assert status(mounted) == "no: Operation not permitted"
    mounted.wait_until(lambda: mounted.metric("open_files") <= 1, "the release")
    assert reads_of(mounted, lambda: read_in_pieces(mounted / "large.bin")) == 0
    assert status(mounted) == "in part: Operation not permitted"


def is_served_without(mounted, says):
    for name, plain in WHOLE.items():
        assert (mounted / name).read_bytes() == read_mapping(mounted / name) == (mounted.source / plain).read_bytes()
    assert status(mounted) == says


def test_a_stacked_filesystem_has_none(tree, scratch, mount):
    """There is none where the source is not on a local filesystem of its own (overlay): npyfs then reads it as without
    passthrough."""
    merged = scratch / "merged"
    for directory in (merged, scratch / "upper"):
        directory.mkdir()
    places = f"lowerdir={scratch}/upper:{tree}"
    subprocess.run(["mount", "-t", "overlay", "overlay", "-o", places, merged], check=True)
    try:
        mounted = mount(merged)
        is_served_without(mounted, NOT_LOCAL)
        mounted.close()
    finally:
        mounting.umount(merged)


def test_another_mount_of_npyfs_has_none(shared, mount):
    """Where the source is itself such a mount, npyfs reads it as without passthrough."""
    mounted = mount(shared.path)
    assert (mounted / "notes.txt").read_bytes() == (shared.source / "notes.txt").read_bytes()
    assert status(mounted) == NOT_LOCAL
    mounted.close()


def test_a_plain_user_has_none(shared, scratch, mount):
    """A mount of a plain user serves the same bytes."""
    at = scratch / "mine"
    at.mkdir()
    nobody = pwd.getpwnam("nobody")  # fusermount3 wants a user with a name
    os.chown(at, nobody.pw_uid, nobody.pw_gid)
    mounted = mount(shared.source, at=at, foreground=True, user=nobody.pw_uid, group=nobody.pw_gid, extra_groups=[])
    def look():
        lines = open(f"{at}/.npyfs/status").read().splitlines()
        return [line for line in lines if line.startswith("passthrough: ")] + [
            open(at / name, "rb").read() == open(shared.source / plain, "rb").read() for name, plain in WHOLE.items()]
    try:
        assert as_user(nobody.pw_uid, look, gid=nobody.pw_gid) == [f"passthrough: {CANNOT}"] + [True] * len(WHOLE)
    finally:
        mounting.umount(at)
        mounted.assert_ended_cleanly()


def test_root_of_a_namespace_has_none(shared, scratch):
    """Nor has a mount within `unshare -Urm`, whose root is none outside."""
    (scratch / "inside").mkdir()
    script = '"$0" "$1" "$2" && cat "$2/.npyfs/status" "$2/notes.txt" && umount "$2"'
    ran = in_namespace('unshare -Urm /bin/sh -euc "$4" "$1" "$2" "$3"', mounting.binary(), str(shared.source),
                       str(scratch / "inside"), script)
    assert ran.returncode == 0, ran.stderr
    assert f"passthrough: {CANNOT}\n" in ran.stdout and ran.stdout.endswith((shared.source / "notes.txt").read_text())
