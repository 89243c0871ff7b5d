"""The results as a table and as JSON."""

import json
import os
import platform
import statistics

from line import LIMIT

COLUMNS = "{:<62} {:>14}  {:<41} {:>7}  {:>8} {:>5}  {:<18}  {}"


def number(value):
    """Three significant digits; thousands separated."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def table_row(line):
    if line.not_run:
        return f"{line.title:<62} not run: {line.not_run}"
    ours = f"{number(line.median(line.compare[0]))} {line.unit}"
    other = ratio = ""
    if len(line.compare) == 2:
        other = f"{line.compare[1]} {number(line.median(line.compare[1]))} {line.unit}"
        ratio = f"{line.result():.2f}"
    limit, share = (number(line.median(LIMIT)), f"{line.share_of_limit():.2f}") if line.has_limit() else ("", "")
    met = {True: "yes", False: "NO", None: ""}[line.is_met()]
    row = COLUMNS.format(line.title, ours, other, ratio, limit, share, targets(line), met).rstrip()
    return "\n    ".join([row, *filter(None, [line.bound(), line.note])])


def targets(line):
    """What is wanted of the ratio, and of the share of the limit."""
    wanted = []
    if line.at_least is not None and line.at_least == line.at_most:
        wanted = [f"= {line.at_least:g}"]
    elif line.at_least is not None:
        wanted = [f">= {line.at_least:g}"]
    elif line.at_most is not None:
        wanted = [f"<= {line.at_most:g}"]
    if line.of_limit is not None:
        wanted.append(f"{LIMIT} >= {line.of_limit:g}")
    return ", ".join(wanted)


def print_head():
    """The column titles, beneath a warning where the machine is busy with other things."""
    load = os.getloadavg()[0]
    if load > 0.5:
        print(f"The load is {load:.1f} on {os.cpu_count()} CPUs before the start: other programs will disturb this.")
    head = COLUMNS.format("line", "npyfs", "compared with", "ratio", LIMIT, "of it", "target", "met")
    print(f"{head}\n{'-' * len(head)}", flush=True)


def summary(lines):
    judged = [line for line in lines if line.is_met() is not None]
    met = sum(line.is_met() for line in judged)
    not_run = sum(bool(line.not_run) for line in lines)
    return f"{met} of {len(judged)} targets met; {not_run} not run"


def described(lines):
    """The lines as JSON has them."""
    return [
        {
            "name": line.name,
            "title": line.title,
            "unit": line.unit,
            "compare": line.compare,
            "ratio": line.result() if line.values and len(line.compare) == 2 else None,
            "at_least": line.at_least,
            "at_most": line.at_most,
            "share_of_limit": line.share_of_limit() if line.has_limit() else None,
            "of_limit": line.of_limit,
            "met": line.is_met(),
            "note": line.note,
            "not_run": line.not_run,
            "median": {side: statistics.median(values) for side, values in line.values.items()},
            "rounds": line.values,
        }
        for line in lines
    ]


def as_json(lines, arguments):
    machine = {
        "kernel": platform.release(),
        "cpus": os.cpu_count(),
        "load": os.getloadavg(),
        "array_bytes": arguments.array_bytes,
        "rounds": arguments.rounds,
        "awake": arguments.awake,
    }
    return json.dumps({"machine": machine, "lines": described(lines)}, indent=1)
