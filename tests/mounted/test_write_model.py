"""Views of a writable mount beside an array in memory, which they must agree with whatever is done to them."""

import os
import random

import numpy as np
import pytest

from arrays import chunk, filled, is_fortran, saved


@pytest.fixture
def mounted(source, mount):
    return mount(source, "rw")


class Model:
    """Views of one array, written, mapped, read, closed and opened again at random, beside a plain array."""

    def __init__(self, path, array, seed):
        self.path, self.array, self.random = path, array, random.Random(seed)
        self.mapped, self.open = {}, {}

    def view(self):
        """A view on the axis and count of which all its neighbours are, so that none overlaps."""
        index = self.random.randrange(5)
        return f"axis{self.axis}/chunks/{index}_of_5.npy", chunk(self.array, index, 5, self.axis)

    def write(self, name, part):
        offset = self.random.randrange(part.size)
        values = self.random.randbytes(self.random.randrange(1, 200))[:part.size - offset]
        order = "F" if is_fortran(self.array) else "C"
        flat = part.flatten(order)
        flat[offset:offset + len(values)] = np.frombuffer(values, "u1")
        part[...] = flat.reshape(part.shape, order=order)
        file = self.open.get(name) or self.open.setdefault(name, open(self.path / name, "r+b", buffering=0))
        os.pwrite(file.fileno(), values, os.fstat(file.fileno()).st_size - part.size + offset)

    def write_mapped(self, name, part):
        mapped = self.mapped.get(name)
        if mapped is None:
            mapped = self.mapped[name] = np.load(self.path / name, mmap_mode="r+")
        at = tuple(self.random.randrange(length) for length in part.shape)
        mapped[at] = part[at] = self.random.randrange(256)

    def flush(self, name, part):
        if name in self.mapped:
            self.mapped[name].flush()

    def read(self, name, part):
        assert np.array_equal(np.load(self.path / name), part)

    def close(self, name, part):
        self.mapped.pop(name, None)
        if name in self.open:
            self.open.pop(name).close()

    def close_all(self):
        for name in [*self.mapped, *self.open]:
            self.close(name, None)

    def run(self, steps):
        for step in range(steps):
            if step % 200 == 0:
                self.close_all()
                self.axis = self.random.randrange(self.array.ndim)
            name, part = self.view()
            step = self.random.choices([self.write, self.write_mapped, self.flush, self.read, self.close],
                                       [4, 8, 1, 2, 1])[0]
            step(name, part)
        self.close_all()


@pytest.mark.parametrize("order", "CF")
def test_random_writes_through_many_views_agree_with_an_array_in_memory(source, mounted, order):
    """Whatever is written, mapped, flushed, read and reopened, an array in memory agrees, byte for byte."""
    seed = random.randrange(1 << 32)
    print("seed", seed)
    array = filled((60, 35, 7), "|u1", order).copy("K")
    (source / "a.npy").write_bytes(saved(array))
    Model(mounted / "a.npy", array, seed).run(int(os.environ.get("NPYFS_MODEL_STEPS", "3000")))
    assert (source / "a.npy").read_bytes() == saved(array)
