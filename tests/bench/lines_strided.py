"""numpy.load of chunks that are many runs of the source: other axes, and Fortran order.

Their limit is a server with the very bytes in memory. Of runs of less than a page it is one that makes them by memcpy
first, as npyfs does."""

from line import LIMIT, Line, add_speeds, alternate
from lines_load import MEMMAP

SECTIONS = 8
PAGE, ITEM = 4096, 4  # bytes


def strided(bench, order, placement):
    """Chunks that hold `runs` in each of the array's columns (Fortran order, axis 0) or rows (C order, axis 1)."""
    name = bench.peers.rectangle(order)
    source = str(bench.peers.source / name)
    axis = 1 if order == "C" else 0
    chunk_bytes = bench.peers.array_bytes // 2 // SECTIONS
    length = 4096 if axis == 1 else bench.peers.array_bytes // (2 * 4096 * 4)
    part = length // SECTIONS
    directory = f"axis{axis}/chunks" if axis else "chunks"
    index = "[:, {0}:{1}]" if axis else "[{0}:{1}]"
    chunks, runs = [], {}
    for k in range(SECTIONS):
        columns = index.format(k * part, (k + 1) * part)
        chunks.append(bench.peers.sliced(name, f"{directory}/{k}_of_{SECTIONS}.npy", columns))
        runs[chunks[-1]] = bench.peers.runs_of(name, columns) if axis and part * ITEM < PAGE else ()
    values = {}
    for turn in range(bench.rounds):
        with bench.peers.npyfs(placement) as mount, bench.peers.limit(runs, placement) as limit:
            bench.warm(placement, source)
            sides = {
                "npyfs": lambda k: bench.reader.load([str(mount / chunks[k])])[0],
                LIMIT: lambda k: bench.reader.load([str(limit / chunks[k])])[0],
                MEMMAP: lambda k: bench.reader.copy_slice(source, axis, k * part, (k + 1) * part),
            }
            add_speeds(values, alternate(sides, range(SECTIONS), turn), chunk_bytes)
    name = f"axis1-{placement}" if axis else f"fortran-{placement}"
    rows = bench.peers.array_bytes // (2 * 4096 * 4)
    title = f"{'axis-1 chunks' if axis else 'Fortran order, axis-0 chunks'} of ({rows}, 4096), {placement}"
    at_least = 0.55 if placement == "pinned" else None
    return [Line(name, title, "GiB/s", values, compare=("npyfs", MEMMAP), at_least=at_least)]


GROUPS = {
    f"{name}-{placement}": lambda bench, order=order, placement=placement: strided(bench, order, placement)
    for name, order in (("axis1", "C"), ("fortran", "F"))
    for placement in ("pinned", "free")
}
