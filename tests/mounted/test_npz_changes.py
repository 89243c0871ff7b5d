"""Archives that change, archives of any size, and random selections of members: as for .npy files."""

import errno
import io
import itertools
import os
import struct
import threading
import time
import zipfile

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
import pytest

import mount as mounting
from arrays import saved
from limits import anonymous_memory
from selections import arrays, body, chains, expected_file, thorough

OLD = np.arange(60_000.0).reshape(20_000, 3)  # more than is put into the page cache at an open
SAME_SHAPE, OTHER = OLD + 1, np.arange(8, dtype="<i2").reshape(4, 2)
VIEW = "x.npz/a.npy/chunks/1_of_2.npy"


def savez(path, **members):
    """In place, as np.savez writes to a path: it truncates the file first."""
    np.savez(path, **members)


def renamed(path, **members):
    out = path.with_name("new.tmp")
    with open(out, "wb") as file:
        np.savez(file, **members)
    os.rename(out, path)


@pytest.fixture(params=["direct_io", "kernel_cache"])
def mounted(source, mount, request):
    savez(source / "x.npz", a=OLD, b=OTHER)
    return mount(source, request.param)


@pytest.mark.parametrize("change", [savez, renamed])
@pytest.mark.parametrize("new", [SAME_SHAPE, OTHER], ids=["same shape", "other shape"])
def test_the_next_open_sees_the_new_archive(source, mounted, change, new):
    """An open sees every change of the archive that moved its mtime, size or identity before it (close-to-open)."""
    assert (mounted / VIEW).read_bytes() == saved(OLD[10_000:])
    change(source / "x.npz", a=new, c=OLD)
    assert (mounted / VIEW).read_bytes() == saved(np.array_split(new, 2)[1])
    assert sorted(os.listdir(mounted / "x.npz")) == ["a.npy", "c.npy", "source.npz"]
    assert not (mounted / "x.npz/b.npy").exists()
    assert (mounted / "x.npz/source.npz").read_bytes() == (source / "x.npz").read_bytes()


def test_an_open_view_keeps_the_archive_that_it_was_opened_for(source, mounted):
    """An archive that is replaced by renaming, or removed, goes on being served to those who have a view of it open."""
    with open(mounted / VIEW, "rb", buffering=0) as file:
        renamed(source / "x.npz", a=OTHER)
        assert file.read() == saved(OLD[10_000:])
    with open(mounted / VIEW, "rb", buffering=0) as file:
        (source / "x.npz").unlink()
        assert file.read() == saved(OTHER[2:])


def outcome(read):
    try:
        return read()
    except OSError as error:
        return error.errno


@pytest.mark.parametrize("new", [SAME_SHAPE, OTHER, OLD[:15_000]], ids=["same shape", "other shape", "fewer rows"])
def test_a_view_of_a_rewritten_archive_is_an_error(source, mounted, new):
    """A view that is open while its archive is rewritten in place gets ESTALE or EIO, never bytes of the new archive."""
    descriptor = os.open(mounted / VIEW, os.O_RDONLY)
    savez(source / "x.npz", a=new, b=OLD)
    assert outcome(lambda: os.pread(descriptor, 100_000, 100_000)) in (errno.ESTALE, errno.EIO)
    os.close(descriptor)


def test_reads_beyond_the_end_of_a_truncated_archive_are_eio(source, mounted):
    """They never return zeros or end early."""
    descriptor = os.open(mounted / VIEW, os.O_RDONLY)
    os.truncate(source / "x.npz", 250_000)
    assert outcome(lambda: os.pread(descriptor, 100_000, 200_000)) == errno.EIO
    os.close(descriptor)
    assert "has no end record" in (mounted / "x.npz/error.txt").read_text()
    with pytest.raises(FileNotFoundError):
        (mounted / VIEW).read_bytes()


