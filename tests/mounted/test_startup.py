"""Starting npyfs: what it says and how it exits when it cannot mount, and the options that it takes."""

import itertools
import os
import subprocess

import numpy as np
import pytest

import mount as mounting
from arrays import assert_serves, saved
from users import STRANGER, as_user, in_namespace

ARRAY = np.arange(12.0).reshape(6, 2)
USAGE, FAILED = 2, 3  # exit statuses: the command line is wrong, mounting failed


@pytest.fixture
def places(scratch, source):
    """A source with one array, and a mountpoint."""
    (source / "data.npy").write_bytes(saved(ARRAY))
    (source / "sub").mkdir()
    (scratch / "mountpoint").mkdir()
    return source, scratch / "mountpoint"


def assert_refused(ran, status, *mentioned):
    assert ran.returncode == status, ran.stderr
    assert ran.stdout == ""
    assert ran.stderr.startswith("npyfs: ") or "\nnpyfs: " in ran.stderr
    for text in mentioned:
        assert str(text) in ran.stderr


def test_a_missing_source_is_refused(places):
    """npyfs says on stderr, with a non-zero exit, why it does not mount: the source is missing."""
    source, mountpoint = places
    assert_refused(mounting.run(source / "missing", mountpoint), FAILED, source / "missing", "No such file",
                   "Is the name right")
    assert not mounting.is_mounted(mountpoint)


def test_a_source_that_is_no_directory_is_refused(places):
    """The source is no directory."""
    source, mountpoint = places
    assert_refused(mounting.run(source / "data.npy", mountpoint), FAILED, source / "data.npy", "Not a directory",
                   f"SOURCE is the directory that holds the arrays, here {source}")
    assert not mounting.is_mounted(mountpoint)


@pytest.mark.skipif(os.getuid() != 0, reason="needs root, to become somebody else")
def test_a_source_of_somebody_else_is_refused(places):
    """The source may not be read by the user who mounts."""
    source, mountpoint = places
    source.chmod(0o700)
    said = as_user(STRANGER, lambda: mounting.run(source, mountpoint).stderr)
    assert said.endswith(": Permission denied. npyfs reads with the rights of the user who starts it: start it as one who "
                         "may read this\n")


def test_a_missing_mountpoint_is_refused(places):
    """The mountpoint is missing."""
    source, mountpoint = places
    assert_refused(mounting.run(source, mountpoint / "missing"), FAILED, mountpoint / "missing", "No such file",
                   f"Make it first: mkdir -p {mountpoint / 'missing'}")


def test_a_mountpoint_that_is_no_directory_is_refused(places):
    """The mountpoint is no directory."""
    source, mountpoint = places
    (mountpoint / "file").write_text("")
    assert_refused(mounting.run(source, mountpoint / "file"), FAILED, mountpoint / "file", "Not a directory",
                   "A mountpoint is a directory")


def test_a_mountpoint_inside_the_source_is_refused(places):
    """A mountpoint inside SOURCE is refused before mounting (it would deadlock), by whatever name."""
    source, mountpoint = places
    (mountpoint / "link").symlink_to(source)
    for inside in (source / "sub", source / "sub/../sub", mountpoint / "link/sub"):
        assert_refused(mounting.run(source, inside), USAGE, inside, "inside")
        assert_refused(mounting.run(mountpoint / "link", inside), USAGE, inside, "inside")
    assert not mounting.is_mounted(source / "sub")


def test_a_mountpoint_is_found_by_any_name(places):
    """A mountpoint may be named through links and dots; another name of SOURCE itself is SOURCE itself."""
    script = 'mount --bind "$2/sub" "$3"; "$1" "$2/sub" "$3/./."; ls "$3/.npyfs"; umount "$3"'
    ran = in_namespace(script, mounting.binary(), *places)
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.split() == ["metrics", "options", "status", "version"]


