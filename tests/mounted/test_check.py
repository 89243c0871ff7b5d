"""npyfs --check: what it says of a data set, to people, pipes and programs."""

import json
import os
import pty
import subprocess

import numpy as np
import pytest

import mount as mounting
from arrays import saved
from users import STRANGER, as_user, in_namespace

FINE, DAMAGED, USAGE, FAILED = 0, 1, 2, 3
ARRAY = np.arange(12.0).reshape(6, 2)


@pytest.fixture
def data_set(source):
    """Good arrays, arrays without slices, and other files."""
    (source / "sub").mkdir()
    (source / "rows.npy").write_bytes(saved(ARRAY))
    np.save(source / "sub/columns.npy", np.asfortranarray(ARRAY.astype(">i2")))
    np.save(source / "number.npy", np.float32(7))
    np.save(source / "objects.npy", np.array([{}, []], dtype=object))
    (source / "notes.txt").write_text("no array")
    (source / "link.npy").symlink_to("rows.npy")
    (source / "leaves.npy").symlink_to("/etc/passwd")
    os.mkfifo(source / "fifo.npy")
    return source


def check(*arguments):
    ran = mounting.run("--check", *arguments)
    return ran.returncode, ran.stdout, ran.stderr


def test_plain_lines_when_piped(data_set):
    """Piped, --check prints one line an array, with tabs: array, shape, dtype, order, bytes, sliceable or why not,
    and the chunk shape of the default Zarr store."""
    status, out, err = check(data_set)
    assert (status, err) == (FINE, "arrays: 5, sliceable: 3, damaged: 0, links not followed: 1\n")
    lines = [line.split("\t") for line in out.splitlines()]
    assert [line[0] for line in lines] == ["link.npy", "number.npy", "objects.npy", "rows.npy", "sub/columns.npy", "leaves.npy"]
    assert lines[3] == ["rows.npy", "(6, 2)", "<f8", "C", str((data_set / "rows.npy").stat().st_size), "yes", "6x2"]
    assert lines[4][1:4] == ["(6, 2)", ">i2", "F"]
    assert lines[1][5].startswith("no: ") and "dimensions" in lines[1][5]
    assert lines[2][5].startswith("no: ") and "objects" in lines[2][5]


def test_damage_is_an_exit_status(data_set):
    """Exit status 1 where something is damaged, and the line says what."""
    (data_set / "cut.npy").write_bytes(saved(ARRAY)[:-1])
    status, out, err = check(data_set)
    assert (status, err) == (DAMAGED, "arrays: 6, sliceable: 3, damaged: 1, links not followed: 1\n")
    assert out.startswith("cut.npy\t(6, 2)\t<f8\tC\t223\tDAMAGED: the header promises 96 bytes")


def test_it_finds_what_the_mount_shows(data_set, mount):
    """--check and the mount agree: an array is damaged, or without slices, exactly where error.txt says why."""
    (data_set / "cut.npy").write_bytes(saved(ARRAY)[:-1])
    mounted = mount(data_set)
    arrays = json.loads(check(data_set, "--json")[1])["arrays"]
    assert {array["path"] for array in arrays} == {
        str(info.parent.relative_to(mounted.path)) for info in mounted.path.rglob("source.npy")}
    for array in arrays:
        error = mounted / array["path"] / "error.txt"
        info = json.loads((mounted / array["path"] / "info.json").read_text())
        assert info["sliceable"] == array["sliceable"] and info["file_size"] == array["file_size"]
        assert info.get("reason") == array["reason"]
        assert array["sliceable"] != error.exists()
        if error.exists():
            assert error.read_text() == f"{os.path.basename(array['path'])}: {array['reason']}\n"
        else:
            assert all(info[key] == array[key] for key in ("shape", "descr", "fortran_order", "file_size", "data_offset"))


def test_json_for_programs(data_set):
    """--json prints one object, whatever the names hold, before SOURCE or behind it."""
    (data_set / "say \"ü\"\n.npy").write_bytes(saved(ARRAY))
    status, out, err = check(data_set, "--json")
    assert check("--json", data_set) == (status, out, err)
    found = json.loads(out)
    assert (status, err) == (FINE, "")
    assert (found["source"], found["sliceable"], found["damaged"]) == (str(data_set), 4, 0)
    assert "say \"ü\"\n.npy" in [array["path"] for array in found["arrays"]]
    assert found["unreadable"] == []


