"""Changes that npyfs hears of show long before the timeouts end."""

import json
import os
import shutil
import signal
import subprocess
from pathlib import Path

import numpy as np
import pytest

import mount as mounting
from arrays import saved
from users import in_namespace
from watching import AN_HOUR, NEW, OLD, mount_for_an_hour, replace, size, state, wait_for


BELOW = ["chunks/0_of_2.npy", "chunks/2/1_of_2.npy", "slices/0_to_2.bin", "axis1/chunks/0_of_1.npy", "info.json",
         "source.npy"]


@pytest.fixture
def mounted(source, mount):
    return mount_for_an_hour(source, mount)


def test_a_replaced_array_shows_at_once(source, mounted):
    """All that is below it follows: sizes, bytes, what there is and what is not any more."""
    new = np.arange(1000.0)
    assert None not in [state(mounted / "data.npy" / name) for name in BELOW]
    assert json.loads((mounted / "data.npy/info.json").read_text())["shape"] == [100, 3]
    replace(source / "data.npy", saved(new))
    wait_for(mounted, lambda: size(mounted / "data.npy/source.npy"), len(saved(new)))
    wait_for(mounted, lambda: size(mounted / "data.npy/chunks/0_of_2.npy"), len(saved(new[:500])))
    wait_for(mounted, lambda: size(mounted / "data.npy/chunks/2/1_of_2.npy"), len(saved(new[:500])))
    wait_for(mounted, lambda: size(mounted / "data.npy/slices/0_to_2.bin"), 16)
    wait_for(mounted, lambda: state(mounted / "data.npy/axis1"), None)
    wait_for(mounted, lambda: state(mounted / "data.npy/axis1/chunks/0_of_1.npy"), None)
    wait_for(mounted, lambda: json.loads((mounted / "data.npy/info.json").read_text())["shape"], [1000])
    assert np.array_equal(np.load(mounted / "data.npy/chunks/1_of_2.npy"), new[500:])


def test_a_file_that_is_open_is_what_was_opened(source, mounted):
    """Its size and bytes stay; its name shows the new file from the next open on, or when the timeout ends."""
    chunk = mounted / "data.npy/chunks/0_of_2.npy"
    with open(chunk, "rb", buffering=0) as file, open(mounted / "data.npy/info.json", "rb", buffering=0) as info:
        before = state(chunk)
        replace(source / "data.npy", saved(NEW))
        wait_for(mounted, lambda: size(mounted / "data.npy/source.npy"), len(saved(NEW)))
        assert state(chunk) == before
        assert os.fstat(file.fileno()).st_size == before[0]
        assert np.array_equal(np.load(chunk), NEW[:4]), "an open asks"
        assert size(chunk) == len(saved(NEW[:4]))
        assert file.read() == saved(OLD[:50])
        assert json.loads(info.read())["shape"] == [100, 3]


def test_a_file_rewritten_in_place_shows_when_it_is_closed(source, mounted):
    """An array that was given more rows; info.json is never that of another array."""
    paths = [mounted / "data.npy/chunks/0_of_1.npy", mounted / "data.npy/info.json", mounted / "notes.txt"]
    before = [(state(path), path.read_bytes()) for path in paths]
    with open(source / "data.npy", "r+b") as file:
        file.write(saved(np.arange(600.0).reshape(200, 3)))
    wait_for(mounted, lambda: size(paths[0]), len(saved(np.arange(600.0).reshape(200, 3))))
    wait_for(mounted, lambda: json.loads(paths[1].read_text())["shape"], [200, 3])
    with open(source / "notes.txt", "r+b") as file:
        file.write(b"OLD")
    wait_for(mounted, lambda: state(paths[2])[2], os.stat(source / "notes.txt").st_mtime_ns)
    assert paths[2].read_bytes() == b"OLD" != before[2][1]
    with open(source / "notes.txt", "ab") as file:
        file.write(b" and new")
    wait_for(mounted, lambda: size(paths[2]), len(b"OLD and new"))
    assert paths[2].read_bytes() == b"OLD and new"


