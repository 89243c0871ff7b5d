"""Writers that are not numpy, with headers of their own, write a whole chunk, or say that they have failed."""

import errno
import os
import subprocess

import numpy as np
import pytest

from arrays import filled, saved

# As cnpy writes: a header that is padded to 16 bytes, through stdio, with no look at any result.
CARELESS = r"""
#include <stdio.h>
#include <string.h>
int main(int argc, char** argv) {
  char header[256] = "\x93NUMPY\x01";
  int used = 10 + sprintf(header + 10, "{'descr': '<f8', 'fortran_order': False, 'shape': (%s), }", argv[2]);
  while ((used + 1) % 16 != 0) header[used++] = ' ';
  header[used++] = '\n';
  header[8] = (char)(used - 10);
  double value = 0;
  FILE* file = fopen(argv[1], "wb");
  fwrite(header, 1, (size_t)used, file);
  while (scanf("%lf", &value) == 1) fwrite(&value, 8, 1, file);
  return fclose(file) == 0 ? 0 : 1;
}
"""

XTENSOR = r"""
#include <iostream>
#include <xtensor/xarray.hpp>
#include <xtensor/xnpy.hpp>
int main(int argc, char** argv) {
  xt::xarray<double> rows = xt::zeros<double>({std::stoul(argv[2]), std::stoul(std::strchr(argv[2], ',') + 2)});
  for (double& value : rows) std::cin >> value;
  xt::dump_npy(argv[1], rows);
}
"""


@pytest.fixture(scope="module")
def writers(scratch_root):
    for name, text, compiler in (("careless", CARELESS, ["cc", "-xc"]), ("xtensor", XTENSOR, ["g++", "-std=c++17", "-xc++"])):
        subprocess.run([*compiler, "-o", scratch_root / name, "-"], input=text, text=True, check=True)
    return scratch_root


def written_by(program, path, rows):
    """Whether the program says that it has written these rows."""
    shape = ", ".join(map(str, rows.shape))
    text = "\n".join(map(repr, rows.ravel().tolist()))
    return subprocess.run([program, path, shape], input=text, text=True, timeout=60).returncode == 0


@pytest.mark.parametrize("writer", ["careless", "xtensor"])
@pytest.mark.parametrize("shape", [(9, 3), (30_000, 4)], ids=["small", "large"])
def test_a_foreign_writer_writes_its_chunk(source, mount, writers, writer, shape):
    """The rows are right whatever the header of the tool looks like, and nothing beside them changes."""
    array = filled(shape, "<f8").copy()
    (source / "a.npy").write_bytes(saved(array))
    mounted = mount(source, "rw")
    third = shape[0] // 3
    for chunk in (1, 2, 0):
        rows = np.random.default_rng(chunk).random((third, shape[1]))
        array[chunk * third:(chunk + 1) * third] = rows
        assert written_by(writers / writer, mounted / f"a.npy/chunks/{chunk}_of_3.npy", rows)
        assert (source / "a.npy").read_bytes() == saved(array)
        assert (mounted / f"a.npy/chunks/{chunk}_of_3.npy").read_bytes() == saved(rows)


@pytest.mark.parametrize("writer", ["careless"])
def test_a_foreign_writer_of_another_shape_fails(source, mount, writers, writer):
    """Another shape fails, and the rows are what they were."""
    before = saved(filled((9, 3), "<f8"))
    (source / "a.npy").write_bytes(before)
    assert not written_by(writers / writer, mount(source, "rw") / "a.npy/chunks/1_of_3.npy", np.ones((4, 3)))
    assert (source / "a.npy").read_bytes() == before


def header_of(descr, shape, size):
    """A complete header of so many bytes, of another size than numpy's."""
    text = f"{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}".encode()
    return b"\x93NUMPY\x01\x00" + (size - 10).to_bytes(2, "little") + text.ljust(size - 11) + b"\n"


@pytest.fixture
def array(source):
    """Nine rows of three numbers."""
    (source / "a.npy").write_bytes(saved(filled((9, 3), "<f8")))
    return source / "a.npy"


def expect_einval(call, *arguments):
    with pytest.raises(OSError) as refused:
        call(*arguments)
    assert refused.value.errno == errno.EINVAL


@pytest.mark.parametrize("flags", [os.O_RDWR, os.O_RDWR | os.O_TRUNC], ids=["kept", "emptied"])
def test_a_header_of_another_size_where_the_file_may_be_mapped(array, mount, flags):
    """What may be mapped takes no header of another size: EINVAL, also from close, and the log says what to do."""
    before = array.read_bytes()
    mounted = mount(array.parent, "rw", foreground=True)
    file = os.open(mounted / "a.npy/chunks/1_of_3.npy", flags)
    expect_einval(os.write, file, header_of("<f8", (3, 3), 80) + bytes(72))
    expect_einval(os.close, file)
    assert array.read_bytes() == before
    assert ("chunk 1 of 3 is (3, 3) '<f8'; the header written says so in 80 bytes instead of 128: write the body into "
            "chunks/1_of_3.bin; a header of another size is taken where the file is open for writing alone") in mounted.stderr()


def test_a_header_of_another_size_in_a_file_that_was_not_emptied(array, mount):
    """Who does not empty the file writes the body in one go, and may then cut it where he ends, as JetBrains' npy does."""
    rows = np.random.default_rng(4).random((3, 3))
    file = os.open(mount(array.parent, "rw") / "a.npy/chunks/1_of_3.npy", os.O_WRONLY)
    for part in (header_of("<f8", (3, 3), 80), rows[:1].tobytes(), rows[1:].tobytes()):
        os.write(file, part)
    os.ftruncate(file, 80 + 72)
    expect_einval(os.ftruncate, file, 80 + 64)
    os.close(file)
    assert np.array_equal(np.load(array)[3:6], rows)


