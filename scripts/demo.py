"""The sample data of scripts/mount: `demo.py make DATA` writes it, `demo.py compare DATA MNT` checks a mount of it.

The comparison is what a user would write: an unmodified numpy, file names, and nothing of npyfs.
"""

import glob
import json
import os
import sys

import numpy as np

CHUNK_COUNTS = (1, 2, 3, 7)


def make(data):
    """Writes C and Fortran order, structured, nested and damaged files, with the same bytes every time."""
    os.makedirs(os.path.join(data, "runs", "2026"), exist_ok=True)
    rng = np.random.default_rng(2011)
    rows = rng.standard_normal((1000, 8)).astype("<f4")
    np.save(os.path.join(data, "rows.npy"), rows)
    np.save(os.path.join(data, "columns.npy"), np.asfortranarray(rows))
    particles = np.zeros(500, dtype=[("id", "<u4"), ("position", "<f8", (3,)), ("kind", "S4")])
    particles["id"] = np.arange(500)
    particles["position"] = rng.random((500, 3))
    particles["kind"] = rng.choice([b"ion", b"atom"], 500)
    np.save(os.path.join(data, "particles.npy"), particles)
    np.save(os.path.join(data, "runs", "2026", "days.npy"), np.arange("2026-01-01", "2027-01-01", dtype="M8[D]"))
    with open(os.path.join(data, "damaged.npy"), "wb") as damaged:
        np.save(damaged, np.zeros(100))
        damaged.truncate(528)
    with open(os.path.join(data, "notes.txt"), "w", encoding="utf-8") as notes:
        notes.write("Any other file keeps its name and its bytes.\n")


def compare_array(source, array_dir):
    """Puts the chunks of one array together again, for several counts, and compares with the source."""
    expected = np.load(source)
    for count in CHUNK_COUNTS:
        paths = sorted(glob.glob(os.path.join(array_dir, "chunks", str(count), "*.npy")))
        assert len(paths) == count, f"{array_dir}/chunks/{count} lists {len(paths)} files"
        chunks = [np.load(path) for path in paths]
        assert np.array_equal(np.concatenate(chunks), expected), f"{array_dir}/chunks/{count} differs from {source}"
    print(f"{array_dir}: {expected.dtype}, {expected.shape}: chunks of {CHUNK_COUNTS} put together equal the source")


def compare(data, mnt):
    """Compares every array of the mount with its source; a file without an array must say why."""
    for directory, _, names in sorted(os.walk(data)):
        for name in sorted(names):
            source = os.path.join(directory, name)
            mounted = os.path.join(mnt, os.path.relpath(source, data))
            if not name.endswith(".npy"):
                with open(source, "rb") as left, open(mounted, "rb") as right:
                    assert left.read() == right.read(), f"{mounted} differs from {source}"
            elif name == "damaged.npy":
                with open(os.path.join(mounted, "error.txt"), encoding="utf-8") as reason:
                    print(f"{mounted}/error.txt: {reason.read().rstrip()}")
            else:
                with open(os.path.join(mounted, "info.json"), encoding="utf-8") as info:
                    assert tuple(json.load(info)["shape"]) == np.load(source).shape
                compare_array(source, mounted)


if __name__ == "__main__":
    {"make": make, "compare": compare}[sys.argv[1]](*sys.argv[2:])
