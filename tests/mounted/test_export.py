"""npyfs --export: chunks as files of their own, where nothing may be mounted."""

import contextlib
import glob
import io
import os
import pty
import shutil
import signal
import subprocess

import numpy as np
import pytest

import mount as mounting
from users import in_namespace

USAGE, FAILED = 2, 3


def export(array, out, chunks, *more):
    return mounting.run("--export", array, "--chunks", chunks, out, *more)


def numpy_saves(array):
    out = io.BytesIO()
    np.save(out, array)
    return out.getvalue()


@pytest.mark.parametrize("chunks", [1, 3, 16, 100])
@pytest.mark.parametrize("order", "CF")
def test_the_bytes_are_those_that_numpy_saves(scratch, order, chunks):
    """Each file has the bytes that np.save writes for the chunk, in C and Fortran order, and with more chunks than rows."""
    array = np.array(np.arange(37 * 11).reshape(37, 11), dtype=">f8", order=order)
    np.save(scratch / "data.npy", array)
    ran = export(scratch / "data.npy", scratch / "out", chunks)
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "", "")
    files = sorted(glob.glob(str(scratch / "out/*")))
    assert len(files) == chunks
    for path, chunk in zip(files, np.array_split(array, chunks)):
        with open(path, "rb") as file:
            assert file.read() == numpy_saves(np.array(chunk, order=order)), path


@pytest.mark.parametrize("order", "CF")
@pytest.mark.parametrize("axis", [0, 1, 2])
def test_they_are_the_files_that_the_mount_shows(scratch, source, mount, order, axis):
    """Names and bytes are those of chunks/N/ in a mount, along any axis."""
    array = np.array(np.random.default_rng(7).standard_normal((40, 30, 20)), order=order)
    np.save(source / "data.npy", array)
    assert export(source / "data.npy", scratch / "out", 12, "--axis", axis).returncode == 0
    mounted = mount(source)
    compared = subprocess.run(["diff", "-r", scratch / "out", mounted / f"data.npy/axis{axis}/chunks/12"])
    assert compared.returncode == 0
    assert sorted(os.listdir(scratch / "out"))[0] == "00_of_12.npy"


def test_options_before_and_behind_the_names(scratch):
    """Options may stand anywhere: before the names, between them and behind them."""
    np.save(scratch / "data.npy", np.zeros((4, 2)))
    data, out = scratch / "data.npy", scratch / "out"
    options = ["--chunks", "2", "--axis", "1"]
    for arguments in (["--export", *options, data, out], [*options, "--export", data, out], [data, *options, out, "--export"],
                      ["--export", data, out, *options]):
        ran = mounting.run(*arguments)
        assert (ran.returncode, ran.stderr) == (0, ""), arguments
        assert np.load(out / "0_of_2.npy").shape == (4, 1)
        shutil.rmtree(out)


def test_it_is_all_there_or_not_at_all(scratch):
    """Nothing is overwritten, and an export that fails leaves nothing."""
    np.save(scratch / "data.npy", np.zeros(100))
    (scratch / "out").mkdir()
    ran = export(scratch / "data.npy", scratch / "out", 4)
    assert ran.returncode == FAILED
    assert ran.stderr == (
        f"npyfs: {scratch}/out: is there already, and is not overwritten: remove it or choose another name\n")
    (scratch / "cut.npy").write_bytes((scratch / "data.npy").read_bytes()[:-1])
    ran = export(scratch / "cut.npy", scratch / "new", 4)
    assert ran.returncode == FAILED and "the header promises 800 bytes" in ran.stderr
    ran = export(scratch / "data.npy", scratch / "missing/new", 4)
    assert ran.returncode == FAILED and ran.stderr.endswith(f"Make it first: mkdir -p {scratch / 'missing'}\n")
    assert sorted(os.listdir(scratch)) == ["cut.npy", "data.npy", "out"]
    assert os.listdir(scratch / "out") == []


def test_a_full_disk_leaves_nothing(scratch):
    """Where the disk has no room for the chunks, nothing is left of them."""
    np.save(scratch / "data.npy", np.ones(1 << 18))
    (scratch / "disk").mkdir()
    script = """
    mount -t tmpfs -o size=1m none "$3"
    "$1" --export "$2" --chunks 16 "$3/out" && exit 9
    echo "status $?"
    ls -A "$3"
    """
    ran = in_namespace(script, mounting.binary(), scratch / "data.npy", scratch / "disk")
    assert (ran.returncode, ran.stdout) == (0, "status 3\n"), ran.stderr
    assert "No space left on device" in ran.stderr


def export_with_a_signal(scratch, name, call, when):
    """Exports 16 chunks; the signal comes at the system call `call`, for the time `when`."""
    np.save(scratch / "data.npy", np.ones(1000))
    return subprocess.run(["strace", "-f", "-qq", "-o", "/dev/null", "-e", f"inject={call}:signal={name}:when={when}",
                           mounting.binary(), "--export", scratch / "data.npy", "--chunks", "16", scratch / "out"],
                          capture_output=True, timeout=mounting.DEADLINE)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=lambda number: number.name)
