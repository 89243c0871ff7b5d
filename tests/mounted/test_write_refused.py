"""What a writable mount refuses: the right errno, a line in the log where it helps, and an untouched source."""

import errno
import os
import subprocess

import numpy as np
import pytest

import mount as mounting
from arrays import filled, saved


@pytest.fixture
def mounted(source, mount):
    return mount(source, "rw")


@pytest.mark.parametrize("other, says", [
    (np.zeros((600, 10), "<f4"), "(600, 10) '<f4'"),
    (np.zeros((625, 10), "<i8"), "(625, 10) '<i8'"),
    (np.zeros((625, 10), "<f8", "F"), "(625, 10) '<f8' in Fortran order"),
    (np.zeros((625, 11), "<f8"), "(625, 11) '<f8'"),
], ids=["shape", "dtype", "order", "columns"])
def test_saving_another_array_is_einval_and_the_log_says_both(source, mount, other, says):
    """np.save of another shape, dtype or order fails at once with EINVAL, and the log says what is there and what was
    written; the source is untouched."""
    before = saved(filled((10_000, 10), "<f8"))
    (source / "a.npy").write_bytes(before)
    mounted = mount(source, "rw", foreground=True)
    with pytest.raises(OSError) as refused:
        np.save(mounted / "a.npy/chunks/3_of_16.npy", other)
    assert refused.value.errno == errno.EINVAL
    assert f"chunk 3 of 16 is (625, 10) '<f8', the header written says {says}" in mounted.stderr()
    assert (source / "a.npy").read_bytes() == before


def refused_by(change, path):
    with pytest.raises(OSError) as refused:
        change(path)
    return errno.errorcode[refused.value.errno]


def append(path):
    with open(path, "ab", buffering=0) as file:
        file.write(b"x")


def truncate_open_file(path):
    with open(path, "r+b") as file:
        os.ftruncate(file.fileno(), 150)


def truncate_open_file_to_nothing(path):
    with open(path, "r+b") as file:
        os.ftruncate(file.fileno(), 0)


def write_beyond_the_end(path):
    with open(path, "r+b", buffering=0) as file:
        file.seek(0, os.SEEK_END)
        file.write(b"x")


def write_over_the_end(path):
    with open(path, "r+b", buffering=0) as file:
        file.seek(-1, os.SEEK_END)
        file.write(b"xy")


def allocate(path):
    with open(path, "r+b") as file:
        result = mounting.libc.fallocate(file.fileno(), 0, mounting.ctypes.c_long(0), mounting.ctypes.c_long(10_000))
        assert result == -1
        raise OSError(mounting.ctypes.get_errno(), "fallocate")


