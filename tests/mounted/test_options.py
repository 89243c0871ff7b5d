"""The options of -o as libfuse reads them: escapes, order, repetition; those of mount(8) and fstab; wrong ones."""

import os
import subprocess
from pathlib import Path

import numpy as np
import pytest

import mount as mounting
from arrays import assert_serves, saved
from users import STRANGER, as_user, in_namespace, outcome

ARRAY = np.arange(12.0).reshape(6, 2)
USAGE = 2
needs_root = pytest.mark.skipif(os.getuid() != 0, reason="needs root, to become somebody else")


@pytest.fixture
def secret(source):
    """A source that all may enter, with an array that its owner alone may read."""
    source.chmod(0o755)
    (source / "data.npy").write_bytes(saved(ARRAY))
    (source / "data.npy").chmod(0o600)
    return source


@pytest.fixture
def mountpoint(scratch):
    (scratch / "mountpoint").mkdir()
    return scratch / "mountpoint"


def options_of(mounted):
    """What the kernel and the filesystem know of the mount."""
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        fields = line.split(" ")
        if fields[4] == str(mounted.path):
            return fields[5].split(",") + fields[-1].split(",")
    raise AssertionError("not mounted")


def given(mounted):
    return (mounted / ".npyfs/options").read_text().splitlines()[-1]


def stranger_reads(path):
    def read():
        with open(path, "rb") as file:
            return len(file.read())
    return as_user(STRANGER, lambda: outcome(read))


OPEN = ["allow_other", r"allow\_other", r"allow\137other", r"ro,\allow_other", r"allow_othe\r,ro", "allow_other,allow_other"]


@needs_root
@pytest.mark.parametrize("spelled", OPEN)
@pytest.mark.parametrize("joined", [False, True], ids=["-o X", "-oX"])
def test_other_users_come_in_with_permissions_checked(secret, mount, spelled, joined):
    """However allow_other is spelled, the kernel checks permissions: nobody else reads what the owner alone may read."""
    mounted = mount(secret, arguments=["-o" + spelled] if joined else ["-o", spelled])
    assert {"allow_other", "default_permissions"} <= set(options_of(mounted))
    assert stranger_reads(mounted / "data.npy/source.npy") == "EACCES"
    assert stranger_reads(mounted / "data.npy/chunks/0_of_2.npy") == "EACCES"
    (secret / "data.npy").chmod(0o644)
    mounted.wait_until(lambda: stranger_reads(mounted / "data.npy/source.npy") == len(saved(ARRAY)), "the new mode")
    assert "allow_other" in given(mounted) and "\\" not in given(mounted)


@needs_root
@pytest.mark.parametrize("spelled", [r"fsname=a\,allow_other", r"fsname=a\054allow_other", "fsname=allow_other,ro"])
def test_a_comma_in_a_name_begins_no_option(secret, mount, spelled):
    """fsname=a\\,allow_other names the mount, and lets nobody in."""
    mounted = mount(secret, spelled)
    assert "allow_other" not in options_of(mounted)
    assert stranger_reads(mounted / "data.npy/source.npy") == "EACCES"
    assert mounting.mount_entry(mounted.path)[0].endswith("allow_other")


# libfuse hands these on as text with commas in it, to the kernel or to fusermount3.
SMUGGLED = ["subtype=x", "user=x", "max_read=4096", "context=x", "fscontext=x", "defcontext=x", "rootcontext=x", "x-y"]


@needs_root
@pytest.mark.parametrize("option", SMUGGLED)
@pytest.mark.parametrize("between", [r"\,", r"\054"], ids=["comma", "octal"])
def test_no_value_smuggles_an_option_in(secret, mountpoint, option, between):
    """A comma in a value neither opens the mount to others nor takes the check of permissions away, for root and for users
    whom fusermount3 helps."""
    script = """
    echo user_allow_other > "$5/fuse.conf"
    mount --bind "$5/fuse.conf" /etc/fuse.conf
    chmod 666 /dev/fuse
    chmod 755 "$5"
    chown nobody "$3"
    for user in root nobody; do
      for options in "$4" ro; do
        setpriv --reuid "$user" --clear-groups -- "$1" "$2" "$3" -o "$options" 2>/dev/null || true
        findmnt -n -o OPTIONS "$3" || true
        umount "$3" 2>/dev/null || true
      done
    done
    """
    ran = in_namespace(script, mounting.binary(), secret, mountpoint, option + between + "allow_other", mountpoint.parent)
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.count("ro,nosuid,nodev,noexec") >= 2, "both users mount"
    assert "allow_other" not in ran.stdout, ran.stdout


def test_the_last_word_counts_wherever_it_stands(secret, mount):
    """Of ro and rw, and of repeated values, the last one counts, in one -o or in several."""
    for arguments, writable, chunks in ((["-o", "rw,ro"], False, None), (["-o", "ro", "-o", "rw"], True, None),
                                        (["-orw", "-oro"], False, None), (["-o", r"r\w"], True, None),
                                        (["-o", "rw", "-r"], False, None),
                                        (["-o", "chunks=3,chunks=5"], False, 5), (["-ochunks=5", "-o", "chunks=3"], False, 3)):
        mounted = mount(secret, arguments=arguments)
        assert ("rw" in options_of(mounted)) == writable, arguments
        if chunks is not None:
            assert len(os.listdir(mounted / "data.npy/chunks")) == chunks
        mounted.unmount()


