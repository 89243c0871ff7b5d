"""npyfs SOURCE [MOUNTPOINT] [options] -- command: a mount that lives as long as a command."""

import os
import signal
import subprocess
import time
from pathlib import Path

import numpy as np
import pytest

import mount as mounting
from arrays import saved
from supervised import ARRAY, environment, private, run, start, tree
from users import in_namespace

USAGE, FAILED, CANNOT_RUN, NOT_FOUND = 2, 3, 126, 127


def mounts_below(directory):
    return [line.split()[1] for line in Path("/proc/self/mounts").open() if f" {directory}" in line]


def children_of(pid):
    found = {}
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if int((process / "stat").read_text().rpartition(")")[2].split()[1]) == pid:
                found[int(process.name)] = (process / "cmdline").read_bytes().split(b"\0")[:-1]
        except (FileNotFoundError, ProcessLookupError):
            pass
    return found


def wait_for(condition, what):
    end = time.monotonic() + mounting.DEADLINE
    while not (found := condition()):
        assert time.monotonic() < end, what
        time.sleep(0.01)
    return found


def is_gone(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return True


def test_a_command_has_a_mount_of_its_own(tree, private):
    """{} in the arguments and $NPYFS_MNT name the mountpoint, a fresh directory that nobody else may enter."""
    ran = run(private, tree, "--", "sh", "-c", 'test "$0" = "$NPYFS_MNT/data.npy" && ls "$0" && pwd', "{}/data.npy", cwd=tree.parent)
    assert ran.returncode == 0, ran.stderr
    run(private, tree, "--", "cp", "{}/data.npy/chunks/1_of_2.npy", tree.parent / "copy")
    assert (tree.parent / "copy").read_bytes() == saved(np.array_split(ARRAY, 2)[1])
    assert ran.stdout.endswith(f"{tree.parent}\n")


def test_the_fresh_directory_is_private(tree, private):
    """The directory below the mount has mode 0700."""
    process = start(private, tree, "--", "sleep", "60")
    wait_for(lambda: mounts_below(private), "mount")
    (name,) = os.listdir(private)
    # A namespace of the test's own has no npyfs mounts.
    assert in_namespace('stat -c %a "$1"', private / name).stdout == "700\n"
    process.terminate()
    assert process.wait(mounting.DEADLINE) == 128 + signal.SIGTERM
    process.communicate()


def test_a_mountpoint_may_be_named(tree, private, scratch):
    """MOUNTPOINT is used where it is given, and stays; options stand before the command, and those behind are its own."""
    (scratch / "mnt").mkdir()
    ran = run(private, tree, "mnt", "-o", "chunks=3", "--", "sh", "-c", 'echo "$NPYFS_MNT $1 $2"; ls {}/data.npy/chunks', "sh", "-o",
              "nosuch", cwd=scratch)
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.splitlines() == [f"{scratch}/mnt -o nosuch", "0_of_3.npy", "1_of_3.npy", "2_of_3.npy"]
    assert (scratch / "mnt").is_dir() and not mounting.is_mounted(scratch / "mnt")


@pytest.mark.parametrize("status", [0, 1, 2, 3, 77, 255])
def test_its_status_is_that_of_the_command(tree, private, status):
    """npyfs exits with the status of the command."""
    ran = run(private, tree, "--", "sh", "-c", f"exit {status}")
    assert ran.returncode == status and ran.stdout == ran.stderr == ""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL, signal.SIGSEGV, signal.SIGUSR1, signal.SIGHUP])
def test_a_command_that_a_signal_ends(tree, private, number):
    """128+n where a signal has ended the command."""
    ran = run(private, tree, "--", "sh", "-c", f"ulimit -c 0; kill -{int(number)} $$")
    assert ran.returncode == 128 + number, ran.stderr


def test_a_command_that_sigint_ends(tree, private):
    """Of SIGINT npyfs itself ends, so that a shell ends its script, too: for a shell the status is 130."""
    assert run(private, tree, "--", "sh", "-c", "kill -INT $$").returncode == -signal.SIGINT
    ran = subprocess.run(["sh", "-c", '"$0" "$1" -- sh -c "kill -INT \\$\\$"; echo $?', mounting.binary(), tree], text=True,
                         capture_output=True, env=environment(private))
    assert ran.stdout == "130\n"


def test_a_command_that_cannot_be_run(tree, private, scratch):
    """127 where there is no such command, 126 where it cannot be run, as in a shell; with a sentence."""
    (scratch / "text").write_text("#!/nosuch\n")
    ran = run(private, tree, "--", "nosuchcommand", "x")
    assert ran.returncode == NOT_FOUND
    assert ran.stderr == "npyfs: nosuchcommand: execvp failed: No such file or directory\n"
    ran = run(private, tree, "--", scratch / "text")
    assert ran.returncode == CANNOT_RUN
    assert ran.stderr == f"npyfs: {scratch}/text: execvp failed: Permission denied\n"
    assert run(private, tree, "--", "{}/data.npy/chunks/0_of_2.npy").returncode == CANNOT_RUN


