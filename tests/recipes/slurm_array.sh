#!/bin/bash
#SBATCH --array=0-3
# A Slurm job array, one chunk a task: sbatch --array=0-15 slurm_array.sh /shared/data rows.npy 16 COMMAND...
# COMMAND gets the name of its chunk as its last argument. The mount lives as long as COMMAND, on whatever node the task
# runs, also when the job is cancelled. The number of chunks is an argument and not SLURM_ARRAY_TASK_COUNT, so that tasks
# that have failed can be submitted again: sbatch --array=3,7 slurm_array.sh ...
source=$1 array=$2 chunks=$3
shift 3
exec npyfs "$source" -- "$@" "{}/$array/chunks/${SLURM_ARRAY_TASK_ID:?}_of_${chunks:?}.npy"
