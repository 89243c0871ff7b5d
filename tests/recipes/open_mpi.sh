#!/bin/sh
# One chunk a rank of Open MPI: mpirun -n 4 sh open_mpi.sh /shared/data rows.npy COMMAND...
# Ranks count from 0, as chunks do. COMMAND gets the name of its chunk as its last argument and knows nothing of MPI. Each
# rank has a mount of its own, which ends with COMMAND.
source=$1 array=$2
shift 2
exec npyfs "$source" -- "$@" "{}/$array/chunks/${OMPI_COMM_WORLD_RANK}_of_$OMPI_COMM_WORLD_SIZE.npy"
