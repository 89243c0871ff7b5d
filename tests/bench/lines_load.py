"""numpy.load of contiguous chunks whose source is in the page cache."""

import contextlib
import statistics
from pathlib import Path

from line import GIB, LIMIT, Line, add_speeds, alternate, best_of
from peers import PASSTHROUGH_MODES, ROW_BYTES, cache_in_single_pages
from processes import BenchError, Reader, together

SECTIONS = 8
SMALL_CHUNK = 64 << 10
MEMMAP = "memmap slice"
LARGE_REQUESTS = Path("/proc/sys/fs/fuse/max_pages_limit")


LARGE_OF_LIMIT = SMALL_OF_LIMIT = 0.97
MANY_OF_LIMIT = 0.9  # readers at once
LOOKING = "limit that looks at its source"  # whether that has changed: at each LOOKUP and OPEN


def load_every_chunk(bench, placement, rounds):
    """GiB/s a round of each side for all chunks of the large array, each the first read through its mount."""
    name = bench.peers.large()
    chunks = bench.peers.chunks(name, SECTIONS)
    chunk_bytes = bench.peers.array_bytes // SECTIONS
    rows = chunk_bytes // ROW_BYTES
    source = str(bench.peers.source / name)
    values = {}
    for turn in range(rounds):
        with bench.peers.all_mounted(placement, chunks) as mounted:
            plain = [bench.peers.plain / chunk for chunk in chunks]
            bench.warm(placement, plain[0], [source, *plain])

            def load(root, most):
                return lambda step: None if step >= most else bench.reader.load([str(root / chunks[step])])[0]

            # passthrough_ll takes longer than all others together: a few chunks tell enough.
            sides = {side: load(root, 3 if side in PASSTHROUGH_MODES else SECTIONS) for side, root in mounted.items()}
            sides[MEMMAP] = lambda step: bench.reader.copy_slice(source, 0, rows * step, rows * (step + 1))
            add_speeds(values, alternate(sides, range(SECTIONS), turn), chunk_bytes)
    return values


def large_chunks(bench, placement):
    values = load_every_chunk(bench, placement, bench.rounds)
    passthrough = best_of(values, list(PASSTHROUGH_MODES))
    title = f"chunks of a {_size(bench.peers.array_bytes)} array, N={SECTIONS}, {placement}"
    common = {"unit": "GiB/s", "values": values}
    return [
        Line(f"load-{placement}", title, of_limit=bench.steady(placement, LARGE_OF_LIMIT), **common),
        Line(f"load-{placement}-memmap", title, compare=("npyfs", MEMMAP), **common),
        Line(f"load-{placement}-passthrough", title, compare=("npyfs", passthrough), at_least=1.3, **common),
    ]


@contextlib.contextmanager
def large_requests(bench):
    """Raises what one request may carry, on this whole machine, and puts it back."""
    if not bench.allow_sysctl:
        raise BenchError("changes fs.fuse.max_pages_limit; only by hand, with --allow-sysctl")
    try:
        before = LARGE_REQUESTS.read_text()
        LARGE_REQUESTS.write_text("4096")
    except OSError as error:
        raise BenchError(f"fs.fuse.max_pages_limit cannot be raised: {error}") from error
    try:
        yield
    finally:
        LARGE_REQUESTS.write_text(before)


def load_with_large_requests(bench):
    with large_requests(bench):
        lines = large_chunks(bench, "free")
    for line in lines:
        line.name = line.name.replace("load-free", "load-large-requests")
        line.title += ", 16 MiB requests"
    return lines


