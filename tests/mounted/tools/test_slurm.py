"""Job arrays of a real Slurm over chunks, mounted by the job or by the node's prolog."""

import os
import re

import numpy as np
import pytest

import mount as mounting
import recipes
import slurm

ARRAY = recipes.RECIPES / "slurm_array.sh"


@pytest.fixture
def data(source):
    array = np.arange(3003).reshape(1001, 3)
    np.save(source / "rows.npy", array)
    return array


@pytest.fixture
def shared(scratch):
    """A recipe with the test's own folders in place of those of the whole machine: name -> path."""
    (scratch / "run").mkdir()
    replaced = {"/shared/data": scratch / "source", "/run/npyfs": scratch / "run", "npyfs /": f"{mounting.binary()} /"}

    def localized(name):
        text = (recipes.RECIPES / name).read_text(encoding="utf-8")
        for old, new in replaced.items():
            text = text.replace(old, str(new))
        return program(scratch / name, text)

    yield localized
    for mountpoint in mounts_below(scratch):
        mounting.umount(mountpoint, mounting.MNT_DETACH)


@pytest.fixture
def cluster(scratch):
    clusters = []

    def start(more=""):
        clusters.append(slurm.Slurm(scratch / "slurm", more))
        return clusters[0]

    yield start
    for started in clusters:
        started.close()


def mounts_below(folder):
    with open("/proc/self/mounts", encoding="utf-8") as table:
        paths = [line.split()[1] for line in table]
    return [path for path in paths if path.startswith(f"{folder}/")]


def program(path, text):
    path.write_text(text, encoding="utf-8")
    path.chmod(0o755)
    return path


def submit(cluster, scratch, *job):
    """Starts a job: options, script, arguments. Returns the job's number."""
    return cluster.ask("sbatch", "--parsable", *job, cwd=scratch,
                       env=recipes.environment(scratch, TMPDIR=str(scratch))).strip()


def complete(cluster, scratch, *job, tasks=4):
    """Runs a job to its end, which must be a good one for each task."""
    number = submit(cluster, scratch, *job)
    cluster.wait_for(lambda: not cluster.ask("squeue", "--noheader", f"--jobs={number}"), "end of the job")
    ends = re.findall(r"JobState=(\w+)|ExitCode=(\S+)", cluster.ask("scontrol", "show", "job", number))
    assert len(ends) == 2 * tasks and set(ends) == {("COMPLETED", ""), ("", "0:0")}, "\n".join(
        [*(out.read_text() for out in scratch.glob("slurm-*.out")), cluster.logs()])


def test_each_task_mounts_and_reads_or_fills_its_chunk(scratch, source, data, shared, cluster):
    """A job array counts its tasks, and each finds its chunk by name, in a mount for one command. Tasks fill one array."""
    running = cluster()
    complete(running, scratch, ARRAY, source, "rows.npy", "4", "tool")
    recipes.assert_tool_has_seen_the_chunks(scratch, data, 4)
    out = np.zeros((1001, 3), "<f4")
    np.save(source / "out.npy", out)
    complete(running, scratch, recipes.RECIPES / "slurm_fill.sh", source, "out.npy", "4")
    for part in np.array_split(out, 4):
        part[:] = np.arange(part.size).reshape(part.shape)
    assert np.array_equal(np.load(source / "out.npy"), out)
    assert mounts_below(scratch) == [] and list(scratch.glob("npyfs*")) == []


def test_a_cancelled_job_unmounts(scratch, source, data, shared, cluster):
    """The mount of a job ends also when the job is cancelled."""
    running = cluster()
    number = submit(running, scratch, "--array=0", ARRAY, source, "rows.npy", "4", "sh", "-c", "touch mounted; sleep 60")
    running.wait_for((scratch / "mounted").exists, "mounted job")
    assert len(mounts_below(scratch)) == 1
    running.ask("scancel", number)
    running.wait_for(lambda: mounts_below(scratch) == [] and not list(scratch.glob("npyfs*")), "end of the mount")


def test_the_prolog_mounts_for_the_job(scratch, data, shared, cluster):
    """Root mounts for all users before a job begins on a node, and each task has a mount of its own."""
    prolog, epilog = (shared(name) for name in ("slurm_prolog.sh", "slurm_epilog.sh"))
    running = cluster(f"Prolog={prolog}\nEpilog={epilog}")
    chunk = f"{scratch}/run/$SLURM_JOB_ID/rows.npy/chunks/${{SLURM_ARRAY_TASK_ID}}_of_$SLURM_ARRAY_TASK_COUNT.npy"
    complete(running, scratch, "--array=0-3", program(scratch / "job.sh", f'#!/bin/sh\ntool "{chunk}"\n'))
    recipes.assert_tool_has_seen_the_chunks(scratch, data, 4)
    running.wait_for(lambda: not os.listdir(scratch / "run"), "end of the epilogs")
    assert mounts_below(scratch) == []


def test_a_task_can_be_submitted_again(scratch, source, data, shared, cluster):
    """A task that is submitted again, alone, has its own chunk again, and fills no other rows."""
    running = cluster()
    complete(running, scratch, "--array=0,1,3", ARRAY, source, "rows.npy", "4", "tool", tasks=3)
    complete(running, scratch, "--array=2", ARRAY, source, "rows.npy", "4", "tool", tasks=1)
    recipes.assert_tool_has_seen_the_chunks(scratch, data, 4)
    np.save(source / "out.npy", np.full((8, 2), -1.0))
    complete(running, scratch, "--array=2", recipes.RECIPES / "slurm_fill.sh", source, "out.npy", "4", tasks=1)
    assert np.load(source / "out.npy").ravel().tolist() == [-1.0] * 8 + [0.0, 1.0, 2.0, 3.0] + [-1.0] * 4
