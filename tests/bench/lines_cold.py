"""numpy.load of chunks whose source is on the disk alone."""

from line import GIB, LIMIT, Line
from lines_load import SECTIONS
from peers import bring_in, drop_caches
from processes import ControlGroup, Reader

SLOW_DISK = 500 << 20


def cold_chunks(bench, reader, placement, count, control_group=None):
    """GiB/s a round for the first `count` chunks, one after the other. The limit has them in memory: no disk is faster."""
    name = bench.peers.large()
    chunks = bench.peers.chunks(name, SECTIONS)[:count]
    source = bench.peers.source / name
    size = bench.peers.array_bytes // SECTIONS
    values = {"plain file": [], "npyfs": [], LIMIT: []}
    for turn in range(bench.rounds):
        for side in sorted(values, reverse=turn % 2 == 1):
            with bench.peers.npyfs(placement, control_group=control_group) as mount, bench.peers.limit(chunks) as limit:
                root = {"plain file": bench.peers.plain, "npyfs": mount.path, LIMIT: limit.path}[side]
                reader.place(placement)
                # A virtual machine's host caches its disk, too: what was read last is faster, as the plain files are that
                # the limit has just read.
                for file in [source] if side == "npyfs" else [bench.peers.plain / chunk for chunk in chunks]:
                    bring_in(file)
                drop_caches()
                seconds = reader.load([str(root / chunk) for chunk in chunks])
                values[side].append(len(seconds) * size / sum(seconds) / GIB)
    return values


def fast_disk(bench, placement):
    values = cold_chunks(bench, bench.reader, placement, SECTIONS)
    title = f"cold source, chunks one after the other, {placement}"
    return [Line(f"cold-{placement}", title, "GiB/s", values, at_least=0.90)]


def slow_disk(bench):
    """Readers and daemon in a control group for which the disk delivers no more than SLOW_DISK."""
    source = bench.peers.source / bench.peers.large()
    with ControlGroup(source, SLOW_DISK) as group, Reader(group) as reader:
        reader.load([str(source)])
        values = cold_chunks(bench, reader, "free", SECTIONS if bench.quick else SECTIONS // 2, group)
    title = f"cold source on a disk of {SLOW_DISK >> 20} MiB/s, free"
    return [Line("cold-slow", title, "GiB/s", values, at_least=0.95)]


GROUPS = {
    "cold-pinned": lambda bench: fast_disk(bench, "pinned"),
    "cold-free": lambda bench: fast_disk(bench, "free"),
    "cold-slow": slow_disk,
}
