#!/bin/sh
# Root mounts for all users before a job begins on a node, and job scripts know nothing of it: Prolog= of slurm.conf.
# slurm_epilog.sh unmounts. Each task of an array has a job id, so each has a mount of its own; a job finds its chunk in
# /run/npyfs/$SLURM_JOB_ID/rows.npy/chunks/.
mkdir -p "/run/npyfs/$SLURM_JOB_ID" && npyfs /shared/data "/run/npyfs/$SLURM_JOB_ID" -o allow_other
