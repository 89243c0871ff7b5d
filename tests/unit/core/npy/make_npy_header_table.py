#!/usr/bin/python3
"""Writes npy_header_table.inc for npy_header_test.cc: headers as numpy writes them.

Each row: descr, fortran_order, shape, the header up to its padding, how many blanks of padding follow before the final
line break.
"""
import io
import pathlib
import warnings

import numpy as np
from numpy.lib.format import dtype_to_descr, _write_array_header

DTYPES = ["<f8", ">i4", "|b1", "<U10", "<M8[25s]", [("a", "<i4"), ("b", "<f8", (2, 3))], [("caf\xe9", "<f4")],
          [("\u4f60", "<f4"), ("caf\xe9", "<f4")], [("\u200b", "<f4")]]
SHAPES = [(), (3,), (0,), (3, 4), (1, 1), (1234567890123, 2), (2, 1234567890123), (10**18,), (5, 6, 7), (1,) * 32]
# A field name of such lengths that the header, unpadded, ends just before, on and just behind a multiple of 64.
NAME_LENGTHS = range(30, 45)


def literal(data):
    """A C++ string literal of these bytes; octal escapes end after three digits, whatever follows."""
    return '"' + "".join(chr(b) if 32 <= b < 127 and b not in b'"\\?' else f"\\{b:03o}" for b in data) + '"sv'


def row(dtype, fortran_order, shape):
    descr = dtype_to_descr(np.dtype(dtype))
    file = io.BytesIO()
    _write_array_header(file, {"descr": descr, "fortran_order": fortran_order, "shape": shape})
    header = file.getvalue()
    assert header[-1:] == b"\n"
    front = header[:-1].rstrip(b" ")
    dimensions = ", ".join(f"{n}u" for n in shape)
    return (f"{{{literal(repr(descr).encode())}, {str(fortran_order).lower()}, {{{dimensions}}},\n {literal(front)}, "
            f"{len(header) - 1 - len(front)}}},")


def main():
    lines = ["// Made by make_npy_header_table.py with numpy 1.24. Not to be edited."]
    for shape in SHAPES:
        lines += [row("<f8", fortran_order, shape) for fortran_order in (False, True)]
    lines += [row(dtype, fortran_order, (3, 40)) for dtype in DTYPES[1:] for fortran_order in (False, True)]
    lines += [row([("n" * length, "<i4")], False, (3,)) for length in NAME_LENGTHS]
    pathlib.Path(__file__).with_name("npy_header_table.inc").write_text("\n".join(lines) + "\n", encoding="ascii")


if __name__ == "__main__":
    warnings.simplefilter("ignore", UserWarning)  # "Stored array in format 3.0"
    main()
