"""numpy.load of chunks whose source is on the disk alone."""

from line import GIB, Line
from lines_load import SECTIONS
from peers import drop_caches
from processes import ControlGroup, Reader

FAST_DISK = 4 * GIB  # bytes a second from which the line for fast disks applies
SLOW_DISK = 500 << 20


def cold_chunks(bench, reader, placement, count, control_group=None):
    """GiB/s a round for the first `count` chunks, one after the other."""
    name = bench.peers.large()
    chunks = bench.peers.chunks(name, SECTIONS)[:count]
    size = bench.peers.array_bytes // SECTIONS
    values = {"plain file": [], "npyfs": []}
    for turn in range(bench.rounds):
        for side in sorted(values, reverse=turn % 2 == 1):
            with bench.peers.npyfs(placement, control_group=control_group) as mount:
                root = bench.peers.plain if side == "plain file" else mount.path
                reader.place(placement)
                drop_caches()
                seconds = reader.load([str(root / chunk) for chunk in chunks])
                values[side].append(len(seconds) * size / sum(seconds) / GIB)
    return values


def fast_disk(bench, placement):
    values = cold_chunks(bench, bench.reader, placement, SECTIONS)
    line = Line(f"cold-{placement}", f"cold source, chunks one after the other, {placement}", "GiB/s", values)
    if line.median("plain file") * GIB >= FAST_DISK:
        line.at_least = 0.70
    else:
        line.note = f"the target is for disks of 4 GiB/s and more, this one gave {line.median('plain file'):.1f}"
    return [line]


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
