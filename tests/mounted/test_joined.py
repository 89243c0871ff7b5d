"""The .npy files of a directory are one array, with numpy's concatenate as the oracle."""

import json
import os
import subprocess
import sys
import time

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
import pytest

import mount as mounting
from arrays import filled, saved
from joined import in_c_order, write_parts
from selections import arrays, chains, thorough
from test_slices import assert_directory, assert_file
from users import GROUP, OWNER, STRANGER, as_user, outcome

ROWS = np.arange(600.0).reshape(200, 3)


@pytest.fixture(scope="module")
def mounted(module_scratch, module_mount):
    source = module_scratch / "source"
    source.mkdir()
    return module_mount(source)


def test_selections_of_random_cuts_are_those_of_numpy(mounted):
    """shards.npy/ is the .npy files directly in shards/, one after the other along axis 0: an array with everything
    below it. The bytes are those of np.save(f, np.concatenate(parts)[...]), in C order; parts may differ in order,
    in the version of the header and in size, and those without rows count for nothing."""
    count = iter(range(1 << 60))

    @thorough(25)
    @given(st.data())
    def run(data):
        array = in_c_order(data.draw(arrays()).array)
        edges = sorted(data.draw(st.lists(st.integers(0, len(array)), max_size=5)))
        orders = data.draw(st.sampled_from(["C", "F", "CF", "FCC"]))
        name = f"{next(count)}"
        write_parts(mounted.source / name, array, edges, orders, [None, (3, 0)])
        for drawn in [data.draw(chains(array)) for _ in range(4)]:
            path = mounted / f"{name}.npy" / drawn.text
            assert_file(path, drawn.array, array)
            assert_directory(path, drawn.array, array)

    run()


@pytest.mark.parametrize("order", ["C", "F", "CF"])
def test_steps_across_the_borders_of_parts(mounted, order):
    """Slices, batches, chunks and items that cross the borders of parts of 10, 0 and 11 rows, forwards and backwards."""
    array = filled((10 + 0 + 11 + 10 + 0 + 0 + 11 + 300, 2, 3), ">i4")
    name = f"steps-{order}"
    write_parts(mounted.source / name, array, [10, 10, 21, 31, 31, 31, 42], order)
    joined = mounted / f"{name}.npy"
    for step in (1, 10, 99, 101, -1, -10, -99, -101):
        for start in (None, 0, 9, 10, 20, 21, -1):
            text = f"{'' if start is None else start}::{step}"
            selected = array[start::step]
            assert (joined / f"index/{text}.npy").read_bytes() == saved(in_c_order(selected)), text
            assert (joined / f"index/{text},:,1.bin").read_bytes() == selected[:, :, 1].tobytes(), text
    for index, part in enumerate(np.array_split(array, 16)):
        assert (joined / f"chunks/{index}_of_16.npy").read_bytes() == saved(in_c_order(part))
    for index in range(0, len(array), 17):
        assert (joined / f"batches/17/{index // 17}.npy").read_bytes() == saved(in_c_order(array[index:index + 17]))
        assert (joined / f"items/{index}.npy").read_bytes() == saved(in_c_order(array[index]))
    mapped = np.load(joined / "slices/5_to_50.npy", mmap_mode="r")
    assert np.array_equal(mapped, array[5:50])
    assert sorted(os.listdir(joined)) == ["axis0", "axis1", "axis2", "batches", "chunks", "index", "info.json", "slices"]


