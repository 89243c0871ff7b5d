#!/bin/bash
#SBATCH --array=0-3
# A Slurm job array fills one array, each task its own chunk: sbatch slurm_fill.sh /shared/data out.npy
# On one node or on many: npyfs(7) says what that takes of the filesystem. `npyfs --create` makes out.npy.
task=$((SLURM_ARRAY_TASK_ID - SLURM_ARRAY_TASK_MIN))
exec npyfs "$1" -o rw -- python3 - "{}/$2/chunks/${task}_of_$SLURM_ARRAY_TASK_COUNT.npy" <<'END'
import sys
import numpy as np

rows = np.load(sys.argv[1], mmap_mode="r+")
rows[:] = np.arange(rows.size).reshape(rows.shape)
rows.flush()
END
