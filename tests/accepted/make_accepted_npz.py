#!/usr/bin/python3
"""Writes the .npz files of this directory, and npz.json: archive -> the paths in it that a mount serves.

Each archive is one that numpy loads, with something in its bytes that readers of zip archives get wrong. To add a case,
add it here, run this, run the tests, which compare all that is served with what numpy and zipfile read.
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


class Pipe(io.RawIOBase):
    """Takes what is written, and cannot seek: sizes and checksums then come behind the data."""

    def __init__(self):
        self.content = b""

    def writable(self):
        return True

    def write(self, content):
        self.content += bytes(content)
        return len(content)


def archive(*members, comment=b"", force_zip64=False, out=None):
    out = out or io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(out, "w") as file:
        warnings.simplefilter("ignore")  # names that are there twice
        for name, content, *method in members:
            info = name if isinstance(name, zipfile.ZipInfo) else member(name)
            if method:
                info.compress_type = method[0]
            with file.open(info, "w", force_zip64=force_zip64) as to:
                to.write(content)
        file.comment = comment
    return out.content if isinstance(out, Pipe) else out.getvalue()


def zip64_throughout(content):
    """The archive of one member with all numbers of its record and of its end in 8 bytes."""
    end = content.rindex(b"PK\5\6")
    record = content.rindex(b"PK\1\2")
    size, = struct.unpack_from("<I", content, record + 24)
    name = content[record + 46:end]
    extra = struct.pack("<HHQQQ", 1, 24, size, size, 0)
    new = bytearray(content[record:record + 46]) + name + extra
    new[20:28] = b"\xff" * 8
    new[30:32] = struct.pack("<H", len(extra))
    new[42:46] = b"\xff" * 4
    ends = struct.pack("<4sQHHIIQQQQ", b"PK\6\6", 44, 45, 45, 0, 0, 1, 1, len(new), record)
    ends += struct.pack("<4sIQI", b"PK\6\7", 0, record + len(new), 1)
    ends += struct.pack("<4sHHHHIIH", b"PK\5\6", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    return content[:record] + bytes(new) + ends


def cp437():
    """A name that is not marked as UTF-8, as old tools write it."""
    return archive(("na_ve.npy", saved())).replace(b"na_ve", "na\xefve".encode("cp437"))


INFO = dict(extra=struct.pack("<HH5s", 0x9999, 5, b"extra"))
CASES = {
    "empty": (archive(), []),
    "one": (archive(("a.npy", saved())), ["a.npy"]),
    "orders-and-dtypes": (archive(("f.npy", saved(np.asfortranarray(ARRAY))), ("big.npy", saved(ARRAY.astype(">i2"))),
                                  ("fields.npy", saved(np.zeros(5, [("x", "<f4"), ("y", "<i8", (2,))])))),
                          ["big.npy", "f.npy", "fields.npy"]),
    "no-rows": (archive(("a.npy", saved(ARRAY[:0]))), ["a.npy"]),
    "directories": (archive(("w/1/a.npy", saved()), ("w/2/a.npy", saved(ARRAY + 1)), ("w.npy", saved(ARRAY + 2))),
                    ["w.npy", "w/1/a.npy", "w/2/a.npy"]),
    "record-of-a-directory": (archive(("w/", b""), ("w/a.npy", saved()), ("x/", b"")), ["w/a.npy"]),
    "other-files": (archive(("a.npy", saved()), ("notes.txt", b"notes\n"), ("empty", b""),
                            ("w/inner.npz", archive(("i.npy", saved())))),
                    ["a.npy", "empty", "notes.txt", "w/inner.npz"]),
    "same-name-twice": (archive(("a.npy", saved()), ("a.npy", saved(ARRAY[::-1].copy()))), ["a.npy"]),
    "comment": (archive(("a.npy", saved()), comment=b"c" * 40_000), ["a.npy"]),
    "extra-fields": (archive((member("a.npy", **INFO), saved()), (member("b.npy", **INFO), saved(ARRAY + 1))), ["a.npy", "b.npy"]),
    "zip64-local-headers": (archive(("a.npy", saved()), ("b.npy", saved(ARRAY + 1)), force_zip64=True), ["a.npy", "b.npy"]),
    "zip64-throughout": (zip64_throughout(archive(("a.npy", saved()))), ["a.npy"]),
    "sizes-behind-data": (archive(("a.npy", saved()), ("b.npy", saved(ARRAY + 1)), out=Pipe()), ["a.npy", "b.npy"]),
    "names-in-utf8": (archive(("größe.npy", saved()), ("名前/😀.npy", saved(ARRAY + 1))), ["größe.npy", "名前/😀.npy"]),
    "names-in-cp437": (cp437(), ["na\xefve.npy"]),
    "names-of-any-kind": (archive(("a b.npy", saved()), ("it's.npy", saved()), ("back\\slash.npy", saved()),
                                  ("tab\t\n.npy", saved()), (".npy", saved()), ("a.npy.npy", saved())),
                          [".npy", "a b.npy", "a.npy.npy", "back\\slash.npy", "it's.npy", "tab\t\n.npy"]),
    "some-compressed": (archive(("a.npy", saved()), ("b.npy", saved(), zipfile.ZIP_DEFLATED), ("c.npy", saved(ARRAY + 1))),
                        ["a.npy", "c.npy"]),
}


def main():
    directory = pathlib.Path(__file__).parent
    for old in directory.glob("*.npz"):
        old.unlink()
    index = {}
    for name, (content, served) in CASES.items():
        path = directory / f"{name}.npz"
        path.write_bytes(content)
        with np.load(path) as loaded:
            arrays = [member for member in zipfile.ZipFile(path).namelist() if member.endswith(".npy")]
            assert all(loaded[member].shape for member in arrays), name
        index[path.name] = served
    (directory / "npz.json").write_text(json.dumps(index, indent=1, ensure_ascii=True) + "\n", encoding="ascii")


if __name__ == "__main__":
    main()