@pytest.mark.parametrize("spelled", ["auto_unmount", r"auto\_unmount", "ro,auto_unmount,ro", "auto_unmount,auto_unmount"])
def test_auto_unmount_however_it_is_spelled(secret, mount, spelled):
    """auto_unmount unmounts when npyfs is killed, however it is spelled."""
    mounted = mount(secret, spelled)
    os.kill(mounted.pid, 9)
    mounting.wait_for_mount_state(mounted.path, mounted=False)
    assert mounted.wait_for_exit() == -9


# What mount(8) and fstab(5) know, and mount.fuse3 may hand on.
OF_MOUNT = ["defaults", "auto", "noauto", "nofail", "_netdev", "user", "nouser", "users", "nousers", "owner", "noowner", "group",
            "nogroup", "user=joe", "comment=an array, and a comma".replace(",", r"\,"), "x-systemd.automount",
            "x-systemd.requires=/a", "X-mount.mkdir", "atime", "noatime", "diratime", "nodiratime", "relatime", "norelatime",
            "strictatime", "nostrictatime", "lazytime", "nolazytime", "sync", "async", "dirsync", "suid", "nosuid", "dev",
            "nodev", "exec", "noexec"]


def assert_mounted_with_care(mounted):
    assert {"nosuid", "nodev", "noexec"} <= set(options_of(mounted))
    assert_serves(mounted, ARRAY)


def test_options_of_mount_are_taken(secret, mount):
    """All options that fstab(5) may have are taken by npyfs itself, and none takes nosuid, nodev or noexec away."""
    for option in OF_MOUNT:
        mounted = mount(secret, option)
        assert_mounted_with_care(mounted)
        mounted.unmount()
    assert_mounted_with_care(mount(secret, ",".join(OF_MOUNT)))


@needs_root
@pytest.mark.parametrize("options", [",".join(option for option in OF_MOUNT if "\\" not in option and "user" not in option),
                                     "user,noauto", "users", "owner,comment=systemd.automount", "relatime,lazytime,nodiratime",
                                     "defaults", "strictatime,X-mount.mkdir=0700", "rw,sync,dirsync"])
def test_mount_8_takes_them(secret, mountpoint, options):
    """mount -t fuse.npyfs takes them: what it hands on is taken."""
    script = """
    mount -t tmpfs none /usr/local/bin
    cp "$1" /usr/local/bin/npyfs
    mount -t fuse.npyfs -o "$4" "$2" "$3"
    findmnt -n -o OPTIONS "$3"
    cat "$3/data.npy/source.npy" | cmp - "$2/data.npy"
    umount "$3"
    """
    ran = in_namespace(script, mounting.binary(), secret, mountpoint, options)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert {"nosuid", "nodev", "noexec"} <= set(ran.stdout.strip().split(","))


WRONG = ["nosuchoption", "chunks=x", "chunks", "rw=1", "allow_other=1", "auto_unmount=", "nonempty", r"rw\,allow_other", "fsname",
         "ro,,nosuch", "No_atime", "nochunks", "noallow_other", "direct_io,kernel_cache"]


@pytest.mark.parametrize("option", WRONG)
def test_a_wrong_option_is_said_before_anything_else(secret, mountpoint, option):
    """A wrong option is all that is said, and first: of a mountpoint that is not empty, or of one that is not there, nothing."""
    (mountpoint / "file").touch()
    for source, at in ((secret, mountpoint), (secret, mountpoint / "missing"), (secret / "missing", mountpoint)):
        ran = mounting.run(source, at, "-o", option)
        assert ran.returncode == USAGE and ran.stdout == ""
        assert ran.stderr.startswith("npyfs: "), ran.stderr
        assert ran.stderr.splitlines()[1:] == ["Try 'npyfs --help'."], ran.stderr
    assert not mounting.is_mounted(mountpoint)


def test_what_was_given_is_shown(secret, mount):
    """.npyfs/options shows the options that were given, as libfuse understood them, in their order."""
    mounted = mount(secret, arguments=["-o", r"chunks=3,fsname=a\,b\\c", "-ologlevel=info", "-o", "relatime"])
    assert given(mounted) == r"given=chunks=3,fsname=a\\,b\\\\c,loglevel=info,relatime"


def test_help_needs_no_right_option(secret):
    """--help helps where options are wrong, too."""
    ran = mounting.run(secret, "-o", "nosuch", "--help")
    assert ran.returncode == 0 and ran.stdout.startswith("Usage: ")


def test_an_option_without_its_text_is_refused(secret, mountpoint):
    """-o at the very end is an error."""
    ran = subprocess.run([mounting.binary(), secret, mountpoint, "-o"], capture_output=True, text=True)
    assert ran.returncode == USAGE and "npyfs: " in ran.stderr
    assert not mounting.is_mounted(mountpoint)