def test_without_fuse_the_reason_is_given(places):
    """Where /dev/fuse is not the FUSE device, npyfs exits with 3 and a reason, and nothing is mounted."""
    ran = in_namespace('mount --bind /dev/null /dev/fuse; exec "$1" "$2" "$3"', mounting.binary(), *places)
    assert_refused(ran, FAILED, places[1])


def test_without_the_device_containers_are_told_what_to_do(places):
    """Where there is no /dev/fuse, as in a container, npyfs says what the container needs, and what works without."""
    ran = in_namespace("mount -t tmpfs none /dev; mknod -m 666 /dev/null c 1 3; exec \"$1\" \"$2\" \"$3\"", mounting.binary(),
                       *places)
    assert_refused(ran, FAILED, places[1], "--device /dev/fuse", "npyfs --export")


@pytest.mark.skipif(os.getuid() != 0, reason="needs root, to have less than its rights")
def test_without_the_right_to_mount_containers_are_told_what_to_do(places):
    """The device is there, and mounting is forbidden, as in a container without CAP_SYS_ADMIN or with AppArmor."""
    ran = in_namespace('exec setpriv --bounding-set=-sys_admin --inh-caps=-sys_admin -- "$1" "$2" "$3"', mounting.binary(),
                       *places)
    assert_refused(ran, FAILED, places[1], "--cap-add SYS_ADMIN", "apparmor=unconfined", "npyfs --export")


@pytest.mark.parametrize("arguments", [[], ["one"], ["one", "two", "three"]], ids=len)
def test_source_and_mountpoint_are_needed(arguments):
    """SOURCE and MOUNTPOINT are needed, and nothing else: exit status 2."""
    assert_refused(mounting.run(*arguments), USAGE, "SOURCE and MOUNTPOINT")


@pytest.mark.parametrize("option", ["nosuchoption", "nosuchoption=5", "chunk=5", "chunks"])
def test_an_unknown_option_is_an_error(places, option):
    """Unknown options are an error: exit status 2, and nothing is mounted."""
    assert_refused(mounting.run(*places, "-o", f"ro,{option}"), USAGE, option, "npyfs --help lists them")
    assert not mounting.is_mounted(places[1])


def test_an_unknown_flag_is_an_error(places):
    """An unknown flag is an error as well."""
    for flag in ("-x", "--nosuchflag"):
        assert_refused(mounting.run(*places, flag), USAGE, flag)
        assert_refused(mounting.run(flag, places[0]), USAGE, f"{flag}: is no option here")


NUMBERS = ["", "0", "-1", "x", "1.5", "1x", " 1", "18446744073709551616", "9223372036854775808"]
SECONDS = ["", "-1", "x", "1s", "nan", "inf"]
BAD = [("chunks", value) for value in NUMBERS] + [("max_threads", value) for value in NUMBERS]
BAD += [(name, value) for name in ("entry_timeout", "attr_timeout", "negative_timeout") for value in SECONDS]
BAD += [("source_io", "x"), ("source_io", ""), ("loglevel", "loud")]


@pytest.mark.parametrize("name, value", BAD)
def test_a_bad_value_is_an_error_that_names_the_option(places, name, value):
    """A value that makes no sense is an error that names the option: exit status 2."""
    assert_refused(mounting.run(*places, "-o", f"{name}={value}"), USAGE, name)
    assert not mounting.is_mounted(places[1])


def test_direct_io_and_kernel_cache_exclude_each_other(places):
    """Of direct_io and kernel_cache only one can be had."""
    assert_refused(mounting.run(*places, "-o", "direct_io,kernel_cache"), USAGE, "kernel_cache")


@pytest.mark.parametrize("flag", ["-h", "--help"])
def test_help_is_printed_to_stdout(flag):
    """-h prints how npyfs is used, with every option, on one screen (24 lines with the prompt), and exits with 0."""
    ran = mounting.run(flag)
    assert ran.returncode == 0 and ran.stderr == ""
    assert ran.stdout.startswith("Usage: npyfs SOURCE MOUNTPOINT") and ran.stdout.count("\n") <= 23
    for option in ("chunks=N", "follow_symlinks", "allow_other", "auto_unmount", "max_threads=N", "fsname=NAME",
                   "--check", "--export", "--create"):
        assert option in ran.stdout


