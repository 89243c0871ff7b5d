#!/bin/sh
# Unmounts what slurm_prolog.sh has mounted: Epilog= of slurm.conf.
umount "/run/npyfs/$SLURM_JOB_ID" && rmdir "/run/npyfs/$SLURM_JOB_ID"
