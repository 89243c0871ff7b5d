"""The README's recipes: their text, and running them as a reader of the README would."""

import os
import re
import subprocess
from pathlib import Path

import numpy as np

import mount as mounting

README = Path(__file__).resolve().parents[2] / "README.md"


def blocks(title, kind):
    """The fenced blocks of one kind (sh, python, ...) below the recipe's heading, in order. At least one."""
    readme = README.read_text(encoding="utf-8")
    recipes = re.search(r"^## Recipes\n(.*?)^## ", readme, re.MULTILINE | re.DOTALL).group(1)
    recipe = re.search(rf"^### {re.escape(title)}\n(.*?)(?=^### |\Z)", recipes, re.MULTILINE | re.DOTALL)
    assert recipe, f"the README has no recipe {title!r}"
    found = re.findall(rf"^```{kind}\n(.*?)^```$", recipe.group(1), re.MULTILINE | re.DOTALL)
    assert found, f"the recipe {title!r} has no block of {kind}"
    return found


# What the recipes call `tool`. It notes what it has found in a file, a line in one write: launchers mix what programs
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


def run_python(text, scratch, **more):
    (scratch / "recipe.py").write_text(text, encoding="utf-8")
    return run(["/usr/bin/python3", "recipe.py"], scratch, **more)


def assert_tool_has_seen_the_chunks(scratch, array, count):
    """`tool` was given each of `count` chunks of an array of integers, once, and has added up the right numbers."""
    expected = [f"{i}_of_{count}.npy {part.sum()}" for i, part in enumerate(np.array_split(array, count))]
    assert sorted((scratch / "tool.log").read_text().splitlines()) == sorted(expected)
