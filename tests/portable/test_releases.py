"""The portable binary in other releases of Debian, with the fusermount that they have."""

import os
import subprocess

import pytest

from debian import KEYRING, MIRROR
from test_empty_root import USER, round_trip

pytestmark = [
    pytest.mark.skipif(os.environ.get("NPYFS_TEST_ALL") != "1", reason="long: scripts/portable --test runs it"),
    pytest.mark.skipif(os.getuid() != 0, reason="needs root, to make root directories"),
]

# fuse is that of libfuse 2.9, whose fusermount takes the place of fusermount3.
RELEASES = {"bullseye": "fuse", "bookworm": "fuse3", "trixie": "fuse3", "sid": "fuse3"}


@pytest.mark.parametrize("release", RELEASES)
def test_round_trip(system, release):
    """As root, and as a user with the help of the release's own fusermount."""
    own = {path.name: path.rename(system.parent / path.name) for path in system.iterdir() if path.name != "mnt"}
    subprocess.run(["debootstrap", "--variant=minbase", f"--keyring={KEYRING}", f"--include={RELEASES[release]}",
                    "--exclude=systemd", release, system, MIRROR], check=True, stdout=subprocess.DEVNULL)
    for name in ("case", "npyfs", "round_trip", "deny"):
        own[name].rename(system / name)
    subprocess.run(["chroot", system, "useradd", f"--uid={USER}", "user"], check=True)
    if not (system / "etc/mtab").exists():  # which starting the system would make
        (system / "etc/mtab").symlink_to("/proc/self/mounts")
    for options in ((), (f"--user={USER}",)):
        subprocess.run(["cp", "-a", system / "case/source", system / "source.original"], check=True)
        os.chown(system / "mnt", *(2 * (USER,)))
        assert "npyfs" not in round_trip(system, *options)
        subprocess.run(["rm", "-r", system / "case/source"], check=True)
        (system / "source.original").rename(system / "case/source")
