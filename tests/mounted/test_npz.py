"""Members of .npz archives: each is an array with everything that an array has below it. numpy and zipfile are the oracle."""

import errno
import io
import json
import os
import subprocess
import zipfile
from pathlib import Path

import numpy as np
import pytest

import mount as mounting
from arrays import filled, saved
from selections import expected_file

HERE = Path(__file__).parent
ACCEPTED = json.loads((HERE.parent / "accepted/npz.json").read_text())
REFUSED = json.loads((HERE.parent / "refused/npz.json").read_text())
RECORDS = filled((20, 3), [("uid", "<u8"), ("pose", "<f4", (3,))])
COLUMNS = np.asfortranarray(np.arange(40.0).reshape(8, 5))


@pytest.fixture(scope="module")
def mounted(module_scratch, module_mount):
    source = module_scratch / "source"
    source.mkdir()
    np.savez(source / "x.npz", records=RECORDS, columns=COLUMNS, **{"deep/er": COLUMNS[:3]})
    np.savez_compressed(source / "packed.npz", a=COLUMNS)
    for directory in ("accepted", "refused"):
        (source / directory).mkdir()
        for path in (HERE.parent / directory).glob("*.npz"):
            (source / directory / path.name).write_bytes(path.read_bytes())
    return module_mount(source)


def served_below(directory):
    """The arrays and files in the directory of an archive, without those that npyfs makes."""
    for path in sorted(directory.iterdir()):
        if path.is_dir() and not (path / "source.npy").exists() and not (path / "error.txt").exists():
            yield from served_below(path)
        elif path.name not in ("source.npz", "error.txt"):
            yield path


def test_an_archive_is_a_directory_of_arrays(mounted):
    """x.npz becomes a directory: x.npz/NAME.npy/ for each member, and x.npz/source.npz, the file byte for byte."""
    path = mounted / "x.npz"
    assert sorted(os.listdir(path)) == ["columns.npy", "deep", "records.npy", "source.npz"]
    assert os.listdir(path / "deep") == ["er.npy"]
    assert (path / "source.npz").read_bytes() == (mounted.source / "x.npz").read_bytes()
    assert np.array_equal(np.load(path / "source.npz")["columns"], COLUMNS)


def test_a_member_has_everything_that_an_array_has(mounted):
    """A member is an array with everything an array has: chunks, items, batches, slices, index, fields, axes, views as arrays."""
    records, columns = mounted / "x.npz/records.npy", mounted / "x.npz/columns.npy"
    assert records.joinpath("chunks/1_of_4.npy").read_bytes() == saved(RECORDS[5:10])
    assert records.joinpath("chunks/1_of_4.bin").read_bytes() == RECORDS[5:10].tobytes()
    assert records.joinpath("items/3.npy").read_bytes() == saved(RECORDS[3])
    assert records.joinpath("batches/8/2.npy").read_bytes() == saved(RECORDS[16:])
    assert records.joinpath("slices/3_to_9.npy").read_bytes() == saved(RECORDS[3:9])
    assert records.joinpath("index/::-2,1.npy").read_bytes() == saved(RECORDS[::-2, 1])
    assert records.joinpath("fields/pose.npy").read_bytes() == saved(RECORDS["pose"])
    assert records.joinpath("chunks/1_of_4/axis1/items/2/fields/uid.npy").read_bytes() == saved(RECORDS[5:10, 2]["uid"])
    assert columns.joinpath("axis1/chunks/0_of_2.npy").read_bytes() == saved(COLUMNS[:, :3])
    assert columns.joinpath("source.npy").read_bytes() == saved(COLUMNS)
    assert np.array_equal(np.load(mounted / "x.npz/deep/er.npy/chunks/0_of_1.npy"), COLUMNS[:3])


