"""Fixtures of the tests of the portable binary. NPYFS_PORTABLE names it; NPYFS_PORTABLE_TOOLS has round_trip and deny."""

import os
import shutil
import tempfile
from pathlib import Path

import pytest

from case import make_case


def portable():
    return Path(os.environ.get("NPYFS_PORTABLE", "")).resolve(strict=True)


def tool(name):
    return (Path(os.environ.get("NPYFS_PORTABLE_TOOLS", "")) / name).resolve(strict=True)


@pytest.fixture
def scratch():
    """An empty directory, which other users can enter."""
    with tempfile.TemporaryDirectory(prefix="npyfs-portable-") as directory:
        Path(directory).chmod(0o755)
        yield Path(directory)


@pytest.fixture
def system(scratch):
    """The root of a system with nothing but the portable binary, round_trip, its case and deny."""
    root = scratch / "root"
    for name in ("case", "mnt", "proc", "dev"):
        (root / name).mkdir(parents=True)
    shutil.copy(portable(), root / "npyfs")
    for name in ("round_trip", "deny"):
        shutil.copy(tool(name), root / name)
    make_case(root / "case")
    return root
