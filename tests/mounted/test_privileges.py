"""What npyfs may still do once it has mounted."""

import os
import signal
from pathlib import Path

import numpy as np
import pytest

import mount as mounting
from arrays import saved
from users import as_user, outcome

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root has privileges to give up")

ARRAY = np.arange(12.0).reshape(6, 2)
DAC_OVERRIDE, DAC_READ_SEARCH, SYS_ADMIN = 1 << 1, 1 << 2, 1 << 21  # capabilities(7)


@pytest.fixture
def tree(source):
    (source / "data.npy").write_bytes(saved(ARRAY))
    return source


def of_every_thread(mounted, field, threads="*"):
    """A line of /proc/PID/status for each thread, as a number in base 16."""
    statuses = Path(f"/proc/{mounted.pid}/task").glob(f"{threads}/status")
    lines = [line for status in statuses for line in status.read_text().splitlines()]
    return {int(line.split()[1], 16) for line in lines if line.startswith(field + ":")}


def of_main_thread(mounted, field):
    return of_every_thread(mounted, field, mounted.pid)


@pytest.mark.parametrize("options, needed", [
    ([], DAC_READ_SEARCH | SYS_ADMIN),
    (["allow_other", "auto_unmount"], DAC_READ_SEARCH | SYS_ADMIN),
    (["rw"], DAC_READ_SEARCH | SYS_ADMIN | DAC_OVERRIDE),
], ids=["read-only", "allow_other", "rw"])
def test_root_keeps_only_what_reading_and_unmounting_take(tree, mount, options, needed):
    """Every thread has no_new_privs, and of all capabilities two; with -o rw three."""
    mounted = mount(tree, *options)
    assert np.load(mounted / "data.npy/chunks/1_of_3.npy").tolist() == ARRAY[2:4].tolist()
    # ThreadSanitizer has a thread of its own, since before main().
    of_threads = of_main_thread if mounting.is_sanitized() else of_every_thread
    assert of_threads(mounted, "NoNewPrivs") == {1}
    for field in ("CapEff", "CapPrm"):
        assert of_threads(mounted, field) == {needed}
    assert of_threads(mounted, "CapInh") == {0}


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
    # The kernel asks for other things as soon as that word is answered.
    mounted.wait_until(lambda: "read-ahead 1024 KiB" in (mounted / ".npyfs/status").read_text(), "larger read-ahead")
