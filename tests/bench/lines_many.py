"""Many at once: mounts, readers, arrays in a directory, inodes that the kernel knows. What a chunk costs must not grow."""

import os
import random
import statistics

import numpy as np
from line import GIB, LIMIT, Line, alternate
from lines_load import MANY_OF_LIMIT
from peers import forget_inodes, save
from processes import Reader, together

LARGE_CHUNK = 8 << 20
SMALL_CHUNK = 64 << 10
SAMPLES = 200


def two_mounts(bench):
    """Two readers at once on a mount each, together, against one reader of one mount and two readers of one mount."""
    name, count = bench.peers.large(), 8
    chunks = bench.peers.chunks(name, count)
    size = bench.peers.array_bytes // count
    values = {}
    with Reader() as second:
        for turn in range(bench.rounds):
            with bench.peers.npyfs() as one, bench.peers.npyfs(at="another") as other:
                plain = bench.peers.plain / chunks[0]
                bench.warm("free", plain, [bench.peers.source / name])
                second.load([str(plain)] * 2)

                def at_once(roots, step):
                    pairs = [("load", [str(root / chunks[step + place])]) for place, root in enumerate(roots)]
                    return len(roots) * size / together([bench.reader, second][: len(roots)], pairs) / GIB

                sides = {
                    "npyfs": lambda step: at_once([one, other], step),
                    "one reader": lambda step: at_once([one], step),
                    "one mount, two readers": lambda step: at_once([one, one], step),
                }
                for side, speeds in alternate(sides, range(0, count, 2), turn).items():
                    values.setdefault(side, []).append(statistics.median(speeds))
    title = "two mounts with a reader each, together / one reader, free"
    return [Line("two-mounts", title, "GiB/s", values, compare=("npyfs", "one reader"), at_least=0.9)]


def many_readers(bench):
    """A chunk each by 32 and by 256 processes that start at the same time, against 32 chunks by one process."""
    name = bench.peers.large()
    chunks = bench.peers.chunks(name, bench.peers.array_bytes // LARGE_CHUNK, 32)
    values = {}
    with bench.peers.npyfs() as mount, bench.peers.limit(chunks) as limit:
        bench.warm("free", bench.peers.plain / chunks[0], [bench.peers.source / name])

        def run(root, readers):
            paths = [str(root / chunk) for chunk in chunks]
            shares = [paths] if readers == 1 else [[paths[reader % len(paths)]] for reader in range(readers)]
            total = LARGE_CHUNK * max(readers, len(paths)) / GIB
            return lambda _: total / bench.reader.load_together(shares)

        sides = {"one reader": run(mount, 1)}
        for readers in (32, 256):
            sides[f"npyfs, {readers} readers"] = run(mount, readers)
            sides[f"plain file, {readers} readers"] = run(bench.peers.plain, readers)
            sides[f"{LIMIT}, {readers} readers"] = run(limit, readers)
        for turn in range(bench.rounds):
            for side, speeds in alternate(sides, range(1), turn).items():
                values.setdefault(side, []).extend(speeds)
    return [
        Line(f"readers-{readers}", f"{readers} readers at once, together / one reader, free", "GiB/s",
             {**values, LIMIT: values[f"{LIMIT}, {readers} readers"]},
             compare=(f"npyfs, {readers} readers", "one reader"), at_least=0.5, of_limit=bench.steady("free", MANY_OF_LIMIT))
        for readers in (32, 256)
    ]


def directory_of(bench, count):
    """A directory outside of the source with `count` arrays of one page, of which each is one chunk."""
    directory = bench.peers.source.parent / f"arrays_{count}"
    if not directory.exists():
        directory.mkdir()
        save(directory / "0.npy", np.arange(1024, dtype=np.float32))
        content = (directory / "0.npy").read_bytes()
        for index in range(1, count):
            (directory / f"{index}.npy").write_bytes(content)
    return directory


def many_arrays(bench):
    """The first chunk of arrays that nobody has looked at, in a directory of many and in one of few."""
    few, many = 1_000, 10_000 if bench.quick else 100_000
    values = {}
    for turn in range(bench.rounds):
        for count in (few, many):
            with bench.peers.npyfs("pinned", source=directory_of(bench, count)) as mount:
                bench.reader.place("pinned")
                names = [f"{index}.npy/chunks/0_of_1.npy" for index in random.Random(turn).sample(range(count), SAMPLES)]
                bench.reader.load([str(mount / name) for name in names[:20]])
                seconds = bench.reader.load([str(mount / name) for name in names[20:]])
                values.setdefault(f"{count:,}", []).append(statistics.median(seconds) * 1e6)
    title = f"first load from one of {many:,} arrays in a directory, pinned"
    return [Line("many-arrays", title, "us", values, compare=(f"{many:,}", f"{few:,}"), at_most=1.25)]


def live_inodes(bench):
    """64 KiB chunks while the kernel knows a million other names of the mount, and before."""
    count = 50_000 if bench.quick else 1_000_000
    name = bench.peers.large()
    sections = bench.peers.array_bytes // SMALL_CHUNK
    values = {"few": [], "many": []}
    with bench.peers.npyfs("pinned") as mount:
        bench.warm("pinned", f"{mount.path}/{name}/chunks/0_of_{sections}.npy", [bench.peers.source / name])

        def median(first):
            paths = [f"{mount.path}/{name}/chunks/{index}_of_{sections}.npy" for index in range(first, first + SAMPLES)]
            return statistics.median(bench.reader.load(paths)) * 1e6

        values["few"] += [median(SAMPLES * turn) for turn in range(bench.rounds)]
        bench.reader.stat_many(f"{mount.path}/{name}/chunks/%d_of_{count}.npy", count)
        values["many"] += [median(SAMPLES * (bench.rounds + turn)) for turn in range(bench.rounds)]
    if os.geteuid() == 0:
        forget_inodes()
    title = f"64 KiB chunks, each once, with {count:,} live inodes, pinned"
    return [Line("live-inodes", title, "us", values, compare=("many", "few"), at_most=1.25)]


GROUPS = {
    "two-mounts": two_mounts,
    "many-readers": many_readers,
    "many-arrays": many_arrays,
    "live-inodes": live_inodes,
}