@pytest.mark.skipif(os.getuid() != 0, reason="needs root, to become somebody else")
def test_what_cannot_be_read_is_said(data_set):
    """What cannot be read is UNREADABLE, with its real size, and makes the exit status 1."""
    (data_set / "sub").chmod(0o700)
    (data_set / "rows.npy").chmod(0o600)
    status, out, err = as_user(STRANGER, lambda: check(data_set))
    assert status == DAMAGED
    assert "sub\t-\t-\t-\t-\tUNREADABLE: open failed: Permission denied\t-\n" in out
    assert "rows.npy\t-\t-\t-\t224\tUNREADABLE: open failed: Permission denied\t-\n" in out
    assert "damaged: 0, unreadable: 3" in err, "link.npy leads to rows.npy"


def lines_of(*arguments):
    return {line.split("\t")[0]: line.split("\t")[5] for line in check(*arguments)[1].splitlines()}


def test_links_are_listed_with_their_reason(source, scratch):
    """Links that are not followed are listed with the reason; one that leads nowhere makes the exit status 1."""
    (scratch / "elsewhere").mkdir()
    (scratch / "elsewhere/x.npy").write_bytes(saved(ARRAY))
    (source / "out.npy").symlink_to(scratch / "elsewhere/x.npy")
    (source / "directory").symlink_to(scratch / "elsewhere")
    assert check(source)[0] == FINE
    assert lines_of(source) == {
        "out.npy": f"link: leaves SOURCE (to {scratch}/elsewhere/x.npy); -o follow_symlinks follows it",
        "directory": f"link: leaves SOURCE (to {scratch}/elsewhere); -o follow_symlinks follows it"}
    assert list(lines_of(source, "-o", "follow_symlinks")) == ["directory/x.npy", "out.npy"]
    (source / "gone.npy").symlink_to(".git/annex/objects/1/2.npy")
    (source / "round").symlink_to("round")
    status, out, err = check(source, "--json", "-ofollow_symlinks")
    assert (status, json.loads(out)["links"]) == (DAMAGED, [
        {"path": "gone.npy", "reason": "leads nowhere (to .git/annex/objects/1/2.npy)", "broken": True},
        {"path": "round", "reason": "leads in a circle (to round)", "broken": True}])
    assert lines_of(source)["gone.npy"] == "BROKEN LINK: leads nowhere (to .git/annex/objects/1/2.npy)"


def test_what_follows_an_array_is_mentioned(source):
    """Bytes behind the array are mentioned, and whether they begin another array."""
    with open(source / "two.npy", "wb") as file:
        np.save(file, ARRAY)
        np.save(file, ARRAY)
    (source / "more.npy").write_bytes(saved(ARRAY) + b"12345")
    (source / "number.npy").write_bytes(saved(np.float64(7)) + b"1")
    (source / "short.npy").write_bytes(saved(np.float64(7))[:-1])
    assert lines_of(source) == {
        "two.npy": "yes; 224 more bytes follow the array, and begin with the header of another one, which is not shown",
        "more.npy": "yes; 5 more bytes follow the array",
        "number.npy": "no: the array has no dimensions (shape ()), so it has no slices; 1 more bytes follow the array",
        "short.npy": "DAMAGED: the header promises 8 bytes of data (shape (), descr '<f8'), the file holds 7"}
    assert {array["path"]: array["trailing_bytes"] for array in json.loads(check(source, "--json")[1])["arrays"]} == {
        "two.npy": 224, "more.npy": 5, "number.npy": 1, "short.npy": 0}


@pytest.mark.skipif(os.getuid() != 0, reason="needs root, to become somebody else")
def test_an_unreadable_file_has_its_status_in_the_mount(data_set):
    """A file that may not be read has error.txt, no info.json, and the status that it has in the source."""
    data_set.chmod(0o755)
    (data_set / "rows.npy").chmod(0o000)
    ran = in_namespace("""
        chmod 666 /dev/fuse
        export TMPDIR="$(mktemp -d)"
        chmod 777 "$TMPDIR"
        setpriv --reuid nobody --clear-groups -- "$1" "$2" -- \
          sh -c 'cd "$0"; ls; stat -c %s source.npy; cat error.txt; cat source.npy' {}/rows.npy
        rmdir "$TMPDIR"
        """, mounting.binary(), data_set)
    assert ran.stdout.splitlines() == ["error.txt", "source.npy", "224", "rows.npy: open failed: Permission denied"]
    assert ran.stderr.endswith("Permission denied\n")


