"""In containers, by podman: what npyfs(1) and npyfs's own advice say. The root is the host's /usr: no image."""

import os
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

import mount as mounting

pytestmark = [pytest.mark.big, pytest.mark.skipif(os.getuid() != 0, reason="needs root, to start containers")]
ARRAY = np.arange(30.0).reshape(10, 3)
LOAD = '/usr/bin/python3 -c "import numpy, sys; print(numpy.load(sys.argv[1]).sum())" '
MOUNT_AND_LOAD = f"/npyfs /data /mnt && {LOAD} /mnt/rows.npy/chunks/1_of_4.npy && fusermount3 -u /mnt"
CHUNK_SUM = f"{np.array_split(ARRAY, 4)[1].sum()}\n"
# No network, no groups and no limits of its own: as little as there can be, so that it starts wherever the tests run.
PODMAN = ["--cgroup-manager=cgroupfs", "--events-backend=none", "--runtime=crun", "run", "--rm", "--network=none",
          "--log-driver=none", "--cgroups=disabled", "--ulimit=nofile=1024:4096", "--ulimit=nproc=1000:1000", "--rootfs"]


@pytest.fixture
def container(scratch, source):
    """container(script, *options, data=...): runs a shell script in a container that has npyfs, numpy and /data."""
    np.save(source / "rows.npy", ARRAY)
    root = scratch / "root"
    for name in ("etc", "var", "tmp", "run", "dev", "proc", "sys", "usr", "data", "mnt"):
        (root / name).mkdir(parents=True)
    for name in ("bin", "sbin", "lib", "lib64"):
        (root / name).symlink_to(f"usr/{name}")
    for name in ("passwd", "group", "ld.so.cache"):
        shutil.copy(Path("/etc") / name, root / "etc")
    shutil.copytree("/etc/alternatives", root / "etc/alternatives", symlinks=True)

    def run(script, *options, data=source):
        # crun wants cgroups of version 2 alone, which the machine may have beside the others.
        unmixed = ["unshare", "--mount", "--propagation=private", "/bin/sh", "-euc",
                   'mount -t cgroup2 none /sys/fs/cgroup; exec podman "$@"', "sh"]
        volumes = ["--volume=/usr:/usr:ro", f"--volume={data}:/data:ro", f"--volume={mounting.binary()}:/npyfs:ro"]
        storage = [f"--root={scratch}/storage", f"--runroot={scratch}/runroot"]
        return subprocess.run([*unmixed, *storage, *PODMAN, *volumes, *options, root, "/bin/sh", "-c", script],
                              capture_output=True, text=True, timeout=120)

    return run


def test_npyfs_mounts_in_a_container(container):
    """--device /dev/fuse and --cap-add SYS_ADMIN are what it takes."""
    ran = container(MOUNT_AND_LOAD, "--device", "/dev/fuse", "--cap-add", "SYS_ADMIN")
    assert (ran.returncode, ran.stdout) == (0, CHUNK_SUM), ran.stderr


@pytest.mark.parametrize("options", [[], ["--device", "/dev/fuse"]], ids=["no device", "no capability"])
def test_without_either_it_says_what_to_do(container, options):
    """npyfs says what the container needs, and that --export works without; it does."""
    ran = container(f"{MOUNT_AND_LOAD} || /npyfs --export /data/rows.npy --chunks 4 /tmp/out && {LOAD} /tmp/out/1_of_4.npy",
                    *options)
    assert (ran.returncode, ran.stdout) == (0, CHUNK_SUM), ran.stderr
    assert "--device /dev/fuse, --cap-add SYS_ADMIN" in ran.stderr and "npyfs --export" in ran.stderr


def test_a_mount_of_the_host_is_bound_into_it(container, source, mount):
    """Mounted on the host and bound into the container, for the user that has mounted it."""
    ran = container(LOAD + "/data/rows.npy/chunks/1_of_4.npy", data=mount(source).path)
    assert (ran.returncode, ran.stdout) == (0, CHUNK_SUM), ran.stderr