@pytest.mark.parametrize("flag", ["-V", "--version"])
def test_the_version_is_printed_to_stdout(flag):
    """-V prints name and version, and exits with 0."""
    ran = mounting.run(flag)
    assert ran.returncode == 0 and ran.stderr == ""
    assert ran.stdout.startswith("npyfs ") and ran.stdout.count("\n") == 1


def test_the_mount_has_type_and_source(places, mount):
    """The table of mounts shows the type fuse.npyfs and SOURCE, or the name given with -o fsname."""
    source, _ = places
    mounted = mount(source)
    assert mounting.mount_entry(mounted.path)[:3] == [str(source), str(mounted.path), "fuse.npyfs"]
    assert mounting.mount_entry(mount(source, "fsname=the-array-store").path)[0] == "the-array-store"


def test_the_source_is_shown_as_an_absolute_path(places, mount):
    """The table of mounts shows the absolute path of SOURCE, however it is given."""
    source, _ = places
    for name, at in (("source", source.parent), (".", source), ("./source/", source.parent), ("../source", source), ("sub/..", source)):
        mounted = mount(name, cwd=at)
        assert mounting.mount_entry(mounted.path)[0] == str(source)
        mounted.unmount()


def test_the_source_may_be_a_link(scratch, mount):
    """SOURCE may be a link. npyfs serves the directory that it led to when npyfs started, also where the link is changed
    later. The next mount follows it anew."""
    for name in ("old", "new"):
        (scratch / name).mkdir()
        (scratch / name / f"{name}.npy").write_bytes(saved(ARRAY))
    link = scratch / "link"
    link.symlink_to("old")
    mounted = mount(link, "entry_timeout=0,attr_timeout=0")
    assert np.array_equal(np.load(mounted / "old.npy/source.npy"), ARRAY)
    link.unlink()
    link.symlink_to("new")
    (scratch / "old/later.npy").write_bytes(saved(ARRAY))
    assert sorted(os.listdir(mounted.path)) == ["later.npy", "old.npy"]
    assert np.array_equal(np.load(mounted / "later.npy/source.npy"), ARRAY)
    assert os.listdir(mount(link).path) == ["new.npy"]


def test_a_mount_over_a_living_npyfs_is_said_once(places, mount):
    """Where an npyfs is mounted already, a notice says so, and that alone: not that the mountpoint is not empty as well."""
    source, mountpoint = places
    mount(source, at=mountpoint)
    ran = mounting.run(source, mountpoint)
    assert ran.returncode == 0
    assert ran.stderr == f"npyfs: notice: {mountpoint}: npyfs is mounted here already; this mount hides it until it ends\n"
    subprocess.run(["umount", mountpoint], check=True)
    assert mounting.is_mounted(mountpoint)


STANDARD = ["ro", "allow_other", "default_permissions", "allow_root", "nosuid", "nodev", "noexec", "noatime", "max_read=131072",
            "max_threads=1", "max_threads=4", "entry_timeout=0", "entry_timeout=0.5", "attr_timeout=60", "negative_timeout=3",
            "chunks=3", "direct_io", "kernel_cache", "source_io=mmap", "source_io=pread", "loglevel=debug", "dev", "suid"]


@pytest.mark.parametrize("option", STANDARD)
def test_standard_options_work(places, mount, option):
    """The standard options of FUSE filesystems work, and those of npyfs."""
    assert_serves(mount(places[0], option), ARRAY)


def test_options_may_come_in_any_place_and_number(places, mount):
    """-o may be given more than once, and before SOURCE."""
    mounted = mount(places[0], "ro,chunks=5", "fsname=x", arguments=["-o", "max_threads=2"])
    assert_serves(mounted, ARRAY)
    assert len(os.listdir(mounted / "data.npy/chunks")) == 5
    assert mounting.mount_entry(mounted.path)[0] == "x"