def test_info_json_tells_where_in_the_archive_the_data_are(mounted):
    """info.json of a member names the archive, the member, and where in the archive the data begin: np.memmap finds them there."""
    info = json.loads((mounted / "x.npz/columns.npy/info.json").read_text())
    assert info["source"] == str(mounted.source / "x.npz") and info["member"] == "columns.npy"
    assert info["file_size"] == (mounted.source / "x.npz").stat().st_size
    mapped = np.memmap(info["source"], info["descr"], "r", info["data_offset"], tuple(info["shape"]), "F")
    assert np.array_equal(mapped, COLUMNS)
    view = mounted / "x.npz/deep/er.npy/chunks/0_of_1.npy"
    assert os.getxattr(view, "user.npyfs.source") == os.fsencode(mounted.source / "x.npz")
    assert os.getxattr(view, "user.npyfs.member") == b"deep/er.npy"


def test_each_member_has_inode_numbers_of_its_own(mounted):
    """What is in an archive has inode numbers of its own, the same for all names of one view, and those that are listed."""
    path = mounted / "x.npz"
    views = ["columns.npy/chunks/0_of_1.npy", "deep/er.npy/chunks/0_of_1.npy", "records.npy/chunks/0_of_1.npy",
             "columns.npy/info.json", "deep/er.npy/info.json", "columns.npy", "deep", "deep/er.npy", "source.npz", "."]
    numbers = [os.stat(path / view).st_ino for view in views]
    assert len(set(numbers)) == len(numbers) and max(numbers) < 1 << 53
    assert os.stat(path / "columns.npy/index/:.npy").st_ino == numbers[0]
    for directory, _, _ in os.walk(path):
        with os.scandir(directory) as entries:
            for entry in entries:
                assert entry.inode() == os.stat(entry.path).st_ino, entry.path
                assert entry.is_dir() == os.path.isdir(entry.path)


@pytest.mark.parametrize("name", ACCEPTED)
def test_what_numpy_loads_is_served_byte_for_byte(mounted, name):
    """Whatever numpy loads from an archive, however it is written, is served byte for byte: the last one of equal names counts."""
    path, source = mounted / "accepted" / name, mounted.source / "accepted" / name
    found = [at for at in served_below(path) if (at / "source.npy").exists() or at.is_file()]
    served = [str(at.relative_to(path)) for at in found]
    assert sorted(served) == sorted(ACCEPTED[name]) and not (path / "error.txt").exists()
    with zipfile.ZipFile(source) as archive, np.load(source) as loaded:
        for member in served:
            content = archive.read(member)
            if not member.endswith(".npy"):
                assert (path / member).read_bytes() == content
                continue
            assert (path / member / "source.npy").read_bytes() == content
            assert (path / member / "chunks/0_of_1.bin").read_bytes() == loaded[member].tobytes("A")
            half = np.array_split(loaded[member], 2)[1]
            assert (path / member / "chunks/1_of_2.npy").read_bytes() == expected_file(half, loaded[member])


@pytest.mark.parametrize("name", REFUSED)
def test_error_txt_says_why_in_one_sentence(mounted, name):
    """A member that cannot be served says why in error.txt, in one sentence; source.npz still serves the bytes."""
    path = mounted / "refused" / name
    for error, text in REFUSED[name].items():
        assert (path / error).read_text() == text
        assert os.listdir((path / error).parent) and error.split("/")[-1] in os.listdir((path / error).parent)
    assert (path / "source.npz").read_bytes() == (mounted.source / "refused" / name).read_bytes()
    for member in ("evil.npy", "a.npy/chunks/0_of_1.npy"):
        if name != "name-of-a-directory.npz":
            assert not (path / member).exists()


def test_every_file_is_in_the_index():
    """The indexes name every archive of tests/accepted and tests/refused, and no other."""
    assert sorted(ACCEPTED) == sorted(path.name for path in (HERE.parent / "accepted").glob("*.npz"))
    assert sorted(REFUSED) == sorted(path.name for path in (HERE.parent / "refused").glob("*.npz"))
    texts = [text.split(": ", 1)[1] for found in REFUSED.values() for text in found.values()]
    assert len(ACCEPTED) > 15 and len(REFUSED) > 35 and len(set(texts)) > 30