def load_first_mapping(bench, placement):
    """Chunks of an array whose pages nobody has mapped before, as after a copy to this machine. Even chunks go to one
    side and odd ones to the other, the next round the other way round. The limit loads the even ones of an older copy."""
    values = {}
    name = bench.peers.quarter("fresh.npy")
    copies = bench.peers.chunks(name, SECTIONS)
    for turn in range(bench.rounds):
        name = bench.peers.quarter("fresh.npy", fresh=True)
        size = bench.peers.array_bytes // 4 // SECTIONS
        rows = size // ROW_BYTES
        source = str(bench.peers.source / name)
        with bench.peers.npyfs(placement) as mount, bench.peers.limit(copies, placement) as limit:
            bench.warm(placement, source)
            ours = [str(mount / f"{name}/chunks/{k}_of_{SECTIONS}.npy") for k in range(turn % 2, SECTIONS, 2)]
            theirs = [rows * k for k in range(1 - turn % 2, SECTIONS, 2)]
            sides = {
                "npyfs": lambda step: bench.reader.load([ours[step]])[0],
                MEMMAP: lambda step: bench.reader.copy_slice(source, 0, theirs[step], theirs[step] + rows),
                LIMIT: lambda step: bench.reader.load([str(limit / copies[2 * step])])[0],
            }
            add_speeds(values, alternate(sides, range(SECTIONS // 2), turn), size)
    title = f"chunks whose pages nobody has mapped before, {placement}"
    return [
        Line(f"load-first-mapping-{placement}", title, "GiB/s", values, compare=("npyfs", MEMMAP),
             of_limit=bench.steady(placement, LARGE_OF_LIMIT))
    ]


def load_from_single_pages(bench, placement):
    """Chunks of an array that the page cache holds in pages of 4 KiB, as it holds the plain files. The limit maps the
    array, too: to copy pages that lie scattered takes 1.4 times as long as to copy huge pages, and depends on where."""
    name = bench.peers.quarter("single_pages.npy")
    chunks = bench.peers.chunks(name, SECTIONS)
    source = bench.peers.source / name
    size = bench.peers.array_bytes // 4 // SECTIONS
    rows = size // ROW_BYTES
    start = source.stat().st_size - SECTIONS * size
    bodies = {chunk: (source, start + k * size, size, size, 1) for k, chunk in enumerate(chunks)}
    values = {}
    for turn in range(bench.rounds):
        for path in [source, *(bench.peers.plain / chunk for chunk in chunks)]:
            cache_in_single_pages(path)
        limit = bench.peers.limit(bodies, placement, ["-m"])
        with bench.peers.npyfs(placement) as mount, limit:
            bench.warm(placement, source)
            sides = {
                LIMIT: lambda k: bench.reader.load([str(limit / chunks[k])])[0],
                "plain file": lambda k: bench.reader.load([str(bench.peers.plain / chunks[k])])[0],
                "npyfs": lambda k: bench.reader.load([str(mount / chunks[k])])[0],
                MEMMAP: lambda k: bench.reader.copy_slice(str(source), 0, rows * k, rows * (k + 1)),
            }
            add_speeds(values, alternate(sides, range(SECTIONS), turn), size)
    title = f"chunks, the page cache in pages of 4 KiB, {placement}"
    return [
        Line(f"load-single-pages-{placement}", title, "GiB/s", values,
             of_limit=bench.steady(placement, LARGE_OF_LIMIT)),
        Line(f"load-single-pages-{placement}-memmap", title, "GiB/s", values, ("npyfs", MEMMAP)),
    ]


def load_second_time(bench, placement):
    name = bench.peers.large()
    (chunk,) = bench.peers.chunks(name, 4, count=1)
    size = bench.peers.array_bytes // 4
    values = {}
    for turn in range(bench.rounds):
        with bench.peers.npyfs(placement) as mount, bench.peers.limit([chunk], placement) as limit:
            bench.warm(placement, bench.peers.plain / chunk, [bench.peers.source / name])
            roots = {"plain file": bench.peers.plain, "npyfs": mount.path, LIMIT: limit.path}
            for root in roots.values():
                bench.reader.load([str(root / chunk)])
            sides = {
                side: lambda _, root=root: bench.reader.load([str(root / chunk)])[0] for side, root in roots.items()
            }
            add_speeds(values, alternate(sides, range(SECTIONS), turn), size)
    title = f"second load of the same {_size(size)} chunk, {placement}"
    return [Line(f"load-again-{placement}", title, "GiB/s", values, of_limit=bench.steady(placement, LARGE_OF_LIMIT))]


def small_chunks(bench, placement):
    """64 KiB chunks: each of them once, and one of them again and again. Microseconds a load."""
    name = bench.peers.large()
    count = 200 if bench.quick else 1000
    chunks = bench.peers.chunks(name, bench.peers.array_bytes // SMALL_CHUNK, count)
    first, again = {}, {}
    for turn in range(bench.rounds):
        source = bench.peers.source / name
        looking = bench.peers.limit(chunks, placement, ["-s", source], at=LOOKING)
        with bench.peers.all_mounted(placement, chunks) as mounted, looking:
            mounted[LOOKING] = looking.path
            plain = [bench.peers.plain / chunk for chunk in chunks]
            bench.warm(placement, plain[0], [source, *plain])
            sides = {
                side: lambda step, root=root: bench.reader.load([str(root / name) for name in chunks[step : step + 20]])
                for side, root in mounted.items()
            }
            for side, seconds in alternate(sides, range(0, count, 20), turn).items():
                first.setdefault(side, []).append(statistics.median(sum(seconds, [])) * 1e6)
            sides = {
                side: lambda _, root=root: bench.reader.load([str(root / chunks[0])] * 20)
                for side, root in mounted.items()
            }
            for side, seconds in alternate(sides, range(count // 20), turn).items():
                again.setdefault(side, []).append(statistics.median(sum(seconds, [])) * 1e6)
    of_limit = bench.steady(placement, SMALL_OF_LIMIT)
    lines = [
        Line(f"small-first-{placement}", f"64 KiB chunks, each once, {placement}", "us", first, of_limit=of_limit),
        Line(f"small-again-{placement}", f"one 64 KiB chunk again and again, {placement}", "us", again, of_limit=of_limit),
    ]
    for line in lines:
        line.note = f"{LOOKING}: {line.share_of_limit(LOOKING):.2f} of it"
    return lines


def two_readers(bench):
    name = bench.peers.large()
    chunks = bench.peers.chunks(name, SECTIONS)
    size = bench.peers.array_bytes // SECTIONS
    values = {}
    with Reader() as second:
        for turn in range(bench.rounds):
            with bench.peers.npyfs() as mount, bench.peers.limit(chunks) as limit:
                plain = [bench.peers.plain / chunk for chunk in chunks]
                bench.warm("free", plain[0], [bench.peers.source / name, *plain])
                second.load([str(plain[1])] * 2)

                def at_once(root, step):
                    pair = [("load", [str(root / chunks[step + reader])]) for reader in range(2)]
                    return 2 * size / together([bench.reader, second], pair)

                sides = {
                    "plain file": lambda step: size / bench.reader.load([str(bench.peers.plain / chunks[step])])[0],
                    "plain file, two readers": lambda step: at_once(bench.peers.plain, step),
                    "npyfs": lambda step: at_once(mount.path, step),
                    LIMIT: lambda step: at_once(limit.path, step),
                }
                for side, speeds in alternate(sides, range(0, SECTIONS, 2), turn).items():
                    values.setdefault(side, []).append(statistics.median(speeds) / GIB)
    return [Line("two-readers", "two readers at once / one plain reader, free", "GiB/s", values,
                 at_least=0.5, of_limit=bench.steady("free", MANY_OF_LIMIT))]


def _size(count):
    return f"{count / GIB:g} GiB" if count >= GIB else f"{count >> 20} MiB"


GROUPS = {
    "load-pinned": lambda bench: large_chunks(bench, "pinned"),
    "load-free": lambda bench: large_chunks(bench, "free"),
    "load-large-requests": load_with_large_requests,
    "load-first-mapping-pinned": lambda bench: load_first_mapping(bench, "pinned"),
    "load-first-mapping-free": lambda bench: load_first_mapping(bench, "free"),
    "load-single-pages-pinned": lambda bench: load_from_single_pages(bench, "pinned"),
    "load-single-pages-free": lambda bench: load_from_single_pages(bench, "free"),
    "load-again-pinned": lambda bench: load_second_time(bench, "pinned"),
    "load-again-free": lambda bench: load_second_time(bench, "free"),
    "small-pinned": lambda bench: small_chunks(bench, "pinned"),
    "small-free": lambda bench: small_chunks(bench, "free"),
    "two-readers": two_readers,
}
