#!/bin/sh
# One mount a node, one chunk a rank of Open MPI: sh open_mpi_node.sh /shared/data rows.npy RANKS COMMAND...
# The first mpirun mounts once on each node, the last one unmounts, so the file server sees one open a node. Not within
# Slurm where it tracks processes by cgroup: it ends the daemon with the first mpirun.
set -eu
export NPYFS_SOURCE=$1 NPYFS_ARRAY=$2 NPYFS_MNT=/tmp/$USER/mnt
ranks=$3
shift 3
mpirun --map-by ppr:1:node sh -c 'mkdir -p "$NPYFS_MNT" && npyfs "$NPYFS_SOURCE" "$NPYFS_MNT"'
mpirun -n "$ranks" sh -c '"$@" "$NPYFS_MNT/$NPYFS_ARRAY/chunks/${OMPI_COMM_WORLD_RANK}_of_$OMPI_COMM_WORLD_SIZE.npy"' sh "$@"
mpirun --map-by ppr:1:node sh -c 'fusermount3 -u "$NPYFS_MNT"'
