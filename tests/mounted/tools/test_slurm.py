"""Job arrays of a real Slurm over chunks, mounted by the job or by the node's prolog."""

import os
import re

import numpy as np
import pytest

import mount as mounting
import recipes
import slurm

RECIPES = recipes.blocks("Slurm", "sh")


@pytest.fixture
def data(source):
    array = np.arange(3003).reshape(1001, 3)
    np.save(source / "rows.npy", array)
    return array


@pytest.fixture
def shared(scratch):
    """What stands for the README's own folders: text -> text with those of the test."""
    (scratch / "run").mkdir()
    replaced = {"/shared/data": scratch / "source", "/run/npyfs": scratch / "run", "npyfs /": f"{mounting.binary()} /"}

    def localized(text):
        for old, new in replaced.items():
            text = text.replace(old, str(new))
        return text

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


def submit(cluster, scratch, script, *options):
    """Starts a job script. Returns the job's number."""
    job = program(scratch / "job.sh", script)
    return cluster.ask("sbatch", "--parsable", *options, job, cwd=scratch,
                       env=recipes.environment(scratch, TMPDIR=str(scratch))).strip()


def complete(cluster, scratch, script, *options):
    """Runs a job script to its end, which must be a good one for each task."""
    number = submit(cluster, scratch, script, *options)
    cluster.wait_for(lambda: not cluster.ask("squeue", "--noheader", f"--jobs={number}"), "end of the job")
    ends = re.findall(r"JobState=(\w+)|ExitCode=(\S+)", cluster.ask("scontrol", "show", "job", number))
    assert len(ends) == 8 and set(ends) == {("COMPLETED", ""), ("", "0:0")}, "\n".join(
        [*(out.read_text() for out in scratch.glob("slurm-*.out")), cluster.logs()])


def test_each_task_mounts_and_reads_or_fills_its_chunk(scratch, source, data, shared, cluster):
    """A job array counts its tasks, and each finds its chunk by name; bash unmounts at the end. Tasks fill one array."""
    running = cluster()
    complete(running, scratch, shared(RECIPES[0]))
    recipes.assert_tool_has_seen_the_chunks(scratch, data, 4)
    out = np.zeros((1001, 3), "<f4")
    np.save(source / "out.npy", out)
    complete(running, scratch, shared(recipes.blocks("Filling one array", "sh")[1]))
    for part in np.array_split(out, 4):
        part[:] = np.arange(part.size).reshape(part.shape)
    assert np.array_equal(np.load(source / "out.npy"), out)
    assert mounts_below(scratch) == [] and list(scratch.glob("tmp.*")) == []


def test_a_cancelled_job_unmounts(scratch, data, shared, cluster):
    """Bash unmounts also when the job is cancelled."""
    running = cluster()
    script = shared(RECIPES[0]).replace("tool ", "touch mounted; sleep 60 # ")
    number = submit(running, scratch, script, "--array=0")
    running.wait_for((scratch / "mounted").exists, "mounted job")
    assert len(mounts_below(scratch)) == 1
    running.ask("scancel", number)
    running.wait_for(lambda: mounts_below(scratch) == [] and not list(scratch.glob("tmp.*")), "end of the mount")


def test_the_prolog_mounts_for_the_job(scratch, data, shared, cluster):
    """Root mounts for all users before a job begins on a node, and each task has a mount of its own."""
    prolog, epilog = (program(scratch / name, shared(text)) for name, text in zip(("prolog", "epilog"), RECIPES[1:3]))
    running = cluster(f"Prolog={prolog}\nEpilog={epilog}")
    complete(running, scratch, shared(RECIPES[3]))
    recipes.assert_tool_has_seen_the_chunks(scratch, data, 4)
    running.wait_for(lambda: not os.listdir(scratch / "run"), "end of the epilogs")
    assert mounts_below(scratch) == []


def test_arrays_that_begin_elsewhere(scratch, data, shared, cluster):
    """An array that does not begin at 0 counts in its own way: subtract SLURM_ARRAY_TASK_MIN."""
    complete(cluster(), scratch, shared(RECIPES[0]).replace(
        "${SLURM_ARRAY_TASK_ID}", "$((SLURM_ARRAY_TASK_ID - SLURM_ARRAY_TASK_MIN))"), "--array=1-4")
    recipes.assert_tool_has_seen_the_chunks(scratch, data, 4)