def test_more_segments_than_one_reply_takes_pieces(mounted):
    """A view that takes a few bytes of each of 3,000 parts, or a whole page of each, is read whole, by large and by
    small reads, and so is every row of it."""
    array = filled((3000, 600), "<u4")
    write_parts(mounted.source / "pieces", array, range(1, 3000))
    joined = mounted / "pieces.npy"
    for index in (np.s_[:, 7], np.s_[::-1, :3], np.s_[:], np.s_[::2, ::2]):
        text = {0: ":,7", 1: "::-1,:3", 2: ":", 3: "::2,::2"}[[np.s_[:, 7], np.s_[::-1, :3], np.s_[:], np.s_[::2, ::2]].index(index)]
        expected = saved(np.ascontiguousarray(array[index]))
        with open(joined / f"index/{text}.npy", "rb", buffering=0) as file:
            assert file.read(len(expected) + 1) == expected, text
            for offset in range(0, len(expected), len(expected) // 7):
                assert os.pread(file.fileno(), 1000, offset) == expected[offset:offset + 1000]


def test_natural_order_hidden_files_and_links(mounted, scratch):
    """The order is natural, 9 before 10, and that of the bytes where that does not tell. Hidden files are left out, and
    so are links that leave the source and all that is no .npy file; a link to a file in the source is that file."""
    directory = mounted.source / "natural"
    directory.mkdir()
    names = ["part-007.npy", "part-07.npy", "part-7.npy", "part-9.npy", "part-10.npy", "x.npy", "x1.npy", "x1-2.npy"]
    expected = ["part-007.npy", "part-07.npy", "part-7.npy", "part-9.npy", "part-10.npy", "x.npy", "x1-2.npy", "x1.npy"]
    for name in names:
        np.save(directory / name, np.full((2, 2), expected.index(name)))
    np.save(directory / ".hidden.npy", np.zeros(1))
    np.save(scratch / "outside.npy", np.zeros(1))
    (directory / "a.npy").symlink_to(scratch / "outside.npy")
    (directory / "b.npy").symlink_to("nowhere")
    (directory / "c.npy").mkdir()
    os.mkfifo(directory / "d.npy")
    (directory / "info").write_bytes(b"no pickle at all")
    np.save(mounted.source / "elsewhere.npy", np.full((1, 2), 8))
    (directory / "z.npy").symlink_to("../elsewhere.npy")
    whole = np.repeat(np.arange(9), [2] * 8 + [1])
    assert np.array_equal(np.load(mounted / "natural.npy/index/:,0.npy"), whole)
    info = json.loads((mounted / "natural.npy/info.json").read_text())
    assert [part["path"] for part in info["parts"]] == [str(directory / name) for name in [*expected, "z.npy"]]


def test_what_the_source_has_of_that_name_comes_first(mounted):
    """shards.npy/ is not listed, and whatever the source has of that name comes first. A link to a directory is that
    directory; .npy/ in the root of the mount is that of the root, and in no other directory."""
    write_parts(mounted.source / "taken", ROWS, [10])
    assert "taken.npy" not in os.listdir(mounted.path)
    assert np.array_equal(np.load(mounted / "taken.npy/chunks/0_of_1.npy"), ROWS)
    (mounted.source / "linked").symlink_to("taken")
    assert np.array_equal(np.load(mounted / "linked.npy/chunks/0_of_1.npy"), ROWS)
    np.save(mounted.source / "taken.npy", ROWS[:5])
    end = time.monotonic() + mounting.DEADLINE
    while len(np.load(mounted / "taken.npy/chunks/0_of_1.npy")) != 5:
        assert time.monotonic() < end
    nested = mounted.source / "taken.npy.d/inner"
    nested.mkdir(parents=True)
    write_parts(nested, ROWS, [1, 2])
    assert np.array_equal(np.load(mounted / "taken.npy.d/inner.npy/chunks/1_of_2.npy"), ROWS[100:])
    for missing in ("taken.npy.d/.npy", "taken.npy.d/..npy", "taken.npy.d/...npy", "..npy", "...npy", ".npyfs.npy", "none.npy",
                    "taken.npy.npy"):
        assert not os.path.lexists(mounted / missing), missing


def test_the_root_of_the_mount_is_an_array(source, mount):
    """The root of the mount is joined as .npy/."""
    write_parts(source, ROWS, [7, 7, 150])
    assert np.array_equal(np.load(mount(source) / ".npy/batches/40/3.npy"), ROWS[120:160])


@pytest.mark.parametrize("parts, sentence", [
    ([np.zeros((2, 3)), np.zeros((0, 9), "i1"), np.zeros((2, 3), ">f8"), np.zeros(1)],
     "cannot be joined: 2.npy has dtype '>f8', and 0.npy has '<f8'"),
    ([np.zeros((2, 3)), np.zeros((1, 4)), np.zeros((1, 5))],
     "cannot be joined: 1.npy has rows of shape (4,), and 0.npy has rows of shape (3,)"),
    ([np.zeros((2, 3)), np.zeros(2)], "cannot be joined: 1.npy has rows of shape (), and 0.npy has rows of shape (3,)"),
    ([np.zeros(2), b"no array", np.zeros(1), b""],
     "2 of 4 parts cannot be joined; 1.npy: the file starts with the bytes 6e 6f 20 61 72 72, expected the magic "
     "93 4e 55 4d 50 59; 3.npy: "),
    ([np.zeros(100), saved(np.zeros(100))[:500]], "1 of 2 parts cannot be joined; 1.npy: "),
    ([np.zeros(2), np.float64(1)], "1 of 2 parts cannot be joined; 1.npy: "),
    ([], "has no .npy files that could be joined"),
], ids=["dtype", "shape", "dimensions", "damaged", "truncated", "0-d", "none"])
def test_parts_that_are_no_one_array(mounted, parts, sentence, request):
    """All parts must have one dtype, byte order included, and one trailing shape: otherwise error.txt names the first
    two that differ and how. Parts that are damaged make the whole an error that names them."""
    name = f"refused-{request.node.callspec.id}"
    (mounted.source / name).mkdir()
    for index, part in enumerate(parts):
        (mounted.source / name / f"{index}.npy").write_bytes(part if isinstance(part, bytes) else saved(part))
    joined = mounted / f"{name}.npy"
    assert (joined / "error.txt").read_text().startswith(f"{name}: {sentence}")
    assert sorted(os.listdir(joined)) == ["error.txt", "info.json"]
    info = json.loads((joined / "info.json").read_text())
    assert not info["sliceable"] and info["reason"].startswith(sentence) and len(info["parts"]) == len(parts)
    for missing in ("chunks", "chunks/0_of_1.npy", "source.npy", "index/0.npy"):
        assert not os.path.lexists(joined / missing)


def test_parts_without_rows_alone_are_an_array_without_rows(mounted):
    """Its dtype and trailing shape are those of the first."""
    write_parts(mounted.source / "rowless", np.zeros((0, 4), "<i2"), [0, 0])
    assert (mounted / "rowless.npy/chunks/0_of_2.npy").read_bytes() == saved(np.zeros((0, 4), "<i2"))


def test_info_json_lists_the_parts_and_attributes_name_those_of_a_view(mounted):
    """info.json lists the parts: path, first row, rows. user.npyfs.source of a view names those that it touches, one a
    line; where they are too many for an attribute, how many more there are."""
    names = write_parts(mounted.source / "told", ROWS, [10, 10, 21])
    info = json.loads((mounted / "told.npy/info.json").read_text())
    paths = [str(mounted.source / "told" / name) for name in names]
    assert info["source"] == str(mounted.source / "told")
    assert info["parts"] == [{"path": path, "first_row": row, "rows": rows}
                             for path, row, rows in zip(paths, (0, 10, 10, 21), (10, 0, 11, 179))]
    assert (info["shape"], info["strides"], info["data_size"]) == ([200, 3], [24, 8], 4800)

    def sources(path):
        return os.getxattr(mounted / path, "user.npyfs.source").decode().split("\n")
    assert sources("told.npy/slices/5_to_15.npy") == [paths[0], paths[2]]
    assert sources("told.npy/items/20.npy") == [paths[2]]
    assert sources("told.npy/index/::-9.npy") == [paths[3], paths[2], paths[0]]
    assert os.getxattr(mounted / "told.npy/slices/5_to_15.npy", "user.npyfs.stop") == b"15"
    write_parts(mounted.source / "many", ROWS, range(1, 200))
    told = sources("many.npy/slices/3_to_200.npy")
    assert told[0].endswith("/part-3.npy") and told[-1] == f"and {197 - len(told) + 1} more"


def test_numbers_and_times(mounted, module_mount):
    """A view has the same inode number after each mount, and for each of its names; the times are the youngest of the
    parts. The joined array is another directory than the one that holds the parts."""
    write_parts(mounted.source / "numbers", ROWS, [10, 20])
    os.utime(mounted.source / "numbers/part-1.npy", (1, 4102444800))
    names = ["numbers.npy", "numbers.npy/chunks", "numbers.npy/chunks/0_of_2.npy", "numbers.npy/info.json"]
    again = module_mount(mounted.source)
    for name in names:
        assert os.stat(mounted / name).st_ino == os.stat(again / name).st_ino < 1 << 53
    assert os.stat(mounted / names[2]).st_mtime == 4102444800
    assert os.stat(mounted / names[2]).st_ino == os.stat(mounted / "numbers.npy/slices/0_to_100.npy").st_ino
    assert os.stat(mounted / "numbers").st_ino != os.stat(mounted / names[0]).st_ino
    assert os.stat(mounted / "numbers/part-0.npy/chunks/0_of_1.npy").st_ino != os.stat(mounted / "numbers.npy/slices/0_to_10.npy").st_ino


_STACK = """
import sys, numpy as np, dask.array as da
array = da.from_array(np.arange(1300).reshape(13, 100), chunks=(1, 100))
da.to_npy_stack(sys.argv[1], array)
"""


def test_a_stack_of_dask(mounted):
    """Directories that dask's to_npy_stack has written are arrays, with part 9 before part 10; its pickled info is never
    opened."""
    stack = mounted.source / "stack"
    subprocess.run([sys.executable, "-c", _STACK, stack], check=True)
    (stack / "info").unlink()
    os.mkfifo(stack / "info")  # an open of it would never end
    assert sorted(os.listdir(stack))[:3] == ["0.npy", "1.npy", "10.npy"]
    assert np.array_equal(np.load(mounted / "stack.npy/chunks/0_of_1.npy"), np.arange(1300).reshape(13, 100))
    assert np.array_equal(np.load(mounted / "stack.npy/chunks/3_of_4.npy"), np.arange(1000, 1300).reshape(3, 100))


def test_10_000_parts(source, mount):
    """The first open of an array of 10,000 parts takes less than 2 s, and later lookups as long as those of one file. There
    are never more descriptors than for as many single files, and a view of all of them is read whole."""
    parts = 1_000 if mounting.is_sanitized() else 10_000
    array = np.arange(3 * parts, dtype="<i4").reshape(parts, 3)
    write_parts(source / "parts", array, range(1, parts))
    np.save(source / "one.npy", array)
    mounting.wait_until_not_racy(source / "parts")
    times = []
    for _ in range(3):  # the machine may be busy
        mounted = mount(source)
        started = time.monotonic()
        assert np.array_equal(np.load(mounted / "parts.npy/chunks/3_of_16.npy"), np.array_split(array, 16)[3])
        times.append(time.monotonic() - started)
        if times[-1] < 2:
            break
    assert min(times) < 2
    opened = mounted.descriptors_since_start().total()
    fastest = {"parts.npy": 1.0, "one.npy": 1.0}
    for index in range(300):
        for name in fastest:
            path = mounted / name / f"index/{index * 5}:{index * 5 + 2}.npy"
            started = time.monotonic()
            os.stat(path)
            fastest[name] = min(fastest[name], time.monotonic() - started)
    assert fastest["parts.npy"] < 3 * fastest["one.npy"]
    with open(mounted / "parts.npy/index/::-1.npy", "rb", buffering=0) as file:
        assert file.read() == saved(np.ascontiguousarray(array[::-1]))
        assert max(opened, mounted.descriptors_since_start().total()) <= mounted.metric("open_sources") + 40 <= 1024 + 40


def test_other_users_need_to_be_allowed_every_part(source, mount):
    """Other users may read a view if they may read every part, and list the directory. If parts have different owners,
    that counts only where the modes allow it to everybody."""
    cases = {  # mode of the directory, owner and mode of the second part: who can read a view
        "open": (0o755, OWNER, 0o644, {OWNER, STRANGER}),
        "one private": (0o755, OWNER, 0o600, {OWNER}),
        "not listed": (0o711, OWNER, 0o644, {OWNER}),
        "closed": (0o700, OWNER, 0o644, {OWNER}),
        "two owners": (0o755, STRANGER, 0o644, {OWNER, STRANGER}),
        "two owners, one private": (0o755, STRANGER, 0o600, set()),
    }
    for name, (mode, owner, of_part, _) in cases.items():
        write_parts(source / name, ROWS, [100])
        for path, user, bits in ((".", OWNER, mode), ("part-0.npy", OWNER, 0o644), ("part-1.npy", owner, of_part)):
            os.chown(source / name / path, user, GROUP)
            (source / name / path).chmod(bits)
    mounted = mount(source, "allow_other")
    for name, (_, _, _, readers) in cases.items():
        for user in (OWNER, STRANGER):
            for view in ("chunks/0_of_1.npy", "slices/0_to_5.npy", "info.json"):
                path = mounted / f"{name}.npy" / view
                read = as_user(user, lambda path=path: outcome(lambda: len(path.read_bytes())))
                assert (isinstance(read, int) and read > 0) == (user in readers), (name, user, view, read)
