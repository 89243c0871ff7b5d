"""Disks with blocks that cannot be read, and filesystems that go away and come back below the source."""

import errno
import os
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


def test_source_stays_the_directory_that_it_was(source, mount):
    """SOURCE itself stays the directory that it was when npyfs started, whatever takes its place."""
    subprocess.run(["mount", "-t", "tmpfs", "none", source], check=True)
    (source / "a.npy").write_bytes(saved(ARRAY[:1000]))
    mounted = mount(source, "entry_timeout=0", "attr_timeout=0")
    mounting.umount(source, mounting.MNT_DETACH)
    (source / "other.npy").write_bytes(saved(ARRAY))
    assert os.listdir(mounted.path) == ["a.npy"]
    assert (mounted / "a.npy/chunks/0_of_1.npy").read_bytes() == saved(ARRAY[:1000])
    mounted.unmount()
