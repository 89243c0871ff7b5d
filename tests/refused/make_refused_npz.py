#!/usr/bin/python3
"""Writes the .npz files of this directory, and npz.json: archive -> path in the archive -> what its error.txt says.

Each archive, or a member of it, is refused for a reason of its own. To add a case, add it here with the sentences that it
should have, run this, run the tests.
"""
import io
import json
import pathlib
import struct
import warnings
import zipfile

import numpy as np

ARRAY = np.arange(24.0).reshape(6, 4)


def saved(array=ARRAY):
    out = io.BytesIO()
    np.save(out, array)
    return out.getvalue()


def member(name, **attributes):
    info = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
    for key, value in attributes.items():
        setattr(info, key, value)
    return info


def archive(*members):
    """Of pairs of ZipInfo, or a name, and content; or triples with the method."""
    out = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(out, "w") as file:
        warnings.simplefilter("ignore")  # names that are there twice
        for name, content, *method in members:
            info = name if isinstance(name, zipfile.ZipInfo) else member(name)
            file.writestr(info, content, *method)
    return out.getvalue()


def patched(content, *changes):
    """Each change is a magic number, where behind its last occurrence, and the new bytes."""
    content = bytearray(content)
    for magic, offset, value in changes:
        at = content.rindex(magic) + offset
        content[at:at + len(value)] = value
    return bytes(content)


LOCAL, RECORD, END_MAGIC = b"PK\3\4", b"PK\1\2", b"PK\5\6"
ONE = archive(("a.npy", saved()))
TWO = archive(("a.npy", saved()), ("b.npy", saved(ARRAY + 1)))
SIZE = len(saved())


def with_name(raw, flags=0):
    """An archive with one member of this name, which zipfile would not write."""
    stand_in = b"N" * len(raw)
    content = archive((stand_in.decode(), saved())).replace(stand_in, raw)
    return patched(content, (LOCAL, 6, struct.pack("<H", flags)), (RECORD, 8, struct.pack("<H", flags)))


COMPRESSED = ("it is compressed ({}, {} bytes in {}), and only what is stored can be sliced: "
              "np.savez('{}-stored.npz', **np.load('{}.npz'))")


def compressed(name, kind, method):
    content = archive(("a.npy", saved(), method))
    packed = zipfile.ZipFile(io.BytesIO(content)).getinfo("a.npy").compress_size
    return name, content, {"a.npy/error.txt": COMPRESSED.format(kind, SIZE, packed, name, name)}


def left_out(name, shown, why, content):
    return name, content, {"error.txt": {shown: why}}


PLACE = "its local header is not where the central directory says"
DISAGREES = "its local header says something else than the central directory"
OTHER_NAME = "its local header has another name than the central directory"
OVERLAP = "it overlaps another member or the central directory, as in a zip bomb"

