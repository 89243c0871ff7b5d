"""The README's tutorial, typed line by line: its shell and Python prompts must print what the README says they do."""

import ast
import contextlib
import doctest
import io
import os
import re
import subprocess
from pathlib import Path

import numpy as np

import mount as mounting

README = Path(__file__).resolve().parents[2] / "README.md"


def tutorial_blocks():
    """(kind, text) of each console and pycon block, in order."""
    tutorial = re.search(r"^## Tutorial\n(.*?)^## ", README.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    return re.findall(r"^```(console|pycon)\n(.*?)^```$", tutorial.group(1), re.MULTILINE | re.DOTALL)


def run_console(text, directory, environment):
    """Runs each line that begins with a dollar sign; what stands below it is what it must print."""
    for command, expected in re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", text, re.MULTILINE):
        ran = subprocess.run(["/bin/bash", "-c", command], cwd=directory, env=environment, capture_output=True, text=True,
                             timeout=mounting.DEADLINE)
        assert (ran.returncode, ran.stderr, ran.stdout) == (0, "", expected), command


def run_python(text, variables):
    """Runs the examples as one session; what an expression prints must be what stands below it."""
    for example in doctest.DocTestParser().get_examples(text):
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(compile(ast.Interactive(ast.parse(example.source).body), str(README), "single"), variables)
        assert printed.getvalue() == example.want, example.source


def test_the_tutorial_prints_what_the_readme_says(scratch, monkeypatch):
    """Every line can be typed as it stands."""
    blocks = tutorial_blocks()
    assert len(blocks) > 10
    (scratch / "bin").mkdir()
    (scratch / "bin/npyfs").symlink_to(mounting.binary())
    environment = {**os.environ, "PATH": f"{scratch}/bin:/usr/sbin:/usr/bin:/sbin:/bin"}
    monkeypatch.chdir(scratch)
    variables = {}
    try:
        for kind, text in blocks:
            if kind == "console":
                run_console(text, scratch, environment)
            else:
                run_python(text, variables)
    finally:
        if mounting.is_mounted(scratch / "mnt"):
            mounting.umount(scratch / "mnt", mounting.MNT_DETACH)
    assert not mounting.is_mounted(scratch / "mnt")


def test_the_recording_is_that_of_the_tutorial(scratch):
    """The picture of the terminal shows the tutorial as it is: scripts/record draws it again."""
    subprocess.run([README.parent / "scripts/record", scratch / "tutorial.svg"], check=True)
    assert (scratch / "tutorial.svg").read_bytes() == (README.parent / ".github/tutorial.svg").read_bytes()


def test_the_recipe_for_processes_adds_up(scratch, source, mount):
    """One chunk a process: each worker loads its own share."""
    array = np.arange(300.0).reshape(100, 3)
    np.save(source / "rows.npy", array)
    (scratch / "mnt").mkdir()
    mount(source, at=scratch / "mnt")
    recipe = re.search(r"^## Recipes\n.*?^```python\n(.*?)^```$", README.read_text(encoding="utf-8"),
                       re.MULTILINE | re.DOTALL)
    (scratch / "recipe.py").write_text(recipe.group(1), encoding="utf-8")
    ran = subprocess.run(["/usr/bin/python3", "recipe.py"], cwd=scratch, capture_output=True, text=True,
                         timeout=mounting.DEADLINE)
    assert (ran.stderr, ran.stdout) == ("", f"{array.sum()}\n")
