"""Starts `npyfs SOURCE [MOUNTPOINT] -- command` and looks that it leaves nothing behind. The fixtures are to be imported."""

import os
import subprocess
import time
from pathlib import Path

import numpy as np
import pytest

import mount as mounting
from arrays import saved

ARRAY = np.arange(12.0).reshape(6, 2)
STARTED = []


@pytest.fixture
def tree(source):
    (source / "data.npy").write_bytes(saved(ARRAY))
    (source / "data.npy").chmod(0o644)
    return source


def left_in(directory):
    """What npyfs has left in the directory. A build with ThreadSanitizer that is killed as it starts leaves a file, too."""
    return [name for name in os.listdir(directory) if not name.startswith("tsan.")]


@pytest.fixture
def private(scratch):
    """Where fresh mountpoints are made: empty before and after each test, nothing mounted, no process left."""
    directory = scratch / "tmp"
    directory.mkdir()
    yield directory
    for process in STARTED:
        process.kill()
        process.wait()
    STARTED.clear()
    end = time.monotonic() + mounting.DEADLINE
    while left_in(directory) or any(str(directory) in line for line in Path("/proc/self/mounts").open()):
        assert time.monotonic() < end, (left_in(directory), Path("/proc/self/mounts").read_text())
        time.sleep(0.02)


def environment(private):
    return {**os.environ, "TMPDIR": str(private)}


def run(private, *arguments, **more):
    return mounting.run(*arguments, env=environment(private), **more)


def start(private, *arguments, **more):
    STARTED.append(subprocess.Popen([mounting.binary(), *map(str, arguments)], env=environment(private), text=True,
                                    stdout=subprocess.PIPE, stderr=subprocess.PIPE, **more))
    return STARTED[-1]
