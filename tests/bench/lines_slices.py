"""numpy.load of what is no range of rows: steps, columns, fields, tiles. The other side maps the array and copies them.
Their limit is a server with the very bytes in memory. Of short runs it is one that makes them by memcpy first."""

import numpy as np
from line import LIMIT, Line, add_speeds, alternate
from lines_load import MEMMAP
from peers import COLUMNS

RECORD = np.dtype([("id", "<i8"), ("rest", "V48"), ("value", "<f8")])  # 64 bytes, of which a field has 8
NARROW = (1_000_000, 64)  # float32: a column is 4 bytes of every 256, a quarter of them 64 bytes
SHORT_RUNS = ("field", "column", "columns")


def sources(bench):
    """The arrays, by the name that the lines give them."""
    records = bench.peers.array_bytes // (4 * RECORD.itemsize)
    return {
        "rows": bench.peers.quarter("slices_rows.npy"),
        "records": bench.peers.made("slices_records.npy", lambda: np.zeros(records, RECORD)),
        "narrow": bench.peers.made("slices_narrow.npy", lambda: np.arange(np.prod(NARROW), dtype="<f4").reshape(NARROW)),
    }


def selections(bench):
    """Line -> (array, path below it, the same in numpy's notation)."""
    rows = bench.peers.array_bytes // (4 * 4 * COLUMNS)
    quarter, columns = rows // 4, COLUMNS // 4
    tile = f"[{quarter}:{2 * quarter}, {2 * columns}:{3 * columns}]"
    return {
        "every-second-row": ("rows", "index/::2.npy", "[::2]"),
        "tile": ("rows", "chunks/1_of_4/axis1/chunks/2_of_4.npy", tile),
        "field": ("records", "fields/value.npy", "['value']"),
        "column": ("narrow", "axis1/items/5.npy", "[:, 5]"),
        "columns": ("narrow", "axis1/chunks/1_of_4.npy", "[:, 16:32]"),
    }


def slices(bench, placement):
    names = sources(bench)
    lines = []
    for line, (array, path, index) in selections(bench).items():
        source = str(bench.peers.source / names[array])
        size = bench.reader.size_of_index(source, index)
        view = bench.peers.sliced(names[array], path, index)
        runs = {view: bench.peers.runs_of(names[array], index) if line in SHORT_RUNS else ()}
        values = {}
        for turn in range(bench.rounds):
            with bench.peers.npyfs(placement) as mount, bench.peers.limit(runs, placement) as limit:
                bench.warm(placement, source)
                sides = {
                    "npyfs": lambda _, chunk=str(mount / view): bench.reader.load([chunk])[0],
                    LIMIT: lambda _, chunk=str(limit / view): bench.reader.load([chunk])[0],
                    MEMMAP: lambda _, source=source, index=index: bench.reader.copy_index(source, index),
                }
                add_speeds(values, alternate(sides, range(4), turn), size)
        title = f"`a{index}` as {path}, {placement}"
        of_limit = bench.steady(placement, 0.8) if line in SHORT_RUNS else None
        lines.append(Line(f"{line}-{placement}", title, "GiB/s", values, compare=("npyfs", MEMMAP), at_least=0.5,
                          of_limit=of_limit))
    return lines


GROUPS = {f"slices-{placement}": lambda bench, placement=placement: slices(bench, placement)
          for placement in ("pinned", "free")}
