"""A whole array through zarr-python from the mount, against the same array as a Zarr store on the disk, without
compression, and against numpy.load of its chunks into one array."""

import json
import shutil

from line import LIMIT, Line, add_speeds, alternate
from peers import bring_in

STORE = "store on disk"
LOADED = "npyfs, np.load"


def store_on_disk(bench, name):
    """A copy of the default store."""
    copy = bench.peers.plain / "zarr2"
    if not copy.exists():
        with bench.peers.npyfs() as mount:
            shutil.copytree(mount / name / "zarr2", copy)
    return copy


def whole_array(bench, placement):
    name = bench.peers.large()
    copy = store_on_disk(bench, name)
    files = [str(path.relative_to(bench.peers.plain)) for path in copy.rglob("*") if path.is_file()]
    length, rows = (json.loads((copy / "data/.zarray").read_text())[key][0] for key in ("shape", "chunks"))
    values = {}
    for turn in range(bench.rounds):
        with bench.peers.npyfs(placement) as mount, bench.peers.limit(files, placement) as limit:
            for chunk in (copy / "data").iterdir():
                bring_in(chunk)
            batches = [str(mount / f"{name}/batches/{rows}/{i}.npy") for i in range(-(-length // rows))]
            bench.warm(placement, batches[0], [bench.peers.source / name])
            sides = {
                "npyfs": lambda _: bench.reader.load_zarr(str(mount / name / "zarr2")),
                LIMIT: lambda _: bench.reader.load_zarr(str(limit / "zarr2")),
                STORE: lambda _: bench.reader.load_zarr(str(copy)),
                LOADED: lambda _: bench.reader.load_into_one(batches),
            }
            add_speeds(values, alternate(sides, range(2), turn), bench.peers.array_bytes)
    title = f"a whole array by zarr-python, chunks of 4 MiB, {placement}"
    return [Line(f"zarr-{placement}", title, "GiB/s", values, compare=("npyfs", STORE), at_least=0.8),
            Line(f"zarr-{placement}-load", title, "GiB/s", values, compare=("npyfs", LOADED), at_least=0.6)]


GROUPS = {f"zarr-{placement}": lambda bench, placement=placement: whole_array(bench, placement)
          for placement in ("pinned", "free")}
