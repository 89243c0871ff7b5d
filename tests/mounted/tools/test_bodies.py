"""The recipes in languages that read the body of a chunk (.bin) without a library: Rust, Go, Java and R."""

import numpy as np
import pytest

import recipes

ROWS = np.arange(30.0).reshape(10, 3)
CHUNK = np.array_split(ROWS, 4)[1]


@pytest.fixture
def body(scratch, source, mount):
    np.save(source / "rows.npy", ROWS)
    return mount(source) / "rows.npy/chunks/1_of_4.bin"


@pytest.mark.big
@pytest.mark.parametrize("name, compiler, command", [
    ("rust_sum.rs", ["rustc", "-O", "--edition", "2021"], ["./rust_sum"]),
    ("go_sum.go", [], ["go", "run", recipes.RECIPES / "go_sum.go"]),
    ("JavaSum.java", [], ["java", recipes.RECIPES / "JavaSum.java"]),
], ids=["Rust", "Go", "Java"])
def test_the_body_adds_up(scratch, body, name, compiler, command):
    """A .bin is the body alone: float64, little-endian, row after row."""
    if compiler:
        recipes.run([*compiler, recipes.RECIPES / name], scratch)
    count, _, _, total = recipes.run([*command, body], scratch, GOCACHE=str(scratch / "go")).split()
    assert (int(count), float(total)) == (CHUNK.size, CHUNK.sum())


@pytest.mark.big
def test_r_reads_rows_and_columns(scratch, body):
    """R makes a matrix of a body, and adds up its columns."""
    printed = recipes.run(["Rscript", recipes.RECIPES / "sum.R", body, "3"], scratch)
    assert printed.split()[0] == str(len(CHUNK))
    assert [float(number) for number in printed.split()[-3:]] == list(CHUNK.sum(axis=0))