def test_what_cannot_be_mounted_runs_nothing(tree, private, scratch):
    """Where npyfs cannot mount, it says why with its own status, and the command is not run."""
    for arguments, status in (((tree / "missing",), FAILED), ((tree, tree / "missing"), FAILED), ((tree, "-o", "nosuch"), USAGE),
                              ((tree, "a", "b"), USAGE)):
        ran = run(private, *arguments, "--", "touch", scratch / "ran")
        assert ran.returncode == status, (arguments, ran.stderr)
        assert "npyfs: " in ran.stderr and not (scratch / "ran").exists()
    ran = run(private, tree, "--")
    assert ran.returncode == USAGE and "a command is needed behind --" in ran.stderr
    ran = mounting.run(tree, "--", "true", env={**os.environ, "TMPDIR": str(scratch / "nosuch")})
    assert ran.returncode == FAILED and str(scratch / "nosuch") in ran.stderr
    ran = mounting.run(tree, tree.parent, "--")
    assert ran.returncode == USAGE and not mounting.is_mounted(tree.parent)


def test_names_behind_two_dashes_without_a_source_before(tree, scratch, mount):
    """-- without a name before it goes on to mean that what follows are names, not options."""
    (scratch / "-mnt").mkdir()
    ran = mounting.run("-o", "ro", "--", tree, "-mnt", cwd=scratch)
    assert ran.returncode == 0, ran.stderr
    assert mounting.is_mounted(scratch / "-mnt")
    subprocess.run(["umount", scratch / "-mnt"], check=True)


def test_what_was_written_is_in_the_source(tree, private):
    """Pages that the command has mapped and written are in the source when npyfs ends, also of a writer that is killed."""
    script = """
import os, sys, numpy
array = numpy.lib.format.open_memmap(sys.argv[1], "r+")
array[:] = 7
os.kill(os.getpid(), 9)
"""
    ran = run(private, tree, "-o", "rw", "--", "/usr/bin/python3", "-c", script, "{}/data.npy/chunks/0_of_2.npy")
    assert ran.returncode == 128 + signal.SIGKILL, ran.stderr
    assert np.load(tree / "data.npy").tolist() == [[7.0, 7.0]] * 3 + ARRAY[3:].tolist()


# Blocked and waited for: a signal just before signal.pause() would be handled there, and pause() would wait for another.
TRAPS = """
import os, signal, sys
numbers = {1, 2, 3, 10, 12, 14, 15, 34, 64}
signal.pthread_sigmask(signal.SIG_BLOCK, numbers)
print(os.path.isdir(sys.argv[1] + "/data.npy"), flush=True)
number = 0
while number != 15:
    number = int(signal.sigwait(numbers))
    print(number, flush=True)
sys.exit(9)
"""


def test_signals_are_passed_on(tree, private):
    """Signals for npyfs reach the command, once each; it decides what they mean, and the mount is there meanwhile."""
    process = start(private, tree, "--", "/usr/bin/python3", "-c", TRAPS, "{}")
    assert process.stdout.readline() == "True\n"
    for number in (1, 2, 3, 10, 12, 14, 34, 64, 2):
        process.send_signal(number)
        assert process.stdout.readline() == f"{number}\n"
        assert mounts_below(private)
    process.terminate()
    assert process.stdout.read() == "15\n"
    assert process.wait(mounting.DEADLINE) == 9
    process.stderr.close()


def test_ignored_signals_stay_ignored(tree, private):
    """Under nohup a hangup ends neither npyfs nor the command."""
    process = start(private, tree, "--", "sh", "-c", "echo ready; read line; echo $line", stdin=subprocess.PIPE,
                    preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))
    assert process.stdout.readline() == "ready\n"
    process.send_signal(signal.SIGHUP)
    out, err = process.communicate("x\n", timeout=mounting.DEADLINE)
    assert (out, err, process.returncode) == ("x\n", "", 0)


def test_a_signal_before_the_mount_is_ready(tree, private, scratch):
    """A signal that comes while npyfs still mounts ends it: nothing is run, nothing left."""
    for delay in range(60):
        process = start(private, tree, "--", "sh", "-c", 'echo ran; exec sleep 60')
        time.sleep(delay * 0.0005)
        process.terminate()
        process.communicate(timeout=mounting.DEADLINE)
        assert process.returncode in (128 + signal.SIGTERM, -signal.SIGTERM)


@pytest.fixture
def running(tree, private):
    """npyfs, its daemon and its command, as process ids; the command has a file of the mount open."""
    process = start(private, tree, "--", "/usr/bin/python3", "-c", "import sys, time; f = open(sys.argv[1], 'rb', 0); print(1, flush=True)\n"
                    "while True:\n  f.seek(0); f.read(); time.sleep(0.01)", "{}/data.npy/chunks/0_of_2.npy")
    process.stdout.readline()
    children = children_of(process.pid)
    assert len(children) == 2, children
    command = next(pid for pid, words in children.items() if b"python3" in words[0])
    daemon = next(pid for pid in children if pid != command)
    yield process, daemon, command
    process.kill()
    process.communicate()