def test_an_interrupted_export_leaves_nothing(scratch, number):
    """After Ctrl-C nothing is left, and npyfs ends by the signal."""
    ran = export_with_a_signal(scratch, number.name, "copy_file_range", when=3)
    assert ran.returncode == -number, ran
    assert os.listdir(scratch) == ["data.npy"]


@pytest.mark.parametrize("call", ["copy_file_range", "linkat", "syncfs", "renameat2"])
def test_a_killed_export_leaves_no_half_file(scratch, call):
    """After kill -9 there is no directory of that name, and no half file has the name of a chunk anywhere."""
    ran = export_with_a_signal(scratch, "KILL", call, when=1 if call in ("syncfs", "renameat2") else 3)
    assert ran.returncode == -signal.SIGKILL, ran
    left = set(os.listdir(scratch)) - {"data.npy"}
    if call != "renameat2":  # strace delivers the signal behind the call
        assert "out" not in left
    assert all(name == "out" or (name.startswith(".npyfs-") and name.endswith(".tmp")) for name in left)
    for path in scratch.glob("*/*"):
        index = int(path.name.split("_")[0])
        assert np.array_equal(np.load(path), np.array_split(np.ones(1000), 16)[index])


@pytest.mark.skipif(os.getuid() != 0, reason="needs root, to mount a filesystem")
@pytest.mark.parametrize("filesystem", ["xfs", "btrfs"])
def test_blocks_are_shared_where_they_can_be(scratch, filesystem):
    """On xfs and btrfs blocks are shared where rows A * (bytes a row) is a multiple of 4,096: all but first and last."""
    (scratch / "disk").mkdir()
    script = """
    truncate -s 400M "$3.img"
    "mkfs.$2" -q "$3.img"
    mount -o loop "$3.img" "$3"
    /usr/bin/python3 -c 'import numpy, sys; numpy.save(sys.argv[1], numpy.arange(1 << 20).reshape(2048, 512))' "$3/data.npy"
    for chunks in 4 3000; do
      "$1" --export "$3/data.npy" --chunks $chunks "$3/out$chunks"
    done
    sync -f "$3"
    filefrag -v "$3/out4/2_of_4.npy"
    /usr/bin/python3 -c '
import glob, numpy, sys
for chunks in "4", "3000":
    parts = [numpy.load(path) for path in sorted(glob.glob(sys.argv[1] + "/out" + chunks + "/*"))]
    assert numpy.array_equal(numpy.concatenate(parts), numpy.arange(1 << 20).reshape(2048, 512))
' "$3"
    umount "$3"
    """
    ran = in_namespace(script, mounting.binary(), filesystem, scratch / "disk")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    shared = [line for line in ran.stdout.splitlines() if "shared" in line]
    assert sum(int(line.split(":")[3]) for line in shared) == (2 << 20) // 4096 - 1, ran.stdout


def test_a_progress_bar_on_a_terminal(scratch):
    """A progress bar in bytes is shown where stderr is a terminal."""
    np.save(scratch / "data.npy", np.ones(1 << 20))
    ours, theirs = pty.openpty()
    with subprocess.Popen([mounting.binary(), "--export", scratch / "data.npy", "--chunks", "16", scratch / "out"],
                          stderr=theirs) as process:
        os.close(theirs)
        shown = ""
        with contextlib.suppress(OSError):  # EIO is how a terminal says that nobody has it open any more
            while part := os.read(ours, 4096):  # a line may come in pieces
                shown += part.decode()
    os.close(ours)
    assert process.returncode == 0
    assert shown.startswith("\r\x1b[Kexporting [") and "of 8.0 MiB" in shown


def test_wrong_command_lines(scratch):
    """A wrong command line is exit status 2, and says what is needed."""
    np.save(scratch / "data.npy", np.zeros((4, 2)))
    data, out = scratch / "data.npy", scratch / "out"
    for arguments, mentioned in [([data], "--chunks"), ([data, "--chunks", "4"], "directory"), ([data, out], "--chunks"),
                                 ([data, out, out, "--chunks", "4"], "one array"), ([data, out, "--chunks", "0"], "--chunks"),
                                 ([data, out, "--chunks", "9223372036854775808"], "--chunks"), ([data, out, "--chunks", "x"], "--chunks"),
                                 ([data, out, "--chunks", "4", "--axis", "x"], "--axis"),
                                 ([data, out, "--chunks", "4", "--axis", "2"], "no axis 2")]:
        ran = mounting.run("--export", *arguments)
        assert ran.returncode == USAGE and mentioned in ran.stderr, arguments
    assert os.listdir(scratch) == ["data.npy"]