def test_the_line_of_numpy_stores_a_compressed_archive(mounted, scratch):
    """A compressed member has error.txt: that it is compressed, and the line of numpy that stores it."""
    path = mounted / "packed.npz/a.npy"
    assert sorted(os.listdir(path)) == ["error.txt", "info.json"]
    line = (path / "error.txt").read_text().split(" can be sliced: ")[1]
    (scratch / "packed.npz").write_bytes((mounted.source / "packed.npz").read_bytes())
    subprocess.run(["/usr/bin/python3", "-c", f"import numpy as np; {line}"], cwd=scratch, check=True)
    os.rename(scratch / "packed-stored.npz", mounted.source / "packed-stored.npz")
    assert np.array_equal(np.load(mounted / "packed-stored.npz/a.npy/chunks/0_of_1.npy"), COLUMNS)


def test_names_that_are_not_in_the_archive_are_not_there(mounted):
    """A name that is not in the archive does not exist."""
    for name in ("y.npy", "columns", "deep/er", "deep/er.npy/x", "error.txt", "deep/source.npz", "columns.npy/chunks/9_of_9.npy"):
        with pytest.raises(FileNotFoundError):
            os.stat(mounted / "x.npz" / name)
    with pytest.raises(NotADirectoryError):
        os.stat(mounted / "x.npz/source.npz/a")


def test_no_page_of_a_member_is_copied_before_it_is_read(mounted):
    """A view of a member is as large as the view of the same array in a file, and its times are those of the archive."""
    status = os.stat(mounted / "x.npz/columns.npy/chunks/0_of_2.npy")
    assert status.st_size == len(saved(COLUMNS[:4]))
    assert status.st_mtime_ns == os.stat(mounted.source / "x.npz").st_mtime_ns
    assert status.st_mode & 0o777 == os.stat(mounted.source / "x.npz").st_mode & 0o444


def test_further_suffixes_count_in_archives_too(source, mount):
    """-o suffix=.cs counts for members as for files; an .npz file stays an archive, whatever the suffixes are."""
    with zipfile.ZipFile(source / "x.npz", "w") as archive:
        archive.writestr("a.cs", saved(COLUMNS))
        archive.writestr("b.npy", saved(COLUMNS))
        archive.writestr("inner.npz", b"no array")
    plain, further = mount(source), mount(source, "suffix=.cs", "suffix=.npz")
    assert (plain / "x.npz/a.cs").read_bytes() == saved(COLUMNS)
    assert np.array_equal(np.load(further / "x.npz/a.cs/chunks/0_of_1.npy"), COLUMNS)
    assert np.array_equal(np.load(further / "x.npz/b.npy/chunks/0_of_1.npy"), COLUMNS)
    assert (further / "x.npz/inner.npz").read_bytes() == b"no array"


def test_members_cannot_be_written(source, mount):
    """With -o rw, views of members stay read-only: writing one is EACCES, and the archive keeps its bytes."""
    np.savez(source / "x.npz", a=COLUMNS)
    np.save(source / "a.npy", COLUMNS)
    before = (source / "x.npz").read_bytes()
    mounted = mount(source, "rw")
    for path in ("a.npy/chunks/0_of_2.npy", "a.npy/source.npy", "source.npz"):
        assert os.stat(mounted / "x.npz" / path).st_mode & 0o222 == 0
        with pytest.raises(OSError) as refused:
            os.open(mounted / "x.npz" / path, os.O_RDWR)
        assert refused.value.errno == errno.EACCES
    with open(mounted / "a.npy/chunks/0_of_2.bin", "r+b") as view:
        view.write(bytes(8))
    assert (source / "x.npz").read_bytes() == before


def sentence(error):
    """What an error.txt of one line says behind the name."""
    return error.split(": ", 1)[1].strip()