@pytest.mark.parametrize("offset", [80 + 16, 80 + 72])
def test_a_gap_behind_a_header_of_another_size(array, mount, offset):
    """A tool that leaves out what it has read there (rsync --inplace) fails: the bytes that it means are elsewhere."""
    file = os.open(mount(array.parent, "rw") / "a.npy/chunks/1_of_3.npy", os.O_WRONLY)
    os.write(file, header_of("<f8", (3, 3), 80))
    os.pwrite(file, bytes(8), 80)
    if offset < 80 + 72:
        expect_einval(os.pwrite, file, bytes(8), offset)
    expect_einval(os.close, file)
    assert np.array_equal(np.load(array).ravel()[10:], filled((9, 3), "<f8").ravel()[10:])


@pytest.mark.parametrize("text", ["'descr': '<u1', 'fortran_order': False", "'descr': 'u1', 'fortran_order': True",
                                  "'fortran_order': False, 'descr': \"=u1\""])
def test_a_header_in_other_words(source, mount, text):
    """The dtype may be spelled otherwise, the keys may have any order, and one dimension is in both orders."""
    (source / "a.npy").write_bytes(saved(np.zeros(9, "u1")))
    header = f"{{{text}, 'shape': (3,)}}".encode().ljust(85) + b"\n"
    (mount(source, "rw") / "a.npy/chunks/1_of_3.npy").write_bytes(b"\x93NUMPY\x01\x00\x56\x00" + header + b"\1\2\3")
    assert np.load(source / "a.npy").tolist() == [0, 0, 0, 1, 2, 3, 0, 0, 0]


def test_xtensor_of_another_shape(array, mount, writers):
    """xtensor looks at no result of a write and says nothing: the rows are what they were, and the log says it."""
    before = array.read_bytes()
    mounted = mount(array.parent, "rw", foreground=True)
    written_by(writers / "xtensor", mounted / "a.npy/chunks/1_of_3.npy", np.ones((4, 3)))
    assert array.read_bytes() == before
    assert "chunk 1 of 3 is (3, 3) '<f8', the header written says (4, 3) '<f8'" in mounted.stderr()


PIECES = {"byte by byte": [1] * 512, "as Go's binary.Write": [6, 1, 1, 2], "as MLX": [10], "with some of the body": [6, 150]}


@pytest.mark.parametrize("size", [80, 128, 192])
@pytest.mark.parametrize("pieces", PIECES.values(), ids=PIECES)
def test_a_header_may_be_written_in_pieces(array, mount, size, pieces):
    """A header may come in pieces, as most libraries without a buffer write it, and may be shorter or longer."""
    rows = np.random.default_rng(size).random((3, 3))
    content = header_of("<f8", (3, 3), size) + rows.tobytes()
    with open(mount(array.parent, "rw") / "a.npy/chunks/1_of_3.npy", "wb", buffering=0) as file:
        for piece in pieces:
            file.write(content[:piece])
            content = content[piece:]
        file.write(content)
    expected = filled((9, 3), "<f8").copy()
    expected[3:6] = rows
    assert array.read_bytes() == saved(expected)


@pytest.mark.parametrize("flags", [os.O_WRONLY, os.O_RDWR], ids=["alone", "may be mapped"])
@pytest.mark.parametrize("descr, shape", [("<f4", (3, 3)), ("<f8", (4, 3))])
@pytest.mark.parametrize("pieces", [[6, 1, 1, 2], [10]], ids=str)
def test_another_header_in_pieces_is_refused(array, mount, flags, descr, shape, pieces):
    """A header that says something else is refused in pieces as well: the rows are what they were, nothing behind it is
    taken, and close() repeats the error."""
    before = array.read_bytes()
    content = header_of(descr, shape, 80)
    file = os.open(mount(array.parent, "rw") / "a.npy/chunks/1_of_3.npy", flags | os.O_TRUNC)
    written = 0
    with pytest.raises(OSError):
        for piece in [*pieces, 80]:
            written += os.write(file, content[written:written + piece])
    for offset in (80, 128, 160):
        expect_einval(os.pwrite, file, bytes(8), offset)
    expect_einval(os.close, file)
    assert array.read_bytes() == before


def test_a_header_that_is_not_finished(array, mount):
    """A header that nobody finishes is EINVAL at close. The rows are zeros then, as O_TRUNC promises."""
    mounted = mount(array.parent, "rw", foreground=True)
    file = os.open(mounted / "a.npy/chunks/1_of_3.npy", os.O_WRONLY | os.O_TRUNC)
    os.write(file, header_of("<f8", (3, 3), 80)[:70])
    expect_einval(os.close, file)
    expected = filled((9, 3), "<f8").copy()
    expected[3:6] = 0
    assert array.read_bytes() == saved(expected)
    assert "chunk 1 of 3 was begun with a header of 80 bytes, of which 70 were written" in mounted.stderr()


def test_the_right_header_after_a_wrong_one(array, mount):
    """Whoever writes the right header after one that was refused goes on as if nothing had been."""
    rows = np.random.default_rng(3).random((3, 3))
    file = os.open(mount(array.parent, "rw") / "a.npy/chunks/1_of_3.npy", os.O_WRONLY | os.O_TRUNC)
    expect_einval(os.write, file, header_of("<f4", (3, 3), 80))
    os.write(file, saved(rows))
    os.close(file)
    assert np.array_equal(np.load(array)[3:6], rows)
