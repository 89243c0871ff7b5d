"""Open MPI starts unmodified programs, each with its own chunk."""

import numpy as np

import mount as mounting
import recipes

# A test machine may have fewer CPUs than the recipe has processes, and the tests run as root.
OPEN_MPI = {"OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
            "OMPI_MCA_rmaps_base_oversubscribe": "1"}


def test_each_rank_reads_its_chunk(scratch, source):
    """One mount a node, one chunk a rank; afterwards nothing is mounted."""
    array = np.arange(3003).reshape(1001, 3)
    np.save(source / "rows.npy", array)
    (scratch / "data").symlink_to(source)
    mountpoint = scratch / "someone/mnt"
    try:
        recipe = recipes.blocks("Open MPI", "sh")[0].replace("/tmp/", f"{scratch}/")
        recipes.run_shell(recipe, scratch, USER="someone", **OPEN_MPI)
        recipes.assert_tool_has_seen_the_chunks(scratch, array, 4)
        assert mountpoint.is_dir() and not mounting.is_mounted(mountpoint)
    finally:
        if mounting.is_mounted(mountpoint):
            mounting.umount(mountpoint, mounting.MNT_DETACH)
