"""Filesystems of a test's own, each in a file, on a loop device."""

import errno
import mmap
import os
import shutil
import subprocess
import time

import mount as mounting

SIZES = {"ext4": 64, "xfs": 320, "btrfs": 160}  # MiB; the smallest that mkfs takes, or nearly


class Disk:
    """A filesystem in a file below `scratch`, mounted at `path` by root."""

    def __init__(self, scratch, kind, *features):
        """`features` are further arguments of mkfs."""
        self.image, self.path = scratch / "image", scratch / "disk"
        self.path.mkdir()
        with open(self.image, "wb") as image:
            image.truncate(SIZES[kind] << 20)
        subprocess.run([f"mkfs.{kind}", "-q", *features, self.image], check=True, capture_output=True)
        self._devices = []
        self._plug(self.image)

    def _plug(self, image):
        attached = subprocess.run(["losetup", "--find", "--show", image], check=True, capture_output=True, text=True)
        self._devices.append(attached.stdout.strip())
        self.mount()

    def mount(self):
        subprocess.run(["mount", self._devices[-1], self.path], check=True)

    def fill(self):
        """Leaves no block free."""
        with open(self.path / "filler", "wb", buffering=0) as filler:
            for size in (1 << 20, 1 << 12):
                try:
                    while filler.write(b"x" * size) == size:
                        os.fdatasync(filler.fileno())
                except OSError:
                    continue

    def lose_half_of(self, name, items):
        """Makes the part of a file unreadable that lies in the second half of its blocks on the disk.

        Takes items of the file at some offsets, as {offset: bytes}, and returns those offsets that can still be read.
        """
        subprocess.run(["mount", "-o", "remount,ro", self.path], check=True)
        with open(self.image, "rb") as file, mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ) as image:
            places = {offset: image.find(item) for offset, item in items.items()}
        assert min(places.values()) > 0
        end = sorted(places.values())[len(places) // 2]
        end -= end % mmap.PAGESIZE
        os.truncate(self.image, end)
        with open(self.path / name, "rb") as file:
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        return {offset for offset, place in places.items() if place < end}

    def remount(self):
        """Takes the filesystem down and brings it up again from what is on the disk."""
        subprocess.run(["umount", self.path], check=True)
        end = time.monotonic() + mounting.DEADLINE
        while self._is_in_use():
            assert time.monotonic() < end, "the disk is still mounted elsewhere"
            time.sleep(0.02)
        self.mount()

    def _is_in_use(self):
        """Where somebody has made a mount namespace the filesystem stays up, and would be mounted again as it is."""
        try:
            os.close(os.open(self._devices[-1], os.O_RDONLY | os.O_EXCL))
        except OSError as error:
            if error.errno != errno.EBUSY:
                raise
            return True
        return False

    def replug(self):
        """Takes the filesystem away from those who use it, and brings it back as it was, as another device."""
        os.sync()
        subprocess.run(["umount", "-l", self.path], check=True)
        self._plug(shutil.copy(self.image, self.image.with_name("replugged")))

    def close(self):
        subprocess.run(["umount", "-l", self.path], capture_output=True)
        subprocess.run(["losetup", "--detach", *self._devices], check=True)
