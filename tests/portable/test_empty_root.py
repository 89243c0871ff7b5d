"""The portable binary in an empty root: no library, no /etc, nothing but /proc, /dev/fuse and fusermount3."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from conftest import portable
from users import in_namespace

pytestmark = pytest.mark.skipif(os.getuid() != 0, reason="needs root, to change the root")

USER = 12001
# Linux 4.18 has none from here on; numbers from 335 to 423 were left out.
FIRST_AFTER_4_18 = 424
CALLS = {"openat2": 437, "close_range": 436, "copy_file_range": 326, "renameat2": 316, "inotify_init1": 294}

SYSTEM = """
root=$1; shift
mount -t tmpfs none "$root/dev"
mknod -m 666 "$root/dev/fuse" c 10 229
mknod -m 666 "$root/dev/null" c 1 3
mount -t proc none "$root/proc"
mkdir -m 700 -p "$root/closed"
export PATH=/closed:/usr/sbin:/usr/bin
"""
ROUND_TRIP = SYSTEM + 'exec chroot "$root" "$@" /npyfs /case /mnt'
# Kills an npyfs, and has another one clear and take its place.
KILL = SYSTEM + """
user=$1
serve() { exec chroot --userspec="$user:$user" "$root" /npyfs -f /case/source /mnt; }
as_user() { setpriv --reuid="$user" --regid="$user" --clear-groups "$@"; }
# Not by test -e: the kernel remembers for a while that the file is there.
is_served() { as_user head -c 1 "$root/mnt/rows.npy/source.npy" > "$root/byte" 2>&1; }
serve &
until is_served; do sleep 0.05; done
kill -KILL $!
wait $! || true
serve &
until is_served; do sleep 0.05; done
kill $!
wait $!
"""


def add_fusermount(root, name):
    """fusermount3 under this name, with what it, not npyfs, needs: libraries, /etc/mtab, and the name of the user."""
    real = shutil.which("fusermount3")
    ldd = subprocess.run(["ldd", real], capture_output=True, text=True, check=True)
    libraries = re.findall(r"(/\S+) \(0x", ldd.stdout)
    assert libraries
    for path in libraries:
        (root / path[1:]).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, root / path[1:])
    (root / "usr/bin").mkdir(parents=True)
    shutil.copy(real, root / "usr/bin" / name)
    (root / "usr/bin" / name).chmod(0o4755)
    (root / "etc").mkdir()
    (root / "etc/passwd").write_text(f"user:x:{USER}:{USER}::/:/bin/sh\n")
    (root / "etc/mtab").symlink_to("/proc/self/mounts")
    (root / "mnt").chmod(0o755)
    os.chown(root / "mnt", USER, USER)


def round_trip(root, *options, denied=()):
    """What npyfs says on a round trip. `denied` are the numbers of system calls that the kernel does not know."""
    ran = in_namespace(ROUND_TRIP, root, "/deny", *map(str, denied), "--", "/round_trip", *options)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    found = re.fullmatch(r"round trip: (\d+) files are as expected\n", ran.stdout)
    assert found and int(found.group(1)) > 60, ran.stdout
    return ran.stderr


def test_it_needs_no_library():
    """The binary is static, for any x86-64 processor, and under 10 MiB when it is stripped."""
    header = subprocess.run(["readelf", "--wide", "--program-headers", "--notes", portable()],
                            capture_output=True, text=True, check=True).stdout
    assert "INTERP" not in header and "x86 ISA needed: x86-64-v" not in header.replace("x86-64-baseline", "")
    assert "OS: Linux, ABI: 3.2.0" in header


def test_stripped_it_is_small(scratch):
    subprocess.run(["strip", "-o", scratch / "npyfs", portable()], check=True)
    assert 1 << 20 < (scratch / "npyfs").stat().st_size < 10 << 20


def test_root_needs_nothing(system):
    """As root it mounts, reads, writes and unmounts where there is nothing else at all."""
    assert sorted(os.listdir(system)) == ["case", "deny", "dev", "mnt", "npyfs", "proc", "round_trip"]
    assert round_trip(system) == ""


@pytest.mark.parametrize("name", ["fusermount3", "fusermount"])
def test_users_need_fusermount(system, name):
    """Others need fusermount3, or the fusermount of libfuse 2."""
    add_fusermount(system, name)
    round_trip(system, f"--user={USER}")


@pytest.mark.parametrize("name", ["fusermount3", "fusermount"])
def test_users_clear_dead_mounts_with_it(system, name):
    """Where an npyfs was killed, the next one of the same user clears its mount."""
    add_fusermount(system, name)
    ran = in_namespace(KILL, system, str(USER))
    assert ran.returncode == 0, ran.stderr
    assert "/mnt: cleared the mount of an npyfs that is no longer there" in ran.stderr


def test_without_fusermount_users_are_told(system):
    """Where there is neither, they are told what to install."""
    os.chown(system / "mnt", USER, USER)
    ran = in_namespace(ROUND_TRIP, system, "/round_trip", f"--user={USER}")
    assert ran.returncode == 1 and "round trip: failed: npyfs exits with 3" in ran.stdout
    assert "install the package fuse3" in ran.stderr


@pytest.mark.parametrize("call", CALLS)
def test_it_does_without_a_system_call(system, call):
    """Each call that a kernel or a container's profile may lack has a way around it."""
    round_trip(system, denied=[CALLS[call]])


def test_the_calls_of_linux_4_18_are_enough(system):
    """A kernel without any call that is newer than 4.18 is enough."""
    round_trip(system, denied=[f"{FIRST_AFTER_4_18}-4000"])
