#!/bin/bash
#SBATCH --array=0-3
# A Slurm job array fills one array, each task its own chunk: sbatch --array=0-15 slurm_fill.sh /shared/data out.npy 16
# On one node or on many: npyfs(7) says what that takes of the filesystem. `npyfs --create` makes out.npy. The number of
# chunks is an argument: SLURM_ARRAY_TASK_COUNT is 1 where one task is submitted again, which would fill the whole array.
exec npyfs "$1" -o rw -- python3 - "{}/$2/chunks/${SLURM_ARRAY_TASK_ID:?}_of_${3:?}.npy" <<'END'
import sys
import numpy as np

rows = np.load(sys.argv[1], mmap_mode="r+")
rows[:] = np.arange(rows.size).reshape(rows.shape)
rows.flush()
END
