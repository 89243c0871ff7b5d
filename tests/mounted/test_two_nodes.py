"""Two nodes of a cluster write one array at the same time, each through an npyfs of its own."""

import os
import subprocess
import sys

import numpy as np
import pytest

from cluster import Cluster

ROUNDS = int(os.environ.get("NPYFS_WRITER_ROUNDS", "20"))
ROWS = 1000  # float64: the edge of the two halves lies in a page

_NODE = """
import sys, numpy as np
path, way, index = sys.argv[1], sys.argv[2], int(sys.argv[3])
if way == "by hand":
    array = np.load(path, mmap_mode="r+")
    half = np.array_split(array, 2)[index]
else:
    array = half = np.load(path, mmap_mode="r+")
print("ready", flush=True)
sys.stdin.readline()
half[:] = index + 1
array.flush()
"""


@pytest.fixture(scope="module")
def cluster(module_scratch):
    made = Cluster(module_scratch)
    yield made
    made.close()


def lost_rows(cluster, paths, way):
    """Both nodes fill their halves at once, and flush. Returns how many rows are not what was written."""
    np.save(cluster.nodes[0] / "a.npy", np.zeros(ROWS))
    nodes = [subprocess.Popen([sys.executable, "-c", _NODE, path, way, str(index)], stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE, text=True) for index, path in enumerate(paths)]
    for node in nodes:
        assert node.stdout.readline() == "ready\n"
    for node in nodes:
        node.stdin.write("\n")
        node.stdin.flush()
    for node in nodes:
        node.communicate()
        assert node.returncode == 0
    return int((np.load(cluster.brick / "a.npy") != np.repeat([1.0, 2.0], ROWS // 2)).sum())


def test_two_nodes_lose_no_row(cluster, module_mount):
    """Two nodes that fill halves of one array at once lose rows with memmaps made by hand, and none through npyfs."""
    by_hand = [lost_rows(cluster, [node / "a.npy" for node in cluster.nodes], "by hand") for _ in range(ROUNDS)]
    assert any(by_hand), "the experiment must be able to see it"
    mounts = [module_mount(node, "rw") for node in cluster.nodes]
    chunks = [mounted / f"a.npy/chunks/{index}_of_2.npy" for index, mounted in enumerate(mounts)]
    assert [lost_rows(cluster, chunks, "npyfs") for _ in range(ROUNDS)] == [0] * ROUNDS


def fill_halves(mounts, chunks):
    """A process a mount fills its own of two chunks, both at the same time."""
    writers = [subprocess.Popen([sys.executable, "-c", _NODE, mounted / chunks / f"{index}_of_2.npy", "npyfs", str(index)],
                                stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
               for index, mounted in enumerate(mounts)]
    for writer in writers:
        writer.communicate("\n")
        assert writer.returncode == 0


def test_every_second_byte_from_two_nodes(cluster, module_mount):
    """Nor do they where neighbouring bytes belong to two nodes."""
    np.save(cluster.nodes[0] / "bytes.npy", np.zeros((4096, 2), "u1"))
    fill_halves([module_mount(node, "rw") for node in cluster.nodes], "bytes.npy/axis1/chunks")
    assert (np.load(cluster.brick / "bytes.npy") == [1, 2]).all()


def test_two_nodes_write_one_joined_array(cluster, module_mount):
    """Nor do they where the array is joined from several files, and the edge of the halves lies in a page of one."""
    (cluster.nodes[0] / "shards").mkdir()
    for index, rows in enumerate((300, 450, 250)):
        np.save(cluster.nodes[0] / f"shards/{index}.npy", np.zeros(rows))
    mounts = [module_mount(node, "rw") for node in cluster.nodes]
    for _ in range(3):
        fill_halves(mounts, "shards.npy/chunks")
        whole = np.concatenate([np.load(cluster.brick / f"shards/{index}.npy") for index in range(3)])
        assert (whole == np.repeat([1.0, 2.0], ROWS // 2)).all()