CHANGES = {
    "append": (append, "EFBIG"),
    "write beyond the end": (write_beyond_the_end, "EFBIG"),
    "write over the end": (write_over_the_end, "EFBIG"),
    "shrink": (lambda path: os.truncate(path, 150), "EINVAL"),
    "shrink to nothing": (lambda path: os.truncate(path, 0), "EINVAL"),
    "shrink an open file": (truncate_open_file, "EINVAL"),
    "shrink an open file to nothing": (truncate_open_file_to_nothing, "EINVAL"),
    "grow": (lambda path: os.truncate(path, 1_000_000), "EINVAL"),
    "allocate": (allocate, "ENOTSUP"),
    "unlink": (os.unlink, "EPERM"),
    "rename": (lambda path: os.rename(path, path.with_name("0_of_3.npy")), "EPERM"),
    "replace": (lambda path: os.rename(path.with_name("0_of_3.npy"), path), "EPERM"),
    "link": (lambda path: os.link(path, path.with_name("x")), "EPERM"),
    "symlink": (lambda path: os.symlink("x", path.with_name("x")), "EPERM"),
    "chmod": (lambda path: os.chmod(path, 0o600), "EPERM"),
    "chown": (lambda path: os.chown(path, 1, 1), "EPERM"),
    "set times": (lambda path: os.utime(path, (1, 1)), "EPERM"),
    "new file": (lambda path: open(path.with_name("x.npy"), "wb"), "EPERM"),
    "new directory": (lambda path: os.mkdir(path.with_name("x")), "EPERM"),
    "remove directory": (lambda path: os.rmdir(path.parent), "EPERM"),
    "new array": (lambda path: open(path.parents[2] / "new.npy", "wb"), "EPERM"),
    "set attribute": (lambda path: os.setxattr(path, "user.npyfs.written", b"0"), "ENOTSUP"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_view_keeps_size_name_mode_and_owner(source, mounted, change):
    """Size, name, mode, owner and times of a view are fixed: changing them fails, and the source is untouched."""
    before = saved(filled((9, 3), "<f8"))
    (source / "a.npy").write_bytes(before)
    status = (source / "a.npy").stat()
    function, code = CHANGES[change]
    assert refused_by(function, mounted / "a.npy/chunks/1_of_3.npy") == code
    assert (source / "a.npy").read_bytes() == before
    assert (source / "a.npy").stat()[:7] == status[:7]
    assert os.listdir(source) == ["a.npy"]


def test_truncation_at_open_means_nothing(source, mounted):
    """O_TRUNC means nothing, and neither does setting the size to what it is."""
    array = filled((9, 3), "<f8").copy()
    (source / "a.npy").write_bytes(saved(array))
    view = mounted / "a.npy/chunks/1_of_3.npy"
    os.close(os.open(view, os.O_WRONLY | os.O_TRUNC))
    os.truncate(view, view.stat().st_size)
    assert view.read_bytes() == saved(array[3:6])
    mapped = np.load(view, mmap_mode="r+")
    mapped[0] = 5
    os.close(os.open(view, os.O_WRONLY | os.O_TRUNC))
    mapped.flush()
    array[3] = 5
    assert (source / "a.npy").read_bytes() == saved(array)


def test_a_sparse_copy_is_refused_rather_than_wrong(source, mounted):
    """cp of a file with holes leaves them out, where the old bytes would stay: that is EINVAL, and cp --sparse=never works."""
    array = filled((3, 100_000), "|u1").copy()
    (source / "a.npy").write_bytes(saved(array))
    new = source.parent / "new.bin"
    with open(new, "wb") as file:
        file.truncate(100_000)
        file.seek(60_000)
        file.write(b"x")
    ran = subprocess.run(["cp", new, mounted / "a.npy/chunks/1_of_3.bin"], capture_output=True, text=True)
    assert ran.returncode != 0 and "Invalid argument" in ran.stderr
    assert (source / "a.npy").read_bytes() == saved(array)
    subprocess.run(["cp", "--sparse=never", new, mounted / "a.npy/chunks/1_of_3.bin"], check=True)
    array[1] = np.frombuffer(new.read_bytes(), "u1")
    assert (source / "a.npy").read_bytes() == saved(array)


def blocks(*values):
    """Blocks of a filesystem, each full of one value."""
    return b"".join(bytes([value]) * 4096 for value in values)


def sparse(path, content):
    """Writes `content` with holes where blocks are zeros."""
    with open(path, "wb") as file:
        for offset in range(0, len(content), 4096):
            if any(content[offset:offset + 4096]):
                file.seek(offset)
                file.write(content[offset:offset + 4096])
        file.truncate(len(content))


SPARSE_WRITERS = {
    "cp": 'cp "$1" "$2"',
    "cp --sparse=always": 'cp --sparse=always "$1" "$2"',
    "dd": 'dd if="$1" of="$2" bs=4096 conv=sparse status=none',
    "tar": 'tar -S -cf - -C "${1%/*}" "${1##*/}" | tar -xOf - > "$2"',
    "head": 'head -c 4096 "$1" > "$2"',
}
HOLES = {"end": (1, 2, 0, 0), "middle": (1, 0, 0, 2), "beginning": (0, 1, 2, 3), "both": (1, 0, 2, 0), "all": (0, 0, 0, 0),
         "none": (1, 2, 3, 4)}


@pytest.mark.parametrize("writer", SPARSE_WRITERS)
@pytest.mark.parametrize("hole", HOLES)
def test_a_writer_that_skips_holes_is_told_or_writes_everything(source, mounted, scratch, writer, hole):
    """Whoever truncates a view and leaves out rows is told by EINVAL, at the latest when it closes the view: never does it
    report success where old rows stay."""
    (source / "a.npy").write_bytes(saved(np.full((3, 4 * 4096), 77, "u1")))
    content, view = blocks(*HOLES[hole]), mounted / "a.npy/chunks/1_of_3.bin"
    sparse(scratch / "sparse", content)
    ran = subprocess.run(["bash", "-c", SPARSE_WRITERS[writer], "sh", scratch / "sparse", view], capture_output=True,
                         text=True)
    has_copied = view.read_bytes() == content
    wrote_nothing = view.read_bytes() == blocks(77, 77, 77, 77)
    if has_copied or writer == "dd" and hole == "all" and wrote_nothing:
        assert ran.returncode == 0 and ran.stderr == ""
    else:
        assert "Invalid argument" in ran.stderr
        assert ran.returncode != 0 or "Warning" in ran.stderr  # tar only warns where it cannot set a size


@pytest.mark.parametrize("hole", HOLES)
def test_dd_that_does_not_truncate_skips_holes_as_on_any_file(source, mounted, scratch, hole):
    """dd conv=sparse,notrunc leaves bytes as they are where its input is zeros, as its manual says, on every file."""
    (source / "a.npy").write_bytes(saved(np.full((3, 4 * 4096), 77, "u1")))
    (scratch / "plain").write_bytes(blocks(77, 77, 77, 77))
    (scratch / "content").write_bytes(blocks(*HOLES[hole]))
    for out in (scratch / "plain", mounted / "a.npy/chunks/1_of_3.bin"):
        subprocess.run(["dd", f"if={scratch}/content", f"of={out}", "bs=4096", "conv=sparse,notrunc", "status=none"], check=True)
    assert (mounted / "a.npy/chunks/1_of_3.bin").read_bytes() == (scratch / "plain").read_bytes()


def test_processes_may_write_one_view_one_after_another(source, mounted, scratch):
    """Processes that write parts of a view one after another, through copies of one descriptor, all succeed."""
    (source / "a.npy").write_bytes(saved(np.full((3, 4 * 4096), 77, "u1")))
    (scratch / "part").write_bytes(blocks(1, 2))
    view = mounted / "a.npy/chunks/1_of_3.bin"
    for script in ('{ cat "$1"; cat "$1"; } > "$2"', '(cat "$1"; cat "$1"; true) > "$2"',
                   'exec 3> "$2"; cat "$1" >&3; dd bs=4096 status=none < "$1" >&3; exec 3>&-'):
        (source / "a.npy").write_bytes(saved(np.full((3, 4 * 4096), 77, "u1")))
        for shell in ("bash", "dash"):
            ran = subprocess.run([shell, "-euc", script, "sh", scratch / "part", view], capture_output=True, text=True)
            assert ran.returncode == 0 and ran.stderr == "", ran.stderr
            assert view.read_bytes() == blocks(1, 2, 1, 2)
    with open(view, "wb", buffering=0) as file:
        for _ in range(2):
            file.write(blocks(3, 4))
            child = os.fork()
            if child == 0:
                os.close(file.fileno())
                os._exit(0)
            assert os.waitpid(child, 0)[1] == 0
    assert view.read_bytes() == blocks(3, 4, 3, 4)


def test_an_array_may_be_mapped_after_its_header_was_written(source, mounted):
    """np.lib.format.open_memmap(mode='w+') writes the header alone before it closes the file, and maps the view then."""
    (source / "a.npy").write_bytes(saved(filled((9, 3), "<f8")))
    rows = np.lib.format.open_memmap(mounted / "a.npy/chunks/1_of_3.npy", "w+", "<f8", (3, 3))
    rows[...] = 5
    rows.flush()
    assert (np.load(source / "a.npy")[3:6] == 5).all()


def test_a_write_that_failed_is_not_told_again(source, mounted):
    """A writer that was told by write hears of no other error at close."""
    (source / "a.npy").write_bytes(saved(filled((9, 3), "<f8")))
    file = open(mounted / "a.npy/chunks/1_of_3.bin", "wb", buffering=0)
    file.write(b"12345678")
    assert refused_by(lambda path: os.pwrite(file.fileno(), b"x", 10), mounted.path) == "EINVAL"
    file.close()


@pytest.mark.parametrize("name", ["a.npy/info.json", "notes.txt", "damaged.npy/source.npy", "damaged.npy/error.txt",
                                  ".npyfs/metrics"])
def test_nothing_else_can_be_written(source, mounted, name):
    """Chunks, slices, their .bin twins and source.npy of a sliceable array can be written, nothing else: EACCES."""
    (source / "a.npy").write_bytes(saved(filled((9, 3), "<f8")))
    (source / "notes.txt").write_text("hello")
    (source / "damaged.npy").write_text("hello")
    assert refused_by(lambda path: open(path, "r+b"), mounted / name) == "EACCES"
    assert (mounted / name).stat().st_mode & 0o222 == 0


def test_a_truncated_view_that_is_written_in_part_is_told(source, mount):
    """A view that is truncated and then written in part keeps the rest: close is EINVAL, and the log says so."""
    array = filled((9, 3), "<f8").copy()
    (source / "a.npy").write_bytes(saved(array))
    mounted = mount(source, "rw", foreground=True)
    assert refused_by(lambda path: path.write_bytes(b"12345678"), mounted / "a.npy/chunks/1_of_3.bin") == "EINVAL"
    array[3, 0] = np.frombuffer(b"12345678", "<f8")[0]
    assert (source / "a.npy").read_bytes() == saved(array)
    mounted.wait_until(lambda: "written up to byte 8 of 72: the rest is what it was" in mounted.stderr(), "line")


def test_without_rw_everything_is_erofs(source, mount):
    """Without -o rw every write is EROFS; the last of ro and rw counts."""
    (source / "a.npy").write_bytes(saved(filled((9, 3), "<f8")))
    for options in ([], ["rw", "ro"]):
        assert refused_by(lambda path: open(path, "r+b"), mount(source, *options) / "a.npy/chunks/1_of_3.npy") == "EROFS"
    open(mount(source, "ro", "rw") / "a.npy/chunks/1_of_3.npy", "r+b").close()
