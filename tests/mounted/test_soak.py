"""The short form of scripts/soak."""

import importlib
import os
import subprocess
from pathlib import Path

import numpy as np
import pytest

import mount as mounting
from arrays import saved

ROOT = Path(__file__).resolve().parent.parent.parent


def test_readers_of_a_changing_source_see_no_wrong_byte_and_nothing_grows():
    """Readers of all kinds against a source that changes: no wrong byte, no long wait, nothing that grows."""
    minutes = os.environ.get("NPYFS_SOAK_MINUTES", "0.15" if mounting.is_sanitized() else "1")
    # Its readers take all the time that there is: what else is tested at the same time goes first.
    ran = subprocess.run(["nice", ROOT / "scripts/soak", minutes, "--seed", "1"], capture_output=True, text=True,
                         timeout=float(minutes) * 120 + 300)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert ran.stdout.count(" operations and ") == 2, "it says how it stands at half time"


@pytest.mark.skipif(mounting.is_sanitized(), reason="asks nothing of npyfs")
@pytest.mark.parametrize("operation", ["load", "map", "pread", "source"])
def test_a_wrong_byte_is_noticed(scratch, monkeypatch, operation):
    """A soak that could not fail would prove nothing."""
    monkeypatch.syspath_prepend(ROOT / "tests/soak")
    changing, readers = importlib.import_module("changing"), importlib.import_module("readers")
    items = changing.array_of("static", 1).copy()
    items[60_000:60_500] += np.uint64(1)
    (scratch / "static0.npy").mkdir()
    path = scratch / "static0.npy/source.npy"
    path.write_bytes(saved(items))
    reader = readers.Reader(scratch, 1)
    monkeypatch.setattr(reader, "_chunk", lambda name: (path, 0, 0, 1))
    with pytest.raises(readers.Wrong):
        for _ in range(1000):  # pread looks at some places only
            getattr(reader, operation)("static0.npy")


@pytest.mark.skipif(mounting.is_sanitized(), reason="asks nothing of npyfs")
@pytest.mark.parametrize("held, more", [("open files", 1), ("descriptors", 1), ("threads", 20), ("nodes", 1_000_000),
                                        ("mapped areas", 100), ("memory (KiB)", 100_000)])
def test_growth_is_noticed(monkeypatch, held, more):
    """Whatever the daemon holds more of at the end, but for what the first readers leave in caches."""
    monkeypatch.syspath_prepend(ROOT / "tests/soak")
    main = importlib.import_module("main")
    start = {"descriptors": 8, "mapped areas": 75, "threads": 9, "nodes": 996, "open files": 0, "memory (KiB)": 7504}
    assert main.growth(start, start | {"nodes": 3000, "memory (KiB)": 12_000}, False) == []
    assert len(main.growth(start, start | {held: start[held] + more}, False)) == 1
