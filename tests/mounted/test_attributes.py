"""What stat, statfs and ls see: attributes that other tools rely on."""

import ctypes
import errno
import json
import os
import shutil
import stat
import struct
import subprocess

import numpy as np
import pytest

from arrays import saved
from mount import libc

ARRAY = np.arange(3000.0).reshape(1000, 3)
# The st_ino of a 32-bit program without large file support has 32 bits. Without a C library, since the packages for -m32
# cannot be installed beside a cross compiler. stat is system call 106 there, write 4, exit 1.
STAT32 = r"""
static long call(long number, long a, long b, long c) {
  long result;
  __asm__ volatile("int $0x80" : "=a"(result) : "a"(number), "b"(a), "c"(b), "d"(c) : "memory");
  return result;
}
__attribute__((used)) void print_inodes(char** paths) {
  for (; *paths; ++paths) {
    unsigned long status[16];  /* st_dev, st_ino, ... */
    const long result = call(106, (long)*paths, (long)status, 0);
    unsigned long number = result < 0 ? -result : status[1];
    char text[12];
    int at = 11;
    text[at] = '\n';
    do text[--at] = '0' + number % 10; while (number /= 10);
    call(4, result < 0 ? 2 : 1, (long)(text + at), 12 - at);
  }
}
__asm__(".globl _start\n_start: lea 8(%esp), %eax\n push %eax\n call print_inodes\n mov $1, %eax\n xor %ebx, %ebx\n int $0x80");
"""
VIEWS = ["chunks/3_of_16.npy", "chunks/3_of_16.bin", "chunks/4/1_of_4.npy", "slices/0_to_1000.npy", "slices/7_to_7.npy",
         "slices/7_to_7.bin", "axis1/chunks/0_of_2.npy", "source.npy", "info.json"]
DIRECTORIES = ["", "chunks", "chunks/16", "slices", "axis0", "axis1", "axis1/chunks", "axis1/slices"]


@pytest.fixture(scope="module")
def tree(module_scratch):
    root = module_scratch / "source"
    (root / "sub").mkdir(parents=True)
    (root / "data.npy").write_bytes(saved(ARRAY))
    (root / "notes.txt").write_text("x" * 5000)
    os.utime(root / "data.npy", ns=(1_600_000_000_123_456_789, 1_500_000_000_987_654_321))
    os.utime(root / "notes.txt", ns=(1, -5_000_000_001))
    os.utime(root / "sub", ns=(0, 2_000_000_000_000_000_001))
    os.chown(root / "data.npy", 1234, 5678)
    os.chown(root / "sub", 4321, 8765)
    return root


@pytest.fixture(scope="module")
def mounted(tree, module_mount):
    return module_mount(tree)


