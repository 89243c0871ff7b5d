"""The portable binary in a container of the real Apptainer, which only Debian's unstable release has, by a plain user."""

import os
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from conftest import portable
from debian import KEYRING, MIRROR
from test_empty_root import USER

pytestmark = [
    pytest.mark.skipif(os.environ.get("NPYFS_TEST_ALL") != "1", reason="long: scripts/portable --test runs it"),
    pytest.mark.skipif(os.getuid() != 0, reason="needs root, to make root directories"),
]

ARRAY = np.arange(30.0).reshape(10, 3)
PROJECT = 12999  # a group that no number of the container stands for
RECIPES = Path(__file__).resolve().parents[1] / "recipes"
# Apptainer wants a real root, no chroot. Its image is this root once more, as a directory.
START = """
root=$1 user=$2 project=$3; shift 3
mount --bind "$root" "$root"
mount -t proc none "$root/proc"
mount --rbind /dev "$root/dev"
chmod 666 "$root/dev/fuse"
mount -t sysfs none "$root/sys"
mount -t tmpfs -o mode=1777 none "$root/tmp"
cd "$root"
mount --bind "$root" image
pivot_root . old
exec chroot . sh -euc 'umount -l /old; cd /work; exec "$@"' sh \
  setpriv --reuid="$user" --regid="$user" --groups="$project" env HOME=/work "$@"
"""
LOAD = 'import numpy; print(numpy.load("/mnt/rows.npy/chunks/1_of_4.npy").sum())'
FILL = 'import numpy; numpy.save("/mnt/rows.npy/chunks/1_of_4.npy", numpy.zeros((3, 3)))'


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """A root with Apptainer, numpy, the portable binary and the recipe."""
    made = tmp_path_factory.mktemp("apptainer") / "root"
    subprocess.run(["debootstrap", "--variant=minbase", f"--keyring={KEYRING}", "--include=apptainer,python3-numpy",
                    "--exclude=systemd", "sid", made, MIRROR], check=True, stdout=subprocess.DEVNULL)
    for name in ("image", "old", "work", "shared/data"):
        (made / name).mkdir(parents=True)
    shutil.copy(portable(), made / "usr/bin/npyfs")
    shutil.copy(RECIPES / "apptainer.sh", made / "work")
    subprocess.run(["chroot", made, "useradd", f"--uid={USER}", "user"], check=True)
    return made


@pytest.fixture
def run(root):
    """run(command...) in that root, as a user, whose project's files are in /shared/data. Nothing of it is left running."""
    np.save(root / "shared/data/rows.npy", ARRAY)
    (root / "shared/data/rows.npy").chmod(0o664)
    os.chown(root / "shared/data/rows.npy", 0, PROJECT)

    def start(*command):
        return subprocess.run(["unshare", "--mount", "--pid", "--fork", "--kill-child", "--propagation=private", "sh", "-euc",
                               START, "sh", root, str(USER), str(PROJECT), *command], capture_output=True, text=True, timeout=120)
    return start


@pytest.mark.parametrize("how", ["container", "container-daemon", "host", "host-daemon"])
def test_each_way_of_starting_it(run, how):
    """--fusemount "HOW:npyfs /data /mnt" serves the mount."""
    ran = run("apptainer", "exec", "--bind", "/shared/data", "--fusemount", f"{how}:npyfs /shared/data /mnt", "/image",
              "python3", "-c", LOAD)
    assert (ran.returncode, ran.stdout) == (0, "117.0\n"), ran.stderr


def test_the_recipe(run):
    """The recipe does."""
    ran = run("sh", "apptainer.sh", "/image", "/shared/data", "python3", "-c", LOAD)
    assert (ran.returncode, ran.stdout) == (0, "117.0\n"), ran.stderr


def test_it_can_be_written(run, root):
    """With -o rw the files of a project's group can be written, which has no number in the container."""
    ran = run("apptainer", "exec", "--bind", "/shared/data", "--fusemount", "container:npyfs -o rw /shared/data /mnt", "/image",
              "python3", "-c", FILL)
    assert ran.returncode == 0, ran.stderr
    assert np.load(root / "shared/data/rows.npy").sum() == ARRAY.sum() - ARRAY[3:6].sum()


def test_what_cannot_be_served_is_said(run):
    """npyfs says why, and the command finds no files."""
    ran = run("apptainer", "exec", "--bind", "/shared/data", "--fusemount", "container:npyfs /shared/nosuch /mnt", "/image", "ls",
              "/mnt")
    assert ran.returncode != 0 and ran.stdout == ""
    assert "npyfs: error: /shared/nosuch: open failed: No such file or directory" in ran.stderr