def test_a_removed_array_is_gone_at_once(source, mounted):
    """With all that is below it; a damaged one that takes its name says so."""
    paths = [mounted / "data.npy", *(mounted / "data.npy" / name for name in BELOW)]
    assert None not in [state(path) for path in paths]
    (source / "data.npy").unlink()
    for path in paths:
        wait_for(mounted, lambda path=path: state(path), None)
    (source / "data.npy").write_bytes(saved(OLD)[:-1])
    wait_for(mounted, lambda: (mounted / "data.npy/error.txt").exists(), True)
    assert size(mounted / "data.npy/error.txt")
    replace(source / "data.npy", saved(OLD))
    wait_for(mounted, lambda: (mounted / "data.npy/error.txt").exists(), False)


def test_permissions_show_at_once(source, mounted):
    """Those of arrays and what is below them, of files, of directories, and of SOURCE itself."""
    def modes():
        return [oct(os.stat(mounted / name).st_mode & 0o777) for name in ("data.npy", "data.npy/chunks/0_of_2.npy",
                                                                          "notes.txt", "sub", ".")]
    for name in ("data.npy", "notes.txt"):
        (source / name).chmod(0o644)
    for name in ("sub", "."):
        (source / name).chmod(0o755)
    wait_for(mounted, modes, ["0o555", "0o444", "0o444", "0o555", "0o555"])
    for name in ("data.npy", "notes.txt"):
        (source / name).chmod(0o600)
    for name in ("sub", "."):
        (source / name).chmod(0o700)
    wait_for(mounted, modes, ["0o500", "0o400", "0o400", "0o500", "0o500"])


def test_new_names_show_at_once(source, mounted):
    """In listings, and in the directory's time."""
    assert os.listdir(mounted.path) and not (mounted / "new.npy").exists() and not (mounted / "sub/new.npy").exists()
    before = state(mounted.path), state(mounted / "sub")
    (source / "new.npy").write_bytes(saved(NEW))
    (source / "sub/new.npy").write_bytes(saved(NEW))
    (source / "made").mkdir()
    (source / "made/new.npy").write_bytes(saved(NEW))
    wait_for(mounted, lambda: state(mounted.path) != before[0], True)
    wait_for(mounted, lambda: state(mounted / "sub") != before[1], True)
    for name in ("new.npy", "sub/new.npy", "made/new.npy/chunks/0_of_1.npy"):
        assert (mounted / name).exists()
    assert {"new.npy", "made"} <= set(os.listdir(mounted.path))


def test_directories_that_go_and_come_show_at_once(source, mounted):
    """Removed, renamed, and exchanged for another one: nothing is told of a directory by a name that it had."""
    nested = mounted / "sub/nested.npy/chunks/0_of_1.npy"
    assert size(nested) == len(saved(OLD))
    os.rename(source / "sub", source / "other")
    wait_for(mounted, lambda: state(nested), None)
    assert size(mounted / "other/nested.npy/chunks/0_of_1.npy") == len(saved(OLD))
    (source / "sub").mkdir()
    (source / "sub/nested.npy").write_bytes(saved(NEW))
    wait_for(mounted, lambda: size(nested), len(saved(NEW)))
    replace(source / "other/nested.npy", saved(NEW[:2]))
    wait_for(mounted, lambda: size(mounted / "other/nested.npy/chunks/0_of_1.npy"), len(saved(NEW[:2])))
    assert size(nested) == len(saved(NEW))
    (source / "third").mkdir()
    (source / "third/nested.npy").write_bytes(saved(OLD))
    shutil.rmtree(source / "sub")
    os.rename(source / "third", source / "sub")
    wait_for(mounted, lambda: size(nested), len(saved(OLD)))
    replace(source / "sub/nested.npy", saved(NEW))
    wait_for(mounted, lambda: size(nested), len(saved(NEW)))
    shutil.rmtree(source / "sub")
    wait_for(mounted, lambda: state(mounted / "sub"), None)


