"""Fixtures of the mounted tests. NPYFS_BINARY names the npyfs to test; a test that cannot mount fails."""

import os
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

import pytest

import disks
import mount as mounting

# Ends what a killed test run leaves mounted: it waits for the end of its stdin, which is the end of pytest. In a session
# of its own and no child of ours, it is not killed with us.
_JANITOR = """
read -r ignored
while read -r device path rest; do case "$path" in "$0"/*) umount -l "$path" ;; esac; done < /proc/self/mounts
"""


def pytest_configure(config):
    # Under nohup, or as a job in the background of a shell, these are ignored, by daemons started here as well.
    for number, usual in ((signal.SIGHUP, signal.SIG_DFL), (signal.SIGQUIT, signal.SIG_DFL),
                          (signal.SIGINT, signal.default_int_handler)):
        if signal.getsignal(number) == signal.SIG_IGN:
            signal.signal(number, usual)
    config.addinivalue_line("markers", "big: takes long or needs large packages; runs where NPYFS_TEST_ALL=1 is set")


def pytest_collection_modifyitems(items):
    if os.environ.get("NPYFS_TEST_ALL") != "1":
        for item in items:
            if item.get_closest_marker("big"):
                item.add_marker(pytest.mark.skip(reason="big: scripts/test --all runs it"))


@pytest.fixture(scope="session")
def scratch_root():
    """Unlike pytest's own temporary directories this one can be entered by other users."""
    mounting.binary()
    root = Path(tempfile.mkdtemp(prefix="npyfs-test-"))
    root.chmod(0o755)
    with subprocess.Popen(["setsid", "--fork", "/bin/sh", "-c", _JANITOR, root], stdin=subprocess.PIPE):
        mounting.adopt_daemons()
        yield root
    shutil.rmtree(root)


def _scratch(scratch_root):
    directory = Path(tempfile.mkdtemp(dir=scratch_root))
    directory.chmod(0o755)
    return directory


@pytest.fixture
def scratch(scratch_root):
    """An empty directory of the test's own."""
    return _scratch(scratch_root)


@pytest.fixture
def source(scratch):
    """An empty directory to be mounted."""
    directory = scratch / "source"
    directory.mkdir()
    return directory


@pytest.fixture
def disk(request, scratch):
    """A filesystem of the test's own, of the kind that it is parametrized with, and options of mkfs."""
    made = disks.Disk(scratch, *request.param.split())
    yield made
    made.close()


@pytest.fixture
def mount(scratch):
    """mount(source, *options): a mount that ends with the test."""
    mounts = mounting.Mounts(scratch)
    yield mounts
    mounts.close()


@pytest.fixture(scope="module")
def module_scratch(scratch_root):
    """An empty directory of the file's own."""
    return _scratch(scratch_root)


@pytest.fixture(scope="module")
def module_mount(module_scratch):
    """As `mount`, for mounts that all tests of a file share."""
    mounts = mounting.Mounts(module_scratch)
    yield mounts
    mounts.close()
