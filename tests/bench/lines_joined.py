"""numpy.load of chunks of an array that is joined from the files of a directory, against the same chunks of one file."""

import numpy as np
from line import LIMIT, Line, add_speeds, alternate
from peers import ROW_BYTES, save

PARTS = 7
SECTIONS = 16
ONE_FILE = "npyfs, one file"


def make_parts(bench, name):
    """The rows of an array of the source as files of a directory of the source."""
    directory = bench.peers.source / "parts"
    if not directory.exists():
        directory.mkdir()
        for index, part in enumerate(np.array_split(np.load(bench.peers.source / name, mmap_mode="r"), PARTS)):
            save(directory / f"part-{index}.npy", np.array(part))
    return [directory / f"part-{index}.npy" for index in range(PARTS)]


def joined_chunks(bench, placement):
    name = bench.peers.large()
    files = make_parts(bench, name)
    size = bench.peers.array_bytes // ROW_BYTES // SECTIONS * ROW_BYTES
    chunks = bench.peers.chunks(name, SECTIONS)
    values = {}
    for turn in range(bench.rounds):
        with bench.peers.npyfs(placement) as mount, bench.peers.limit(chunks, placement) as limit:
            bench.warm(placement, files[0], [bench.peers.source / name, *files])
            sides = {
                "npyfs": lambda k: bench.reader.load([str(mount / f"parts.npy/chunks/{k}_of_{SECTIONS}.npy")])[0],
                ONE_FILE: lambda k: bench.reader.load([str(mount / chunks[k])])[0],
                LIMIT: lambda k: bench.reader.load([str(limit / chunks[k])])[0],
            }
            add_speeds(values, alternate(sides, range(SECTIONS), turn), size)
    title = f"chunks of {PARTS} files joined, N={SECTIONS}, {placement}"
    return [Line(f"joined-{placement}", title, "GiB/s", values, compare=("npyfs", ONE_FILE), at_least=0.95)]


GROUPS = {f"joined-{placement}": lambda bench, placement=placement: joined_chunks(bench, placement)
          for placement in ("pinned", "free")}
