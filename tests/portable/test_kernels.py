"""The portable binary with other kernels, in virtual machines that are emulated in software."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from debian import Archive

pytestmark = pytest.mark.skipif(os.environ.get("NPYFS_TEST_ALL") != "1", reason="long: scripts/portable --test runs it")

# Release of Debian -> what its kernel is at least. The archive has none before 5.10.
RELEASES = {"bullseye": (5, 10), "bookworm": (6, 1), "trixie": (6, 12), "trixie-backports": (7, 0), "sid": (7, 0)}
META_PACKAGE = "linux-image-cloud-amd64"
# Seconds: a kernel takes 10 to start, and the round trip 10, where nobody else needs the processor.
DEADLINE = 600


def kernel_and_module(archive, directory):
    """The image of a release's kernel, and fuse.ko uncompressed; None in its place where FUSE is built in."""
    image, = [name for name in archive.depends(META_PACKAGE) if name.startswith("linux-image-")]
    # From 7.0 on image and modules are packages of their own.
    parts = ("linux-base-", "linux-binary-", "linux-modules-")
    for package in (image, *(name for name in archive.depends(image) if name.startswith(parts))):
        root = archive.unpacked(package, directory)
    kernel, = root.glob("**/vmlinuz*")
    found = list(root.glob("**/fs/fuse/fuse.ko*"))
    if not found:
        built_in, = root.glob("**/modules.builtin")
        assert "/fs/fuse/fuse.ko\n" in built_in.read_text()
        return kernel, None
    module, = found
    if module.suffix == ".xz":
        subprocess.run(["xz", "--decompress", module], check=True)
        module = module.with_suffix("")
    return kernel, module


def initramfs(system, module, archive):
    """Packs the root of a system, which starts round_trip."""
    (system / "modules").mkdir()
    if module:
        shutil.copy(module, system / "modules")
    (system / "round_trip").rename(system / "init")
    names = "\n".join(str(path.relative_to(system)) for path in sorted(system.rglob("*")))
    with open(archive, "wb") as out:
        subprocess.run(["cpio", "--quiet", "--create", "--format=newc", "--owner=0:0"], cwd=system, check=True,
                       input=names.encode(), stdout=out)
    return archive


@pytest.mark.parametrize("release", RELEASES)
def test_round_trip(system, scratch, release):
    """Mounts, reads, writes and unmounts, with a processor that knows x86-64 and no more."""
    kernel, module = kernel_and_module(Archive(scratch / "apt", release), scratch / "kernel")
    command = ["qemu-system-x86_64", "-accel", "tcg", "-cpu", "qemu64", "-smp", "2", "-m", "1024", "-no-reboot",
               "-nographic", "-nodefaults", "-serial", "stdio", "-append", "console=ttyS0 quiet panic=-1",
               "-kernel", kernel, "-initrd", initramfs(system, module, scratch / "initramfs")]
    ran = subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=DEADLINE,
                         stdin=subprocess.DEVNULL)
    version = re.search(r"kernel: (\d+)\.(\d+)", ran.stdout)
    assert version, ran.stdout[-3000:] + ran.stderr
    assert tuple(map(int, version.groups())) >= RELEASES[release]
    print(version.group(), end=" ")
    assert re.search(r"round trip: \d+ files are as expected", ran.stdout), ran.stdout[-3000:] + ran.stderr
