"""Other users who hold a directory of the mount while its name comes to mean another one, which is closed to them.

These tests need root, to become other users.
"""

import os

import numpy as np
import pytest

from arrays import saved
from users import STRANGER, as_user, outcome

PUBLIC = np.zeros(3)
SECRET = np.arange(3.0)
CHUNK = "chunks/0_of_1.bin"
ATTEMPTS = 300

# What the kernel keeps for a while, and what it asks for each time.
TIMEOUTS = pytest.mark.parametrize("timeouts", [(), ("attr_timeout=0", "entry_timeout=0")], ids=["default", "none"])


@pytest.fixture
def swapped(scratch):
    """A source of two directories of the same names: `run`, which is open to all, and `next`, which is closed."""
    root = scratch / "source"
    for name, array in (("run", PUBLIC), ("next", SECRET)):
        (root / name / "sub").mkdir(parents=True)
        (root / name / "sub/x.npy").write_bytes(saved(array))
        (root / name / "sub/x.npy").chmod(0o666)
        (root / name / "sub" / f"{name}.txt").write_text(name)
    (root / "next").chmod(0o700)
    return root


def swap(root):
    (root / "run").rename(root / "run.old")
    (root / "next").rename(root / "run")


@pytest.fixture
def hold(mount):  # which ends later: what is held keeps a mount busy
    """Holds what is at a path, as a working directory does, without opening it; returns the descriptor."""
    held = []

    def add(path):
        held.append(os.open(path, os.O_PATH))
        return held[-1]

    yield add
    for descriptor in held:
        os.close(descriptor)


def names_in(held):
    directory = os.open(".", os.O_RDONLY | os.O_DIRECTORY, dir_fd=held)
    try:
        return sorted(os.listdir(directory))
    finally:
        os.close(directory)


def read_at(held, name):
    file = os.open(name, os.O_RDONLY, dir_fd=held)
    try:
        return os.read(file, 1 << 16).hex()
    finally:
        os.close(file)


def write_at(held, name):
    file = os.open(name, os.O_WRONLY, dir_fd=held)
    try:
        return os.write(file, PUBLIC.tobytes())
    finally:
        os.close(file)


def by_stranger(*calls):
    """What each call, a function and its arguments, comes to when the stranger makes it."""
    return as_user(STRANGER, lambda: [outcome(*call) for call in calls])


@TIMEOUTS
def test_a_held_directory_whose_name_means_another_one_is_stale(swapped, mount, hold, timeouts):
    """With allow_other a held directory or array is itself and no other: once its name means another one, it and all
    beneath it fail with ESTALE; by path everybody gets to what is there now, as far as the permissions allow."""
    mounted = mount(swapped, "allow_other", *timeouts)
    directory, array, chunks = (hold(mounted / f"run/sub{name}") for name in ("", "/x.npy", "/x.npy/chunks"))
    calls = [(read_at, directory, "x.npy/" + CHUNK), (read_at, array, CHUNK), (read_at, chunks, "0_of_1.bin")]
    assert by_stranger(*calls) == [PUBLIC.tobytes().hex()] * 3
    swap(swapped)
    listed = [(names_in, held) for held in (directory, array, chunks)]
    status = [(lambda held=held: os.stat(held).st_size,) for held in (directory, array, chunks)]
    for _ in range(2):
        fresh = [(read_at, array, "slices/0_to_2.bin"), (read_at, chunks, "0_of_3.bin"),
                 (read_at, directory, "run.txt"), (read_at, directory, "next.txt")]
        assert by_stranger(*fresh, *listed) == ["ESTALE"] * 7
        # What the kernel had looked up before it may find once more, but not as something else.
        assert SECRET.tobytes().hex() not in by_stranger(*calls)
        mounted.wait_until(lambda: set(by_stranger(*calls, *status)) == {"ESTALE"}, "what was known is stale")
        assert by_stranger((os.listdir, mounted / "run"), (os.listdir, mounted / "run/sub")) == ["EACCES"] * 2


@TIMEOUTS
def test_a_held_file_whose_name_means_another_one_is_stale(swapped, mount, hold, timeouts):
    """The same holds of views, and of files that are no arrays."""
    for name in ("run", "next"):
        (swapped / name / "sub/notes.txt").write_text(name)
    mounted = mount(swapped, "allow_other", *timeouts)
    held = [hold(mounted / "run/sub" / name) for name in ("x.npy/" + CHUNK, "x.npy/source.npy", "notes.txt")]
    swap(swapped)
    calls = [(lambda fd=fd: len(open(f"/proc/self/fd/{fd}", "rb").read()),) for fd in held]
    assert by_stranger(*calls) == ["ESTALE"] * 3
    name = f"/proc/self/fd/{held[0]}"
    assert by_stranger((lambda: os.getxattr(name, "user.npyfs.stop").decode(),)) == ["ESTALE"]