def test_a_member_that_is_added_leaves_the_others_alone(source, mounted):
    """A member that is appended to an archive, as zipfile does, is there at the next lookup; an open view of another goes on."""
    with open(mounted / VIEW, "rb", buffering=0) as file:
        with zipfile.ZipFile(source / "x.npz", "a") as archive:
            archive.writestr("c.npy", saved(OTHER))
        assert file.read() == saved(OLD[10_000:])
    assert (mounted / "x.npz/c.npy/chunks/0_of_1.npy").read_bytes() == saved(OTHER)


def test_a_directory_takes_the_name_of_an_archive(source, mounted):
    """A name that was an archive may become a directory, and back: at once, or within the timeouts of names."""
    assert (mounted / VIEW).exists()
    (source / "x.npz").unlink()
    (source / "x.npz/a.npy").mkdir(parents=True)
    np.save(source / "x.npz/b.npy", OLD)
    mounted.wait_until(lambda: outcome(lambda: os.listdir(mounted / "x.npz/a.npy")) == [], "there is a directory")
    assert not (mounted / VIEW).exists()
    assert (mounted / "x.npz/b.npy/chunks/1_of_2.npy").read_bytes() == saved(OLD[10_000:])
    os.rename(source / "x.npz", source / "directory")
    savez(source / "x.npz", a=OLD)
    mounted.wait_until(lambda: outcome((mounted / VIEW).read_bytes) == saved(OLD[10_000:]), "there is an archive")


@pytest.mark.parametrize("change", [renamed, savez], ids=["replaced", "rewritten"])
def test_readers_of_an_archive_that_changes_see_its_versions(source, mount, change):
    """While an archive is replaced again and again, 16 readers get one version or an error, never a mixture. While it is
    rewritten in place they may get rows of both, as of the file itself, and nothing else."""
    savez(source / "x.npz", a=OLD, b=OTHER)
    mounted = mount(source)
    versions = [version[10_000:] for version in (OLD, SAME_SHAPE)]
    good = {saved(version) for version in versions}
    end = time.monotonic() + 2
    reads, wrong = [0] * 16, []

    def is_of_both(found):
        if change is renamed or not isinstance(found, bytes):
            return False
        rows = np.load(io.BytesIO(found))
        return ((rows == versions[0]) | (rows == versions[1])).all()

    def read(number):
        while time.monotonic() < end:
            found = outcome((mounted / VIEW).read_bytes)
            if found not in good and found not in (errno.ESTALE, errno.EIO, errno.ENOENT) and not is_of_both(found):
                wrong.append(found)
            reads[number] += found in good

    readers = [threading.Thread(target=read, args=(number,)) for number in range(16)]
    for reader in readers:
        reader.start()
    for version in itertools.cycle((OLD, SAME_SHAPE)):
        if time.monotonic() > end:
            break
        change(source / "x.npz", a=version, b=OTHER)
        time.sleep(0.01)
    for reader in readers:
        reader.join()
    assert not wrong and sum(reads) > 0


def sparse_archive(path, members):
    """Members of any size without their bytes: (name, header of the .npy file, bytes of data). Name -> offset of the data."""
    offsets, records = {}, []
    with open(path, "wb") as file:
        for name, header, size in members:
            begin, size = file.tell(), size + len(header)
            extra = struct.pack("<HHQQ", 1, 16, size, size)
            common = struct.pack("<HHHIIIIH", 45, 0, 0, 0, 0, 0xFFFFFFFF, 0xFFFFFFFF, len(name))
            file.write(b"PK\3\4" + common + struct.pack("<H", len(extra)) + name + extra + header)
            offsets[name.decode()] = file.tell()
            file.seek(size - len(header), os.SEEK_CUR)
            extra = struct.pack("<HHQQQ", 1, 24, size, size, begin)
            common += struct.pack("<HHHHII", len(extra), 0, 0, 0, 0, 0xFFFFFFFF)
            records.append(b"PK\1\2" + struct.pack("<H", 45) + common + name + extra)
        begin, count, records = file.tell(), len(records), b"".join(records)
        file.write(records)
        file.write(struct.pack("<4sQHHIIQQQQ", b"PK\6\6", 44, 45, 45, 0, 0, count, count, len(records), begin))
        file.write(struct.pack("<4sIQI", b"PK\6\7", 0, begin + len(records), 1))
        file.write(struct.pack("<4sHHHHIIH", b"PK\5\6", 0, 0, min(count, 0xFFFF), min(count, 0xFFFF), 0xFFFFFFFF, 0xFFFFFFFF, 0))
    return offsets


