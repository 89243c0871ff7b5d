"""The README: its tutorial, typed line by line, must print what the README says; its tables and pictures must be true."""

import ast
import contextlib
import doctest
import io
import json
import os
import re
import runpy
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


def test_the_drawing_is_true(scratch, source, mount):
    """Each path of the drawn tree holds what the expression beside it says, and scripts/draw draws it again."""
    draw = runpy.run_path(str(README.parent / "scripts/draw"))
    mounted = mount(source)
    for (directory, _, files), array in zip(draw["TREE"], draw["ARRAYS"].values(), strict=True):
        np.save(source / directory, array)
        for path, expression, _ in files:
            assert np.array_equal(np.load(mounted / directory / path), eval(expression, {"np": np, **draw["ARRAYS"]})), path
            assert f">{path}</text>" in (README.parent / ".github/tree.svg").read_text(encoding="utf-8")
    subprocess.run([README.parent / "scripts/draw", scratch / "tree.svg"], check=True)
    assert (scratch / "tree.svg").read_bytes() == (README.parent / ".github/tree.svg").read_bytes()


def test_the_plot_has_the_numbers_of_the_table(scratch):
    """The bars are at most eight; their numbers stand in the tables of core/README.md, and the plot is drawn of them."""
    bench = README.parent / "tests/bench"
    lines = json.loads((bench / "published.json").read_text())["lines"]
    table = re.search(r"^\| GiB/s \| npyfs.*?^¹", (README.parent / "core/README.md").read_text(encoding="utf-8"),
                      re.MULTILINE | re.DOTALL).group()
    numbers = {float(number) for number in re.findall(r"\d+(?:\.\d+)?", table)}
    assert 1 < len(lines) <= 8
    assert all(value in numbers for line in lines for values in line["rounds"].values() for value in values)
    subprocess.run(["/usr/bin/python3", bench / "plot.py", bench / "published.json", scratch / "plot.svg"], check=True)
    assert (scratch / "plot.svg").read_bytes() == (README.parent / ".github/performance.svg").read_bytes()
    assert (scratch / "plot.svg").read_text().count('class="bar"') == len(lines)


def test_the_table_of_wishes(source, mount):
    """Each path that the README's table names holds what numpy says of the expression beside it."""
    arrays = {"a": np.arange(3000.0).reshape(1000, 3), "t": np.zeros(50, [("x", "<f4"), ("y", "<i2")])}
    arrays["t"]["x"] = np.arange(50)
    (source / "shards").mkdir()
    for number, part in enumerate(np.array_split(arrays["a"], 11)):
        np.save(source / f"shards/{number}.npy", part)
    arrays["s"] = arrays["a"]
    for name, array in zip(("rows.npy", "table.npy"), arrays.values()):
        np.save(source / name, array)
    arrays["z"] = {"w": arrays["a"][::3]}
    np.savez(source / "pack.npz", **arrays["z"])
    (source / "cut.npy").write_bytes((source / "rows.npy").read_bytes()[:-8])
    mounted = mount(source)
    table = README.read_text(encoding="utf-8").partition("| I want to ... | path")[2].partition("\n\n")[0]
    rows = re.findall(r"^\| [^|]+ \| (`[^|]*) \| (?:`([^|]*)`)?[^|]*\|$", table, re.MULTILINE)
    assert len(rows) > 14
    for paths, expression in rows:
        for path in re.findall(r"`([^` ]+)`", paths):
            if not expression:
                assert (mounted / path).exists(), path
                continue
            expected = eval(expression, {"np": np, **arrays})
            found = np.fromfile(mounted / path) if path.endswith(".bin") else np.load(mounted / path)
            assert np.array_equal(found.reshape(expected.shape), expected), path


def test_the_front_page_is_short():
    """README.md has at most 300 lines."""
    assert README.read_text(encoding="utf-8").count("\n") <= 300
