"""-o idle_timeout=S: the mount ends when nothing has been open for S seconds."""

import mmap
import os
import subprocess
import time

import numpy as np
import pytest

import mount as mounting
from arrays import assert_serves, saved
from users import in_namespace

ARRAY = np.arange(12.0).reshape(6, 2)
SECONDS = 1
AFTER = 3 * SECONDS  # by then an unused mount has ended, also on a busy machine it should
USAGE = 2


@pytest.fixture
def mounted(source, mount):
    (source / "data.npy").write_bytes(saved(ARRAY))
    return mount(source, f"idle_timeout={SECONDS}")


def assert_ends(mounted):
    mounted.assert_ended_cleanly()


def assert_stays(mounted):
    """Waits far beyond the timeout."""
    assert not mounted.has_exited(AFTER)
    assert mounting.is_mounted(mounted.path)


def test_an_unused_mount_ends(mounted):
    """With nothing open it is unmounted, not before S seconds, with exit status 0."""
    start = time.monotonic()
    assert not mounted.has_exited(0.7 * SECONDS)
    assert_ends(mounted)
    assert time.monotonic() - start < mounting.DEADLINE


def test_an_open_file_keeps_it(mounted):
    """A file that is open and not read keeps the mount; after its close the time begins."""
    with open(mounted / "data.npy/chunks/0_of_2.npy", "rb"):
        assert_stays(mounted)
    assert not mounted.has_exited(0.7 * SECONDS)
    assert_ends(mounted)


def test_an_open_directory_keeps_it(mounted):
    """A directory that is open keeps the mount."""
    descriptor = os.open(mounted / "data.npy/chunks", os.O_RDONLY)
    assert_stays(mounted)
    os.close(descriptor)
    assert_ends(mounted)


@pytest.mark.parametrize("name", ["data.npy/chunks/0_of_2.npy", "data.npy/source.npy"])
def test_a_mapping_keeps_it(mounted, name):
    """A mapping whose descriptor is closed keeps the mount."""
    with open(mounted / name, "rb") as file:
        mapped = mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ)
    assert_stays(mounted)
    assert mapped[:6] == b"\x93NUMPY"
    mapped.close()
    assert_ends(mounted)


def test_a_working_directory_keeps_it(mounted):
    """A process whose working directory is in the mount keeps it."""
    process = subprocess.Popen(["sleep", "60"], cwd=mounted / "data.npy/chunks")
    assert_stays(mounted)
    process.kill()
    process.wait()
    assert_ends(mounted)


def test_short_opens_keep_it(mounted):
    """Opens that are shorter than any look keep the mount."""
    end = time.monotonic() + AFTER
    while time.monotonic() < end:
        assert_serves(mounted, ARRAY)
        assert not mounted.has_exited(0.6 * SECONDS)
    assert_ends(mounted)


def test_what_was_written_is_in_the_source(source, mount):
    """A writable mount ends by itself as well, with all that was written in the source."""
    (source / "data.npy").write_bytes(saved(ARRAY))
    mounted = mount(source, "rw", f"idle_timeout={SECONDS}")
    array = np.load(mounted / "data.npy/chunks/0_of_2.npy", mmap_mode="r+")
    array[:] = 7
    del array
    assert_ends(mounted)
    assert np.load(source / "data.npy")[:3].tolist() == [[7.0, 7.0]] * 3


def test_a_signal_ends_an_idle_mount_at_any_time(source, mount):
    """Signals and the end of the time may meet."""
    (source / "data.npy").write_bytes(saved(ARRAY))
    for delay in (0.09, 0.1, 0.101, 0.105, 0.11, 0.13, 0.15):
        mounted = mount(source, "rw", "idle_timeout=0.1")
        time.sleep(delay)
        os.kill(mounted.pid, 15)
        assert_ends(mounted)


def test_without_the_option_it_stays(source, mount):
    """No option, no end; 0 is no option."""
    mounts = [mount(source), mount(source, "idle_timeout=0")]
    for mounted in mounts:
        assert_stays(mounted)


@pytest.mark.parametrize("value", ["", "-1", "x", "nan", "inf"])
def test_bad_values(source, scratch, value):
    """A value that is no number of seconds is refused, and so is the option with a command, which ends the mount itself."""
    ran = mounting.run(source, scratch, "-o", f"idle_timeout={value}")
    assert ran.returncode == USAGE and "idle_timeout: " in ran.stderr
    ran = mounting.run(source, "-o", "idle_timeout=5", "--", "true")
    assert ran.returncode == USAGE and "idle_timeout: " in ran.stderr


@pytest.mark.skipif(os.getuid() != 0, reason="needs root, to become somebody else")
def test_users_have_it_too(source, scratch):
    """Whoever is not root unmounts by fusermount3; a mount that is busy is none of its messages' business."""
    (source / "data.npy").write_bytes(saved(ARRAY))
    (scratch / "mnt").mkdir()
    script = """
    chmod 666 /dev/fuse
    chown nobody "$3"
    setpriv --reuid nobody --clear-groups -- sh -c '
      "$0" "$1" "$2" -f -o "idle_timeout=0.5" & until findmnt "$2" > /dev/null; do sleep 0.05; done
      (cd "$2" && sleep 2 && findmnt "$2" > /dev/null && echo kept); wait $! ; echo $?' "$1" "$2" "$3"
    findmnt "$3" || echo gone
    """
    ran = in_namespace(script, mounting.binary(), source, scratch / "mnt")
    assert ran.stdout.split() == ["kept", "0", "gone"], ran.stdout + ran.stderr
    assert ran.stderr == ""
