"""The unit npyfs@.service under a real systemd, which runs as process 1 of namespaces of its own."""

import contextlib
import os
import re
import subprocess
from pathlib import Path

import pytest

import mount as mounting

pytestmark = [pytest.mark.big, pytest.mark.skipif(os.getuid() != 0, reason="needs root, to be process 1")]
UNITS = Path(__file__).resolve().parents[3] / "fs/install"
GROUPS = [Path("/sys/fs/cgroup/unified"), Path("/sys/fs/cgroup")]

# The system's files, below what is written meanwhile; nothing else of the machine can be reached from there, and neither
# can its settings (/proc/sys, /sys) be written.
NEW_ROOT = """
root=$1 shared=$2
mount -t tmpfs none "$root"
cd "$root"
mkdir tmp run dev proc sys data mnt result old
for folder in usr etc var; do
  mkdir -p $folder layers/$folder/upper layers/$folder/work
  mount -t overlay none -o lowerdir=/$folder,upperdir=layers/$folder/upper,workdir=layers/$folder/work $folder
done
for folder in bin sbin lib lib64; do ln -s usr/$folder $folder; done
for folder in run tmp dev; do mount -t tmpfs none $folder; done
for device in null:1:3 zero:1:5 random:1:8 urandom:1:9 tty:5:0 fuse:10:229; do
  mknod -m 666 dev/${device%%:*} c $(echo "${device#*:}" | tr : ' ')
done
ln -s /proc/self/fd dev/fd
mount -t proc none proc
mount --bind proc/sys proc/sys
mount -o remount,bind,ro proc/sys
mount -t sysfs -o ro none sys
mount -t cgroup2 none sys/fs/cgroup
mount --bind "$shared" result
pivot_root . old
umount -l /old
cp /result/npyfs /usr/bin/npyfs
rm -rf /etc/systemd/system /etc/npyfs
mkdir -p /etc/systemd/system /etc/npyfs
cp /result/npyfs@.service /result/probe.service /etc/systemd/system
cp /result/data.conf /etc/npyfs/data.conf
exec env -i container=test PATH=/usr/sbin:/usr/bin:/sbin:/bin \\
  /lib/systemd/systemd --unit=probe.service --log-target=null --show-status=0
"""

# Without DefaultDependencies nothing of the system is started but what is asked for.
PROBE_UNIT = """
[Unit]
DefaultDependencies=no
Requires=systemd-journald.service
After=systemd-journald.service
[Service]
Type=oneshot
ExecStart=/bin/bash -eu /result/probe.sh
StandardOutput=file:/result/out
StandardError=file:/result/err
ExecStopPost=/bin/systemctl --no-block --force --force exit
"""

PROBE = """
property() { systemctl show --property="$1" --value npyfs@data; }
load() { /usr/bin/python3 -c 'import numpy; print(numpy.load("/mnt/rows.npy/chunks/1_of_4.npy").sum())'; }
/usr/bin/python3 -c 'import numpy; numpy.save("/data/rows.npy", numpy.zeros((8, 4)))'
systemctl start npyfs@data
echo "$(property ActiveState), $(findmnt -n -o FSTYPE /mnt), $(load)"

killed=$(property MainPID)
kill -KILL "$killed"
while [ "$(property MainPID)" = 0 ] || [ "$(property MainPID)" = "$killed" ]; do sleep 0.05; done
while ! findmnt /mnt > /dev/null || ! load > /dev/null 2>&1; do sleep 0.05; done
echo "$(property NRestarts) restart, $(load)"

/usr/bin/python3 -c '
import numpy, time
rows = numpy.load("/mnt/rows.npy/chunks/1_of_4.npy", mmap_mode="r+")
rows[:] = 7
open("/run/dirty", "w").close()
time.sleep(600)' &
while [ ! -e /run/dirty ]; do sleep 0.05; done
systemctl stop npyfs@data
echo "$(property ActiveState), $(property Result), $(findmnt -n /mnt || echo unmounted)"
/usr/bin/python3 -c 'import numpy; print(numpy.load("/data/rows.npy").sum())'

echo "/data  /mnt  fuse.npyfs  ro,allow_other,nofail  0  0" > /etc/fstab
systemctl daemon-reload
systemctl start mnt.mount
echo "$(systemctl show --property=ActiveState --value mnt.mount) by fstab, $(load)"
systemctl stop mnt.mount
findmnt -n /mnt || echo unmounted

echo OPTIONS=nosuch >> /etc/npyfs/data.conf
systemctl start npyfs@data 2> /dev/null || echo refused
while [ "$(property ActiveState)" != failed ]; do sleep 0.05; done
journalctl --no-pager --identifier=npyfs | grep -o "unknown option.*" | sort -u
"""


@contextlib.contextmanager
def group_of_its_own(name):
    """A cgroup for systemd, in which it finds nothing of the machine's."""
    parent = next(path for path in GROUPS if (path / "cgroup.procs").exists())
    group = parent / name
    group.mkdir()
    try:
        yield group
    finally:
        for folder in sorted(group.rglob("*"), reverse=True):
            if folder.is_dir():
                folder.rmdir()
        group.rmdir()


def test_systemd_starts_restarts_and_stops_it(scratch):
    """Ready when mounted; started again when killed; stopped with everything written back; wrong options given up."""
    (scratch / "root").mkdir()
    shared = scratch / "shared"
    shared.mkdir()
    for name, text in {"probe.sh": PROBE, "probe.service": PROBE_UNIT,
                       "npyfs@.service": (UNITS / "npyfs@.service").read_text(),
                       "data.conf": re.sub("^OPTIONS=.*", "OPTIONS=rw", (UNITS / "example.conf").read_text(), flags=re.M)
                                    .replace("/mnt/npy", "/mnt")}.items():
        (shared / name).write_text(text)
    subprocess.run(["cp", mounting.binary(), shared / "npyfs"], check=True)
    with group_of_its_own(f"npyfs-test-{os.getpid()}") as group:
        enter = f'echo $$ > {group}/cgroup.procs; exec timeout --signal=KILL 60 "$@"'
        ran = subprocess.run(["/bin/sh", "-c", enter, "sh", "unshare", "--mount", "--pid", "--fork", "--kill-child", "--ipc",
                              "--uts", "--net", "--cgroup", "--propagation=private", "/bin/bash", "-euc", NEW_ROOT, "bash",
                              scratch / "root", shared], capture_output=True, text=True)
    said = "".join((shared / name).read_text() for name in ("out", "err") if (shared / name).exists())
    assert said.splitlines() == ["active, fuse.npyfs, 0.0", "1 restart, 0.0", "inactive, success, unmounted", "56.0",
                                 "active by fstab, 56.0", "unmounted", "refused", "unknown option(s): `-o nosuch'"
                                 ], ran.stderr + said
