#!/usr/bin/python3
"""Writes dtype_table.inc for dtype_test.cc: how a descr may be spelt, and what numpy makes of it.

Each row: spelling, repr of what np.save writes for it, item size, whether it holds objects.
"""
import json
import pathlib

import numpy as np
from numpy.lib.format import descr_to_dtype, dtype_to_descr

SIZED = ["b1", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8", "f16", "c8", "c16", "c32", "S1", "S5",
         "S007", "S2147483647", "U1", "U10", "U536870911", "V1", "V16", "O8", "S0", "U0", "V0", "M8", "m8"]
CODES = list("?bBhHiIlLqQpPefdgFDGcSaUVOMm")
NAMES = ["bool", "bool_", "byte", "int8", "ubyte", "uint8", "short", "int16", "ushort", "uint16", "intc", "int32",
         "uintc", "uint32", "int", "int_", "intp", "int64", "long", "longlong", "uint", "uintp", "uint64", "ulong",
         "ulonglong", "half", "float16", "single", "float32", "float", "double", "float64", "longdouble", "float128",
         "csingle", "complex64", "complex", "cdouble", "complex128", "clongdouble", "complex256", "bytes", "bytes_",
         "str", "str_", "void", "object", "object_", "datetime64", "timedelta64", "a5", "O4"]
UNITS = ["Y", "M", "W", "D", "h", "m", "s", "ms", "us", "ns", "ps", "fs", "as"]
DATETIMES = ([f"<M8[{unit}]" for unit in UNITS] + [f">m8[25{unit}]" for unit in UNITS] +
             ["M8[1s]", "m8[2147483647ns]", "M8[generic]", "=m8[\u03bcs]", "datetime64[s]", ">timedelta64[3D]"])
FIELDS = [
    [], [("a", "<i4")], [("a", "i4"), ("b", ">f8")], [("a", "S0"), ("b", "<i2")],
    [("a", "<f4", (2, 3))], [("a", "<f4", 4)], [("a", "<f4", ())], [("a", "<f4", (1,))], [("a", "<f4", (0,))],
    [("a", ("<f4", (2,)))], [("a", ("<f4", (2,)), (3,))], [("a", (("<f4", (2,)), (3,)), (4,))],
    [("a", [("x", "<i2"), ("y", [("z", "U3")])]), ("b", "?")], [("a", [("x", "<f4")], (2,))], [("a", [])],
    [("a", [("", "V4")], (2,))], [(("t", "a"), "<i4"), ("b", "<i4")], [(("t", "a"), "<f4", (2,))],
    [(("", "a"), "<i4")], [(("t", ""), "<i4")], [("", "<i4"), ("b", "<i2")], [("", [("x", "<i4")])],
    [("", "V4"), ("", "V2"), ("a", "<i4"), ("", "V1")], [("", "V0")], [("a", "<i1"), ("", "<f8", (2,))],
    [("", ("<f8", (2,)))], [("a", "O")], [("a", "<i4"), ("b", [("c", "|O", (2,))])], [("", "O", (2,)), ("a", "<i4")],
    [("a", "|S2147483646"), ("b", "|i1")], [("a", "|i1", (32768, 65535))],
    [("caf\xe9", "<f8"), ("\u4f60\u597d", "<f8"), ("\U0001f600", "<f8")],
    [("it's", "<f8"), ('"', "<f8"), ("'\"", "<f8"), ("\\", "<f8"), ("x y", "<f8")],
    [("\n\r\t\0\x1f\x7f\x80\xa0\xad", "<f8"), ("\u0378\u200b\u2028\ue000\uffff", "<f8"), ("\U000e0001", "<f8")],
]


def spellings():
    yield from (repr(order + code) for code in SIZED for order in ("", "<", ">", "=", "|"))
    yield from (repr(order + code) for code in CODES for order in ("", ">"))
    yield from map(repr, NAMES + DATETIMES)
    yield from map(repr, FIELDS)


def main():
    lines = ["// Made by make_dtype_table.py with numpy 1.24. Not to be edited."]
    for spelling in dict.fromkeys(spellings()):
        dtype = descr_to_dtype(eval(spelling))
        descr = json.dumps(repr(dtype_to_descr(dtype)), ensure_ascii=False)
        holds_objects = "true" if dtype.hasobject else "false"
        lines.append(f"{{{json.dumps(spelling, ensure_ascii=False)}, {descr}, {dtype.itemsize}, {holds_objects}}},")
    pathlib.Path(__file__).with_name("dtype_table.inc").write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    assert np.dtype("p").itemsize == 8 and np.dtype("g").itemsize == 16, "the table is that of a 64-bit machine"
    main()