def header_of(shape, descr="|u1"):
    out = io.BytesIO()
    np.lib.format.write_array_header_1_0(out, {"descr": descr, "fortran_order": False, "shape": shape})
    return out.getvalue()


def test_members_and_archives_over_4_gib(source, mount):
    """Zip64: members and archives over 4 GiB are served, wherever in the archive a member begins."""
    rows = 6 << 30
    members = [(b"small.npy", header_of((1000,)), 1000), (b"large.npy", header_of((rows,)), rows),
               (b"behind.npy", header_of((1000,)), 1000)]
    offsets = sparse_archive(source / "x.npz", members)
    with open(source / "x.npz", "r+b") as file:
        for name, at in (("small.npy", 5), ("large.npy", (5 << 30) + 7), ("behind.npy", 9)):
            file.seek(offsets[name] + at)
            file.write(b"here")
    assert zipfile.ZipFile(source / "x.npz").getinfo("large.npy").file_size == rows + len(header_of((rows,)))
    mounted = mount(source)
    assert (mounted / "x.npz/small.npy/slices/5_to_9.bin").read_bytes() == b"here"
    assert (mounted / "x.npz/behind.npy/slices/9_to_13.bin").read_bytes() == b"here"
    begin = (5 << 30) + 7
    assert (mounted / f"x.npz/large.npy/slices/{begin - 2}_to_{begin + 6}.bin").read_bytes() == b"\0\0here\0\0"
    assert np.load(mounted / "x.npz/large.npy/chunks/0_of_1.npy", mmap_mode="r")[begin:begin + 4].tobytes() == b"here"
    assert os.stat(mounted / "x.npz/large.npy/source.npy").st_size == rows + len(header_of((rows,)))


def cpu_seconds(pid):
    fields = open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@pytest.mark.parametrize("count", [100_000, 65_535][:: int(os.environ.get("NPYFS_EVERY", "1"))])
def test_opening_an_archive_of_many_members_costs_its_central_directory(source, mount, count):
    """An archive of 100,000 members is opened in less than a second, and takes no more memory than its own size."""
    header = header_of((1,))
    sparse_archive(source / "x.npz", [(b"%06d.npy" % i, header, 1) for i in range(count)])
    mounted = mount(source)
    before, memory = cpu_seconds(mounted.pid), anonymous_memory(mounted.pid)
    assert (mounted / f"x.npz/{count - 1:06}.npy/chunks/0_of_1.bin").read_bytes() == b"\0"
    if not mounting.is_sanitized():
        assert cpu_seconds(mounted.pid) - before < 1
        assert anonymous_memory(mounted.pid) - memory < (source / "x.npz").stat().st_size
    names = os.listdir(mounted / "x.npz")
    assert len(names) == len(set(names)) == count + 1


def test_chains_of_selections_of_members_are_those_of_numpy(source, mount):
    """A path of up to four selections below a member has the bytes of what numpy selects from it."""
    mounted, count = mount(source), itertools.count()

    @thorough(20)
    @given(st.data())
    def run(data):
        array = data.draw(arrays()).array
        name = f"{next(count)}.npz"
        with zipfile.ZipFile(mounted.source / name, "w") as archive:
            archive.writestr("first", "x" * data.draw(st.integers(0, 9)))  # so that it begins anywhere
            archive.writestr("a.npy", saved(array))
        for drawn in [data.draw(chains(array)) for _ in range(5)]:
            view = drawn.array
            path = mounted / name / "a.npy" / drawn.text
            assert path.with_name(path.name + ".npy").read_bytes() == expected_file(view, array)
            assert path.with_name(path.name + ".bin").read_bytes() == body(view, array)

    run()
