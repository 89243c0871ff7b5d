"""Writing chunks of a preallocated array, all of it in the page cache. The limit of np.save takes the bytes into memory; that of
flush() also has to have them on the disk, as all sides."""

from contextlib import ExitStack

from line import GIB, LIMIT, Line, add_speeds, alternate, best_of
from peers import PASSTHROUGH_MODES, ROW_BYTES, WRITE_BACK
from processes import Reader, together

SECTIONS = 4
SEVERAL = 3  # writes a round
MEMORY = f"{LIMIT} without a disk"
PASSTHROUGH = [*PASSTHROUGH_MODES, WRITE_BACK]


def speeds(bench, placement, operation, limits):
    """GiB/s a round of each side, for one chunk written several times. `limits`: side -> option of memory_server.cc."""
    name, plain = bench.peers.preallocated(SECTIONS)
    size = bench.peers.array_bytes // SECTIONS
    rows = size // ROW_BYTES
    values = {}
    for turn in range(bench.rounds):
        with ExitStack() as mounts:
            ours = mounts.enter_context(bench.peers.npyfs(placement, writable=True))
            paths = {"plain file": bench.peers.plain / plain, "npyfs": ours / f"{name}/chunks/1_of_{SECTIONS}.npy"}
            for side, option in limits.items():
                paths[side] = mounts.enter_context(bench.peers.limit([plain], placement, [option], at=side)) / plain
            for mode in PASSTHROUGH:
                paths[mode] = mounts.enter_context(bench.peers.passthrough(mode, placement)) / plain
            bench.warm(placement, bench.peers.plain / plain, [bench.peers.source / name])
            write = getattr(bench.reader, operation)

            sides = {side: lambda _, path=path: write(str(path), rows) for side, path in paths.items()}
            add_speeds(values, alternate(sides, range(SEVERAL), turn), size)
    return values


def _megabytes(bench):
    return f"{bench.peers.array_bytes // SECTIONS >> 20} MiB"


def saving(bench, placement):
    values = speeds(bench, placement, "save_array", {LIMIT: "-w"})
    passthrough = best_of(values, PASSTHROUGH)
    title = f"np.save into a chunk of {_megabytes(bench)}, {placement}"
    common = {"unit": "GiB/s", "values": values}
    return [
        Line(f"write-save-{placement}", title, at_least=0.45, **common),
        Line(f"write-save-{placement}-passthrough", title, compare=("npyfs", passthrough), at_least=1.5, **common),
    ]


def filling(bench, placement):
    values = speeds(bench, placement, "fill_and_flush", {LIMIT: "-d", MEMORY: "-w"})
    title = f"r+ fill and flush() of a chunk of {_megabytes(bench)}, {placement}"
    return [
        Line(f"write-flush-{placement}", title, "GiB/s", values, of_limit=bench.steady(placement, 0.9)),
        Line(f"write-flush-{placement}-memory", title, "GiB/s", values, compare=("npyfs", MEMORY)),
    ]


def two_writers(bench):
    """All bytes a second that one writer or two, each on a chunk of its own, get into one array."""
    name, _ = bench.peers.preallocated(SECTIONS)
    size = bench.peers.array_bytes // SECTIONS
    rows = size // ROW_BYTES
    values = {}
    with ExitStack() as stack:
        readers = [stack.enter_context(Reader()) for _ in range(2)]
        for turn in range(bench.rounds):
            with bench.peers.npyfs(writable=True) as ours:
                requests = [("save_array", str(ours / f"{name}/chunks/{i}_of_{SECTIONS}.npy"), rows) for i in range(2)]
                together(readers, requests)  # warms them

                def run(count):
                    return lambda _: count * size / GIB / together(readers[:count], requests)

                sides = {"npyfs, two writers": run(2), "npyfs, one writer": run(1)}
                for side, found in alternate(sides, range(1), turn).items():
                    values.setdefault(side, []).extend(found)
    title = f"two writers on two chunks of {_megabytes(bench)}, total, free"
    return [Line("write-two", title, "GiB/s", values, compare=("npyfs, two writers", "npyfs, one writer"), at_least=1.2)]


GROUPS = {
    "write-save-pinned": lambda bench: saving(bench, "pinned"),
    "write-save-free": lambda bench: saving(bench, "free"),
    "write-flush-pinned": lambda bench: filling(bench, "pinned"),
    "write-flush-free": lambda bench: filling(bench, "free"),
    "write-two": two_writers,
}
