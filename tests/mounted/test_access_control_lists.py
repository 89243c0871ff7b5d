"""Access control lists of the source, with other users in the mount: nobody gets more than a list grants him.

What the source itself says to the same user is the oracle. These tests need root, to become other users.
"""

import os
import subprocess

import pytest

from arrays import filled, saved
from users import GROUP, MEMBER, OWN_GROUP, OWNER, STRANGER, as_user, outcome

NAMED, NAMED_GROUP = 12004, 13003
ARRAY = filled((6, 2), "<f8")

# The mode of the source, its list, and who is denied reading in the mount though the list grants it.
LISTS = {
    "no list": (0o640, None, ()),
    "the group gets less than the mask": (0o640, f"u::rw-,g::---,u:{NAMED}:r--,m::r--,o::---",
                                          ("named", "named member")),
    "a named user gets less than others": (0o644, f"u::rw-,g::r--,u:{NAMED}:---,m::r--,o::r--",
                                           ("member", "in a named group", "stranger", "in both groups")),
    "a named group gets less than others": (0o644, f"u::rw-,g::r--,g:{NAMED_GROUP}:---,m::r--,o::r--",
                                            ("named", "stranger")),
    "a named user gets more than others": (0o600, f"u::rw-,g::---,u:{NAMED}:r--,m::r--,o::---",
                                           ("named", "named member")),
    "a named group gets more than others": (0o600, f"u::rw-,g::---,g:{NAMED_GROUP}:r--,m::r--,o::---",
                                            ("in a named group", "in both groups")),
    "all get the same": (0o644, f"u::rw-,g::r--,u:{NAMED}:r--,g:{NAMED_GROUP}:rw-,m::rw-,o::r--", ()),
    "the group writes": (0o664, f"u::rw-,g::rw-,u:{NAMED}:rw-,m::rw-,o::r--", ()),
    "a named user writes, the group reads": (0o664, f"u::rw-,g::r--,u:{NAMED}:rw-,m::rw-,o::r--", ()),
    "others alone": (0o604, "u::rw-,g::---,m::---,o::r--", ()),
}
USERS = {
    "owner": (OWNER, ()),
    "owner in both groups": (OWNER, (GROUP, NAMED_GROUP)),
    "member": (MEMBER, (GROUP,)),
    "named": (NAMED, ()),
    "named member": (NAMED, (GROUP,)),
    "in a named group": (STRANGER, (NAMED_GROUP,)),
    "in both groups": (STRANGER, (GROUP, NAMED_GROUP)),
    "stranger": (STRANGER, ()),
}
FILES = ["data.npy", "notes.txt"]
VIEWS = ["chunks/0_of_2.npy", "slices/1_to_3.bin", "axis1/chunks/1_of_2.npy", "source.npy", "info.json"]


def set_list(path, entries):
    subprocess.run(["setfacl", "--set", entries, path], check=True)


def with_list(path, mode, entries):
    """Gives a file or directory to OWNER and GROUP, with this mode and list; who may read a directory may enter it."""
    os.chown(path, OWNER, GROUP)
    if path.is_dir():
        mode |= (mode & 0o444) >> 2
        entries = entries and entries.replace("r--", "r-x").replace("rw-", "rwx")
    path.chmod(mode)
    if entries is not None:
        set_list(path, entries)


@pytest.fixture(scope="module")
def tree(module_scratch):
    root = module_scratch / "source"
    for name, (mode, entries, _) in LISTS.items():
        (root / name / "directory").mkdir(parents=True)
        for path in (root / name / "data.npy", root / name / "notes.txt", root / name / "directory/in.npy"):
            path.write_bytes(saved(ARRAY))
            path.chmod(0o644)
        for path in (*(root / name / file for file in FILES), root / name / "directory"):
            with_list(path, mode, entries)
    return root


@pytest.fixture(scope="module")
def mounted(tree, module_mount):
    return module_mount(tree, "rw", "allow_other")


def outcomes(user, function, paths):
    uid, groups = USERS[user]
    return as_user(uid, lambda: [outcome(function, path) for path in paths], gid=OWN_GROUP, groups=groups)