@pytest.mark.parametrize("name", VIEWS)
def test_the_size_is_exact_and_covered_by_blocks(mounted, name):
    """The size is exact, before and after opening, and st_blocks covers it (or tar and cp take the file for a hole)."""
    path = mounted / "data.npy" / name
    before = os.stat(path)
    assert before.st_size == len(path.read_bytes())
    with open(path, "rb") as file:
        assert os.fstat(file.fileno()).st_size == before.st_size
    assert before.st_blocks == -(-before.st_size // 512)


def test_cp_and_tar_see_no_holes(mounted, scratch):
    """cp --sparse=auto and tar --sparse copy every byte of a view."""
    path = mounted / "data.npy/chunks/0_of_1.npy"
    subprocess.run(["cp", path, scratch / "copy.npy"], check=True)
    subprocess.run(["tar", "--sparse", "-C", path.parent, "-cf", scratch / "copy.tar", path.name], check=True)
    subprocess.run(["tar", "-C", scratch, "-xf", scratch / "copy.tar"], check=True)
    assert (scratch / "copy.npy").read_bytes() == (scratch / path.name).read_bytes() == saved(ARRAY)


@pytest.mark.parametrize("name", VIEWS + DIRECTORIES)
def test_times_and_owner_are_those_of_the_source(tree, mounted, name):
    """mtime and ownership are those of the source, to the nanosecond."""
    found, source = os.stat(mounted / "data.npy" / name), os.stat(tree / "data.npy")
    assert (found.st_mtime_ns, found.st_uid, found.st_gid) == (source.st_mtime_ns, 1234, 5678)


@pytest.mark.parametrize("name", ["notes.txt", "sub", "."])
def test_mirrored_files_have_the_attributes_of_the_source(tree, mounted, name):
    """Mirrored files and directories have the times, owner and inode number of the source."""
    found, source = os.stat(mounted / name), os.stat(tree / name)
    assert (found.st_mtime_ns, found.st_uid, found.st_gid) == (source.st_mtime_ns, source.st_uid, source.st_gid)
    if stat.S_ISREG(found.st_mode):
        assert found.st_size == source.st_size


def test_nlink_is_1_on_directories(mounted):
    """nlink is 1 on directories, so that find does not count on subdirectories."""
    for name in (".", "sub", "data.npy", *(f"data.npy/{name}" for name in DIRECTORIES)):
        assert os.stat(mounted / name).st_nlink == 1
    found = subprocess.run(["find", mounted.path, "-name", "source.npy"], capture_output=True, text=True, check=True)
    assert found.stdout.splitlines() == [str(mounted / "data.npy/source.npy")]


@pytest.mark.parametrize("mode", [0o644, 0o600, 0o440, 0o755, 0o000, 0o4755, 0o2644, 0o222, 0o751, 0o1777])
def test_the_mode_is_that_of_the_source_less_write_and_execute_bits(source, mount, mode):
    """The mode of the source less write and execute bits; directories get the matching x."""
    (source / "data.npy").write_bytes(saved(ARRAY))
    (source / "file").write_text("x")
    for name in ("data.npy", "file"):
        (source / name).chmod(mode)
    mounted = mount(source)
    readable = mode & 0o444
    for name in VIEWS:
        assert stat.S_IMODE(os.stat(mounted / "data.npy" / name).st_mode) == readable
    for name in DIRECTORIES:
        assert stat.S_IMODE(os.stat(mounted / "data.npy" / name).st_mode) == readable | readable >> 2
    assert stat.S_IMODE(os.stat(mounted / "file").st_mode) == readable


@pytest.mark.parametrize("mode", [0o755, 0o700, 0o711, 0o750, 0o1777, 0o2770, 0o444])
def test_mirrored_directories_keep_their_read_and_search_bits(source, mount, mode):
    """A directory that can be entered but not listed stays one."""
    (source / "sub").mkdir()
    (source / "sub").chmod(mode)
    source.chmod(mode)
    mounted = mount(source)
    for name in ("sub", "."):
        assert stat.S_IMODE(os.stat(mounted / name).st_mode) == mode & 0o555


def every_inode(mounted):
    names = [name for name in os.listdir(mounted.path)] + [f"data.npy/{name}" for name in VIEWS + DIRECTORIES]
    return {name: os.stat(mounted / name).st_ino for name in names}


def test_inode_numbers_are_stable_across_remounts(tree, mounted, mount):
    """st_ino is stable across remounts, and no two files have the same."""
    first = every_inode(mounted)
    assert every_inode(mount(tree)) == first
    same = {"data.npy", "data.npy/"}  # one directory, named twice here
    numbers = [number for name, number in first.items() if name not in same]
    assert len(set(numbers)) == len(numbers)


def test_two_names_of_one_file_have_the_same_inode_number(mounted):
    """st_ino is the same for two names of one file."""
    for one, other in (("chunks/3_of_16.npy", "axis0/chunks/016/0003_of_16.npy"), ("slices/1_to_2.npy", "slices/01_to_02.npy")):
        assert os.path.samefile(mounted / "data.npy" / one, mounted / "data.npy" / other)


def test_hard_links_in_the_source_are_files_of_their_own(source, mount):
    """Two hard links to one file are one file below the mount, too."""
    (source / "a.txt").write_text("x")
    os.link(source / "a.txt", source / "b.txt")
    mounted = mount(source)
    assert os.path.samefile(mounted / "a.txt", mounted / "b.txt")


def test_statfs_is_that_of_the_sources_filesystem(tree, mounted):
    """statfs describes the source's filesystem, read-only."""
    for name in ("", "data.npy/chunks/0_of_3.npy", "notes.txt"):
        found, source = os.statvfs(mounted / name), os.statvfs(tree)
        assert (found.f_blocks, found.f_frsize, found.f_files, found.f_namemax) == (
            source.f_blocks, source.f_frsize, source.f_files, source.f_namemax)
        assert found.f_flag & os.ST_RDONLY
    assert shutil.disk_usage(mounted.path).total == shutil.disk_usage(tree).total


_IN_OPEN = 0x20
_IN_ISDIR = 0x40000000


class OpenedFiles:
    """The names of files in a directory that anybody opens, as inotify tells them."""

    def __init__(self, directory):
        self._watch = libc.inotify_init1(os.O_NONBLOCK)
        assert libc.inotify_add_watch(self._watch, os.fsencode(directory), ctypes.c_uint32(_IN_OPEN)) > 0

    def names(self):
        found = set()
        try:
            while events := os.read(self._watch, 1 << 16):
                while events:
                    _, mask, _, length = struct.unpack_from("iIII", events)
                    if not mask & _IN_ISDIR:
                        found.add(events[16:16 + length].rstrip(b"\0").decode())
                    events = events[16 + length:]
        except BlockingIOError:
            return found
        finally:
            os.close(self._watch)


@pytest.mark.parametrize("command", [["ls", "-f"], ["ls", "-l"], ["find"]])
def test_ls_on_a_big_directory_opens_no_file(source, mount, command):
    """*.npy is a directory whatever is inside it: listing a big directory opens no file of the source."""
    for index in range(500):
        (source / f"{index}.npy").write_bytes(b"whatever")
    mounted = mount(source)
    opened = OpenedFiles(source)
    arguments = ["-maxdepth", "1", "-type", "d"] if command == ["find"] else []
    listed = subprocess.run([*command, mounted.path, *arguments], capture_output=True, text=True, check=True).stdout
    assert listed.count(".npy") == 500
    assert opened.names() == set()


def test_what_is_looked_into_is_opened(source, mount):
    """The same measure sees the one file whose array is looked at."""
    for name in ("one.npy", "other.npy"):
        (source / name).write_bytes(saved(ARRAY))
    mounted = mount(source)
    opened = OpenedFiles(source)
    os.listdir(mounted / "one.npy")
    assert opened.names() == {"one.npy"}


@pytest.mark.parametrize("name", [b'say "hi"\n\\.npy', "\u00fc\u65e5.npy".encode(), b"no \xff utf-8.npy"], ids=["quotes", "letters", "bytes"])
def test_any_name_is_told(source, mount, name):
    """info.json is valid JSON whatever the names hold, getfattr -d tells of them, and the attribute has their very bytes."""
    (source / os.fsdecode(name)).write_bytes(saved(ARRAY))
    chunk = os.fsencode(mount(source).path) + b"/" + name + b"/chunks/1_of_4.npy"
    path = os.fsencode(source) + b"/" + name
    assert os.getxattr(chunk, "user.npyfs.source") == path
    with open(os.path.dirname(os.path.dirname(chunk)) + b"/info.json", encoding="utf-8") as info:
        assert json.load(info)["source"] == path.decode(errors="replace")
    read = subprocess.run(["getfattr", "-d", "--absolute-names", chunk], capture_output=True, check=True).stdout
    assert b'\nuser.npyfs.shape="(250, 3)"\n' in read


@pytest.fixture(scope="module")
def stat32(module_scratch):
    """stat32(paths): what a program built with -m32 prints."""
    (module_scratch / "stat32.c").write_text(STAT32)
    alone = ["-ffreestanding", "-fno-pic", "-fno-stack-protector", "-nostdlib", "-static"]
    subprocess.run(["gcc", "-m32", *alone, "-o", module_scratch / "stat32", module_scratch / "stat32.c"], check=True)
    return lambda paths: subprocess.run([module_scratch / "stat32", *paths], capture_output=True, text=True)


def test_inode32_is_for_32_bit_programs(tree, mounted, mount, stat32):
    """With -o inode32 inode numbers are below 2^32, so that stat works in 32-bit programs without large file support."""
    paths = ["data.npy", "notes.txt", "sub", *(f"data.npy/{path}" for path in VIEWS + DIRECTORIES[1:])]
    ran = stat32(mounted / path for path in paths if path.endswith(".npy") and "chunks" in path)
    assert ran.stdout == "" and set(ran.stderr.split()) == {str(errno.EOVERFLOW)}, "without the option"
    small = mount(tree, "inode32")
    ran = stat32(small / path for path in paths)
    numbers = [int(line) for line in ran.stdout.splitlines()]
    assert ran.stderr == "" and len(numbers) == len(paths)
    assert numbers == [os.stat(small / path).st_ino for path in paths], "they stay the same while mounted"
    wide = [os.stat(mounted / path).st_ino for path in paths]
    assert len(set(numbers)) == len(set(wide)), "what has one number has one number, and nothing else has it"
    assert [numbers.index(number) for number in numbers] == [wide.index(number) for number in wide]
    assert all(number < 2**32 for number in numbers)
    for entry in os.scandir(small / "data.npy/chunks"):
        assert entry.inode() == os.stat(entry.path).st_ino
