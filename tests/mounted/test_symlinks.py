"""Symbolic links in the source: those that stay beneath it are followed, those that leave it are shown as links."""

import errno
import os
import stat
import subprocess

import numpy as np
import pytest

import mount as mounting
from arrays import saved

ARRAY = np.arange(12.0).reshape(6, 2)


@pytest.fixture(scope="module")
def tree(module_scratch):
    root = module_scratch / "source"
    outside = module_scratch / "outside"
    (root / "sub").mkdir(parents=True)
    outside.mkdir()
    for directory in (root, outside):
        (directory / "data.npy").write_bytes(saved(ARRAY))
        (directory / "notes.txt").write_text(f"in {directory.name}")
    links = {
        "sub/relative.npy": "../data.npy", "absolute.npy": root / "data.npy", "plain": "data.npy", "text": "notes.txt",
        "directory": "sub", "absolute_directory": root / "sub", "chain": "text", "sub/up": "..",
        "out.npy": "../outside/data.npy", "out_absolute.npy": outside / "data.npy", "out.txt": "../outside/notes.txt",
        "out_directory": "../outside", "dangling": "missing", "loop": "loop", "device": "/dev/null",
        "passwd.npy": "/etc/passwd", "out_and_back": "../source/notes.txt", "chain_out": "out.txt",
    }
    for name, target in links.items():
        (root / name).symlink_to(target)
    return root


LEAVING = ["out.npy", "out_absolute.npy", "out.txt", "out_directory", "device", "passwd.npy", "chain_out"]


@pytest.fixture(scope="module")
def mounted(tree, module_mount):
    return module_mount(tree)


@pytest.fixture(scope="module")
def following(tree, module_mount):
    return module_mount(tree, "follow_symlinks")


@pytest.mark.parametrize("name", ["sub/relative.npy", "absolute.npy", "directory/relative.npy", "sub/up/data.npy",
                                  "absolute_directory/relative.npy"])
def test_links_to_arrays_beneath_the_source_are_array_directories(mounted, name):
    """Symbolic links that stay beneath the source are followed, whether relative or absolute."""
    assert stat.S_ISDIR(os.lstat(mounted / name).st_mode)
    assert np.load(mounted / name / "slices/1_to_3.npy").tolist() == ARRAY[1:3].tolist()


def test_a_link_is_an_array_directory_by_its_own_name(tree, mounted):
    """What counts is the name that is listed: a link without .npy to an array is a file with the array's own bytes."""
    assert (mounted / "plain").read_bytes() == (tree / "data.npy").read_bytes()


def test_links_to_files_beneath_the_source_are_those_files(mounted):
    """A followed link is no link to the reader."""
    for name in ("text", "chain", "sub/up/text"):
        assert stat.S_ISREG(os.lstat(mounted / name).st_mode)
        assert (mounted / name).read_text() == "in source"
    assert sorted(os.listdir(mounted / "directory")) == ["relative.npy", "up"]


@pytest.mark.parametrize("name", [*LEAVING, "dangling", "loop"])
def test_links_that_leave_the_source_appear_as_the_links_they_are(tree, mounted, name):
    """Those that leave the source, and those that lead nowhere, appear as the links they are."""
    assert stat.S_ISLNK(os.lstat(mounted / name).st_mode)
    assert os.readlink(mounted / name) == os.readlink(tree / name)
    with os.scandir(mounted.path) as entries:
        assert next(entry for entry in entries if entry.name == name).is_symlink()


def test_npyfs_itself_does_not_follow_a_link_out_of_the_source(tree, mounted):
    """The reader's own kernel follows such a link, with the reader's rights, to what is there without npyfs."""
    outside = tree.parent / "outside/data.npy"
    assert os.path.samefile(mounted / "out_absolute.npy", outside)
    with pytest.raises(NotADirectoryError):
        os.stat(mounted / "out_absolute.npy/chunks")


def test_a_link_that_leaves_and_comes_back_is_shown_as_a_link(tree, mounted):
    """../source/notes.txt goes through the directory above the source, and so it leaves."""
    assert os.readlink(mounted / "out_and_back") == os.readlink(tree / "out_and_back")


def test_follow_symlinks_follows_links_that_leave(following):
    """-o follow_symlinks follows the links that leave the source, too."""
    for name in ("out.npy", "out_absolute.npy", "out_directory/data.npy"):
        assert np.load(following / name / "chunks/1_of_3.npy").tolist() == ARRAY[2:4].tolist()
    assert (following / "out.txt").read_text() == (following / "chain_out").read_text() == "in outside"
    assert "error.txt" in os.listdir(following / "passwd.npy")
    for name in ("dangling", "loop"):
        assert stat.S_ISLNK(os.lstat(following / name).st_mode)