def test_timeouts_of_zero_show_changes_at_once(places, mount):
    """With -o attr_timeout=0,entry_timeout=0 a stat after a change of the source sees it."""
    source, _ = places
    mounted = mount(source, "attr_timeout=0", "entry_timeout=0")
    (source / "notes.txt").write_text("short")
    assert os.stat(mounted / "notes.txt").st_size == 5
    (source / "notes.txt").write_text("not as short")
    assert os.stat(mounted / "notes.txt").st_size == 12
    os.utime(source / "data.npy", (1, 1))
    assert os.stat(mounted / "data.npy/chunks/0_of_2.npy").st_mtime == 1
    (source / "notes.txt").unlink()
    assert not (mounted / "notes.txt").exists()


@pytest.mark.parametrize("name", ["with,comma", "with space", "back\\slash", "ünï", "line\nbreak", "quote's"])
def test_any_name_of_source_and_mountpoint_will_do(scratch, mount, name):
    """Paths with commas, spaces and other letters can be mounted."""
    source, mountpoint = scratch / f"{name} source", scratch / f"{name} mountpoint"
    source.mkdir()
    mountpoint.mkdir()
    (source / "data.npy").write_bytes(saved(ARRAY))
    mounted = mount(source, at=mountpoint)
    assert_serves(mounted, ARRAY)
    assert os.getxattr(mounted / "data.npy/chunks/0_of_1.npy", "user.npyfs.source") == os.fsencode(source / "data.npy")


def test_a_mountpoint_that_is_not_empty_is_covered(places, mount):
    """What lies in the mountpoint is covered while npyfs is mounted there."""
    source, mountpoint = places
    (mountpoint / "covered").write_text("x")
    mounted = mount(source, at=mountpoint)
    assert sorted(os.listdir(mountpoint)) == ["data.npy", "sub"]
    mounted.unmount()
    assert os.listdir(mountpoint) == ["covered"]


def test_npyfs_starts_from_a_shell_that_waits_for_its_output(places, mount):
    """A pipe on npyfs's output ends when it returns: the daemon does not hold it open."""
    source, mountpoint = places
    mounted = mount(source, at=mountpoint)
    for number in (0, 1, 2):
        assert os.readlink(f"/proc/{mounted.pid}/fd/{number}") == "/dev/null"
    assert subprocess.run(["ls", mountpoint], capture_output=True, check=True).stdout == b"data.npy\nsub\n"


CLOSED = [numbers for count in (1, 2, 3) for numbers in itertools.combinations((0, 1, 2), count)]


@pytest.mark.parametrize("numbers", CLOSED, ids=str)
@pytest.mark.parametrize("foreground", [False, True])
def test_npyfs_starts_without_stdin_stdout_and_stderr(places, mount, numbers, foreground):
    """Started with stdin, stdout or stderr closed npyfs serves as well: they are /dev/null then, and no file of its own."""
    source, mountpoint = places
    closing = " ".join(f"{number}>&-" for number in numbers)
    mounted = mount(source, at=mountpoint, foreground=foreground,
                    started_by=["/bin/sh", "-c", f'exec "$@" {closing}', "sh"])
    assert_serves(mounted, ARRAY)
    for number in (0, 1, 2):
        where = os.readlink(f"/proc/{mounted.pid}/fd/{number}")
        assert where == "/dev/null" or number not in numbers and not where.startswith((str(source), "anon_inode:"))
    mounted.unmount()


def test_without_dev_null_npyfs_needs_all_three(places):
    """Where stdin is closed and there is no /dev/null, npyfs says so, and exits with 3."""
    ran = in_namespace('mount -t tmpfs none /dev; exec "$1" "$2" "$3" <&-', mounting.binary(), *places)
    assert_refused(ran, FAILED, "/dev/null", "No such file")
    assert not mounting.is_mounted(places[1])