def test_a_directory_that_was_away_is_heard_of_again(source, mounted):
    """Its names are those that the kernel knows: it asks for attributes, and looks nothing up."""
    (source / "sub/notes.txt").write_bytes(b"old")
    os.utime(source / "sub", (1, 1))
    (source / "told_last").mkdir()
    assert size(mounted / "sub/notes.txt") == 3 and (mounted / "told_last").exists()
    os.rename(source / "sub", source / "bus")
    os.rename(source / "bus", source / "sub")
    (source / "told_last").chmod(0o711)
    wait_for(mounted, lambda: oct(state(mounted / "told_last")[1]), "0o40511")
    before = state(mounted / "sub")
    assert size(mounted / "sub/notes.txt") == 3
    replace(source / "sub/notes.txt", b"newer")
    wait_for(mounted, lambda: size(mounted / "sub/notes.txt"), 5)
    wait_for(mounted, lambda: state(mounted / "sub") != before, True)


def test_what_changes_after_events_were_lost_is_heard_of(source, mounted):
    """Of files that were the same before and after, too."""
    (source / "sub/notes.txt").write_bytes(b"old")
    (source / "other").mkdir()
    (source / "other/lost.txt").write_bytes(b"old")
    paths = ["notes.txt", "sub/notes.txt"]
    assert [size(mounted / path) for path in [*paths, "other/lost.txt"]] == [3, 3, 3]
    queued = int(Path("/proc/sys/fs/inotify/max_queued_events").read_text())
    if queued > 100_000:
        pytest.skip("that takes too long to fill")
    os.kill(mounted.pid, signal.SIGSTOP)
    for index in range(queued + 1):
        os.utime(source / ("data.npy", "sub/nested.npy")[index % 2])
    os.utime(source / "other/lost.txt", (1, 1))
    os.kill(mounted.pid, signal.SIGCONT)
    wait_for(mounted, lambda: state(mounted / "other/lost.txt")[2], 10**9)
    assert [size(mounted / path) for path in paths] == [3, 3]
    for path in paths:
        replace(source / path, b"newer")
        wait_for(mounted, lambda path=path: size(mounted / path), 5)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount something there")
def test_who_is_in_a_directory_stays_there(source, mounted, monkeypatch):
    """A change of an array takes nobody's current directory, and no mount away."""
    (mounted / "data.npy/chunks").stat()
    monkeypatch.chdir(mounted / "data.npy/chunks")
    subprocess.run(["mount", "-t", "tmpfs", "none", mounted / "sub"], check=True)
    try:
        replace(source / "data.npy", saved(NEW))
        (source / "sub").chmod(0o700)
        (source / "more").mkdir()
        wait_for(mounted, lambda: size("0_of_1.npy"), len(saved(NEW)))
        assert os.getcwd() == str(mounted / "data.npy/chunks")
        assert mounting.is_mounted(mounted / "sub")
    finally:
        mounting.umount(mounted / "sub")
        monkeypatch.undo()


def test_mounted_over_the_source_it_hears_of_what_is_beneath(source, mount):
    """The source is watched, not the mount over it."""
    (source / "data.npy").write_bytes(saved(OLD))
    descriptor = os.open(source, os.O_RDONLY)
    mounted = mount(source, *AN_HOUR, at=source)
    try:
        assert size(mounted / "data.npy/source.npy") == len(saved(OLD))
        new = os.open("data.npy", os.O_WRONLY | os.O_TRUNC, dir_fd=descriptor)
        os.write(new, saved(NEW))
        os.close(new)
        wait_for(mounted, lambda: size(mounted / "data.npy/source.npy"), len(saved(NEW)))
    finally:
        os.close(descriptor)


def test_a_plain_namespace_needs_no_help(scratch):
    """Inside unshare -Urm changes show at once, too."""
    (scratch / "source").mkdir()
    (scratch / "mnt").mkdir()
    (scratch / "source/notes.txt").write_text("old")
    script = """
    unshare -Ur --mount sh -euc '
      "$0" "$1" "$2" -o entry_timeout=3600,attr_timeout=3600
      test "$(stat -c %s "$2/notes.txt")" = 3
      echo newer > "$1/notes.txt"
      until test "$(stat -c %s "$2/notes.txt")" = 6; do :; done
      umount "$2"
    ' "$@"
    """
    ran = in_namespace(script, mounting.binary(), scratch / "source", scratch / "mnt")
    assert ran.returncode == 0, ran.stdout + ran.stderr
