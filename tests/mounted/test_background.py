"""Going to the background: the daemon keeps nothing open that whoever started it had open."""

import os
import subprocess

import numpy as np
import pytest

import mount as mounting
from arrays import assert_serves, saved

ARRAY = np.arange(12.0).reshape(6, 2)
MODES = pytest.mark.parametrize("options", ["ro", "auto_unmount"])


@pytest.fixture
def places(scratch, source):
    """A source with one array, a mountpoint, and a directory for other files."""
    (source / "data.npy").write_bytes(saved(ARRAY))
    (scratch / "mountpoint").mkdir()
    yield source, scratch / "mountpoint", scratch
    subprocess.run(["umount", scratch / "mountpoint"], stderr=subprocess.DEVNULL)


def bash(script, *arguments, timeout=20):
    """Runs a script that must not hang: $1 is npyfs."""
    return subprocess.run(["bash", "-euc", script, "bash", mounting.binary(), *map(str, arguments)], capture_output=True,
                          text=True, timeout=timeout)


@MODES
def test_a_lock_ends_with_the_command_that_mounts(places, options):
    """flock lk npyfs ...: the lock is free when npyfs has returned."""
    ran = bash('cd "$4"; flock lk "$1" "$2" "$3" -o "$5"; flock -n lk true; umount "$3"', *places, options)
    assert ran.returncode == 0, ran.stderr


@MODES
def test_a_pipe_ends_with_the_command_that_mounts(places, options):
    """Whoever reads from a pipe that npyfs inherited sees its end once all others have closed it."""
    ran = bash('exec 7> >(cat); "$1" "$2" "$3" -o "$4"; exec 7>&-; wait $!; umount "$3"', *places[:2], options)
    assert ran.returncode == 0, ran.stderr


@MODES
def test_output_into_a_pipe_ends_with_the_command_that_mounts(places, options):
    """npyfs ... | cat ends when npyfs returns, and so does what reads its stderr."""
    ran = bash('"$1" "$2" "$3" -o "$4" 2> >(cat) | cat; wait; umount "$3"', *places[:2], options)
    assert ran.returncode == 0, ran.stderr


@MODES
def test_a_daemon_has_none_of_the_descriptors(places, mount, options):
    """Of what was open, in all numbers, nothing is left in the daemon or in the fusermount3 of auto_unmount."""
    source, mountpoint, scratch = places
    (scratch / "held").touch()
    opened = "; ".join(f'exec {number}< "$0"' for number in (3, 4, 9, 10, 100, 255, 1000))
    mounted = mount(source, options, at=mountpoint, started_by=["bash", "-c", f'{opened}; exec "$@"', scratch / "held"])
    for process in os.listdir("/proc"):
        if process.isdigit() and process != str(os.getpid()):
            try:
                held = [os.readlink(f"/proc/{process}/fd/{number}") for number in os.listdir(f"/proc/{process}/fd")]
            except OSError:
                continue
            assert str(scratch / "held") not in held, process
    assert_serves(mounted, ARRAY)


def test_without_close_range_they_are_closed_as_well(places):
    """Linux before 5.9 has no close_range."""
    script = """
    exec 7> "$4/held" 250> "$4/held"
    strace -qq -f -e trace=close_range -e inject=close_range:error=ENOSYS -o "$4/trace" "$1" "$2" "$3" &
    until findmnt "$3"; do sleep 0.05; done > /dev/null
    processes() {
      for process in /proc/[0-9]*; do
        if [[ $(readlink "$process/exe") == "$1" ]] && grep -qF "$2" "$process/cmdline"; then echo "$process"; fi
      done
    }
    cat "$3/.npyfs/status" > /dev/null  # the daemon is there now, and soon it is alone
    while [[ $(processes "$1" "$3" | wc -l) != 1 ]]; do sleep 0.05; done
    readlink "$(processes "$1" "$3")"/fd/* | grep held || true
    umount "$3"
    wait
    grep -q "ENOSYS.*INJECTED" "$4/trace"
    """
    ran = bash(script, *places)
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout == ""


def test_in_the_foreground_they_stay_open(places, mount):
    """npyfs -f is the command that was started: what was given to it stays open as long as it runs."""
    source, mountpoint, scratch = places
    (scratch / "held").touch()
    mounted = mount(source, at=mountpoint, foreground=True, started_by=["bash", "-c", 'exec 9< "$0"; exec "$@"', scratch / "held"])
    assert mounting.descriptors(mounted.pid)[str(scratch / "held")] == 1


@pytest.mark.skipif(os.getuid() != 0, reason="needs root, to become somebody else")
def test_fusermount_is_heard(places):
    """What fusermount3 says where it cannot mount reaches stderr, also with auto_unmount."""
    source, mountpoint, _ = places
    ran = bash('setpriv --reuid nobody --clear-groups -- "$1" "$2" "$3" -o "$4,allow_other" || true', source, mountpoint, "auto_unmount")
    assert "fusermount3: " in ran.stderr and "npyfs: error: " in ran.stderr