def reads(path):
    with open(path, "rb") as file:
        return "reads" if file.read() else "reads nothing"


def opens_to_write(path):
    os.close(os.open(path, os.O_WRONLY))
    return "writes"


@pytest.mark.parametrize("user", USERS)
@pytest.mark.parametrize("name", LISTS)
def test_nobody_gets_what_a_list_denies_him(tree, mounted, name, user):
    """Nobody reads, enters or writes what an access control list denies him, and the owner gets what is his."""
    in_source = [tree / name / path for path in ("data.npy", "notes.txt", "directory/in.npy")]
    granted, = set(outcomes(user, reads, in_source))
    expected = "EACCES" if user in LISTS[name][2] else granted
    paths = [mounted / name / path for path in ("notes.txt", "directory/in.npy/source.npy")]
    paths += [mounted / name / "data.npy" / view for view in VIEWS]
    assert outcomes(user, reads, paths) == [expected] * len(paths)


@pytest.mark.parametrize("user", USERS)
def test_nobody_writes_what_a_list_denies_him(tree, mounted, user):
    """Who may write is said by the list, too: the owner always as he may write the source, nobody who may not."""
    for name in LISTS:
        granted, = outcomes(user, opens_to_write, [tree / name / "data.npy"])
        written, = outcomes(user, opens_to_write, [mounted / name / "data.npy/chunks/1_of_2.npy"])
        assert written == granted or (written == "EACCES" and not user.startswith("owner")), name


def test_a_group_that_a_list_lets_write_may_write_views(mounted):
    """Who is granted writing by everything that a list says of people like him writes."""
    path = mounted / "the group writes/data.npy/chunks/0_of_2.npy"
    assert outcomes("member", opens_to_write, [path]) == ["writes"]
    assert outcomes("stranger", opens_to_write, [path]) == ["EACCES"]


def test_a_list_that_changes_holds_for_the_next_open(source, mount):
    """A list that is set on a source that was read before counts, once the kernel's attributes have timed out."""
    path = source / "data.npy"
    path.write_bytes(saved(ARRAY))
    with_list(path, 0o644, None)
    view = mount(source, "allow_other", "attr_timeout=0", "entry_timeout=0") / "data.npy/chunks/0_of_2.npy"
    for _ in range(3):
        assert outcomes("named", reads, [view]) == ["reads"]
        set_list(path, LISTS["a named user gets less than others"][1])
        assert outcomes("named", reads, [view]) == ["EACCES"]
        assert outcomes("owner", reads, [view]) == ["reads"]
        subprocess.run(["setfacl", "--remove-all", path], check=True)


def test_the_root_may_have_a_list(source, mount):
    """The root of the source is a directory as any other."""
    (source / "data.npy").write_bytes(saved(ARRAY))
    (source / "data.npy").chmod(0o644)
    with_list(source, 0o755, f"u::rwx,g::r-x,u:{NAMED}:---,m::r-x,o::r-x")
    view = mount(source, "allow_other") / "data.npy/source.npy"
    assert outcomes("named", reads, [source / "data.npy", view]) == ["EACCES", "EACCES"]
    assert outcomes("owner", reads, [view]) == ["reads"]


def test_a_link_is_no_way_around_a_directory_that_a_list_closes(source, mount):
    """A link through a directory that a list closes to somebody is resolved with the reader's own rights."""
    (source / "closed").mkdir()
    (source / "closed/in.npy").write_bytes(saved(ARRAY))
    (source / "closed/in.npy").chmod(0o644)
    with_list(source / "closed", 0o755, f"u::rwx,g::r-x,u:{NAMED}:---,m::r-x,o::r-x")
    (source / "to.npy").symlink_to("closed/in.npy")
    mounted = mount(source, "allow_other")
    assert outcomes("named", reads, [source / "to.npy", mounted / "to.npy/source.npy"]) == ["EACCES", "EACCES"]
    assert outcomes("owner", reads, [mounted / "to.npy/source.npy"]) == ["reads"]
