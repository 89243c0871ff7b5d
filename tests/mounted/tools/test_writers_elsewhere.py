"""Writers of .npy files in other languages write chunks of a writable mount, or their own exit status says that they failed.

In every run: npyjs in JavaScript, JetBrains' npy in Java, and numpy 2. With --all: npyio and gonpy in Go, ndarray-npy and
npyz in Rust, and MLX. Each opens, writes its own header and the body as it does with any file.
"""

import itertools
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from arrays import saved

PROGRAMS = Path(__file__).parent / "writers"
BIG = ["npyio", "npyio alone", "gonpy", "gonpy alone", "ndarray_npy", "npyz_buffered", "npyz", "mlx"]
WRITERS = ["npyjs", "jetbrains", "numpy2", *(pytest.param(name, marks=pytest.mark.big) for name in BIG)]
# os.Create opens for reading and writing: such a file may be mapped, and takes no header of another size.
REFUSED = ["npyio", "gonpy"]
# MLX makes float32 of float64; Java has no unsigned bytes.
TYPES = {"mlx": ["i2", "u1"], "jetbrains": ["f8", "i2", "i1"]}
VIEWS = {
    "chunks/1_of_4.npy": lambda array: array[3:6],
    "slices/2_to_7.npy": lambda array: array[2:7],
    "axis1/chunks/0_of_2.npy": lambda array: array[:, :2],
    "items/7.npy": lambda array: array[7],
}
PYTHON = """
import sys
import numpy
path, type, shape, file = sys.argv[1:]
items = numpy.fromfile(file, type).reshape([int(count) for count in shape.split(",")])
"""
SAVE = {"numpy2": "assert numpy.__version__.startswith('2.')\nnumpy.save(path, items)",
        "mlx": "import mlx.core\nmlx.core.save(path, mlx.core.array(items))"}
WHEELS = {"numpy2": ["numpy==2.3.5"], "mlx": ["numpy==2.3.5", "mlx==0.32.4", "mlx-cpu==0.32.4"]}

_numbers = itertools.count()


def install(command, place):
    """Fetches packages by a package manager, from its registry or its cache."""
    ran = subprocess.run(command, cwd=place, capture_output=True, text=True, timeout=400)
    assert ran.returncode == 0, f"{command} cannot install what is named in {PROGRAMS}:\n{ran.stdout}{ran.stderr}"


def python_packages(place, writer):
    install([sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--only-binary", ":all:", "--target",
             writer, *WHEELS[writer]], place)
    return ["/usr/bin/env", f"PYTHONPATH={place / writer}", sys.executable, "-c", PYTHON + SAVE[writer]]


def javascript(place, _):
    install(["npm", "ci", "--ignore-scripts"], place / "javascript")
    return ["node", place / "javascript/npyjs_dump.mjs"]


def java(place, _):
    install(["mvn", "-q", "-B", "dependency:copy-dependencies", "-DoutputDirectory=lib"], place / "java")
    install(["javac", "-cp", "lib/*", "JetBrainsNpy.java"], place / "java")
    return ["java", "-Xshare:auto", "-XX:TieredStopAtLevel=1", "-cp", f"{place / 'java'}:{place / 'java/lib'}/*",
            "JetBrainsNpy"]


def go(place, writer):
    name = writer.split()[0]
    install(["go", "build", "-o", f"{name}/run", f"./{name}"], place / "go")
    return [place / "go" / name / "run"]


def rust(place, writer):
    install(["cargo", "build", "--quiet"], place / "rust")
    return [place / "rust/target/debug/writers", writer]


MAKERS = {"npyjs": javascript, "jetbrains": java, "numpy2": python_packages, "mlx": python_packages, "npyio": go,
          "gonpy": go, "ndarray_npy": rust, "npyz": rust, "npyz_buffered": rust}


@pytest.fixture(scope="module")
def programs(module_scratch):
    """Returns the command of a writer, installed at its first use."""
    place = module_scratch / "writers"
    shutil.copytree(PROGRAMS, place)
    commands = {}

    def command(writer):
        if writer not in commands:
            commands[writer] = MAKERS[writer.split()[0]](place, writer)
        return commands[writer]

    return command


@pytest.fixture(scope="module")
def mounted(module_scratch, module_mount):
    source = module_scratch / "source"
    source.mkdir()
    return module_mount(source, "rw", foreground=True)


class Array:
    """An array in the source, and what it should hold."""

    def __init__(self, mounted, dtype, order="C"):
        self.values = np.asarray(np.random.default_rng(1).integers(1, 100, (12, 3)), dtype, order=order)
        name = f"{next(_numbers)}.npy"
        self.file = mounted.source / name
        self.directory = mounted.path / name
        self.file.write_bytes(saved(self.values))

    def is_right(self):
        return self.file.read_bytes() == saved(self.values)


def write(command, writer, path, items, scratch):
    """What a writer says when it has written items. The file is opened as the library opens files by itself."""
    body = scratch / "body"
    body.write_bytes(np.ascontiguousarray(items).tobytes())
    more = ["alone"] if writer.endswith("alone") else []
    shape = ",".join(str(count) for count in items.shape)
    return subprocess.run([*command, path, items.dtype.str[1:], shape, body, *more], capture_output=True, text=True,
                          timeout=60, env={**os.environ, "PYTHONNOUSERSITE": "1"})


@pytest.mark.parametrize("writer", WRITERS)
def test_a_writer_writes_its_rows(programs, mounted, scratch, writer):
    """The rows are right in the source, and nothing beside them changes; or the writer says that it has failed."""
    types = TYPES.get(writer, ["f8", "i2", "u1"])
    for number, (view, part) in enumerate(VIEWS.items()):
        array = Array(mounted, types[number % len(types)])
        items = part(array.values) + 1
        if writer.startswith("npyio") and items.ndim > 1:
            continue  # it takes Go's slices, which have one dimension
        ran = write(programs(writer), writer, array.directory / view, items, scratch)
        assert (ran.returncode != 0) == (writer in REFUSED), f"{view}: {ran.stdout}{ran.stderr}"
        if ran.returncode == 0:
            part(array.values)[...] = items
        assert array.is_right(), view


@pytest.mark.parametrize("writer", WRITERS)
def test_a_writer_of_something_else_fails(programs, mounted, scratch, writer):
    """Another dtype, shape or order: the writer's exit status says that it failed, and so does the log; the rows stay."""
    kind, other = TYPES.get(writer, ["f8", "i2"])[:2]
    for dtype, order, items in ((kind, "C", np.ones(3, other)), (kind, "C", np.ones(4, kind)),
                                (kind, "F", np.ones((3, 3), kind))):
        view = "items/7.npy" if items.ndim == 1 else "chunks/1_of_4.npy"
        array = Array(mounted, dtype, order)
        ran = write(programs(writer), writer, array.directory / view, items, scratch)
        assert ran.returncode != 0, f"{view} {dtype} {order}"
        assert array.is_right() and f"{array.file.name}: " in mounted.stderr(), (view, dtype, order)
