"""source.npy: the file of the source as it is. As root on Linux 6.9 the kernel reads it by itself."""

from line import Line, add_speeds, alternate


def measured(bench, placement, work):
    """GiB/s a round of `work(path)`, which returns seconds: the file itself, and source.npy of a fresh mount."""
    name = bench.peers.quarter("whole.npy")
    source = bench.peers.source / name
    values = {}
    for turn in range(bench.rounds):
        with bench.peers.npyfs(placement) as mount:
            bench.warm(placement, source, [source])
            sides = {
                "plain file": lambda _: work(str(source)),
                "npyfs": lambda _: work(str(mount / name / "source.npy")),
            }
            add_speeds(values, alternate(sides, range(4), turn), source.stat().st_size)
    return values


def whole_load(bench, placement):
    values = measured(bench, placement, lambda path: bench.reader.load([path])[0])
    return [Line(f"whole-load-{placement}", f"source.npy whole load, {placement}", "GiB/s", values, at_least=0.97)]


def whole_scan(bench, placement):
    values = measured(bench, placement, bench.reader.scan)
    return [Line(f"whole-scan-{placement}", f"mapped scan of source.npy, {placement}", "GiB/s", values, at_least=0.97)]


GROUPS = {
    "whole-load-pinned": lambda bench: whole_load(bench, "pinned"),
    "whole-load-free": lambda bench: whole_load(bench, "free"),
    "whole-scan-pinned": lambda bench: whole_scan(bench, "pinned"),
    "whole-scan-free": lambda bench: whole_scan(bench, "free"),
}
