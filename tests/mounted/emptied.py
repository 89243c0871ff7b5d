"""A chunk that is emptied between two others, and what its source must hold then."""

import numpy as np
import pytest

from arrays import saved

OLD = 77
SIZE = 4 * 4096  # bytes of a chunk's body
FULL = bytes([OLD]) * SIZE
ARRAY = np.full((3, SIZE), OLD, "u1")
CHUNK = "a.npy/chunks/1_of_3.bin"


def assert_rows(array, rows):
    """The middle chunk holds `rows`, and no byte beside it has changed."""
    assert array.read_bytes() == saved(ARRAY)[:128] + FULL + bytes(rows) + FULL


@pytest.fixture
def array(source):
    (source / "a.npy").write_bytes(saved(ARRAY))
    return source / "a.npy"


@pytest.fixture
def mounted(array, mount):
    return mount(array.parent, "rw")


@pytest.fixture
def view(mounted):
    return mounted / CHUNK
