"""All that concerns paths, with the system calls that kernels before 5.6 have: openat2(2) is not among them."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from conftest import portable, tool
from test_empty_root import FIRST_AFTER_4_18

pytestmark = pytest.mark.skipif(os.getuid() != 0, reason="needs root, to deny system calls")

# The tests themselves need pidfd_open, 434.
DENIED = [f"{FIRST_AFTER_4_18}-433", "435-4000"]
MOUNTED = Path(__file__).resolve().parents[1] / "mounted"
LONG = os.environ.get("NPYFS_TEST_ALL") == "1"


def run_with_old_calls(*command):
    environment = {**os.environ, "NPYFS_BINARY": str(portable()), "NPYFS_TEST_ALL": ""}
    ran = subprocess.run([tool("deny"), *DENIED, "--", *command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                         text=True, env=environment)
    assert ran.returncode == 0, ran.stdout[-5000:]
    return ran.stdout


def test_units():
    """The unit tests of paths pass."""
    out = run_with_old_calls(os.environ["NPYFS_UNIT_TESTS"], "--gtest_brief=1",
                             "--gtest_filter=*" if LONG else "SourceRoot*:Walk*:PathWalk*:Openat*")
    assert "PASSED" in out


@pytest.mark.parametrize("name", sorted(path.stem for path in MOUNTED.glob("test_*.py")) if LONG else ["test_symlinks"])
def test_mounted(name):
    """The mounted tests pass: those of links, and, where there is time, all."""
    run_with_old_calls(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", MOUNTED / f"{name}.py")
