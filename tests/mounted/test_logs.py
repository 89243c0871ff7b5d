"""What npyfs logs, where, and how much of it."""

import os
import time

import numpy as np
import pytest

import mount as mounting
from users import in_namespace


@pytest.fixture
def places(scratch, source):
    """A source with an array of 1 MiB, and a mountpoint that is not empty."""
    np.save(source / "data.npy", np.ones(1 << 17))
    (scratch / "mountpoint").mkdir()
    (scratch / "mountpoint/covered").write_text("x")
    return source, scratch / "mountpoint"


def read_what_is_gone(mounted, source):
    """An event for the log: the source is truncated while it is read."""
    with open(mounted / "data.npy/chunks/3_of_4.npy", "rb") as chunk:
        os.truncate(source / "data.npy", 1000)
        with pytest.raises(OSError):
            chunk.read()


def notice(mountpoint):
    return f"npyfs: notice: {mountpoint}: is not empty: npyfs mounts over it, files there are hidden until unmount\n"


def test_a_mountpoint_that_is_not_empty_is_a_notice(places):
    """A mountpoint that is not empty is a notice, not an error."""
    source, mountpoint = places
    ran = mounting.run(source, mountpoint)
    mounting.umount(mountpoint)
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "", notice(mountpoint))
    ran = mounting.run(source, mountpoint, "-o", "loglevel=warning")
    mounting.umount(mountpoint)
    assert (ran.returncode, ran.stderr) == (0, "")


def test_an_empty_mountpoint_and_the_source_itself_are_no_news(places, scratch):
    """Nothing is said of a mountpoint that is empty, or SOURCE itself."""
    source, _ = places
    (scratch / "empty").mkdir()
    for mountpoint in (scratch / "empty", source):
        ran = mounting.run(source, mountpoint)
        mounting.umount(mountpoint)
        assert (ran.returncode, ran.stderr) == (0, "")


WARNING = "npyfs: warning: data.npy: was 1048704 bytes when it was opened and is 1000 now; "


@pytest.mark.parametrize("level, said", [("error", []), ("warning", [WARNING]), ("notice", ["npyfs: notice: ", WARNING]), (
    "info", ["npyfs: notice: ", "npyfs: info: ", WARNING, "npyfs: info: "])])
def test_levels(places, mount, level, said):
    """-o loglevel says what is worth a line; each line is one event, and names file and reason."""
    source, mountpoint = places
    mounted = mount(source, f"loglevel={level}", "direct_io", at=mountpoint, foreground=True)
    read_what_is_gone(mounted, source)
    mounted.unmount()
    lines = mounted.stderr().splitlines()
    lines = [line for index, line in enumerate(lines) if line not in lines[:index]]  # readers may ask twice
    assert len(lines) == len(said), lines
    assert all(line.startswith(start) for line, start in zip(lines, said)), lines


def test_the_default_is_notice(places, mount):
    """Without -o loglevel the level is notice."""
    source, mountpoint = places
    mounted = mount(source, at=mountpoint, foreground=True)
    mounted.unmount()
    assert mounted.stderr() == notice(mountpoint)


def test_debug_names_what_does_not_exist(places, mount):
    """At debug level names that do not exist are logged, too: below an array with the name of the array."""
    mounted = mount(places[0], "loglevel=debug", foreground=True)
    for name in ("data.npy/chunks/4_of_4.npy", "data.npy/chunks/4_or_5.npy", "missing.npy"):
        assert not (mounted / name).exists()
    mounted.unmount()
    lines = mounted.stderr().splitlines()
    assert [line.split(": ")[:3] for line in lines if ": debug: " in line] == [
        ["npyfs", "debug", "data.npy/chunks/4_of_4.npy"], ["npyfs", "debug", "data.npy/chunks/4_or_5.npy"],
        ["npyfs", "debug", "missing.npy"]]


@pytest.mark.skipif(os.getuid() != 0, reason="needs root, to make a /dev of its own")
def test_in_the_background_the_log_goes_to_syslog(places):
    """In the background lines go to syslog (or the journal, which listens there), as daemon, with level and process id."""
    # A /dev of the namespace's own, with somebody who listens at /dev/log; facility 3 is daemon, level 4 warning.
    script = """
    mount -t tmpfs none /dev
    mknod -m 666 /dev/null c 1 3
    mknod -m 666 /dev/fuse c 10 229
    /usr/bin/python3 -c '
import os, socket, subprocess, sys
binary, source, mountpoint = sys.argv[1:]
log = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
log.bind("/dev/log")
log.settimeout(30)
subprocess.run([binary, source, mountpoint, "-o", "direct_io,loglevel=info"], check=True)
chunk = os.open(mountpoint + "/data.npy/chunks/3_of_4.npy", os.O_RDONLY)
os.truncate(source + "/data.npy", 1000)
try:
    os.read(chunk, 1 << 20)
except OSError:
    pass
os.close(chunk)
print(log.recv(4096).decode())
print(log.recv(4096).decode())
' "$@"
    umount "$3"
    """
    ran = in_namespace(script, mounting.binary(), *places)
    assert ran.returncode == 0, ran.stderr
    started, failed = ran.stdout.splitlines()
    assert started.startswith(f"<{3 * 8 + 6}>") and f"{places[0]}: mounted at {places[1]}" in started
    assert failed.startswith(f"<{3 * 8 + 4}>") and "npyfs[" in failed and "data.npy: was 1048704 bytes" in failed
    assert ran.stderr == notice(places[1])


def test_a_name_cannot_forge_a_line(source, mount):
    """Names from outside are escaped, so that one event stays one line."""
    name = "x\nnpyfs: error: forged\x1b[31m.npy"
    np.save(source / name, np.ones(1 << 17))
    mounted = mount(source, "direct_io", foreground=True)
    with open(mounted / name / "chunks/3_of_4.npy", "rb") as chunk:
        os.truncate(source / name, 1000)
        with pytest.raises(OSError):
            chunk.read()
    mounted.unmount()
    assert all(line.startswith("npyfs: warning: x\\nnpyfs: error: forged\\x1b[31m.npy: was") for line in
               mounted.stderr().splitlines())
    assert mounted.stderr()


def test_a_reader_of_many_bad_files_does_not_fill_the_log(source, mount):
    """A line for each file, but a hundred lines a minute of each level; the metrics count the rest."""
    for index in range(300):
        np.save(source / f"{index}.npy", np.ones(1000))
    mounted = mount(source, "direct_io", foreground=True)
    begin = time.monotonic()
    for index in range(300):
        with open(mounted / f"{index}.npy/chunks/0_of_1.npy", "rb", buffering=0) as chunk:
            os.truncate(source / f"{index}.npy", 1000)
            with pytest.raises(OSError):
                chunk.read()
    assert mounted.metric("source_errors_total") >= 300 and mounted.metric("errors_total") >= 300
    mounted.unmount()
    lines = mounted.stderr().splitlines()
    minutes = 1 + (time.monotonic() - begin) // 60  # on a slow machine it is more than one
    assert 100 <= len(lines) == len(set(lines)) <= 100 * minutes
    assert all(line.startswith(f"npyfs: warning: {index}.npy: was ") for index, line in enumerate(lines[:100]))
