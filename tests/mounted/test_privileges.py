"""What npyfs may still do once it has mounted."""

import os
import signal
from pathlib import Path

import numpy as np
import pytest

from arrays import saved
from users import as_user, outcome

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root has privileges to give up")

ARRAY = np.arange(12.0).reshape(6, 2)
DAC_OVERRIDE, DAC_READ_SEARCH, SYS_ADMIN = 1 << 1, 1 << 2, 1 << 21  # capabilities(7)


@pytest.fixture
def tree(source):
    (source / "data.npy").write_bytes(saved(ARRAY))
    return source


def of_every_thread(mounted, field):
    """A line of /proc/PID/status for each thread, as a number in base 16."""
    lines = [line for status in Path(f"/proc/{mounted.pid}/task").glob("*/status") for line in status.read_text().splitlines()]
    return {int(line.split()[1], 16) for line in lines if line.startswith(field + ":")}


@pytest.mark.parametrize("options, needed", [
    ([], DAC_READ_SEARCH | SYS_ADMIN),
    (["allow_other", "auto_unmount"], DAC_READ_SEARCH | SYS_ADMIN),
    (["rw"], DAC_READ_SEARCH | SYS_ADMIN | DAC_OVERRIDE),
], ids=["read-only", "allow_other", "rw"])
def test_root_keeps_only_what_reading_and_unmounting_take(tree, mount, options, needed):
    """Every thread has no_new_privs, and of all capabilities two; with -o rw three."""
    mounted = mount(tree, *options)
    assert np.load(mounted / "data.npy/chunks/1_of_3.npy").tolist() == ARRAY[2:4].tolist()
    assert of_every_thread(mounted, "NoNewPrivs") == {1}
    for field in ("CapEff", "CapPrm"):
        assert of_every_thread(mounted, field) == {needed}
    assert of_every_thread(mounted, "CapInh") == {0}


@pytest.mark.parametrize("option", ["ro", "auto_unmount"])
def test_a_signal_still_unmounts(tree, mount, option):
    """What is left is enough to unmount at the end."""
    mounted = mount(tree, option)
    os.kill(mounted.pid, signal.SIGTERM)
    mounted.assert_ended_cleanly()


def test_what_is_left_is_enough_for_files_of_all_users(tree, mount):
    """Root's mount serves files to their owners which nobody else may read."""
    os.chown(tree / "data.npy", 12001, 13001)
    (tree / "data.npy").chmod(0o400)
    tree.chmod(0o700)
    os.chown(tree, 12001, 13001)
    mounted = mount(tree, "allow_other")
    def read():
        return (mounted / "data.npy/chunks/1_of_3.npy").read_bytes().hex()
    assert as_user(12001, lambda: outcome(read)) == saved(ARRAY[2:4]).hex()
    assert as_user(12002, lambda: outcome(read)) == "EACCES"


def test_the_kernels_read_ahead_is_still_raised(tree, mount):
    """It is raised when the kernel says its first word, which is later."""
    mounted = mount(tree)
    assert "read-ahead 1024 KiB" in (mounted / ".npyfs/status").read_text()