def test_nothing_is_left_where_npyfs_is_killed(running, private):
    """SIGKILL of npyfs: command, daemon, mount and directory go."""
    process, daemon, command = running
    process.kill()
    assert process.wait() == -signal.SIGKILL
    wait_for(lambda: is_gone(command) and is_gone(daemon), "end of both")
    assert not mounts_below(private) and os.listdir(private) == []


def test_nothing_is_left_where_the_daemon_is_killed(running, private):
    """SIGKILL of the daemon: npyfs says so, ends the command, and removes mount and directory."""
    process, daemon, command = running
    os.kill(daemon, signal.SIGKILL)
    assert process.wait(mounting.DEADLINE) == FAILED
    assert is_gone(command) and not mounts_below(private) and os.listdir(private) == []
    assert "was ended by signal 9" in process.stderr.read()


def test_nothing_is_left_where_the_command_is_killed(running, private):
    """SIGKILL of the command: npyfs exits with 137, and nothing is left."""
    process, daemon, command = running
    os.kill(command, signal.SIGKILL)
    assert process.wait(mounting.DEADLINE) == 128 + signal.SIGKILL
    assert is_gone(daemon) and not mounts_below(private) and os.listdir(private) == []


def test_a_daemon_that_is_killed_ends_a_command_that_will_not(tree, private):
    """A command that ignores SIGTERM is killed where its mount has gone."""
    process = start(private, tree, "--", "sh", "-c", "trap '' TERM; echo ready; while :; do sleep 0.1; done")
    process.stdout.readline()
    command = next(pid for pid, words in children_of(process.pid).items() if words[0] == b"sh")
    daemon = next(pid for pid in children_of(process.pid) if pid != command)
    os.kill(daemon, signal.SIGKILL)
    assert process.wait(mounting.DEADLINE) == FAILED
    assert is_gone(command)
    process.communicate()


def test_a_command_that_unmounts(tree, private):
    """The command may unmount by itself; npyfs goes on to wait for it."""
    ran = run(private, tree, "--", "sh", "-c", "umount {}; sleep 0.2; ls -A {}; exit 5")
    assert ran.returncode == 5, ran.stderr
    assert ran.stdout == ran.stderr == ""


def test_what_is_left_of_a_command_does_not_keep_the_mount(tree, private):
    """Processes that the command leaves in the background lose the mount when the command has ended."""
    ran = run(private, tree, "--", "sh", "-c", "cd {}; sleep 1 > /dev/null 2>&1 & exit 4")
    assert ran.returncode == 4
    assert not mounts_below(private) and os.listdir(private) == []


def test_descriptors_and_directory_are_those_of_the_caller(tree, private, scratch):
    """The command has the standard streams, further descriptors and the directory that npyfs was given; the daemon has none."""
    (scratch / "held").write_text("held\n")
    script = 'exec 9< held; echo in | "$1" "$2" -- sh -c "cat; cat <&9; pwd; ls /proc/\\$PPID/fd | wc -l; ls /proc/self/fd | wc -l"'
    ran = subprocess.run(["bash", "-c", script, "bash", mounting.binary(), tree], capture_output=True, text=True, cwd=scratch,
                         env=environment(private))
    assert ran.stdout.splitlines()[:3] == ["in", "held", str(scratch)], ran.stderr
    assert ran.stdout.splitlines()[4] == "5", "0 to 2, 9, and the directory that ls reads"


def test_a_pipe_from_the_command_ends_with_it(tree, private):
    """npyfs -- command | cat: the pipe ends with npyfs, and SIGPIPE reaches the command."""
    ran = subprocess.run(["bash", "-c", 'set -o pipefail; "$1" "$2" -- sh -c "yes" | head -n 1; echo ${PIPESTATUS[0]}', "bash",
                          mounting.binary(), tree], capture_output=True, text=True, env=environment(private), timeout=mounting.DEADLINE)
    assert ran.stdout == f"y\n{128 + signal.SIGPIPE}\n"


@pytest.mark.skipif(os.getuid() != 0, reason="needs root, to become somebody else")
def test_users_have_it_too(tree, private, scratch):
    """Whoever is not root mounts by fusermount3, and nothing is left either, also where the daemon is killed."""
    os.chmod(private, 0o777)
    script = """
    chmod 666 /dev/fuse
    cd "$3"
    setpriv --reuid nobody --clear-groups -- "$1" "$2" -- sh -c 'cat {}/data.npy/chunks/1_of_2.npy > /dev/null; exit 7' || echo "$?"
    setpriv --reuid nobody --clear-groups -- "$1" "$2" -- \
      sh -c 'for pid in $(cat /proc/$PPID/task/*/children); do test $pid = $$ || kill -9 $pid; done; exec sleep 60' || echo "$?"
    grep "$3" /proc/self/mounts || ls -A "$3"
    """
    ran = in_namespace("export TMPDIR=$3\n" + script, mounting.binary(), tree, private)
    assert ran.stdout.split() == ["7", str(FAILED)], ran.stderr
