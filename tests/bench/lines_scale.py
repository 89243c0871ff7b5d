"""Many arrays, many chunks, huge arrays: what must not grow with them."""

import contextlib
import statistics
import subprocess
import threading
import time
from pathlib import Path

import numpy as np
from line import Line
from peers import COLUMNS, ROW_BYTES, bring_in, forget_inodes, save

MIB = 1 << 20
SETTLE_SECONDS = 3


def memory(pid, field="RssAnon"):
    """A size in /proc/PID/status, in bytes."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(field + ":"):
            return int(line.split()[1]) * 1024
    raise KeyError(field)


def settled_memory(pid):
    """RssAnon once it has stopped changing: the kernel tells the daemon in its own time what it has forgotten."""
    size, since = memory(pid), time.monotonic()
    while time.monotonic() < since + SETTLE_SECONDS:
        time.sleep(0.1)
        now = memory(pid)
        if now != size:
            size, since = now, time.monotonic()
    return size


class MemoryWatch:
    """The largest anonymous memory, page tables and number of mappings of a process while the context is open."""

    def __init__(self, pid):
        self.anonymous = self.page_tables = self.mappings = 0
        self._pid = pid
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self):
        self._look()
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        self._thread.join()
        self._look()

    def _run(self):
        while not self._stop.wait(0.02):
            self._look()

    def _look(self):
        self.anonymous = max(self.anonymous, memory(self._pid))
        self.page_tables = max(self.page_tables, memory(self._pid, "VmPTE"))
        self.mappings = max(self.mappings, Path(f"/proc/{self._pid}/maps").read_text().count("\n"))


def timed_ls(options, directory):
    start = time.perf_counter()
    subprocess.run(["ls", *options, str(directory)], check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


def listing(bench):
    """ls of a directory of many arrays, the first through its mount and again."""
    count = 5_000 if bench.quick else 100_000
    source = bench.peers.source.parent / "many"
    if not source.exists():
        source.mkdir()
        save(source / "0.npy", np.arange(4))
        content = (source / "0.npy").read_bytes()
        for index in range(1, count):
            (source / f"{index}.npy").write_bytes(content)
    lines = []
    for options, limit in (("-f", 2.0), ("-l", 6.0)):
        first, again = {"source": [], "npyfs": []}, {"source": [], "npyfs": []}
        timed_ls([options], source)
        for _ in range(3):  # of up to a minute each
            with bench.peers.npyfs(source=source) as mount:
                first["source"].append(timed_ls([options], source))
                first["npyfs"].append(timed_ls([options], mount.path))
                again["source"].append(timed_ls([options], source))
                again["npyfs"].append(timed_ls([options], mount.path))
        for which, values in (("first", first), ("again", again)):
            title = f"ls {options} of {count:,} arrays, {which}"
            lines.append(Line(f"ls{options}-{which}", title, "s", values, compare=("npyfs", "source"), at_most=limit))
    return lines


def inodes(bench):
    """Distinct chunk paths, each looked up and stat'ed; what the daemon keeps for them, and what afterwards."""
    count = 50_000 if bench.quick else 1_000_000
    name = bench.peers.large()
    with bench.peers.npyfs() as mount:
        pattern = f"{mount.path}/{name}/chunks/%d_of_{count}.npy"
        bench.reader.place("free")
        # Until it has served many, the daemon has not started all of its threads.
        bench.reader.stat_many(pattern, count // 50)
        forget_inodes()
        before = settled_memory(mount.pid)
        seconds = bench.reader.stat_many(pattern, count)
        live = memory(mount.pid)
        forget_inodes()
        after = settled_memory(mount.pid)
    paths = f"{count:,} distinct chunk paths"
    kib = {"npyfs": [after / 1024], "before": [before / 1024]}
    each = {"npyfs": [(live - before) / count]}
    time_each = {"npyfs": [seconds / count * 1e6]}
    return [
        Line("inodes-time", f"{paths}, looked up and stat'ed", "us each", time_each, ("npyfs",)),
        Line("inodes-live", f"{paths}: memory a live inode", "bytes", each, ("npyfs",), at_most=256),
        Line("inodes-after", f"{paths}: memory once forgotten", "KiB", kib, ("npyfs", "before"), at_most=1.1),
    ]


def long_listing(bench):
    """What listing chunks/N/ costs in memory: as much for 1,000,000 chunks as for 1,000."""
    name = bench.peers.large()
    count = 100_000 if bench.quick else 1_000_000
    peaks = {}
    for sections in (1000, count):
        with bench.peers.npyfs() as mount, MemoryWatch(mount.pid) as watch:
            start = time.perf_counter()
            bench.reader.list_directory(f"{mount.path}/{name}/chunks/{sections}")
            seconds = time.perf_counter() - start
        peaks[sections] = watch.anonymous / 1024
    growth = {"npyfs": [peaks[count] - peaks[1000]]}
    title = f"chunks/{count}/ listed: more peak memory than for chunks/1000/"
    return [Line("list-chunks", title, "KiB", growth, ("npyfs",), at_most=512, note=f"listed in {seconds:.2f} s")]


@contextlib.contextmanager
def sparse_array(bench, name, size):
    """A source of zeros that takes no room on the disk. Removed afterwards, and with it the pages cached for it."""
    path = bench.peers.source / name
    np.lib.format.open_memmap(path, "w+", np.float32, (size // ROW_BYTES, COLUMNS))
    try:
        yield name
    finally:
        path.unlink()


def huge(bench):
    """Chunks all over a sparse array of 1 TiB."""
    sections, samples = 1 << 16, 16 if bench.quick else 128  # chunks of 16 MiB
    with sparse_array(bench, "huge.npy", 1 << 40) as name, bench.peers.npyfs() as mount:
        with MemoryWatch(mount.pid) as watch:
            for sample in range(samples):
                index = sample * (sections - 1) // (samples - 1)
                bench.reader.load([f"{mount.path}/{name}/chunks/{index}_of_{sections}.npy"])
    title = f"{samples} chunks all over a sparse 1 TiB array"
    note = f"page tables at most {watch.page_tables >> 10:,} KiB"
    return [
        Line("huge-memory", f"{title}: memory", "MiB", {"npyfs": [watch.anonymous / MIB]}, ("npyfs",),
             at_most=32, note=note),
        Line("huge-mappings", f"{title}: mappings", "mappings", {"npyfs": [float(watch.mappings)]}, ("npyfs",),
             at_most=1000),
    ]


def cost_of_a_chunk(bench):
    """64 KiB chunks from either end of arrays of 64 MiB and of 1 TiB, so of N from 1,024 to 16,777,216."""
    small, large = 64 * MIB, 1 << 40
    values = {}
    with sparse_array(bench, "cost_small.npy", small) as one, sparse_array(bench, "cost_large.npy", large) as other:
        for _ in range(bench.rounds):
            with bench.peers.npyfs("pinned") as mount:
                bench.reader.place("pinned")
                for name, size in ((one, small), (other, large)):
                    sections = size >> 16
                    for which, start in (("first", 0), ("last", sections - 50)):
                        paths = [f"{mount.path}/{name}/chunks/{start + k}_of_{sections}.npy" for k in range(50)]
                        bring_in(bench.peers.source / name, start << 16, (50 << 16) + ROW_BYTES)
                        side = f"{which} of N={sections:,}"
                        seconds = bench.reader.load(paths)
                        values.setdefault(side, []).append(statistics.median(seconds) * 1e6)
    cheapest, dearest = (pick(values, key=lambda side: statistics.median(values[side])) for pick in (min, max))
    return [
        Line("chunk-cost", "a 64 KiB chunk, dearest and cheapest N, K, array size", "us", values, (dearest, cheapest),
             at_most=1.25)
    ]


GROUPS = {
    "ls": listing,
    "inodes": inodes,
    "list-chunks": long_listing,
    "huge": huge,
    "chunk-cost": cost_of_a_chunk,
}