def test_check_lists_archives_with_their_members(mounted):
    """--check lists each archive, and each member of it as an array: x.npz/columns.npy."""
    ran = mounting.run("--check", mounted.source)
    lines = {line.split("\t")[0]: line.split("\t")[1:6] for line in ran.stdout.splitlines()}
    assert lines["x.npz"] == ["-", "-", "-", str((mounted.source / "x.npz").stat().st_size), "archive"]
    assert lines["x.npz/columns.npy"] == ["(8, 5)", "<f8", "F", str(len(saved(COLUMNS))), "yes"]
    assert lines["packed.npz/a.npy"][4].startswith("no: it is compressed (deflate, ")
    assert lines["refused/name-parent.npz/../evil.npy"][4] == "no: " + sentence(REFUSED["name-parent.npz"]["error.txt"])
    for name, texts in REFUSED.items():
        for error, text in texts.items():
            at = f"refused/{name}/{error}".removesuffix("/error.txt")
            if error == "error.txt" and name.startswith("archive-"):
                assert lines[at][4] == "DAMAGED: " + sentence(text)
            elif error != "error.txt":
                assert lines[at][4].split(": ", 1)[1] == sentence(text)
    report = json.loads(mounting.run("--check", "--json", mounted.source).stdout)
    member = next(found for found in report["arrays"] if found["path"] == "x.npz/columns.npy")
    assert member["archive"] == "x.npz" and {"path": "x.npz", "damaged": False}.items() <= report["archives"][-1].items()
    content = (mounted.source / "x.npz").read_bytes()
    assert content[member["member_offset"]:][:member["file_size"]] == saved(COLUMNS)
    assert f", archives: {len(report['archives'])}" in ran.stderr and ran.returncode == 1


def test_a_directory_below_a_member_is_exported(mounted, scratch):
    """--export x.npz/columns.npy/chunks/3 OUT writes what that directory of a mount lists."""
    for below in ("columns.npy/chunks/3", "deep/er.npy/items", "records.npy/fields"):
        out = scratch / below.replace("/", "-")
        ran = mounting.run("--export", f"{mounted.source}/x.npz/{below}", out)
        assert (ran.returncode, ran.stderr) == (0, "")
        names = sorted(os.listdir(out))
        assert names == sorted(os.listdir(mounted / "x.npz" / below))
        assert all((out / name).read_bytes() == (mounted / "x.npz" / below / name).read_bytes() for name in names)
    assert mounting.run("--export", f"{mounted.source}/x.npz/columns.npy", "--chunks", "2", scratch / "two").returncode == 0
    assert np.load(scratch / "two/1_of_2.npy").tobytes() == COLUMNS[4:].tobytes()
    for below, why in (("x.npz/y.npy", "is no member of the archive"), ("packed.npz/a.npy", "it is compressed")):
        assert why in mounting.run("--export", f"{mounted.source}/{below}/chunks/2", scratch / "no").stderr


def test_archives_are_what_savez_writes_to_any_file(source, mount):
    """np.savez to a file and to bytes in memory give archives that are served alike, also through a hard or symbolic link."""
    out = io.BytesIO()
    np.savez(out, COLUMNS, second=RECORDS)
    (source / "memory.npz").write_bytes(out.getvalue())
    os.link(source / "memory.npz", source / "hard.npz")
    (source / "soft.npz").symlink_to("memory.npz")
    mounted = mount(source)
    for name in ("memory.npz", "hard.npz", "soft.npz"):
        assert np.array_equal(np.load(mounted / name / "arr_0.npy/chunks/0_of_1.npy"), COLUMNS)
        assert (mounted / name / "second.npy/chunks/2_of_3.npy").read_bytes() == saved(np.array_split(RECORDS, 3)[2])
    numbers = {os.stat(mounted / name / "arr_0.npy/chunks/0_of_1.npy").st_ino for name in ("hard.npz", "memory.npz")}
    assert len(numbers) == 1


def test_checksums_are_not_checked(source, mount):
    """Checksums of members are not checked: damaged bytes are served as they are, where np.load of the archive raises
    BadZipFile."""
    array = np.arange(1000.0)
    np.savez(source / "x.npz", a=array)
    packed = bytearray((source / "x.npz").read_bytes())
    packed[packed.index(array[500].tobytes())] ^= 1
    (source / "x.npz").write_bytes(packed)
    with pytest.raises(zipfile.BadZipFile):
        np.load(source / "x.npz")["a"]
    assert np.load(mount(source) / "x.npz/a.npy/slices/0_to_400.npy").tolist() == array[:400].tolist()
    assert mounting.run("--check", source).returncode == 0
