"""Other users: they read what the source's permissions allow them, no more; and they can mount for themselves.

These tests need root, to become other users.
"""

import os
import pwd
import shutil
import stat

import numpy as np
import pytest

import mount as mounting
from arrays import saved
from users import GROUP, MEMBER, OWN_GROUP, OWNER, STRANGER, as_user, in_namespace, outcome

ARRAY = np.arange(12.0).reshape(6, 2)

# Who can read a file of which mode, owned by OWNER and GROUP.
MODES = {
    0o600: {OWNER},
    0o640: {OWNER, MEMBER},
    0o644: {OWNER, MEMBER, STRANGER},
    0o604: {OWNER, STRANGER},
    0o044: {MEMBER, STRANGER},
    0o000: set(),
    0o400: {OWNER},
    0o060: {MEMBER},
}
USERS = {OWNER: (), MEMBER: (GROUP,), STRANGER: ()}
VIEWS = ["chunks/0_of_2.npy", "chunks/0_of_2.bin", "slices/1_to_3.npy", "axis1/chunks/1_of_2.npy", "chunks/2/1_of_2.npy",
         "source.npy", "info.json"]


@pytest.fixture(scope="module")
def tree(module_scratch):
    root = module_scratch / "source"
    root.mkdir()
    for mode in MODES:
        (root / f"directory {mode:04o}").mkdir()
        for path in (root / f"{mode:04o}.npy", root / f"{mode:04o}.txt", root / f"directory {mode:04o}/in.npy"):
            path.write_bytes(saved(ARRAY))
            os.chown(path, OWNER, GROUP)
        for path in (root / f"{mode:04o}.npy", root / f"{mode:04o}.txt"):
            path.chmod(mode)
        os.chown(root / f"directory {mode:04o}", OWNER, GROUP)
        (root / f"directory {mode:04o}").chmod(mode | (mode & 0o444) >> 2)
    return root


@pytest.fixture(scope="module")
def mounted(tree, module_mount):
    return module_mount(tree, "allow_other")


def size_read(path):
    return len(path.read_bytes())


def outcomes(user, function, paths):
    """What `function(path)` is for each path when this user calls it."""
    return as_user(user, lambda: [outcome(function, path) for path in paths], groups=USERS[user])


@pytest.mark.parametrize("user", USERS)
@pytest.mark.parametrize("mode", MODES, ids="{:04o}".format)
def test_another_user_reads_what_the_source_allows(mounted, mode, user):
    """Under -o allow_other another user reads exactly what the source's permissions allow, also when npyfs is root."""
    array = mounted / f"{mode:04o}.npy"
    paths = [mounted / f"{mode:04o}.txt", *(array / name for name in VIEWS)]
    allowed = user in MODES[mode]
    assert outcomes(user, size_read, paths) == [path.stat().st_size if allowed else "EACCES" for path in paths]
    entries = len(os.listdir(array)) if allowed else "EACCES"
    assert outcomes(user, lambda path: len(os.listdir(path)), [array]) == [entries]


def test_names_that_were_written_are_the_owners_alone(source, mount):
    """.npyfs/written, which names views in directories that may be closed to others, can be read by the owner of the mount
    alone where others may enter it; the other files of .npyfs by all."""
    (source / "closed").mkdir(mode=0o700)
    (source / "closed/secret.npy").write_bytes(saved(ARRAY))
    mounted = mount(source, "rw", "allow_other")
    open(mounted / "closed/secret.npy/chunks/0_of_2.npy", "r+b").close()
    assert (mounted / ".npyfs/written").read_text() == "0 closed/secret.npy/chunks/0_of_2.npy\n"
    assert outcomes(STRANGER, size_read, [mounted / ".npyfs/written"]) == ["EACCES"]
    for name in ("version", "options", "status", "metrics"):
        assert "secret" not in as_user(STRANGER, (mounted / ".npyfs" / name).read_text)
    assert (mount(source, "rw") / ".npyfs/written").stat().st_mode & 0o777 == 0o444


@pytest.mark.parametrize("user", USERS)
@pytest.mark.parametrize("mode", MODES, ids="{:04o}".format)
def test_another_user_enters_the_directories_the_source_allows(mounted, mode, user):
    """A file below a directory of mode 0700 is out of reach, whatever its own mode."""
    directory = mounted / f"directory {mode:04o}"
    path = directory / "in.npy/chunks/1_of_2.npy"
    allowed = user in MODES[mode]
    assert outcomes(user, size_read, [path]) == [path.stat().st_size if allowed else "EACCES"]
    assert outcomes(user, os.listdir, [directory]) == [["in.npy"] if allowed else "EACCES"]
    start = outcomes(user, lambda path: os.getxattr(path, "user.npyfs.start").decode(), [path])
    assert start == ["3" if allowed else "EACCES"]


