"""What the daemon does, counted, and what its pure parts cost."""

import json
import re
import shutil
import subprocess

from line import Line
from processes import BenchError

READERS = 64
UNFINISHED = " <unfinished ...>"
TRACED = "open,openat,openat2,read,pread64,readv,preadv,preadv2"


def whole_calls(lines):
    """The calls of a trace by strace -f. One that other threads have interrupted is in two lines there."""
    begun = {}
    for line in lines:
        thread, call = line.split(maxsplit=1)
        if call.endswith(UNFINISHED):
            begun[thread] = call.removesuffix(UNFINISHED)
        elif call.startswith("<... "):
            yield begun.pop(thread) + call.split(" resumed>", 1)[1]
        else:
            yield call


def opens(bench):
    """Opens and header reads of one source that 64 processes load 64 chunks of, at the same time. A descriptor that was
    opened with O_PATH names the file and cannot read it: no open for the server of a shared filesystem. Long reads from the
    beginning are reading ahead."""
    if not shutil.which("strace"):
        raise BenchError("needs strace")
    name = bench.peers.large()
    trace = bench.peers.source.parent / "strace.txt"
    wrapper = ["strace", "-f", "-y", "-qq", "-e", f"trace={TRACED}", "-o", trace]
    with bench.peers.npyfs(wrapper=wrapper) as mount:
        bench.reader.place("free")
        paths = [f"{mount.path}/{name}/chunks/{index}_of_{READERS}.npy" for index in range(READERS)]
        bench.reader.load_together([[path] for path in paths])
    calls = list(whole_calls(trace.read_text().splitlines()))
    source = re.escape(f"<{bench.peers.source / name}>")
    opened = [call for call in calls if re.search(rf"open\w*\(.* = \d+{source}", call)]
    real = [call for call in opened if "O_PATH" not in call]
    reads = [call for call in calls if re.search(rf"read\w*\(\d+{source},.*, \d{{1,5}}, 0\) = ", call)]
    title = f"{READERS} processes load {READERS} chunks:"
    note = f"and {len(opened) - len(real)} O_PATH opens"
    return [
        Line("opens", f"{title} opens of the source", "opens", {"npyfs": [len(real)]}, ("npyfs",), 1, 1, note),
        Line("header-reads", f"{title} reads of its header", "reads", {"npyfs": [len(reads)]}, ("npyfs",), 1, 1),
    ]


def core(bench):
    """The in-process benchmarks (Google Benchmark), in nanoseconds an operation."""
    program = bench.peers.npyfs_binary.parent / "tests" / "core_benchmark"
    if not program.exists():
        raise BenchError(f"{program.name} was not built: Google Benchmark is missing")
    run = subprocess.run(
        [program, "--benchmark_format=json", f"--benchmark_min_time={0.02 if bench.quick else 0.5}"],
        capture_output=True,
        check=True,
    )
    return [
        Line(f"core-{found['name']}", found["name"], "ns", {"npyfs": [found["real_time"]]}, ("npyfs",))
        for found in json.loads(run.stdout)["benchmarks"]
    ]


GROUPS = {"opens": opens, "core": core}
