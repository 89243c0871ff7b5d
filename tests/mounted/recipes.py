"""The files of tests/recipes, and the commands that the documents show: running them as a reader would."""

import os
import re
import subprocess
from pathlib import Path

import numpy as np

import mount as mounting

ROOT = Path(__file__).resolve().parents[2]
RECIPES = ROOT / "tests/recipes"
README, MAN_1, MAN_7 = ROOT / "README.md", ROOT / "fs/man/npyfs.1.md", ROOT / "fs/man/npyfs.7.md"


def example(document, words):
    """The fenced block of a document that follows the paragraph in which these words stand."""
    text = document.read_text(encoding="utf-8")
    assert text.count(words) == 1, f"{document} has {words!r} {text.count(words)} times"
    return re.search(r"^```[a-z]+\n(.*?)^```$", text.partition(words)[2], re.MULTILINE | re.DOTALL).group(1)


def in_the_table(want):
    """The command or path that the README's tables name for what somebody wants to do, and the expression beside it."""
    row = re.search(rf"^\| {re.escape(want)} \|(.*)\|$", README.read_text(encoding="utf-8"), re.MULTILINE)
    assert row, f"the README has no row {want!r}"
    return re.findall(r"`([^`]+)`", row.group(1))


# What stands for COMMAND in recipes. It notes what it has found in a file, a line in one write: launchers mix what programs
# print at the same time.
_TOOL = """#!/usr/bin/python3
import os, sys, numpy
for path in sys.argv[1:]:
    line = f"{os.path.basename(path)} {numpy.load(path).sum()}\\n"
    with open(os.environ["TOOL_LOG"], "ab", buffering=0) as log:
        log.write(line.encode())
"""


def environment(scratch, **more):
    """Variables for a recipe: npyfs and `tool` are on the path."""
    programs = scratch / "bin"
    if not programs.exists():
        programs.mkdir()
        (programs / "npyfs").symlink_to(mounting.binary())
        (programs / "tool").write_text(_TOOL)
        (programs / "tool").chmod(0o755)
    path = f"{programs}:/usr/sbin:/usr/bin:/sbin:/bin"
    return {**os.environ, "PATH": path, "TOOL_LOG": str(scratch / "tool.log"), **more}


def run(command, scratch, timeout=2 * mounting.DEADLINE, **variables):
    """Runs a program in `scratch`, where a recipe finds mnt/. Returns what it printed; a failure fails the test."""
    ran = subprocess.run(command, cwd=scratch, env=environment(scratch, **variables), capture_output=True, text=True,
                         timeout=timeout)
    assert ran.returncode == 0, f"{command} ended with {ran.returncode}\n{ran.stdout}{ran.stderr}"
    return ran.stdout


def run_shell(text, scratch, **more):
    return run(["/bin/bash", "-euc", text], scratch, **more)


def run_python(name, scratch, *arguments, **more):
    return run(["/usr/bin/python3", RECIPES / name, *arguments], scratch, **more)


def assert_tool_has_seen_the_chunks(scratch, array, count):
    """`tool` was given each of `count` chunks of an array of integers, once, and has added up the right numbers."""
    expected = [f"{i}_of_{count}.npy {part.sum()}" for i, part in enumerate(np.array_split(array, count))]
    assert sorted((scratch / "tool.log").read_text().splitlines()) == sorted(expected)
