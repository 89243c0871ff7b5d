"""numpy.load with mmap_mode='r'."""

from contextlib import ExitStack

from line import LIMIT, Line, add_speeds, alternate
from lines_load import SECTIONS
from peers import bring_in
from processes import Reader, together

CACHED = "passthrough_ll cache=always"
PROCESSES = 8


def full_scan(bench, placement):
    name = bench.peers.large()
    chunks = bench.peers.chunks(name, SECTIONS)
    size = bench.peers.array_bytes // SECTIONS
    values = {}
    for turn in range(bench.rounds):
        with (bench.peers.npyfs(placement) as ours, bench.peers.passthrough(CACHED, placement) as theirs,
              bench.peers.limit(chunks, placement) as limit):
            plain = bench.peers.plain / chunks[0]
            bench.warm(placement, plain, [bench.peers.source / name, plain])
            roots = {"plain file": bench.peers.plain, "npyfs": ours.path, LIMIT: limit.path, CACHED: theirs.path}
            sides = {
                side: lambda step, root=root: bench.reader.scan(str(root / chunks[step]))
                for side, root in roots.items()
            }
            add_speeds(values, alternate(sides, range(2 if bench.quick else 1), turn), size)
    title = f"mmap_mode='r', first full scan of a chunk, {placement}"
    common = {"unit": "GiB/s", "values": values}
    return [
        Line(f"mapped-scan-{placement}", title, of_limit=bench.steady(placement, 0.95), **common),
        Line(f"mapped-scan-{placement}-passthrough", title, compare=("npyfs", CACHED), at_least=1.2, **common),
    ]


def eight_processes(bench):
    """Rows a second of all processes together; every round on a chunk that nobody has read through the mounts."""
    name = bench.peers.large()
    (chunk,) = bench.peers.chunks(name, SECTIONS)[:1]
    rows = 500 if bench.quick else 8000
    values = {}
    with ExitStack() as stack:
        readers = [stack.enter_context(Reader()) for _ in range(PROCESSES)]
        for turn in range(bench.rounds):
            with (bench.peers.npyfs() as ours, bench.peers.passthrough(CACHED) as theirs,
                  bench.peers.limit([chunk]) as limit):
                roots = {"plain file": bench.peers.plain, "npyfs": ours.path, LIMIT: limit.path, CACHED: theirs.path}

                def run(root):
                    requests = [("random_rows", str(root / chunk), rows, seed) for seed in range(PROCESSES)]
                    return PROCESSES * rows / together(readers, requests)

                bring_in(bench.peers.source / name)
                run(bench.peers.plain)  # warms the readers
                sides = {side: lambda _, root=root: run(root) for side, root in roots.items()}
                for side, speeds in alternate(sides, range(1), turn).items():
                    values.setdefault(side, []).append(speeds[0])
    title = f"mmap_mode='r', {PROCESSES} processes, random rows, free"
    return [Line("mapped-random", title, "rows/s", values, compare=("npyfs", CACHED), at_least=1.0)]


GROUPS = {
    "mapped-scan-pinned": lambda bench: full_scan(bench, "pinned"),
    "mapped-scan-free": lambda bench: full_scan(bench, "free"),
    "mapped-random": eight_processes,
}