def test_listing_types_of_followed_links_are_those_of_their_targets(mounted):
    """readdir says of a followed link what stat says."""
    with os.scandir(mounted.path) as entries:
        for entry in entries:
            found = os.lstat(entry.path)
            assert entry.is_symlink() == stat.S_ISLNK(found.st_mode), entry.name
            assert entry.is_dir(follow_symlinks=False) == stat.S_ISDIR(found.st_mode), entry.name
            assert entry.inode() == found.st_ino, entry.name


def test_follow_symlinks_follows_no_link_into_the_mount_itself(scratch, mount):
    """Links that lead into the mount itself appear as links; the mountpoint by way of a followed link is ELOOP."""
    source, at = scratch / "source", scratch / "mounted"
    for directory in (source, at):
        directory.mkdir()
    (source / "data.npy").write_bytes(saved(ARRAY))
    links = {"root": at, "chunk.npy": at / "data.npy/chunks/0_of_2.npy", "relative": "../mounted/data.npy",
             "through": "above/mounted/data.npy", "above": scratch}
    for name, target in links.items():
        (source / name).symlink_to(target)
    mounted = mount(source, "follow_symlinks", "attr_timeout=0", "entry_timeout=0", at=at)
    for name in ("root", "chunk.npy", "relative", "through"):
        assert stat.S_ISLNK(os.lstat(mounted / name).st_mode), name
        assert os.readlink(mounted / name) == os.fspath(links[name])
    assert stat.S_ISDIR(os.lstat(mounted / "above").st_mode)
    with pytest.raises(OSError) as caught:
        os.lstat(mounted / "above/mounted")
    assert caught.value.errno == errno.ELOOP
    assert np.load(mounted / "above/source/data.npy/chunks/0_of_2.npy").tolist() == ARRAY[:3].tolist()
    assert (mounted / "chunk.npy").read_bytes() == saved(ARRAY[:3]), "the reader's own kernel follows them"
    assert os.path.samefile(mounted / "/".join(["root"] * 30), mounted.path)


@pytest.mark.parametrize("option", ["ro", "allow_other", "follow_symlinks", "allow_other,follow_symlinks"])
def test_over_the_source_itself_links_beneath_it_are_followed(scratch, mount, option):
    """Mounted over SOURCE, links that stay beneath it are followed, not into the mount."""
    source = scratch / "source"
    (source / "sub").mkdir(parents=True)
    for directory in (source.parent, source, source / "sub"):
        directory.chmod(0o755)
    (source / "data.npy").write_bytes(saved(ARRAY))
    (source / "sub/deep.npy").write_bytes(saved(ARRAY))
    links = {"link.npy": source / "data.npy", "plain": source / "data.npy", "down.npy": "sub/deep.npy",
             "sub/up.npy": "../data.npy", "sub/there.npy": "../sub/deep.npy", "directory": "sub", "dots": "sub/.."}
    for name, target in links.items():
        (source / name).symlink_to(target)
    mounted = mount(source, option, "max_threads=1", "entry_timeout=0", "attr_timeout=0", at=source)
    script = """
import os, sys
for name in sys.argv[1:]:
    assert not os.path.islink(name), name
    path = name if not name.endswith(".npy") else name + "/chunks/0_of_1.npy"
    if os.path.isfile(path): sys.stdout.buffer.write(open(path, "rb").read())
"""
    reader = subprocess.Popen(["/usr/bin/python3", "-c", script, *links], cwd=mounted.path, stdout=subprocess.PIPE)
    try:
        assert reader.communicate(timeout=mounting.DEADLINE)[0] == 5 * saved(ARRAY)
        assert reader.returncode == 0
    except subprocess.TimeoutExpired:
        subprocess.run(["umount", "--force", mounted.path], check=False)  # it waits for itself: no signal ends that
        raise


def test_links_are_followed_for_other_users_wherever_the_source_has_been_moved(scratch, mount):
    """By the directories that their targets are in now, not by the name that SOURCE had at first."""
    source = scratch / "source"
    (source / "sub").mkdir(parents=True)
    for directory in (source, source / "sub"):
        directory.chmod(0o755)
    (source / "sub/deep.npy").write_bytes(saved(ARRAY))
    (source / "link.npy").symlink_to("sub/deep.npy")
    mounted = mount(source, "allow_other", "entry_timeout=0", "attr_timeout=0")
    source.rename(scratch / "moved")
    assert (mounted / "link.npy").is_dir() and not (mounted / "link.npy").is_symlink()
    assert np.load(mounted / "link.npy/chunks/0_of_1.npy").tolist() == ARRAY.tolist()
    (scratch / "moved").rename(source)
