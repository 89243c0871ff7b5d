"""numpy.load of chunks of a member of an .npz archive. The other side is the same chunks of the same array in a .npy file."""

import os

import numpy as np
from line import LIMIT, Line, add_speeds, alternate

SECTIONS = 8
IN_FILE = "npyfs, .npy"


def archive_of(bench, name):
    """An archive that holds the array `name` of the source as its only member, as np.savez writes it."""
    path = bench.peers.source / "member.npz"
    if not path.exists():
        with open(path, "wb") as file:
            np.savez(file, **{name.removesuffix(".npy"): np.load(bench.peers.source / name)})
            file.flush()
            os.fsync(file.fileno())
    return path


def members(bench, placement):
    name = bench.peers.quarter("in_archive.npy")
    archive = archive_of(bench, name)
    chunk_bytes = bench.peers.array_bytes // (4 * SECTIONS)
    chunks = bench.peers.chunks(name, SECTIONS)
    values = {}
    for turn in range(bench.rounds):
        with bench.peers.npyfs(placement) as mount, bench.peers.limit(chunks, placement) as limit:
            bench.warm(placement, str(bench.peers.source / name), [str(archive)])
            sides = {
                "npyfs": lambda k: bench.reader.load([str(mount / archive.name / chunks[k])])[0],
                IN_FILE: lambda k: bench.reader.load([str(mount / chunks[k])])[0],
                LIMIT: lambda k: bench.reader.load([str(limit / chunks[k])])[0],
            }
            add_speeds(values, alternate(sides, range(SECTIONS), turn), chunk_bytes)
    title = f"chunks of a stored member of an archive, {placement}"
    return [Line(f"npz-{placement}", title, "GiB/s", values, compare=("npyfs", IN_FILE), at_least=0.95)]


GROUPS = {f"npz-{placement}": lambda bench, placement=placement: members(bench, placement) for placement in ("pinned", "free")}