@pytest.mark.parametrize("user", USERS)
def test_what_the_mount_denies_is_what_the_source_denies(tree, mounted, user):
    """The same answers as those of the source itself, for every user and every file."""
    names = [name for mode in MODES for name in (f"{mode:04o}.txt", f"{mode:04o}.npy", f"directory {mode:04o}/in.npy")]
    of_source = outcomes(user, size_read, [tree / name for name in names])
    in_mount = [name + "/source.npy" if name.endswith(".npy") else name for name in names]
    assert outcomes(user, size_read, [mounted / name for name in in_mount]) == of_source


def test_permissions_that_change_hold_for_the_next_open(source, mount):
    """A chmod of the source counts for the mount, once the kernel's attributes have timed out."""
    (source / "data.npy").write_bytes(saved(ARRAY))
    path = mount(source, "allow_other", "attr_timeout=0", "entry_timeout=0") / "data.npy/chunks/0_of_2.npy"
    assert outcomes(STRANGER, size_read, [path]) == [path.stat().st_size]
    (source / "data.npy").chmod(0o600)
    assert outcomes(STRANGER, size_read, [path]) == ["EACCES"]


def test_without_allow_other_nobody_else_sees_the_mount(tree, mount):
    """Without allow_other a mount is its owner's alone, as with every FUSE filesystem."""
    mounted = mount(tree)
    paths = [mounted.path, mounted / "0644.txt", mounted / "0644.npy/source.npy"]
    assert outcomes(STRANGER, lambda path: os.stat(path).st_size, paths) == ["EACCES"] * len(paths)


def test_allow_other_implies_default_permissions(mounted, tree, mount):
    """allow_other implies default_permissions: the kernel checks modes before npyfs is asked."""
    assert {"allow_other", "default_permissions"} <= set(mounting.mount_entry(mounted.path)[3].split(","))
    assert "allow_other" not in mounting.mount_entry(mount(tree).path)[3].split(",")


# What a plain user does: mount, let numpy read, unmount, and see that nothing is left.
USE = """
"$1" "$2" "$3"
/usr/bin/python3 -c '
import sys, numpy as np
source, mount = sys.argv[1:]
whole = np.load(source + "/data.npy")
parts = [np.load(f"{mount}/data.npy/chunks/{i}_of_4.npy") for i in range(4)]
assert np.array_equal(np.concatenate(parts), whole)
assert np.load(f"{mount}/data.npy/axis1/chunks/1_of_2.npy", mmap_mode="r").tolist() == whole[:, 1:].tolist()
' "$2" "$3"
grep " $3 " /proc/self/mounts
fusermount3 -u "$3"
if grep " $3 " /proc/self/mounts; then exit 1; fi
"""

# The machine's /dev/fuse may be closed to users: theirs is an accessible one in a private mount namespace.
OPEN_FUSE = """
mknod "$4/fuse" c 10 229
chmod 666 "$4/fuse"
mount --bind "$4/fuse" /dev/fuse
"""


@pytest.fixture
def homes(scratch):
    """A source and a mountpoint of NOBODY's, the binary where he can run it, and a place for a device node."""
    for name in ("source", "mountpoint"):
        (scratch / name).mkdir()
    (scratch / "source/data.npy").write_bytes(saved(ARRAY))
    shutil.copy(mounting.binary(), scratch / "npyfs")
    for name in ("source", "source/data.npy", "mountpoint"):
        os.chown(scratch / name, NOBODY, NOBODY)
    (scratch / "source/data.npy").chmod(0o600)
    return [scratch / "npyfs", scratch / "source", scratch / "mountpoint", scratch]


NOBODY = pwd.getpwnam("nobody").pw_uid  # fusermount3 wants a user who has a name
AS_NOBODY = f"exec setpriv --reuid {NOBODY} --regid {NOBODY} --clear-groups --inh-caps=-all -- "


def assert_used(ran, mountpoint):
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert f" {mountpoint} fuse.npyfs " in ran.stdout
    assert not mounting.is_mounted(mountpoint)


def test_a_plain_user_mounts_with_fusermount3(homes):
    """A plain user mounts and unmounts with the help of fusermount3, where /dev/fuse is accessible."""
    script = OPEN_FUSE + AS_NOBODY + '/bin/sh -euc "$5" sh "$1" "$2" "$3"'
    ran = in_namespace(script, *homes, USE)
    assert_used(ran, homes[2])
    assert f"user_id={NOBODY}" in ran.stdout


def test_a_plain_user_mounts_in_a_user_namespace(homes):
    """npyfs works inside `unshare -Urm`."""
    script = OPEN_FUSE + AS_NOBODY + 'unshare -Urm /bin/sh -euc "$5" sh "$1" "$2" "$3"'
    assert_used(in_namespace(script, *homes, USE), homes[2])