def test_a_held_directory_behind_a_link_is_stale_once_the_link_leads_elsewhere(swapped, mount, hold):
    """A link that is led to a closed directory takes nobody along who holds what it led to before."""
    (swapped / "user").mkdir()
    (swapped / "user/link").symlink_to("../run")
    mounted = mount(swapped, "allow_other", "rw")
    held = hold(mounted / "user/link/sub")
    assert by_stranger((read_at, held, "run.txt")) == [b"run".hex()]
    (swapped / "user/new").symlink_to("../next")
    (swapped / "user/new").rename(swapped / "user/link")
    calls = [(names_in, held), (read_at, held, "next.txt"), (read_at, held, "x.npy/" + CHUNK),
             (write_at, held, "x.npy/" + CHUNK)]
    assert by_stranger(*calls) == ["ESTALE"] * 4
    assert np.array_equal(np.load(swapped / "next/sub/x.npy"), SECRET)
    names = [mounted / "user/link", mounted / "user/link/sub"]
    mounted.wait_until(lambda: by_stranger(*((os.listdir, name) for name in names)) == ["EACCES"] * 2, "closed")


def race(source, mounted):
    """What an owner of a directory of the source gets to see of one closed to him by changing where a link leads."""
    seen = set()
    path = mounted + "/user/link"
    for _ in range(ATTEMPTS):
        for target in ("../run", "../next"):
            os.symlink(target, source + "/user/new")
            os.rename(source + "/user/new", source + "/user/link")
            if target == "../run":
                os.stat(path + "/.")
        seen.add(str(outcome(lambda: open(path + "/secret.npy/source.npy", "rb").read())))
        seen.add(str(outcome(os.listdir, path)))
        seen.add(str(outcome(lambda: os.open(path + "/secret.npy/" + CHUNK, os.O_WRONLY))))
    return sorted(seen)


def test_a_race_for_a_link_shows_nothing(swapped, mount):
    """A link that changes all the time is no way around a closed directory, however it is asked for meanwhile."""
    (swapped / "user").mkdir()
    os.chown(swapped / "user", STRANGER, STRANGER)
    (swapped / "next/secret.npy").write_bytes(saved(SECRET))
    (swapped / "next/secret.npy").chmod(0o666)
    mounted = mount(swapped, "allow_other", "rw")
    seen = as_user(STRANGER, lambda: race(str(swapped), str(mounted.path)))
    # Where the kernel asks for names in the directory that the link led to, it has not yet looked where it leads now.
    assert set(seen) <= {"EACCES", "ESTALE", "ENOENT", "['sub', 'run.txt']", "['run.txt', 'sub']", "['sub']"}


def test_a_link_to_what_was_closed_since_is_resolved_with_ones_own_rights(swapped, mount, hold):
    """Who is in a directory that a closed one holds gets to nothing else in that one by a link."""
    (swapped / "run/sub/link.npy").symlink_to("../beside.npy")
    (swapped / "run/beside.npy").write_bytes(saved(SECRET))
    mounted = mount(swapped, "allow_other", "attr_timeout=0", "entry_timeout=0")
    held = hold(mounted / "run/sub")
    (swapped / "run").chmod(0o700)
    assert by_stranger((read_at, held, "link.npy/source.npy"), (read_at, held, "link.npy")) == ["EACCES"] * 2
    assert by_stranger((read_at, held, "x.npy/" + CHUNK)) == [PUBLIC.tobytes().hex()], "it still is where it was"


@TIMEOUTS
def test_an_open_directory_in_the_place_of_another_is_seen_by_path(swapped, mount, timeouts):
    """By path everybody sees what is there now, where the permissions are such."""
    mounted = mount(swapped, "allow_other", *timeouts)
    assert by_stranger((os.listdir, mounted / "run/sub"))[0] != "EACCES"
    (swapped / "next").chmod(0o755)
    swap(swapped)
    path = mounted / "run/sub/next.txt"
    mounted.wait_until(lambda: by_stranger((path.read_text,)) == ["next"], "the new directory is seen")
    chunk = mounted / "run/sub/x.npy" / CHUNK
    mounted.wait_until(lambda: by_stranger((lambda: chunk.read_bytes().hex(),)) == [SECRET.tobytes().hex()], "and read")
    (swapped / "run").chmod(0o700)
    mounted.wait_until(lambda: by_stranger((path.read_text,)) == ["EACCES"], "it is closed")


def test_an_array_that_grows_leaves_those_alone_who_are_in_it(source, mount, hold):
    """Rows that are written or appended in place are no other array: a shell in data.npy/ goes on working."""
    path = source / "data.npy"
    path.write_bytes(saved(np.zeros(4)))
    mounted = mount(source, "allow_other", "attr_timeout=0", "entry_timeout=0")
    array, chunks = hold(mounted / "data.npy"), hold(mounted / "data.npy/chunks")
    for rows in (np.ones(4), np.arange(9.0)):
        with open(path, "r+b") as file:
            file.write(saved(rows))
        got = by_stranger((read_at, array, CHUNK), (read_at, chunks, "0_of_1.bin"))
        assert got == [rows.tobytes().hex()] * 2


def test_the_owner_of_the_mount_may_be_in_a_directory_that_is_replaced(swapped, mount, hold):
    """Without allow_other a held directory is the one that has its name, as it is for arrays that are saved anew."""
    mounted = mount(swapped, "attr_timeout=0", "entry_timeout=0")
    directory, array = hold(mounted / "run/sub"), hold(mounted / "run/sub/x.npy")
    swap(swapped)
    assert read_at(directory, "x.npy/" + CHUNK) == read_at(array, CHUNK) == SECRET.tobytes().hex()
