#!/bin/sh
# Many workers fill one array: sh fill.sh DATA
# Creates DATA/out.npy, mounts DATA writable for one command, and lets the processes of fill.py fill it side by side.
set -eu
here=$(dirname "$0")

npyfs --create "$1/out.npy" --dtype '<f4' --shape 100000,128
npyfs "$1" -o rw -- python3 "$here/fill.py" {}/out.npy
