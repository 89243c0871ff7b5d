"""Programs that copy a file's times, owner and mode along with its bytes can copy into a view."""

import os
import shutil
import subprocess
import time

import numpy as np
import pytest

from arrays import filled, saved
from users import OWNER, STRANGER, as_user, outcome

NOBODY = 65534  # fusermount3 serves users that have a name
OLD = 1_000_000_000  # seconds since 1970

COPIES = {
    "cp -p": lambda new, view: subprocess.run(["cp", "-p", new, view], check=True),
    "cp -a": lambda new, view: subprocess.run(["cp", "-a", new, view], check=True),
    "cp --preserve=all": lambda new, view: subprocess.run(["cp", "--preserve=all", new, view], check=True),
    "rsync -a": lambda new, view: subprocess.run(["rsync", "-a", "--inplace", new, view], check=True),
    "touch -r": lambda new, view: subprocess.run(["sh", "-euc", 'cat "$1" > "$2"; touch -r "$1" "$2"', "sh", new, view],
                                                 check=True),
    "shutil.copy2": shutil.copy2,
    "shutil.copystat": lambda new, view: (shutil.copyfile(new, view), shutil.copystat(new, view)),
}


@pytest.mark.parametrize("copy", COPIES)
def test_a_copy_with_its_times_succeeds(source, mount, scratch, copy):
    """All bytes arrive, and the tool succeeds; the times are those of the write, the mode is what it was."""
    array = filled((9, 3), "<f8").copy()
    (source / "a.npy").write_bytes(saved(array))
    os.utime(source / "a.npy", (OLD, OLD))
    before = mode_owner_and_mtime(source / "a.npy")
    array[3:6] = 7
    (scratch / "new.npy").write_bytes(saved(array[3:6]))
    os.utime(scratch / "new.npy", (OLD + 1, OLD + 1))
    view = mount(source, "rw", "attr_timeout=0") / "a.npy/chunks/1_of_3.npy"
    COPIES[copy](scratch / "new.npy", view)
    assert (source / "a.npy").read_bytes() == saved(array)
    assert view.stat().st_mtime == (source / "a.npy").stat().st_mtime > time.time() - 1000
    assert mode_owner_and_mtime(source / "a.npy")[:3] == mode_owner_and_mtime(view)[:3] == before[:3]


CHANGES = {
    "touch": lambda path: os.utime(path),
    "utime": lambda path: os.utime(path, (1, 1)),
    "futimens": lambda path: with_descriptor(path, lambda file: os.utime(file, (1, 1))),
    "chmod": lambda path: os.chmod(path, 0o664),
    "chown": lambda path: os.chown(path, OWNER, OWNER),
    "another mode": lambda path: os.chmod(path, 0o600),
    "another group": lambda path: os.chown(path, -1, STRANGER),
}


def mode_owner_and_mtime(path):
    status = path.stat()
    return status.st_mode, status.st_uid, status.st_gid, status.st_mtime


def with_descriptor(path, call):
    file = os.open(path, os.O_RDONLY)
    try:
        call(file)
    finally:
        os.close(file)


@pytest.mark.parametrize("user", [OWNER, STRANGER])
@pytest.mark.parametrize("change", CHANGES)
def test_other_users_may_what_they_may_with_a_plain_file(source, mount, change, user):
    """The same answers as those of the source itself, but that other modes and owners are EPERM for all; no time moves."""
    for name, mode in (("open.npy", 0o666), ("shared.npy", 0o664), ("private.npy", 0o600)):
        for path in (source / name, source.parent / name):
            path.write_bytes(saved(np.zeros(9)))
            os.chown(path, OWNER, OWNER)
            path.chmod(mode)
            os.utime(path, (OLD, OLD))
    mounted = mount(source, "rw", "allow_other")
    for name in ("open.npy", "shared.npy", "private.npy"):
        before = mode_owner_and_mtime(source / name)
        view, plain = mounted / name / "chunks/0_of_2.npy", source.parent / name
        of_view = as_user(user, lambda: outcome(CHANGES[change], view), user, [user])
        of_plain = as_user(user, lambda: outcome(CHANGES[change], plain), user, [user])
        is_refused = of_plain is not None or mode_owner_and_mtime(plain)[:3] != before[:3]
        assert of_view in (["EPERM", "EACCES"] if is_refused else [None]), name
        assert mode_owner_and_mtime(source / name) == before


def test_the_owner_of_a_mount_who_may_not_write_is_told(source, mount):
    """Without allow_other it is npyfs that checks: times of what its user may not write are EPERM."""
    source.chmod(0o777)
    for name, mode in (("open.npy", 0o666), ("closed.npy", 0o644)):
        (source / name).write_bytes(saved(np.zeros(9)))
        (source / name).chmod(mode)
    point = source.parent / "point"
    point.mkdir()
    os.chown(point, NOBODY, NOBODY)
    mounted = mount(source, "rw", at=point, user=NOBODY, group=NOBODY, extra_groups=[])
    assert as_user(NOBODY, lambda: outcome(os.utime, f"{mounted.path}/open.npy/chunks/0_of_2.npy"), NOBODY) is None
    assert as_user(NOBODY, lambda: outcome(os.utime, f"{mounted.path}/closed.npy/chunks/0_of_2.npy"), NOBODY) == "EPERM"
    mounted.unmount()
