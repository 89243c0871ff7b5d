"""Reads from a source that changes all the time and checks every byte; see scripts/soak."""

import argparse
import os
import pickle
import random
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "mounted"))

import mount as mounting  # noqa: E402
from changing import NAMES, STAYING, ChangingSource  # noqa: E402
from limits import anonymous_memory  # noqa: E402
from readers import LISTED, Findings, Reader  # noqa: E402

LONGEST = 60 if mounting.is_sanitized() else 20  # seconds that an operation may take
SETTLE = 30  # seconds within which what is unused must be given up
ROUND = 600  # seconds after which a run says how it stands; half of a short one
MIB = 1 << 20
MAY_GROW = 16 * MIB

# Twice the names that a reader may ask for, directories among them.
MOST_NODES = 2 * (len(NAMES) * (sum(LISTED) + 40) + len(STAYING) + 100)


def in_child(function):
    """Starts `function` in a child. Returns (pid, pipe from which the pickled result comes)."""
    reader, writer = os.pipe()
    child = os.fork()
    if child:
        os.close(writer)
        return child, reader
    status = 1
    try:
        os.close(reader)
        with os.fdopen(writer, "wb") as pipe:
            pickle.dump(function(), pipe)
        status = 0
    finally:
        os._exit(status)


def result_of(child):
    """What a child's function returned; None where the child has died."""
    pid, pipe = child
    with os.fdopen(pipe, "rb") as file:
        found = file.read()
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    return (pickle.loads(found), "") if status == 0 else (None, f"a child has ended with status {status}")


def change_until(directory, seed, until):
    source, numbers = ChangingSource(directory, seed), random.Random(seed)
    while time.monotonic() < until:
        source.change()
        time.sleep(numbers.random() * 0.03)
    return source.count


def state(mounted):
    """What the daemon holds."""
    return {
        "descriptors": mounting.descriptors(mounted.pid).total(),
        "mapped areas": len(Path(f"/proc/{mounted.pid}/maps").read_text().splitlines()),
        "threads": len(os.listdir(f"/proc/{mounted.pid}/task")),
        "nodes": mounted.metric("nodes"),
        "open files": mounted.metric("open_files"),
        "open sources": mounted.metric("open_sources"),
        "memory (KiB)": anonymous_memory(mounted.pid) // 1024,
    }


def settled_state(mounted):
    """The state once sources that nobody uses have been closed, as far as that happens."""
    end = time.monotonic() + SETTLE
    def is_settled():
        return not mounted.metric("open_files") and not mounted.metric("open_sources") and not mounted.descriptors_since_start()
    while not is_settled() and time.monotonic() < end:
        time.sleep(0.2)
    return state(mounted)


def growth(start, end, is_sanitized):
    """What has grown, in words."""
    grown = []
    if end["open files"] or end["descriptors"] > start["descriptors"]:
        grown.append("files stay open")
    if end["threads"] > 18:
        grown.append("too many threads")
    if end["nodes"] > MOST_NODES:
        grown.append("nodes are not forgotten")
    if not is_sanitized and end["mapped areas"] > start["mapped areas"] + 40:  # stacks of threads, and heap
        grown.append("mappings stay")
    if not is_sanitized and (end["memory (KiB)"] - start["memory (KiB)"]) * 1024 > MAY_GROW:
        grown.append("memory")
    return [f"growth: {what}" for what in grown]


def load(mounted, directory, seconds, readers, seed):
    """(findings, number of changes, failures) of readers and changes at the same time."""
    until = time.monotonic() + seconds
    changer = in_child(lambda: change_until(directory, seed, until))
    children = [in_child(lambda number=number: Reader(mounted.path, seed + number).run(until))
                for number in range(1, readers + 1)]
    findings, failures = Findings(), []
    for child in children:
        found, failure = result_of(child)
        if failure:
            failures.append(failure)
        else:
            findings.add(found)
    changes, failure = result_of(changer)
    return findings, changes, failures + findings.wrong + [failure] * bool(failure)


def listed(counts):
    return ", ".join(f"{name} {count}" for name, count in sorted(counts.items())) or "none"


def report(findings, changes, seconds):
    print(f"{sum(findings.operations.values())} operations and {changes} changes in {seconds:.0f} s")
    print(f"  {listed(findings.operations)}\n  errors: {listed(findings.errors)}")
    print(f"  slowest: {findings.slowest[0]:.2f} s, {findings.slowest[1]}", flush=True)


def report_state(when, held):
    print(f"  {when}: {', '.join(f'{name} {count}' for name, count in held.items())}", flush=True)


def load_in_rounds(mounted, directory, seconds, readers, seed, start):
    """(findings, failures) of load() in rounds, with what the daemon has held more of after one than at the start.

    Says after each round what there has been so far. One with a failure is the last.
    """
    total, changes, failures = Findings(), 0, []
    done = 0
    while done < seconds and not failures:
        length = min(ROUND, seconds / 2, seconds - done)
        findings, changed, failures = load(mounted, directory, length, readers, seed + done)
        total.add(findings)
        changes += changed or 0
        done += length
        held = settled_state(mounted)
        failures += growth(start, held, mounting.is_sanitized())
        report(total, changes, done)
        report_state("now", held)
    return total, failures


def soak(seconds, readers, seed, options):
    """Failures, in words."""
    mounting.adopt_daemons()
    with tempfile.TemporaryDirectory(prefix="npyfs-soak-") as scratch:
        scratch = Path(scratch)
        for name in ("source", "mnt"):
            (scratch / name).mkdir()
        source = scratch / "source"
        ChangingSource(source, seed).make()
        mounted = mounting.Mount(source, scratch / "mnt", *options, scratch=scratch)
        try:
            warm_up = min(seconds / 10, 60)  # all threads, all buffers
            _, _, failures = load(mounted, source, warm_up, readers, seed - 1000)
            start = settled_state(mounted)
            report_state("at the start", start)
            findings, later = load_in_rounds(mounted, source, seconds, readers, seed, start)
            failures += later
            if findings.slowest[0] > LONGEST:
                failures.append(f"an operation took {findings.slowest[0]:.1f} s: {findings.slowest[1]}")
        finally:
            mounted.close()
    return failures


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("minutes", type=float)
    parser.add_argument("--readers", type=int, default=8)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("-o", dest="options", action="append", default=[], help="a mount option")
    given = parser.parse_args()
    print(f"seed {given.seed}", flush=True)
    failures = soak(given.minutes * 60, given.readers, given.seed, given.options)
    for failure in failures[:20]:
        print(f"FAILED: {failure}")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
