"""Fixtures of the tests of the portable binary. NPYFS_PORTABLE names the binary, NPYFS_ROUND_TRIP round_trip."""

import os
import shutil
import tempfile
from pathlib import Path

import pytest

from case import make_case


def program(variable):
    path = os.environ.get(variable)
    if not path or not os.access(path, os.X_OK):
        raise RuntimeError(f"{variable} must name a program, it is {path!r}")
    return Path(path).resolve()


@pytest.fixture
def scratch():
    """An empty directory, which other users can enter."""
    with tempfile.TemporaryDirectory(prefix="npyfs-portable-") as directory:
        Path(directory).chmod(0o755)
        yield Path(directory)


@pytest.fixture
def system(scratch):
    """The root of a system with nothing but the portable binary, round_trip and its case."""
    root = scratch / "root"
    for name in ("case", "mnt", "proc", "dev"):
        (root / name).mkdir(parents=True)
    shutil.copy(program("NPYFS_PORTABLE"), root / "npyfs")
    shutil.copy(program("NPYFS_ROUND_TRIP"), root / "round_trip")
    make_case(root / "case")
    return root
