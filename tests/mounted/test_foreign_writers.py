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


def test_a_header_of_another_size_where_the_file_may_be_mapped(source, mount):
    """What was not emptied, or may be mapped, takes no other header: EINVAL, also from close, and the log says what to do."""
    before = saved(filled((9, 3), "<f8"))
    (source / "a.npy").write_bytes(before)
    mounted = mount(source, "rw", foreground=True)
    text = b"{'descr': '<f8', 'fortran_order': False, 'shape': (3, 3), }"
    header = b"\x93NUMPY\x01\x00\x46\x00" + text.ljust(69) + b"\n"
    for flags in (os.O_WRONLY, os.O_RDWR, os.O_RDWR | os.O_TRUNC):
        file = os.open(mounted / "a.npy/chunks/1_of_3.npy", flags)
        for call in (lambda: os.write(file, header + bytes(72)), lambda: os.close(file)):
            with pytest.raises(OSError) as refused:
                call()
            assert refused.value.errno == errno.EINVAL
    assert (source / "a.npy").read_bytes() == before
    assert ("chunk 1 of 3 is (3, 3) '<f8'; the header written says so in 80 bytes instead of 128: write the body into "
            "chunks/1_of_3.bin") in mounted.stderr()
