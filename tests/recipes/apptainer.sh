#!/bin/sh
# A mount inside an Apptainer container, without root: sh apptainer.sh IMAGE /shared/data COMMAND...
# Apptainer mounts at /mnt in the container and hands the connection to npyfs, which is in the image. COMMAND finds the
# arrays in /mnt. Each option of npyfs takes an -o of its own there, since Apptainer splits at commas.
image=$1 source=$2
shift 2
exec apptainer exec --bind "$source" --fusemount "container:npyfs $source /mnt" "$image" "$@"
