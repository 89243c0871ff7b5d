"""Open MPI starts unmodified programs, each with its own chunk."""

import numpy as np

import mount as mounting
import recipes

# A test machine may have fewer CPUs than the recipe has processes, and the tests run as root.
OPEN_MPI = {"OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
            "OMPI_MCA_rmaps_base_oversubscribe": "1"}


def test_each_rank_reads_its_chunk(scratch, source):
    """open_mpi.sh: ranks count from 0, as chunks do; each rank has a mount of its own, which ends with the command."""
    array = np.arange(3003).reshape(1001, 3)
    np.save(source / "rows.npy", array)
    recipes.run(["mpirun", "-n", "4", "sh", recipes.RECIPES / "open_mpi.sh", source, "rows.npy", "tool"], scratch,
                TMPDIR=str(scratch), **OPEN_MPI)
    recipes.assert_tool_has_seen_the_chunks(scratch, array, 4)
    assert not list(scratch.glob("npyfs*"))


def test_one_mount_a_node(scratch, source):
    """open_mpi_node.sh: one mount a node, one chunk a rank; afterwards nothing is mounted."""
    array = np.arange(3003).reshape(1001, 3)
    np.save(source / "rows.npy", array)
    (scratch / "recipe.sh").write_text((recipes.RECIPES / "open_mpi_node.sh").read_text().replace("/tmp/", f"{scratch}/"))
    mountpoint = scratch / "someone/mnt"
    try:
        recipes.run(["sh", "recipe.sh", source, "rows.npy", "4", "tool"], scratch, USER="someone", **OPEN_MPI)
        recipes.assert_tool_has_seen_the_chunks(scratch, array, 4)
        assert mountpoint.is_dir() and not mounting.is_mounted(mountpoint)
    finally:
        if mounting.is_mounted(mountpoint):
            mounting.umount(mountpoint, mounting.MNT_DETACH)
