#!/bin/bash
#SBATCH --array=0-3
# A Slurm job array, one chunk a task: sbatch slurm_array.sh /shared/data rows.npy COMMAND...
# COMMAND gets the name of its chunk as its last argument. The mount lives as long as COMMAND, on whatever node the task
# runs, also when the job is cancelled. An array may begin anywhere (--array=1-4): TASK_MIN is subtracted.
source=$1 array=$2
shift 2
task=$((SLURM_ARRAY_TASK_ID - SLURM_ARRAY_TASK_MIN))
exec npyfs "$source" -- "$@" "{}/$array/chunks/${task}_of_$SLURM_ARRAY_TASK_COUNT.npy"
