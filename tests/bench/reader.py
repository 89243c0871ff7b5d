"""A process that reads arrays as a user's worker does: unmodified numpy, numpy.load, nothing else.

It lives as long as the benchmark, so that imports and the first use of memory are paid once and by no side. It takes
one request a line on stdin (JSON: a name of OPERATIONS and its arguments) and answers with one line on stdout.
"""

import gc
import io
import json
import os
import sys
from time import perf_counter

import numpy as np

MAPPED = 1 << 20  # bytes; the memory of smaller arrays is in use all the time
READY, DONE = b"r", b"d"


_touched = 0  # bytes that the last load took


def touch_memory():
    """Touches as much memory as the last load took, and frees it. The host of a virtual machine takes free memory back
    after some seconds; the first touch then costs 10 us a page."""
    if _touched >= MAPPED:
        np.empty(_touched, np.uint8)[::4096] = 1


def timed(make):
    """Seconds that make() takes for an array. The array is gone afterwards."""
    global _touched
    touch_memory()
    start = perf_counter()
    array = make()
    seconds = perf_counter() - start
    _touched = array.nbytes
    return seconds


def load(paths):
    """Seconds that numpy.load took for each path."""
    return [timed(lambda path=path: np.load(path)) for path in paths]


def load_without_isatty(paths):
    """The same, but open() does not ask whether the file is a terminal: for regular files Python does not from 3.14 on
    (gh-90102). In a mount that question is an IOCTL, a request of its own."""
    return [timed(lambda path=path: load_opened(path)) for path in paths]


def load_opened(path):
    with open(path, "rb", buffering=io.DEFAULT_BUFFER_SIZE) as file:
        return np.load(file)


def load_zarr(path):
    """Seconds that zarr-python takes to read a whole array, without what opening the store takes."""
    import zarr  # a third of a second, and only some lines need it

    data = zarr.open_group(path, mode="r")["data"]
    return timed(lambda: data[...])


def load_into_one(paths):
    """Seconds that numpy.load takes for consecutive chunks of one shape, but for a shorter last one, each copied into one
    array: a whole array, as load_zarr() has it in the end."""
    first, last = (np.load(path, mmap_mode="r") for path in (paths[0], paths[-1]))

    def whole():
        array = np.empty(((len(paths) - 1) * len(first) + len(last), *first.shape[1:]), first.dtype)
        for index, path in enumerate(paths):
            array[index * len(first):(index + 1) * len(first)] = np.load(path)
        return array

    return timed(whole)


def copy_slice(path, axis, start, stop):
    """What people write by hand today: map the whole array, copy the part that is wanted, in the array's own order."""
    return copy_part(path, (slice(None),) * axis + (slice(start, stop),))


def copy_index(path, index):
    """The same for an index in numpy's notation, such as "[::2]"."""
    return copy_part(path, eval(f"s{index}", {"s": np.s_}))


def copy_part(path, part):
    mapped = []  # unmapped outside of the time

    def copy():
        mapped.append(np.load(path, mmap_mode="r"))
        return np.array(mapped[0][part])

    return timed(copy)


def size_of_index(path, index):
    """Bytes of what that copies."""
    return eval(f"a{index}", {"a": np.load(path, mmap_mode="r")}).nbytes


def scan(path):
    """Maps the file and looks at every byte of it."""
    start = perf_counter()
    np.load(path, mmap_mode="r").max()
    return perf_counter() - start


def random_rows(path, count, seed):
    """Maps the file and copies `count` rows from anywhere in it."""
    array = np.load(path, mmap_mode="r")
    array[np.random.default_rng(seed).integers(0, len(array), count)].sum()


def stat_many(pattern, count):
    """Looks up and stats `count` names; `pattern` holds one %d. Seconds."""
    start = perf_counter()
    for index in range(count):
        os.stat(pattern % index)
    return perf_counter() - start


def list_directory(path):
    """Reads a directory's names without keeping them; how many there are."""
    with os.scandir(path) as entries:
        return sum(1 for entry in entries)


def load_together(shares):
    """Seconds until as many processes as there are shares, all started at the same time, have loaded their paths."""
    gate, opened = os.pipe()
    told, tell = os.pipe()
    children = []
    for paths in shares:
        child = os.fork()
        if child == 0:
            os.close(opened)
            touch_memory()
            os.write(tell, READY)
            os.read(gate, 1)  # ends when the parent closes the other end
            try:
                for path in paths:
                    np.load(path)
                os.write(tell, DONE)
            finally:
                os._exit(0)
        children.append(child)
    os.close(gate)
    os.close(tell)
    hear(told, READY, len(shares))
    start = perf_counter()
    os.close(opened)
    hear(told, DONE, len(shares))
    seconds = perf_counter() - start
    os.close(told)
    for child in children:
        os.waitpid(child, 0)
    return seconds


def hear(told, word, count):
    """Waits until `count` processes have said so."""
    while count > 0:
        said = os.read(told, count)
        if not said or said.strip(word):
            raise RuntimeError("a reader failed")
        count -= len(said)


_arrays = {}


def _to_write(rows):
    if rows not in _arrays:
        _arrays[rows] = np.ones((rows, 1024), np.float32)  # 1024: COLUMNS of peers.py
    return _arrays[rows]


def save_array(path, rows):
    """Seconds that numpy.save takes over a file that is there."""
    array = _to_write(rows)
    start = perf_counter()
    np.save(path, array)
    return perf_counter() - start


def fill_and_flush(path, rows):
    """Maps a file that is there for writing, fills it, and has it on stable storage."""
    array = _to_write(rows)
    start = perf_counter()
    mapped = np.load(path, mmap_mode="r+")
    mapped[:] = array
    mapped.flush()
    del mapped
    return perf_counter() - start


OPERATIONS = {
    operation.__name__: operation
    for operation in (load, load_without_isatty, load_zarr, load_into_one, copy_slice, copy_index, size_of_index, scan, random_rows, stat_many,
                      list_directory, load_together, save_array, fill_and_flush)
}


def main():
    gc.disable()
    for line in sys.stdin:
        name, arguments = json.loads(line)
        try:
            answer = {"result": OPERATIONS[name](*arguments)}
        except Exception as error:
            answer = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