def test_root_mounts_in_a_user_namespace(homes):
    """Root, too, works inside `unshare -Urm`."""
    os.chown(homes[1] / "data.npy", 0, 0)
    assert_used(in_namespace('unshare -Urm /bin/sh -euc "$5" sh "$1" "$2" "$3"', *homes, USE), homes[2])


def test_a_plain_user_may_not_allow_others_without_leave(homes):
    """fusermount3 refuses allow_other to users unless /etc/fuse.conf says user_allow_other; npyfs says so."""
    script = ": > \"$4/fuse.conf\"; mount --bind \"$4/fuse.conf\" /etc/fuse.conf; " + OPEN_FUSE + AS_NOBODY + (
        '"$1" "$2" "$3" -o allow_other')
    ran = in_namespace(script, *homes)
    assert ran.returncode == 3
    assert "user_allow_other" in ran.stderr


def test_files_of_other_groups_can_be_written_in_a_namespace(module_scratch):
    """A user namespace, as of a container, may have no number for the owner or group of a file. A writable mount shows the
    user's own then. Whoever may write to the source can do so in the mount."""
    root = module_scratch / "of_a_project"
    root.mkdir()
    for name, mode in (("ours.npy", 0o664), ("theirs.npy", 0o644)):
        (root / name).write_bytes(saved(ARRAY))
        (root / name).chmod(mode)
        os.chown(root / name, STRANGER, GROUP)
    script = """
    chmod 666 /dev/fuse
    setpriv --reuid "$3" --regid "$4" --groups "$5" -- unshare -Urm "$1" "$2" -o rw -- sh -uc '
      cd "$NPYFS_MNT"
      stat -c %u:%g ours.npy/source.npy
      head -c 8 /dev/zero | dd of=ours.npy/chunks/0_of_2.bin bs=8 conv=notrunc 2>&1 | grep -c denied
      head -c 8 /dev/zero | dd of=theirs.npy/chunks/0_of_2.bin bs=8 conv=notrunc 2>&1 | grep -c denied
      cp --preserve=ownership theirs.npy/chunks/0_of_2.npy ours.npy/chunks/0_of_2.npy; echo "$?"
      exit 0'
    """
    np.save(root / "ours.npy", ARRAY + 1)
    ran = in_namespace(script, mounting.binary(), root, str(OWNER), str(OWN_GROUP), str(GROUP))
    assert (ran.returncode, ran.stdout.split()) == (0, ["0:0", "0", "1", "0"]), ran.stdout + ran.stderr
    assert np.array_equal(np.load(root / "ours.npy"), np.concatenate([ARRAY[:3], ARRAY[3:] + 1]))
    assert np.array_equal(np.load(root / "theirs.npy"), ARRAY)


def test_a_plain_user_without_fusermount3_is_told_what_to_install(homes):
    """Where there is no fusermount3, users other than root cannot mount; npyfs says what to do."""
    script = 'mount --bind /dev/null /usr/bin/fusermount3; ' + OPEN_FUSE + AS_NOBODY
    ran = in_namespace(script + '"$1" "$2" "$3"', *homes)
    assert ran.returncode == 3
    assert ran.stderr.endswith("install the package fuse3\n"), ran.stderr


def test_views_are_never_executable_or_setuid(source, mount):
    """Files are never executable or setuid, whatever the source is."""
    (source / "tool").write_text("#!/bin/sh\n")
    (source / "data.npy").write_bytes(saved(ARRAY))
    for name in ("tool", "data.npy"):
        (source / name).chmod(0o6755)
    mounted = mount(source, "allow_other")
    for name in ("tool", "data.npy/source.npy", "data.npy/chunks/0_of_1.bin"):
        assert not stat.S_IMODE(os.stat(mounted / name).st_mode) & 0o7333
        assert not os.access(mounted / name, os.X_OK)


def test_a_link_is_no_way_around_a_closed_directory(module_scratch, mount):
    """A link that leads through a directory which is not open to all is resolved with the reader's own rights."""
    root = module_scratch / "links"
    (root / "closed").mkdir(parents=True)
    (root / "open").mkdir()
    for directory in ("closed", "open"):
        (root / directory / "in.npy").write_bytes(saved(ARRAY))
        os.chown(root / directory, OWNER, GROUP)
        (root / f"to_{directory}.npy").symlink_to(f"{directory}/in.npy")
    (root / "closed").chmod(0o700)
    mounted = mount(root, "allow_other")
    path = "chunks/0_of_2.npy"
    expected = len(saved(ARRAY[:3]))
    for user, groups in USERS.items():
        reads = {link: as_user(user, lambda: outcome(size_read, mounted / link / path), groups=groups)
                 for link in ("to_open.npy", "to_closed.npy")}
        assert reads == {"to_open.npy": expected, "to_closed.npy": expected if user == OWNER else "EACCES"}
