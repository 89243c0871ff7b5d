"""Disks with blocks that cannot be read, and filesystems that go away and come back below the source."""

import contextlib
import errno
import os
import signal
import subprocess

import numpy as np
import pytest

import mount as mounting
from arrays import saved

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can attach and mount disks")

ARRAY = np.arange(3_000_000.0)  # 24 MB
MIB = 1 << 20


@pytest.mark.parametrize("disk, options", [
    ("ext4", ["direct_io"]),
    ("ext4", ["kernel_cache"]),
    ("xfs", ["direct_io", "source_io=pread"]),
    ("btrfs", ["direct_io"]),
], indirect=["disk"])
def test_a_block_that_cannot_be_read_is_eio_for_its_bytes_alone(disk, mount, options):
    """EIO where the disk cannot read them, one line in the log, a count in metrics; all other bytes are served."""
    expected = saved(ARRAY)
    (disk.path / "a.npy").write_bytes(expected)
    offsets = range(MIB // 2, len(expected) - 4096, MIB)
    readable = disk.lose_half_of("a.npy", {offset: expected[offset:offset + 32] for offset in offsets})
    assert len(offsets) // 3 < len(readable) < len(offsets)
    mounted = mount(disk.path, *options, foreground=True)
    with open(mounted / "a.npy/source.npy", "rb", buffering=0) as file:
        for offset in offsets:
            if offset in readable:
                assert os.pread(file.fileno(), 100, offset) == expected[offset:offset + 100]
                continue
            with pytest.raises(OSError) as refused:
                os.pread(file.fileno(), 100, offset)
            assert refused.value.errno == errno.EIO
    # Counted once the kernel has told the reader.
    mounted.wait_until(lambda: mounted.metric("source_errors_total") >= len(offsets) - len(readable), "count of the errors")
    lines = [line for line in mounted.stderr().splitlines() if "a.npy" in line]
    assert len(lines) == 1, mounted.stderr()
    mounted.unmount()


def test_a_filesystem_below_the_source_may_go_away_and_come_back(source, scratch, mount):
    """Names on a filesystem that is unmounted are gone; open files are served to the end; it comes back as it comes back."""
    (source / "disk").mkdir()
    (source / "here.npy").write_bytes(saved(ARRAY[:1000]))
    subprocess.run(["mount", "-t", "tmpfs", "none", source / "disk"], check=True)
    try:
        (source / "disk/a.npy").write_bytes(saved(ARRAY))
        mounted = mount(source, "entry_timeout=0", "attr_timeout=0")
        chunk = mounted / "disk/a.npy/chunks/1_of_3.npy"
        expected = saved(ARRAY[1_000_000:2_000_000])
        with open(chunk, "rb", buffering=0) as file:
            assert file.read(1000) == expected[:1000]
            mounting.umount(source / "disk", mounting.MNT_DETACH)
            assert not chunk.exists()
            assert os.listdir(mounted / "disk") == []
            assert np.load(mounted / "here.npy/chunks/0_of_1.npy").tolist() == ARRAY[:1000].tolist()
            assert file.read() == expected[1000:]
        subprocess.run(["mount", "-t", "tmpfs", "none", source / "disk"], check=True)
        (source / "disk/a.npy").write_bytes(saved(-ARRAY))
        assert chunk.read_bytes() == saved(-ARRAY[1_000_000:2_000_000])
    finally:
        mounting.umount(source / "disk", mounting.MNT_DETACH)


def test_source_itself_may_go_away_and_come_back(scratch, source, mount):
    """After a lazy unmount it is served on as it was. Once another one is mounted in its place, SOURCE is the directory there."""
    subprocess.run(["mount", "-t", "tmpfs", "none", source], check=True)
    try:
        (source / "below").mkdir()
        (source / "below/a.npy").write_bytes(saved(ARRAY[:1000]))
        mounted = mount(source / "below", "entry_timeout=3600", "attr_timeout=3600")
        chunk = mounted / "a.npy/chunks/0_of_1.npy"
        with open(chunk, "rb", buffering=0) as file:
            assert file.read(100) == saved(ARRAY[:1000])[:100]
            mounting.umount(source, mounting.MNT_DETACH)
            (source / "below").mkdir()  # what lay beneath the mount is not the source
            (source / "below/other.npy").write_bytes(saved(ARRAY))
            assert os.listdir(mounted.path) == ["a.npy"]
            assert chunk.read_bytes() == saved(ARRAY[:1000])
            subprocess.run(["mount", "-t", "tmpfs", "none", source], check=True)
            (source / "below").mkdir()
            # Something is mounted anew, elsewhere: by now the source is there.
            (scratch / "elsewhere").mkdir()
            subprocess.run(["mount", "-t", "tmpfs", "none", scratch / "elsewhere"], check=True)
            mounted.wait_until(lambda: os.listdir(mounted.path) == [], "new source")
            (source / "below/a.npy").write_bytes(saved(-ARRAY[:10]))
            mounted.wait_until((mounted / "a.npy/chunks/0_of_2.npy").exists, "new array")
            assert chunk.read_bytes() == saved(-ARRAY[:10])
            assert file.read() == saved(ARRAY[:1000])[100:]
            (source / "below/b.npy").write_bytes(saved(ARRAY[:10]))
            mounted.wait_until(lambda: sorted(os.listdir(mounted.path)) == ["a.npy", "b.npy"], "new name")
        mounted.unmount()
    finally:
        for path in (scratch / "elsewhere", source):
            if mounting.is_mounted(path):
                mounting.umount(path, mounting.MNT_DETACH)


@contextlib.contextmanager
def abortable(mounted, scratch):
    """After a failure, ends the connection of a daemon that would hang for ever: it cannot be killed where it waits for
    itself. Not after a success: by then the connection has ended, and another mount may have its number."""
    number = os.minor(os.stat(mounted.path).st_dev)
    (scratch / "connections").mkdir()
    subprocess.run(["mount", "-t", "fusectl", "none", scratch / "connections"], check=True)
    try:
        yield
    except BaseException:
        with contextlib.suppress(FileNotFoundError):  # it has ended by itself
            (scratch / f"connections/{number}/abort").write_text("1")
        raise
    finally:
        mounting.umount(scratch / "connections")


@pytest.mark.parametrize("replacement", [["--bind", "tree/mnt"], ["--rbind", "tree"]], ids=lambda words: words[0])
def test_the_mount_itself_does_not_become_its_source(scratch, source, mount, replacement):
    """Not where it is bound in the place of SOURCE, nor what it is mounted in: one line in the log, all goes on."""
    (scratch / "tree").mkdir()
    for path in (source, scratch / "tree"):
        subprocess.run(["mount", "-t", "tmpfs", "none", path], check=True)
        subprocess.run(["mount", "--make-private", path], check=True)
    (scratch / "tree/mnt").mkdir()
    (source / "a.npy").write_bytes(saved(ARRAY[:1000]))
    try:
        mounted = mount(source, "entry_timeout=0", "attr_timeout=0", foreground=True, at=scratch / "tree/mnt")
        with abortable(mounted, scratch):
            mounting.umount(source, mounting.MNT_DETACH)
            subprocess.run(["mount", replacement[0], scratch / replacement[1], source], check=True)
            mounted.wait_until(lambda: "in its place" in mounted.stderr(), "line in the log")
            look = subprocess.Popen(["sh", "-c", 'ls "$0" && cat "$0/a.npy/source.npy"', mounted.path],
                                    stdout=subprocess.PIPE)
            assert look.communicate(timeout=mounting.DEADLINE)[0] == b"a.npy\n" + saved(ARRAY[:1000])
            mounting.umount(source, mounting.MNT_DETACH)
            subprocess.run(["mount", "-t", "tmpfs", "none", source], check=True)
            (source / "b.npy").write_bytes(saved(ARRAY[:10]))
            mounted.wait_until(lambda: os.listdir(mounted.path) == ["b.npy"], "new source")
            assert len(mounted.stderr().splitlines()) == 1, mounted.stderr()
            mounting.umount(source, mounting.MNT_DETACH)
            subprocess.run(["mount", replacement[0], scratch / replacement[1], source], check=True)
            mounted.wait_until(lambda: len(mounted.stderr().splitlines()) == 2, "another line")
            os.kill(mounted.pid, signal.SIGTERM)
            mounted.assert_ended_cleanly()
    finally:
        for path in (source, scratch / "tree"):
            if mounting.is_mounted(path):
                mounting.umount(path, mounting.MNT_DETACH)


@pytest.mark.parametrize("option", ["ro", "allow_other", "follow_symlinks"])
def test_the_mount_itself_is_eloop_below_its_source_and_other_mounts_are_entered(scratch, source, mount, option):
    """If the mount itself is bound to a directory of SOURCE, that directory is ELOOP, since npyfs would wait for itself."""
    for name in ("own", "other"):
        (source / name).mkdir()
    (source / "a.npy").write_bytes(saved(ARRAY[:1000]))
    (source / "into.npy").symlink_to("own/a.npy/source.npy")
    (source / "link.npy").symlink_to(source / "other/up.npy")
    mounted = mount(source, option, "max_threads=1", "entry_timeout=0", "attr_timeout=0")
    with abortable(mounted, scratch):
        try:
            subprocess.run(["mount", "-t", "tmpfs", "none", source / "other"], check=True)
            (source / "other/b.npy").write_bytes(saved(ARRAY[:10]))
            (source / "other/up.npy").symlink_to("../a.npy")
            subprocess.run(["mount", "--bind", mounted.path, source / "own"], check=True)
            script = """
import os, stat, sys
for path in ("own", "own/own/own", "own/a.npy/source.npy", "into.npy"):
    try: os.listdir(path)
    except OSError as error: print(error.strerror)
print(sorted(os.listdir(".")), stat.S_ISLNK(os.lstat("into.npy").st_mode))
for path in ("a.npy", "other/b.npy", "other/up.npy", "link.npy"):
    print(os.stat(path + "/chunks/0_of_1.npy").st_size)
"""
            look = subprocess.Popen(["/usr/bin/python3", "-c", script], cwd=mounted.path, stdout=subprocess.PIPE, text=True)
            lines = look.communicate(timeout=mounting.DEADLINE)[0].splitlines()
            assert lines[:4] == [os.strerror(errno.ELOOP)] * 4
            assert lines[4] == "['a.npy', 'into.npy', 'link.npy', 'other', 'own'] True"
            assert lines[5:] == ["8128", "208", "8128", "8128"]
        finally:
            for name in ("own", "other"):
                if mounting.is_mounted(source / name):
                    mounting.umount(source / name, mounting.MNT_DETACH)
        mounted.unmount()


def test_links_below_other_mounts_mean_what_they_mean_to_the_kernel(source, mount):
    """On a filesystem below SOURCE: where it is mounted nosymfollow they lead nowhere, and /proc leads to nobody's files."""
    for name in ("plain", "closed", "proc"):
        (source / name).mkdir()
    (source / "a.npy").write_bytes(saved(ARRAY[:10]))
    mounted = mount(source, "entry_timeout=0", "attr_timeout=0")
    try:
        for name, kind, options in (("plain", "tmpfs", "rw"), ("closed", "tmpfs", "nosymfollow"), ("proc", "proc", "rw")):
            subprocess.run(["mount", "-t", kind, "-o", options, "none", source / name], check=True)
        for name in ("plain", "closed"):
            (source / name / "sub").mkdir()
            (source / name / "b.npy").write_bytes(saved(ARRAY[:10]))
            for link, target in {"link.npy": "b.npy", "up.npy": "sub/../../a.npy", "slash.npy": "b.npy/"}.items():
                (source / name / link).symlink_to(target)
        (source / "root.npy").symlink_to(f"proc/{os.getpid()}/cwd")
        for name in ("plain/link.npy", "plain/up.npy"):
            assert (mounted / name / "chunks/0_of_1.npy").read_bytes() == saved(ARRAY[:10]), name
        for name in ("plain/slash.npy", "closed/link.npy", "closed/up.npy", "root.npy"):
            assert (mounted / name).is_symlink(), name
    finally:
        for name in ("plain", "closed", "proc"):
            if mounting.is_mounted(source / name):
                mounting.umount(source / name, mounting.MNT_DETACH)


@pytest.mark.parametrize("disk", ["ext4"], indirect=True)
def test_a_disk_that_is_gone_comes_back(disk, mount):
    """Taken away with its device, and back as another device: its arrays are there again, and can be written."""
    (disk.path / "a.npy").write_bytes(saved(ARRAY[:1000]))
    mounted = mount(disk.path, "rw", "entry_timeout=0", "attr_timeout=0")
    chunk = mounted / "a.npy/chunks/1_of_2.npy"
    assert np.array_equal(np.load(chunk), ARRAY[500:1000])
    disk.replug()
    (disk.path / "back").touch()
    mounted.wait_until((mounted / "back").exists, "the disk that is back")
    rows = np.load(chunk, mmap_mode="r+")
    rows[:] = 7
    rows.flush()
    del rows
    assert np.load(disk.path / "a.npy")[499:501].tolist() == [499, 7]
    mounted.unmount()


def test_what_is_mounted_over_the_source_hides_it_from_others_alone(source, mount):
    """npyfs goes on serving the directory that it was started on, which others no longer see."""
    (source / "a.npy").write_bytes(saved(ARRAY[:1000]))
    mounted = mount(source, "entry_timeout=0", "attr_timeout=0")
    subprocess.run(["mount", "-t", "tmpfs", "none", source], check=True)
    try:
        assert os.listdir(mounted.path) == ["a.npy"]
        assert (mounted / "a.npy/chunks/0_of_1.npy").read_bytes() == saved(ARRAY[:1000])
    finally:
        mounting.umount(source)
