"""When the parts of a joined array change: the next open sees another array, and old and new are never mixed."""

import errno
import io
import multiprocessing
import os
import time

import numpy as np
import pytest

import mount as mounting
from arrays import saved
from joined import write_parts
from watching import AN_HOUR

OLD = np.arange(9000.0).reshape(3000, 3)
NEW = -OLD
FEW, MANY = 3, 60  # parts: the files of the first are kept open, those of the second are opened for each read


def edges_of(parts):
    return [len(OLD) * part // parts for part in range(1, parts)]


def replace(directory, index, rows):
    (directory / "new.tmp").write_bytes(saved(rows))
    os.rename(directory / "new.tmp", directory / f"part-{index}.npy")


def slice_of(index, parts):
    edges = [0, *edges_of(parts), len(OLD)]
    return slice(edges[index], edges[index + 1])


def add(directory, parts):
    (directory / f"part-{parts}.npy").write_bytes(saved(NEW[:5]))
    return np.concatenate([OLD, NEW[:5]])


def remove(directory, parts):
    (directory / "part-1.npy").unlink()
    return np.delete(OLD, slice_of(1, parts), 0)


def replaced(directory, parts):
    replace(directory, 1, NEW[slice_of(1, parts)])
    changed = OLD.copy()
    changed[slice_of(1, parts)] *= -1
    return changed


def grow(directory, parts):
    rows = OLD[slice_of(1, parts)]
    (directory / "part-1.npy").write_bytes(saved(np.concatenate([rows, rows])))
    return np.insert(OLD, slice_of(1, parts).stop, rows, 0)


def change_dtype(directory, parts):
    for index in range(parts):
        replace(directory, index, OLD[slice_of(index, parts)].astype(">f8"))
    return OLD.astype(">f8")


CHANGES = [add, remove, replaced, grow, change_dtype]


@pytest.mark.parametrize("cache", ["direct_io", "kernel_cache"])
@pytest.mark.parametrize("parts", [FEW, MANY])
@pytest.mark.parametrize("change", CHANGES)
def test_the_next_open_sees_the_new_parts_and_what_is_open_never_mixes_them(source, mount, change, parts, cache):
    """A part that is added, removed, replaced, grown or rewritten makes another array for the next open. What is open
    keeps what it opened, or fails with ESTALE or EIO: old and new are never mixed. A view of up to 16 parts keeps its
    files open, and so its rows."""
    write_parts(source / "shards", OLD, edges_of(parts))
    mounted = mount(source, cache)
    path = mounted / "shards.npy/chunks/0_of_1.npy"
    assert np.array_equal(np.load(path), OLD)
    with open(path, "rb", buffering=0) as file:
        got = file.read(1000)
        new = change(source / "shards", parts)
        loaded = np.load(path)
        assert loaded.dtype == new.dtype and np.array_equal(loaded, new)
        assert np.array_equal(np.load(mounted / "shards.npy/batches/1000/1.npy"), new[1000:2000])
        try:
            while more := file.read(10_000):
                got += more
            assert got == saved(OLD)
        except OSError as error:
            assert error.errno in (errno.ESTALE, errno.EIO)
            assert parts == MANY or change is grow, "the files of few parts are kept open"
            assert saved(OLD).startswith(got)


@pytest.mark.parametrize("parts", [FEW, MANY])
def test_a_part_that_is_truncated_while_it_is_open(source, mount, parts):
    """Reads beyond its end are EIO, or ESTALE; never zeros, and never short. All other rows can be read."""
    write_parts(source / "shards", OLD, edges_of(parts))
    mounted = mount(source, "direct_io")
    with open(mounted / "shards.npy/chunks/0_of_1.npy", "rb", buffering=0) as file:
        os.truncate(source / "shards/part-1.npy", 300)
        expected, failures = saved(OLD), set()
        for offset in range(0, len(expected), 1000):
            try:
                assert os.pread(file.fileno(), 1000, offset) == expected[offset:offset + 1000]
            except OSError as error:
                failures.add((offset, error.errno))
        broken = slice_of(1, parts)
        assert failures and all(broken.start * 24 - 1000 <= offset <= 128 + broken.stop * 24 for offset, _ in failures)
        assert {number for _, number in failures} <= {errno.EIO, errno.ESTALE}
    assert (mounted / "shards.npy/error.txt").read_text().startswith(f"shards: 1 of {parts} parts cannot be joined; part-1.npy: ")


def read_generations(arguments):
    """Reads until `stop` is there. Returns the generations that were seen, and what was wrong."""
    path, stop, parts = arguments
    seen, wrong = set(), []
    while not stop.exists():
        try:
            with open(path, "rb", buffering=0) as file:  # np.load itself takes an error of a read for the end of the file
                array = np.load(io.BytesIO(file.read()))
        except OSError as error:
            if error.errno not in (errno.ESTALE, errno.EIO):
                wrong.append(repr(error))
            continue
        rows = array[:, 0].reshape(parts, -1)
        of_parts = rows[:, 0]
        # Parts are replaced in turn, the first one first.
        is_mixed = (np.diff(of_parts) > 0).any() or of_parts[0] - of_parts[-1] > 1 or (rows != of_parts[:, None]).any()
        if is_mixed:
            wrong.append(of_parts.tolist())
        seen.add(of_parts[0])
    return seen, wrong


def read_numbered_parts(arguments):
    """Reads until `stop` is there. Each part holds its own number. Returns how often all was read, and what was wrong."""
    path, stop, parts = arguments
    whole = list(range(parts))
    allowed = [whole, *([number for number in whole if number != gone] for gone in whole)]
    read, wrong = 0, []
    while not stop.exists():
        try:
            with open(path, "rb", buffering=0) as file:
                rows = np.load(io.BytesIO(file.read()))[:, 0].reshape(-1, 20)
        except OSError as error:
            if error.errno not in (errno.ENOENT, errno.ESTALE, errno.EIO):
                wrong.append(repr(error))
            continue
        if (rows != rows[:, :1]).any() or rows[:, 0].tolist() not in allowed:
            wrong.append(rows[:, 0].tolist())
        read += 1
    return read, wrong


@pytest.mark.parametrize("parts", [5, 40])
def test_16_readers_of_parts_that_are_truncated_and_removed(source, mount, parts):
    """While parts are truncated, removed and put back, each of 16 readers gets all of them, all but the one that is not there,
    or an error."""
    write_parts(source / "shards", np.repeat(np.arange(float(parts)), 40).reshape(-1, 2), range(20, parts * 20, 20))
    mounted = mount(source, "entry_timeout=0.1", "attr_timeout=0.1")
    stop = source / "stop"
    with multiprocessing.Pool(16) as readers:
        reading = readers.map_async(read_numbered_parts, [(mounted / "shards.npy/chunks/0_of_1.npy", stop, parts)] * 16)
        end = time.monotonic() + 3
        while time.monotonic() < end:
            for index in range(parts):
                path = source / f"shards/part-{index}.npy"
                if index % 2 == 0:
                    os.truncate(path, 200)
                else:
                    path.unlink()
                time.sleep(0.02)
                replace(source / "shards", index, np.full((20, 2), float(index)))
                time.sleep(0.02)
        stop.touch()
        found = reading.get(timeout=mounting.DEADLINE)
    assert [wrong for _, wrong in found if wrong] == []
    assert sum(read for read, _ in found) > 10


@pytest.mark.parametrize("parts", [5, 40])
def test_16_readers_of_parts_that_are_replaced(source, mount, parts):
    """While parts are replaced one after the other, each of 16 readers gets the parts as they were at one moment, or an
    error; and they do get on."""
    write_parts(source / "shards", np.zeros((parts * 20, 2)), range(20, parts * 20, 20))
    mounted = mount(source, "entry_timeout=0.1", "attr_timeout=0.1")
    stop = source / "stop"
    with multiprocessing.Pool(16) as readers:
        reading = readers.map_async(read_generations, [(mounted / "shards.npy/chunks/0_of_1.npy", stop, parts)] * 16)
        time.sleep(0.5)  # the first generation lasts, and so does the last one: both are read on a slow machine, too
        end = time.monotonic() + 3
        generation = 0
        while time.monotonic() < end:
            generation += 1
            for index in range(parts):
                replace(source / "shards", index, np.full((20, 2), float(generation)))
                time.sleep(0.02)
        time.sleep(1)
        stop.touch()
        found = reading.get(timeout=mounting.DEADLINE)
    assert [wrong for _, wrong in found if wrong] == []
    assert len(set().union(*(seen for seen, _ in found))) > 1


def test_an_open_checks_the_directory_and_the_parts_of_the_view(source, mount):
    """An open checks the directory and all parts that the view touches; of the other parts it knows what was known within
    attr_timeout."""
    (source / "far").mkdir()
    write_parts(source / "far", OLD[:100], [50])
    (source / "shards").mkdir()
    for name in ("part-0.npy", "part-1.npy"):
        (source / "shards" / name).symlink_to(f"../far/{name}")  # nobody watches what links lead to
        mounting.wait_until_not_racy(source / "far" / name)
    mounted = mount(source, *AN_HOUR)
    first, second = (mounted / f"shards.npy/slices/{rows}.npy" for rows in ("0_to_10", "50_to_60"))
    assert np.array_equal(np.load(first), OLD[:10]) and np.array_equal(np.load(second), OLD[50:60])
    (source / "far/part-0.npy").write_bytes(saved(NEW[:51]))
    assert np.array_equal(np.load(second), OLD[50:60]), "part 1 is what it was"
    assert np.array_equal(np.load(first), NEW[:10])
    assert np.array_equal(np.load(second), np.concatenate([NEW[50:51], OLD[50:59]])), "now part 0 is known to be longer"
    write_parts(source / "shards", OLD[:1], [], name="a{}.npy")
    assert np.array_equal(np.load(first), np.concatenate([OLD[:1], NEW[:9]])), "the directory has another name"


def test_changes_show_at_once_where_npyfs_hears_of_them(source, mount):
    """A change of a part, or of what the directory holds, shows long before the timeouts end; so does a file that takes
    the name of the joined array."""
    write_parts(source / "shards", OLD, [1000])
    mounted = mount(source, *AN_HOUR)
    last = mounted / "shards.npy/items/2999.bin"
    chunk = mounted / "shards.npy/chunks/0_of_1.npy"

    def wait_for_rows(rows):
        mounted.wait_until(lambda: os.stat(chunk).st_size == 128 + 24 * rows, f"array of {rows} rows")
    wait_for_rows(3000)
    assert last.read_bytes() == OLD[2999].tobytes()
    (source / "shards/part-1.npy").write_bytes(saved(NEW[:500]))
    wait_for_rows(1500)
    assert not last.exists()
    (source / "shards/part-2.npy").write_bytes(saved(NEW[:1]))
    wait_for_rows(1501)
    (source / "shards/part-0.npy").unlink()
    wait_for_rows(501)
    np.save(source / "shards.npy", OLD[:7])
    wait_for_rows(7)
    (source / "shards.npy").unlink()
    wait_for_rows(501)
