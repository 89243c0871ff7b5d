"""Runs the benchmark: every line of the table, both sides of each in one go, alternating, several rounds."""

import argparse
import contextlib
import dataclasses
import re
import signal
import sys
import tempfile
from pathlib import Path

import lines_cold
import lines_daemon
import lines_immutable
import lines_joined
import lines_load
import lines_many
import lines_mapped
import lines_npz
import lines_scale
import lines_slices
import lines_strided
import lines_whole
import lines_write
import lines_zarr
import plot
import report
from line import GIB, Line
from peers import Peers, bring_in
from processes import AwakeCpus, BenchError, Reader

GROUPS = {
    name: group
    for room in (lines_load, lines_strided, lines_slices, lines_npz, lines_joined, lines_zarr, lines_mapped, lines_whole,
                 lines_cold, lines_many, lines_scale, lines_daemon, lines_immutable, lines_write)
    for name, group in room.GROUPS.items()
}


@dataclasses.dataclass
class Bench:
    """What a group of lines needs."""

    peers: Peers
    reader: Reader
    rounds: int
    quick: bool
    allow_sysctl: bool
    awake: bool

    def steady(self, placement, target):
        """`target` where it can be judged: the limit itself varies where CPUs halt between two requests."""
        return target if placement == "pinned" or self.awake else None

    def warm(self, placement, path, cached=()):
        """Moves the reader to where it is to run and has it use memory for `path`. Brings the files in `cached` into the
        page cache, which may have lost them since the last round to other programs on this machine."""
        for file in cached:
            bring_in(file)
        self.reader.place(placement)
        self.reader.load([str(path)] * 2)


def parse_arguments():
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a few minutes: smaller data, fewer rounds")
    parser.add_argument("--awake", action="store_true",
                        help="keep all CPUs busy with processes of the lowest priority, so that none halts")
    parser.add_argument("--lines", metavar="PATTERN", default="", help="only groups that this expression is found in")
    parser.add_argument("--list", action="store_true", help="name the groups and stop")
    parser.add_argument("--json", metavar="FILE", type=Path, help="write all numbers there as well")
    parser.add_argument("--plot", metavar="FILE.svg", type=Path, help="draw them there")
    parser.add_argument("--scratch", metavar="DIR", default="/var/tmp", help="where the data go (default: /var/tmp)")
    parser.add_argument("--allow-sysctl", action="store_true",
                        help="raise fs.fuse.max_pages_limit, on the whole machine, for the lines about it")
    parser.add_argument("--npyfs", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--passthrough", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    arguments.rounds = 3 if arguments.quick else 7
    arguments.array_bytes = GIB // 4 if arguments.quick else 2 * GIB
    return arguments


def run_group(name, bench):
    """The lines of a group; where it could not be measured, one line that says why."""
    try:
        return GROUPS[name](bench)
    except BenchError as error:
        return [Line(name, name, not_run=str(error))]


def run(arguments, names):
    lines = []
    report.print_head()
    with contextlib.ExitStack() as stack:
        scratch = stack.enter_context(tempfile.TemporaryDirectory(prefix="npyfs-bench-", dir=arguments.scratch))
        peers = Peers(Path(scratch), arguments.npyfs, arguments.passthrough, arguments.array_bytes)
        reader = stack.enter_context(Reader())
        bench = Bench(peers, reader, arguments.rounds, arguments.quick, arguments.allow_sysctl, arguments.awake)
        if arguments.awake:
            stack.enter_context(AwakeCpus())
        for name in names:
            for line in run_group(name, bench):
                print(report.table_row(line), flush=True)
                lines.append(line)
    print(report.summary(lines))
    return lines


def main():
    arguments = parse_arguments()
    names = [name for name in GROUPS if re.search(arguments.lines, name)]
    if arguments.list:
        return print("\n".join(names))
    if not names:
        sys.exit(f"scripts/bench: no group matches {arguments.lines!r}; --list names them")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("scripts/bench: ended by a signal"))
    signal.signal(signal.SIGHUP, lambda *_: sys.exit("scripts/bench: ended by a signal"))
    lines = run(arguments, names)
    if arguments.json:
        arguments.json.write_text(report.as_json(lines, arguments) + "\n")
    if arguments.plot:
        plot.draw(report.described(lines), arguments.plot)


if __name__ == "__main__":
    main()
