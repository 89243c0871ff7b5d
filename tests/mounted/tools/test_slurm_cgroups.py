"""Steps of a real Slurm that tracks processes by their control group, and so kills all that a step has started."""

import os
import re
import subprocess

import numpy as np
import pytest

import mount as mounting
import recipes
import slurm

pytestmark = pytest.mark.skipif(not slurm.has_cgroups(), reason="no control groups of version 1 with a freezer here")
ARRAY = np.arange(3003).reshape(1001, 3)

# $1 is SOURCE, $2 a directory.
STEPS = """#!/bin/sh
srun npyfs "$1" "$2"
ls "$2" 2>&1
srun npyfs "$1" -- tool {}/rows.npy/chunks/0_of_3.npy
srun npyfs "$1" -- sh -c 'cat /proc/self/cgroup; touch running; sleep 60'
srun npyfs "$1" -- tool {}/rows.npy/chunks/1_of_3.npy
srun npyfs "$1" "$2" -- tool {}/rows.npy/chunks/2_of_3.npy
"""


@pytest.fixture
def cluster(scratch):
    started = slurm.Slurm(scratch / "slurm", cgroups=True)
    yield started
    started.close()


@pytest.fixture
def mountpoint(scratch):
    path = scratch / "mnt"
    path.mkdir()
    yield path
    if mounting.is_mounted(path):
        mounting.umount(path, mounting.MNT_DETACH)


def mounts_below(folder):
    return [line.split()[1] for line in open("/proc/self/mounts", encoding="utf-8") if f" {folder}/" in line]


def test_steps(scratch, source, cluster, mountpoint):
    """A daemon ends with the step that has started it, and `npyfs SOURCE -- COMMAND` is a step that leaves nothing. A step
    that is killed at once leaves a dead mount, which the next step clears."""
    np.save(source / "rows.npy", ARRAY)
    (scratch / "job.sh").write_text(STEPS)
    (scratch / "job.sh").chmod(0o755)
    variables = recipes.environment(scratch, TMPDIR=str(scratch))
    number = cluster.ask("sbatch", "--parsable", "--output=out", "job.sh", str(source), str(mountpoint), cwd=scratch,
                         env=variables).strip()
    cluster.wait_for((scratch / "running").exists, "third step")
    cluster.ask("scancel", "--signal=KILL", f"{number}.2")
    cluster.wait_for(lambda: not cluster.ask("squeue", "--noheader", f"--jobs={number}"), "end of the job")
    out = (scratch / "out").read_text()
    assert re.search("ls: .*: Transport endpoint is not connected", out), out
    assert re.search("freezer:/.*/step_2$", out, re.MULTILINE), out
    assert "Killed" in out, out
    assert "ExitCode=0:0" in cluster.ask("scontrol", "show", "job", number), out
    recipes.assert_tool_has_seen_the_chunks(scratch, ARRAY, 3)
    assert mounts_below(scratch / "mnt") == [] and list(scratch.glob("npyfs-*")) == []
