#!/bin/sh
# Chunks are files to every tool: npyfs data -- sh shell_tools.sh {}/rows.npy OUT
set -eu
array=$1 out=$2
mkdir -p "$out/copies"

cp "$array"/chunks/4/*.npy "$out/copies"                                # to take along
tar -cf "$out/shares.tar" -C "$array/chunks" 4
rsync -a "$array/chunks/4/" "$out/mirror/"                              # finds nothing to do the second time
(cd "$array/chunks/4" && sha256sum -- *.npy) > "$out/sums"              # those of what np.save writes
dd if="$array/slices/0_to_10.bin" of="$out/ten.bin" status=none         # ten rows, no header
(cd "$array" && find . -path './chunks/*' -name '*.npy' | sort) > "$out/listed"