CASES = [
    # Archives that cannot be read.
    ("archive-empty", b"", {"error.txt": "the archive is empty: not even its end is there"}),
    ("archive-text", b"no archive", {"error.txt": "the archive has no end record: it was cut off, or is no zip archive"}),
    ("archive-truncated", ONE[:-30], {"error.txt": "the archive has no end record: it was cut off, or is no zip archive"}),
    ("archive-split", patched(ONE, (END_MAGIC, 4, b"\1\0\1\0")),
     {"error.txt": "the archive is one part of a split archive; all parts have to be joined first (zip -s 0)"}),
    ("archive-directory-beyond-end", patched(ONE, (END_MAGIC, 16, b"\xff\xff\xff\x7f")),
     {"error.txt": "the end of the archive does not say where its central directory is: it is damaged"}),
    ("archive-directory-damaged", patched(TWO, (RECORD, 0, b"XX")),
     {"error.txt": "the central directory of the archive is damaged: of 2 members, the record of member 1 cannot be read"}),
    ("archive-directory-too-short", patched(ONE, (END_MAGIC, 8, b"\3\0\3\0")),
     {"error.txt": "the central directory of the archive is damaged: of 3 members, the record of member 1 cannot be read"}),
    ("archive-directory-too-long", patched(TWO, (END_MAGIC, 8, b"\1\0\1\0")),
     {"error.txt": "the central directory of the archive goes on behind its 1 members: it is damaged"}),
    ("archive-record-beyond-end", patched(ONE, (RECORD, 32, b"\xff\xff")),
     {"error.txt": "the last record of the central directory of the archive goes beyond its end: it is damaged"}),
    ("archive-bytes-in-front", b"#!/bin/sh\n" + ONE,
     {"error.txt": "the archive does not begin where the file begins: other bytes are in front of it, or it is damaged"}),
    # Members that cannot be sliced, or not be trusted.
    compressed("member-deflated", "deflate", zipfile.ZIP_DEFLATED),
    compressed("member-bzip2", "bzip2", zipfile.ZIP_BZIP2),
    compressed("member-lzma", "LZMA", zipfile.ZIP_LZMA),
    ("member-unknown-method", patched(ONE, (LOCAL, 8, b"\x4d\0"), (RECORD, 10, b"\x4d\0")),
     {"a.npy/error.txt": COMPRESSED.format("method 77", SIZE, SIZE, *["member-unknown-method"] * 2)}),
    ("member-encrypted", patched(ONE, (LOCAL, 6, b"\1\0"), (RECORD, 8, b"\1\0")),
     {"a.npy/error.txt": "it is encrypted, so its bytes are not in the archive"}),
    ("member-on-other-disk", patched(ONE, (RECORD, 34, b"\2\0")),
     {"a.npy/error.txt": "it is in another part of a split archive"}),
    ("member-claims-more", patched(ONE, (LOCAL, 22, struct.pack("<I", SIZE + 100)), (RECORD, 24, struct.pack("<I", SIZE + 100))),
     {"a.npy/error.txt": f"it claims to hold {SIZE + 100} bytes, of which {SIZE} are stored"}),
    ("member-beyond-end", patched(ONE, (LOCAL, 18, struct.pack("<II", 1 << 20, 1 << 20)),
                                  (RECORD, 20, struct.pack("<II", 1 << 20, 1 << 20))),
     {"a.npy/error.txt": f"it has {1 << 20} bytes from byte 35 on by the central directory, and the archive ends at {len(ONE)}"}),
    ("member-overlaps-directory", patched(ONE, (LOCAL, 18, struct.pack("<II", SIZE + 9, SIZE + 9)),
                                          (RECORD, 20, struct.pack("<II", SIZE + 9, SIZE + 9))),
     {"a.npy/error.txt": OVERLAP}),
    ("member-overlaps-another", patched(TWO, (RECORD, 42, bytes(4)), (RECORD, 16, TWO[14:18]), (RECORD, 46, b"a.npy")),
     {"a.npy/error.txt": OVERLAP}),
    ("member-other-checksum", patched(ONE, (LOCAL, 14, b"\1\2\3\4")), {"a.npy/error.txt": DISAGREES}),
    ("member-no-local-header", patched(ONE, (LOCAL, 0, b"XXXX")), {"a.npy/error.txt": PLACE}),
    ("member-other-name", patched(ONE, (LOCAL, 30, b"z")), {"a.npy/error.txt": OTHER_NAME}),
    ("member-no-array", archive(("a.npy", b"no array")),
     {"a.npy/error.txt": "the file starts with the bytes 6e 6f 20 61 72 72, expected the magic 93 4e 55 4d 50 59"}),
    ("member-truncated-array", archive(("a.npy", saved()[:-8])),
     {"a.npy/error.txt": "the header promises 192 bytes of data (shape (6, 4), descr '<f8'), the file holds 184"}),
    ("member-0-dimensional", archive(("a.npy", saved(np.float64(1)))),
     {"a.npy/error.txt": "the array has no dimensions (shape ()), so it has no slices"}),
    # Names that are no path below the archive.
    left_out("name-parent", "../evil.npy", "its name has a component '..', which leads out of its directory",
             archive(("../evil.npy", saved()))),
    left_out("name-parent-inside", "a/../../evil.npy", "its name has a component '..', which leads out of its directory",
             archive(("a/../../evil.npy", saved()))),
    left_out("name-dot", "./a.npy", "its name has a component '.'", archive(("./a.npy", saved()))),
    left_out("name-absolute", "/etc/evil.npy", "its name is an absolute path, and only names below the archive are served",
             with_name(b"/etc/evil.npy")),
    left_out("name-two-slashes", "a//b.npy", "its name has an empty component, between two slashes", with_name(b"a//b.npy")),
    left_out("name-empty", "", "its name is empty", with_name(b"")),
    left_out("name-nul", "a.npy\\x00.txt", "its name holds a NUL byte", with_name(b"a.npy\0.txt")),
    left_out("name-no-utf8", "\\xff\\xfe.npy", "its name is marked as UTF-8, and is not UTF-8", with_name(b"\xff\xfe.npy", 1 << 11)),
    left_out("name-component-too-long", "n" * 200 + "...", "its name has a component of 300 bytes; 255 are the most",
             archive(("n" * 296 + ".npy", saved()))),
    left_out("name-too-long", "n/" * 100 + "...", "its name has 5004 bytes; 4095 are the most in a path",
             archive(("n/" * 2500 + ".npy", saved()))),
    left_out("name-of-ours", "source.npz", "npyfs itself has a file of this name in the archive", archive(("source.npz", b"x"))),
    left_out("name-of-a-directory", "a.npy", "its name is also that of a directory of the archive",
             archive(("a.npy", saved()), ("a.npy/b.npy", saved()))),
    left_out("file-compressed", "notes.txt", "it is no array, and compressed or encrypted: only stored files are served",
             archive(("notes.txt", "n" * 100, zipfile.ZIP_DEFLATED))),
]


def texts(name, expected):
    """path of an error.txt -> its text."""
    found = {}
    for path, why in expected.items():
        if isinstance(why, dict):
            found[path] = "".join(f"{name}.npz/{shown}: {sentence}\n" for shown, sentence in why.items())
        else:
            of = path.removesuffix("error.txt").rstrip("/")
            found[path] = f"{name}.npz{'/' * bool(of)}{of}: {why}\n"
    return found


def main():
    directory = pathlib.Path(__file__).parent
    for old in directory.glob("*.npz"):
        old.unlink()
    index = {}
    for name, content, expected in CASES:
        (directory / f"{name}.npz").write_bytes(content)
        index[f"{name}.npz"] = texts(name, expected)
    (directory / "npz.json").write_text(json.dumps(index, indent=1, ensure_ascii=True) + "\n", encoding="ascii")


if __name__ == "__main__":
    main()
