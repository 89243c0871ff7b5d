"""Shells and tools that empty a view (O_TRUNC) and leave out zeros: the view holds zeros there, never old rows."""

import os
import subprocess

import pytest

from arrays import saved
from emptied import ARRAY, CHUNK, FULL, SIZE, assert_rows, array, mounted, view  # noqa: F401 (fixtures)


COMMANDS = {
    ': > "$1"': b"",
    'printf abc > "$1"': b"abc",
    'cat < /dev/null > "$1"': b"",
    '{ printf ab; printf cd; } > "$1"': b"abcd",
    '(printf ab; exec printf cd) > "$1"': b"abcd",
    'exec 3> "$1"; printf ab >&3; printf cd >&3; exec 3>&-': b"abcd",
    'printf abc | dd of="$1" status=none': b"abc",
    'printf abc | dd of="$1" bs=1 seek=2 conv=notrunc status=none': b"MMabc" + FULL[5:],
    'printf abc | tee "$1" > /dev/null': b"abc",
    'truncate -s 0 "$1"': b"",
    'truncate -s 0 "$1" && truncate -s 16384 "$1"': b"",
    'truncate -s 16384 "$1"': FULL,
    'printf abc 1<> "$1"': b"abc" + FULL[3:],
    'fallocate -l 16384 "$1" || true': FULL,
}


@pytest.mark.parametrize("shell", ["bash", "dash"])
@pytest.mark.parametrize("command", COMMANDS)
def test_what_a_shell_empties_holds_zeros_behind_what_it_writes(array, view, scratch, shell, command):
    """The chunk holds what a plain file would, with zeros up to its size."""
    (scratch / "plain").write_bytes(FULL)
    for path in (scratch / "plain", view):
        ran = subprocess.run([shell, "-euc", command, "sh", path], capture_output=True, text=True)
        assert ran.returncode == 0, ran.stderr
    assert view.read_bytes() == COMMANDS[command].ljust(SIZE, b"\0")
    assert view.read_bytes() == (scratch / "plain").read_bytes().ljust(SIZE, b"\0")
    assert_rows(array, COMMANDS[command].ljust(SIZE, b"\0"))


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
    "cp --sparse=never": 'cp --sparse=never "$1" "$2"',
    "dd": 'dd if="$1" of="$2" bs=4096 conv=sparse status=none',
    "tar": 'tar -S -cf - -C "${1%/*}" "${1##*/}" | tar -xOf - > "$2"',
    "head": 'head -c 4096 "$1" > "$2"',
    "rsync": 'rsync -I --inplace "$1" "$2"',
}
HOLES = {"end": (1, 2, 0, 0), "middle": (1, 0, 0, 2), "beginning": (0, 1, 2, 3), "both": (1, 0, 2, 0), "all": (0, 0, 0, 0),
         "none": (1, 2, 3, 4)}


@pytest.mark.parametrize("writer", SPARSE_WRITERS)
@pytest.mark.parametrize("hole", HOLES)
def test_what_a_sparse_writer_skips_holds_zeros(array, view, scratch, writer, hole):
    """Writers that leave out zeros succeed, and the chunk holds zeros there."""
    content = blocks(*HOLES[hole])
    sparse(scratch / "sparse", content)
    subprocess.run(["bash", "-euc", SPARSE_WRITERS[writer], "sh", scratch / "sparse", view], check=True)
    assert_rows(array, content[:4096].ljust(SIZE, b"\0") if writer == "head" else content)


@pytest.mark.parametrize("hole", HOLES)
def test_dd_that_does_not_truncate_skips_holes_as_on_any_file(source, mounted, scratch, hole):
    """dd conv=sparse,notrunc leaves bytes as they are where its input is zeros, as its manual says, on every file."""
    (source / "a.npy").write_bytes(saved(ARRAY))
    (scratch / "plain").write_bytes(FULL)
    (scratch / "content").write_bytes(blocks(*HOLES[hole]))
    for out in (scratch / "plain", mounted / "a.npy/chunks/1_of_3.bin"):
        subprocess.run(["dd", f"if={scratch}/content", f"of={out}", "bs=4096", "conv=sparse,notrunc", "status=none"], check=True)
    assert (mounted / "a.npy/chunks/1_of_3.bin").read_bytes() == (scratch / "plain").read_bytes()


def test_processes_may_write_one_view_one_after_another(source, mounted, scratch):
    """Processes that write parts of a view one after another, through copies of one descriptor, all succeed."""
    (source / "a.npy").write_bytes(saved(ARRAY))
    (scratch / "part").write_bytes(blocks(1, 2))
    view = mounted / "a.npy/chunks/1_of_3.bin"
    for script in ('{ cat "$1"; cat "$1"; } > "$2"', '(cat "$1"; cat "$1"; true) > "$2"',
                   'exec 3> "$2"; cat "$1" >&3; dd bs=4096 status=none < "$1" >&3; exec 3>&-'):
        (source / "a.npy").write_bytes(saved(ARRAY))
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
