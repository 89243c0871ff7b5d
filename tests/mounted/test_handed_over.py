"""MOUNTPOINT /dev/fd/N: somebody else has mounted, and hands the descriptor of the connection over."""

import ctypes
import os
import signal
import subprocess
import time

import numpy as np
import pytest

import mount as mounting
from arrays import assert_serves, saved
from users import STRANGER, as_user, in_namespace, outcome

ARRAY = np.arange(12.0).reshape(6, 2)
USAGE = 2
MS_NOSUID, MS_NODEV = 2, 4
pytestmark = pytest.mark.skipif(os.getuid() != 0, reason="needs root, to mount by itself")


@pytest.fixture
def tree(source):
    source.chmod(0o755)
    (source / "data.npy").write_bytes(saved(ARRAY))
    (source / "data.npy").chmod(0o600)
    return source


class HandedOver:
    """A mount that the test makes by mount(2), as Apptainer's --fusemount does, and the npyfs that serves it."""

    def __init__(self, source, path, *options, background=False, kernel_options=""):
        path.mkdir()
        self.path = path
        self.descriptor = os.open("/dev/fuse", os.O_RDWR)
        data = f"fd={self.descriptor},rootmode=40000,user_id={os.getuid()},group_id={os.getgid()}{kernel_options}"
        assert mounting.libc.mount(b"arrays", os.fsencode(path), b"fuse.npyfs", MS_NOSUID | MS_NODEV, data.encode()) == 0, \
            os.strerror(ctypes.get_errno())
        command = [mounting.binary(), str(source), f"/dev/fd/{self.descriptor}", *(() if background else ("-f",)), *options]
        self.process = subprocess.Popen(command, pass_fds=[self.descriptor], stderr=subprocess.PIPE, text=True)
        os.close(self.descriptor)
        if background:
            assert self.process.wait(mounting.DEADLINE) == 0, self.process.stderr.read()

    def __truediv__(self, name):
        return self.path / name

    def close(self):
        if mounting.is_mounted(self.path):
            mounting.umount(self.path, mounting.MNT_DETACH)
        self.process.kill()
        self.process.communicate()


@pytest.fixture
def hand_over(scratch):
    made = []

    def make(source, *options, **more):
        made.append(HandedOver(source, scratch / f"handed{len(made)}", *options, **more))
        return made[-1]
    yield make
    for mounted in made:
        mounted.close()


def test_a_descriptor_is_served(tree, hand_over):
    """npyfs SOURCE /dev/fd/N -f serves the mount, and ends with 0 when whoever mounted unmounts."""
    mounted = hand_over(tree)
    assert_serves(mounted, ARRAY)
    assert (mounted / ".npyfs/version").read_text()
    subprocess.run(["umount", mounted.path], check=True)
    assert mounted.process.wait(mounting.DEADLINE) == 0
    assert mounted.process.stderr.read() == ""


def test_it_can_be_written(tree, hand_over):
    """With rw the mount can be written."""
    mounted = hand_over(tree, "-o", "rw")
    np.save(mounted / "data.npy/chunks/0_of_2.npy", np.zeros((3, 2)))
    assert np.load(tree / "data.npy")[:3].tolist() == [[0.0, 0.0]] * 3


def test_without_f_it_goes_to_the_background(tree, hand_over):
    """Without -f the command returns, as mount.fuse3 and Apptainer's container-daemon expect; the mount goes on."""
    mounted = hand_over(tree, background=True)
    assert_serves(mounted, ARRAY)
    subprocess.run(["umount", mounted.path], check=True)


def test_a_signal_ends_it_and_leaves_the_mount(tree, hand_over):
    """A signal ends npyfs; the mount belongs to whoever made it, and is dead then."""
    mounted = hand_over(tree)
    assert_serves(mounted, ARRAY)
    mounted.process.send_signal(signal.SIGTERM)
    assert mounted.process.wait(mounting.DEADLINE) == 0
    assert mounting.is_mounted(mounted.path)
    assert outcome(os.listdir, mounted.path) == "ENOTCONN"


@pytest.mark.parametrize("kernel_options", ["", ",allow_other"])
@pytest.mark.parametrize("options", [(), ("-o", "allow_other"), ("-o", "allow_root")])
def test_nobody_else_comes_in_without_a_check_of_permissions(tree, hand_over, kernel_options, options):
    """Whatever whoever mounted has allowed: npyfs lets nobody else in, unless it is told that the kernel checks permissions."""
    mounted = hand_over(tree, *options, kernel_options=kernel_options)
    assert_serves(mounted, ARRAY)
    for name in ("data.npy/source.npy", "data.npy/chunks/0_of_2.npy", ""):
        assert as_user(STRANGER, lambda name=name: outcome(os.listdir if not name else os.stat, str(mounted / name))) == "EACCES"


def test_others_come_in_where_the_kernel_checks(tree, hand_over):
    """With allow_other and default_permissions, given to both, others have what the permissions of the source allow them."""
    mounted = hand_over(tree, "-o", "allow_other,default_permissions", kernel_options=",allow_other,default_permissions")

    def read():
        return len((mounted / "data.npy/source.npy").read_bytes())
    assert as_user(STRANGER, lambda: outcome(read)) == "EACCES"
    (tree / "data.npy").chmod(0o644)
    end = time.monotonic() + mounting.DEADLINE
    while as_user(STRANGER, lambda: outcome(read)) != len(saved(ARRAY)):
        assert time.monotonic() < end


@pytest.mark.parametrize("name", ["/dev/fd/207", "/dev/fd/208", "/dev/fd/x", "/dev/fd/", "/dev/fd/-1", "/dev/fd/99999999999"])
def test_what_is_no_descriptor_of_a_mount_is_refused(tree, name):
    """A number that is not open, or is something else, is refused with a sentence, and so is what is no number."""
    with open("/dev/null", "rb") as null:
        os.dup2(null.fileno(), 208)
        try:
            ran = mounting.run(tree, name, "-f", pass_fds=[208])
        finally:
            os.close(208)
    assert ran.returncode != 0 and ran.stdout == ""
    assert ran.stderr.startswith("npyfs: ") and name in ran.stderr


def test_what_needs_a_path_is_refused(tree):
    """A command, and an unmount by itself, need a path."""
    for arguments in (("-o", "idle_timeout=5"), ("--", "true")):
        ran = mounting.run(tree, "/dev/fd/9", *arguments)
        assert ran.returncode == USAGE and "/dev/fd/9: " in ran.stderr


@pytest.mark.parametrize("options", ["ro", "ro,allow_other", "rw"])
def test_mount_fuse_hands_over(tree, scratch, options):
    """mount -t fuse.npyfs -o drop_privileges mounts, drops all capabilities, and hands the descriptor over."""
    (scratch / "mnt").mkdir()
    (tree / "data.npy").chmod(0o644)
    script = """
    mount -t tmpfs none /usr/local/bin
    cp "$1" /usr/local/bin/npyfs
    mount -t fuse.npyfs -o "drop_privileges,$4" "$2" "$3"
    cat "$3/data.npy/source.npy" | cmp - "$2/data.npy"
    for process in /proc/[0-9]*; do
      if [ "$(readlink "$process/exe")" = /usr/local/bin/npyfs ]; then grep CapEff "$process/status"; fi
    done
    umount "$3"
    """
    ran = in_namespace(script, mounting.binary(), tree, scratch / "mnt", options)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert ran.stdout.split() == ["CapEff:", "0" * 16]
