"""numpy.load through mounts with -o immutable, against plain files and mounts without it."""

import contextlib
import statistics

from line import LIMIT, Line, add_speeds, alternate
from lines_load import SECTIONS, SMALL_CHUNK

WITHOUT = "npyfs without immutable"
PLAIN = "plain file"
ALONE, ALL_CACHED = ("immutable",), ("immutable", "kernel_cache")
# How reader.py loads -> what that adds to the name and the title of a line.
LOADS = {"load": ("", ""), "load_without_isatty": ("-no-isatty", ", no isatty()")}


@contextlib.contextmanager
def mounted(bench, placement, sides, chunks):
    """side -> directory; `sides` has the mount options of each. The limit serves `chunks` alone, and answers each open."""
    with contextlib.ExitStack() as mounts:
        roots = {}
        for side, options in sides.items():
            mount = bench.peers.npyfs(placement, at="-".join(["npyfs", *options]), options=options)
            roots[side] = mounts.enter_context(mount).path
        limit = mounts.enter_context(bench.peers.limit(chunks, placement)).path
        yield {PLAIN: bench.peers.plain, **roots, LIMIT: limit}


def time_small_chunks(bench, placement, chunks, load, turn):
    """Side -> median of microseconds a load, for each of the chunks once, and for the first one again and again."""
    with mounted(bench, placement, {"npyfs": ALL_CACHED, "npyfs, immutable alone": ALONE, WITHOUT: ()}, chunks) as roots:
        plain = [bench.peers.plain / chunk for chunk in chunks]
        bench.warm(placement, plain[0], [bench.peers.source / bench.peers.large(), *plain])

        def times(paths_at, steps):
            sides = {side: lambda step, root=root: getattr(bench.reader, load)([str(root / path) for path in paths_at(step)])
                     for side, root in roots.items()}
            return {side: statistics.median(sum(seconds, [])) * 1e6
                    for side, seconds in alternate(sides, steps, turn).items()}

        first = times(lambda step: chunks[step:step + 20], range(0, len(chunks), 20))
        return first, times(lambda _: chunks[:1] * 20, range(len(chunks) // 20))


def small_chunks(bench, placement, first_at_most, again_at_most):
    """64 KiB chunks, by each of LOADS. Microseconds a load."""
    count = 200 if bench.quick else 1000
    chunks = bench.peers.chunks(bench.peers.large(), bench.peers.array_bytes // SMALL_CHUNK, count)
    lines = []
    for load, (suffix, words) in LOADS.items():
        first, again = {}, {}
        for turn in range(bench.rounds):
            for values, times in zip((first, again), time_small_chunks(bench, placement, chunks, load, turn)):
                for side, value in times.items():
                    values.setdefault(side, []).append(value)
        title = "immutable,kernel_cache: "
        lines += [
            Line(f"immutable-first{suffix}-{placement}", f"{title}64 KiB chunks, each once{words}, {placement}", "us", first,
                 at_most=first_at_most),
            Line(f"immutable-again{suffix}-{placement}", f"{title}one of 64 KiB again{words}, {placement}", "us", again,
                 at_most=again_at_most),
        ]
    return lines


def large_chunks(bench, placement):
    """All chunks of the large array, each the first read through its mount; the choice of what is cached is npyfs's."""
    name = bench.peers.large()
    chunks = bench.peers.chunks(name, SECTIONS)
    size = bench.peers.array_bytes // SECTIONS
    values = {}
    for turn in range(bench.rounds):
        sides = {"npyfs": ALONE, WITHOUT: (), "npyfs, kernel_cache, too": ALL_CACHED}
        with mounted(bench, placement, sides, chunks) as roots:
            plain = [bench.peers.plain / chunk for chunk in chunks]
            bench.warm(placement, plain[0], [bench.peers.source / name, *plain])
            loads = {side: lambda step, root=root: bench.reader.load([str(root / chunks[step])])[0]
                     for side, root in roots.items()}
            add_speeds(values, alternate(loads, range(SECTIONS), turn), size)
    title = f"immutable: {size >> 20} MiB chunks, {placement}"
    return [
        Line(f"immutable-large-{placement}", title, "GiB/s", values),
        Line(f"immutable-large-{placement}-without", title, "GiB/s", values, compare=("npyfs", WITHOUT), at_least=0.97),
        Line(f"immutable-large-{placement}-cached", title, "GiB/s", values,
             compare=("npyfs, kernel_cache, too", WITHOUT), note="files that the kernel opens without asking all go through its page cache"),
    ]


GROUPS = {
    "immutable-small-pinned": lambda bench: small_chunks(bench, "pinned", 2.0, 1.25),
    "immutable-small-free": lambda bench: small_chunks(bench, "free", 3.0, 1.5),
    "immutable-large-pinned": lambda bench: large_chunks(bench, "pinned"),
    "immutable-large-free": lambda bench: large_chunks(bench, "free"),
}