def test_commands_take_the_options_that_say_what_is_in_the_source(source, scratch):
    """--check and --export take -o follow_symlinks and -o suffix=, and no other option."""
    (scratch / "elsewhere.cs").write_bytes(saved(ARRAY))
    (source / "link.cs").symlink_to(scratch / "elsewhere.cs")
    assert list(lines_of(source, "-o", "follow_symlinks,suffix=.cs")) == ["link.cs"]
    ran = mounting.run("--export", source / "link.cs", "--chunks", "2", scratch / "out", "-o", "follow_symlinks,suffix=.cs")
    assert ran.returncode == FINE, ran.stderr
    assert np.load(scratch / "out/1_of_2.npy").tolist() == ARRAY[3:].tolist()
    for command in (("--check", source), ("--export", source / "link.cs", "--chunks", "2", scratch / "out")):
        ran = mounting.run(*command, "-o", "rw")
        assert ran.returncode == USAGE
        assert ran.stderr.startswith(f"npyfs: rw: is no option of {command[0]}: it takes -o follow_symlinks and -o suffix=")
    assert mounting.run("--create", source / "a.npy", "--dtype", "<f4", "--shape", "3", "-o", "suffix=.cs").returncode == USAGE


def on_terminal(*arguments, which):
    """Runs npyfs with stdout or stderr on a terminal; returns what the terminal got."""
    ours, theirs = pty.openpty()
    with subprocess.Popen([mounting.binary(), *map(str, arguments)], **{
            "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, **{which: theirs}}) as process:
        os.close(theirs)
        got = b""
        try:
            while part := os.read(ours, 4096):
                got += part
        except OSError:  # EIO is how a terminal says that nobody has it open any more
            pass
    os.close(ours)
    assert process.returncode == FINE
    return got.decode()


def test_a_table_on_a_terminal(data_set):
    """On a terminal it is a table with a head and readable sizes."""
    lines = on_terminal("--check", data_set, which="stdout").splitlines()
    assert lines[0].split() == ["array", "shape", "dtype", "order", "size", "zarr", "chunk", "sliceable"]
    assert len({line.index(word) for line, word in zip(lines, ["sliceable", "yes", "no: ", "no: ", "yes", "yes", "link: "])}) == 1
    assert "224 B" in lines[4]


def test_a_progress_bar_on_a_terminal(data_set):
    """A progress bar is shown while it works where stderr is a terminal, and nowhere else; it is wiped at the end."""
    shown = on_terminal("--check", data_set, which="stderr")
    assert "\r\x1b[Klooking for arrays:" in shown and "\r\x1b[Kchecking [" in shown
    assert shown.endswith("\r\x1b[Karrays: 5, sliceable: 3, damaged: 0, links not followed: 1\r\n")
    assert "\r" not in check(data_set)[2]


def test_a_hundred_thousand_files(scratch):
    """100,000 files are listed, each once (fewer under sanitizers, which take their time)."""
    directories = 2 if mounting.is_sanitized() else 10
    for directory in range(directories):
        (scratch / f"{directory}").mkdir()
        first = scratch / f"{directory}/0.npy"
        first.write_bytes(saved(ARRAY))
        for index in range(1, 10000):
            os.link(first, scratch / f"{directory}/{index}.npy")
    status, out, _ = check(scratch)
    assert (status, out.count("\tyes\t6x2\n")) == (FINE, directories * 10000)


def test_links_that_lead_round_end(source):
    """Each directory is visited once, whatever links lead to it."""
    (source / "sub").mkdir()
    (source / "sub/a.npy").write_bytes(saved(ARRAY))
    (source / "a-link").symlink_to("sub")
    (source / "sub/up").symlink_to("..")
    assert [line.split("\t")[0] for line in check(source)[1].splitlines()] == ["sub/a.npy"]


def test_wrong_command_lines_and_sources(source):
    """A wrong command line is exit status 2; a source that cannot be opened 3; an unwritable output 3."""
    assert mounting.run("--check").returncode == USAGE
    assert mounting.run("--check", source, "more").returncode == USAGE
    assert mounting.run("--check", source, "--dtype", "f4").returncode == USAGE
    assert mounting.run("--check", source / "missing").returncode == FAILED
    (source / "a.npy").write_bytes(saved(ARRAY))
    ran = mounting.run("--check", source / "a.npy")
    assert ran.returncode == FAILED and f"SOURCE is the directory that holds the arrays, here {source}" in ran.stderr
    with open("/dev/full", "wb") as full:
        ran = subprocess.run([mounting.binary(), "--check", source], stdout=full, stderr=subprocess.PIPE, text=True)
    assert ran.returncode == FAILED and "No space left" in ran.stderr
