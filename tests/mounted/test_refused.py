"""Files that hold no sliceable array, as they are seen through a mount: every file of tests/refused."""

import json
import os
import shutil
from pathlib import Path

import pytest

REFUSED = Path(__file__).parent.parent / "refused"
REASONS = json.loads((REFUSED / "index.json").read_text())


@pytest.fixture(scope="module")
def mounted(module_scratch, module_mount):
    source = module_scratch / "source"
    shutil.copytree(REFUSED, source)
    return module_mount(source)


def test_every_refused_file_has_its_reason():
    """The index names every file, and no other."""
    assert sorted(REASONS) == sorted(path.name for path in REFUSED.glob("*.npy"))
    assert len(REASONS) > 100


@pytest.mark.parametrize("name", REASONS)
def test_error_txt_says_why_in_one_sentence(mounted, name):
    """A file that is no sliceable array says why in error.txt, in one sentence that begins with its name."""
    assert (mounted / name / "error.txt").read_bytes() == f"{name}: {REASONS[name]}\n".encode()


@pytest.mark.parametrize("name", REASONS)
def test_source_npy_still_serves_the_bytes(mounted, name):
    """source.npy still serves the bytes, and there are no views."""
    path = mounted / name
    assert (path / "source.npy").read_bytes() == (REFUSED / name).read_bytes()
    assert sorted(os.listdir(path)) == ["error.txt", "info.json", "source.npy"]
    for missing in ("chunks/0_of_1.npy", "slices/0_to_0.npy", "axis0/chunks/0_of_1.npy", "chunks/1"):
        with pytest.raises(FileNotFoundError):
            os.stat(path / missing)


def test_info_json_says_why_there_are_no_slices(mounted):
    """info.json of a file without slices has the reason, and what the header says if it can be read."""
    for name in REASONS:
        info = json.loads((mounted / name / "info.json").read_text())
        assert info["sliceable"] is False and info["file_size"] == (REFUSED / name).stat().st_size
        assert info["reason"] == REASONS[name]
        assert ("shape" in info) == ("descr" in info) == name.startswith(("slices-", "data-"))


def test_a_file_shorter_than_its_header_promises_says_both_numbers(source, mount):
    """'the header promises 800 bytes of data (shape (100,), descr '<f8'), the file holds 400'."""
    header = b"\x93NUMPY\x01\x00v\x00{'descr': '<f8', 'fortran_order': False, 'shape': (100,), }".ljust(127) + b"\n"
    (source / "bad.npy").write_bytes(header + bytes(400))
    assert (mount(source) / "bad.npy/error.txt").read_text() == (
        "bad.npy: the header promises 800 bytes of data (shape (100,), descr '<f8'), the file holds 400\n")


@pytest.mark.parametrize("name", ["line\nbreak.npy", "es\x1bcape.npy", "back\\slash.npy", "tab\t.npy"])
def test_names_cannot_forge_lines(source, mount, name):
    """Names that contain newlines or escapes cannot forge lines of error.txt, and info.json stays JSON."""
    shutil.copy(REFUSED / "slices-0-dimensional.npy", source / name)
    path = mount(source) / name
    text = (path / "error.txt").read_text()
    assert text.count("\n") == 1 and text.endswith("\n") and "\x1b" not in text and "\t" not in text
    assert json.loads((path / "info.json").read_text())["source"] == str(source / name)


def test_names_that_are_no_utf8_can_be_used(source, mount):
    """A name of any bytes resolves, and its error.txt is valid UTF-8."""
    name = b"\xff\xfe.npy"
    shutil.copy(REFUSED / "slices-objects.npy", os.path.join(os.fsencode(source), name))
    mounted = mount(source)
    path = os.path.join(os.fsencode(mounted.path), name)
    assert os.listdir(os.fsencode(mounted.path)) == [name]
    with open(os.path.join(path, b"error.txt"), encoding="utf-8") as file:
        assert file.read().startswith("\\xff\\xfe.npy: ")
    with open(os.path.join(path, b"info.json"), encoding="utf-8") as file:
        assert json.load(file)["sliceable"] is False
