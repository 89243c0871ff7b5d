#!/usr/bin/python3
"""Writes the .npy files of this directory, and index.json: file name -> what numpy reads from its header.

The headers are unlike those that np.save writes, and np.load reads them all: this script asserts it. To add a case, add
it here, run this, run the tests.
"""
import json
import math
import pathlib

import numpy as np

MAGIC = b"\x93NUMPY"


def text(descr="'<f8'", order="False", shape="(3,)", tail="\n"):
    return "{'descr': %s, 'fortran_order': %s, 'shape': %s, }" % (descr, order, shape) + tail


def framed(header, major=1):
    body = header.encode("utf-8" if major == 3 else "latin1")
    return MAGIC + bytes((major, 0)) + len(body).to_bytes(2 if major == 1 else 4, "little") + body


HEADERS = {
    # Versions.
    "version-1": framed(text()),
    "version-2": framed(text(), 2),
    "version-3": framed(text(), 3),
    "version-1-latin1-name": framed(text("[('\xe9', '<f8')]")),
    "version-3-latin1-name": framed(text("[('\xe9', '<f8')]"), 3),
    "version-3-wide-name": framed(text("[('\u4f60\U0001f600', '<f8')]"), 3),
    "version-1-escaped-wide-name": framed(text("[('\\u4f60\\U0001f600\\x41\\101', '<f8')]")),
    # Layout of the text.
    "text-key-order": framed("{'shape': (3,), 'fortran_order': False, 'descr': '<f8'}"),
    "text-double-quotes": framed(text().replace("'", '"')),
    "text-triple-quotes": framed(text().replace("'", '"""')),
    "text-string-prefixes": framed("{u'descr': r'<f8', R'fortran_order': False, U'shape': (3,)}"),
    "text-joined-strings": framed("{'des' \"cr\": '<'\n'f8', 'fortran_order': False, 'shape': (3,)}"),
    "text-escaped-key": framed("{'\\x64escr': '<f8', 'fortran\\137order': False, 'shape': (3,)}"),
    "text-no-blanks": framed("{'descr':'<f8','fortran_order':False,'shape':(3,)}"),
    "text-no-padding": framed(text(tail="")),
    "text-line-breaks": framed("{\n'descr':\n'<f8',\r\n\t'fortran_order': False,\n  'shape': (\n3,\n)\n}\n"),
    "text-blanks-before": framed(" \t" + text()),
    "text-line-breaks-before": framed("\n\n" + text()),
    "text-line-breaks-behind": framed(text(tail="  \n\n   \n")),
    "text-blanks-behind-last-line": framed(text(tail="\n   ")),
    "text-parentheses": framed("(" + text("('<f8')", "(True)", "((3,))", ")")),
    # Integers.
    "int-bases": framed(text(shape="(0x2, 0B11, 0o7,)")),
    "int-underscores": framed(text(shape="(1_0, 0x_f,)")),
    "int-signs": framed(text(shape="(+3, - 0,)")),
    "int-zeros": framed(text(shape="(00,)")),
    "int-long": framed(text(shape="(3L, 0x2L,)")),
    "int-long-version-2": framed(text(shape="(3L,)"), 2),
    # Shapes and orders.
    "shape-0-dimensional": framed(text(shape="()")),
    "shape-zero-size": framed(text(shape="(0, 5)")),
    "shape-32-dimensions": framed(text(shape="(" + "1, " * 32 + ")")),
    "order-fortran": framed(text(order="True", shape="(2, 3)")),
    "order-fortran-single-column": framed(text(order="True", shape="(3, 1)")),
    # dtypes.
    "descr-no-byte-order": framed(text("'i4'")),
    "descr-native-byte-order": framed(text("'=i4'")),
    "descr-big-endian": framed(text("'>i4'")),
    "descr-needless-byte-order": framed(text("'>i1'")),
    "descr-irrelevant-byte-order": framed(text("'|i4'")),
    "descr-name": framed(text("'float64'")),
    "descr-code": framed(text("'?'")),
    "descr-old-bytes": framed(text("'a5'")),
    "descr-str": framed(text("'U10'")),
    "descr-void": framed(text("'V7'")),
    "descr-long-double": framed(text("'>f16'")),
    "descr-datetime-multiple": framed(text("'<M8[25s]'")),
    "descr-datetime-name": framed(text("'timedelta64[1us]'")),
    "descr-datetime-generic": framed(text("'>M8[generic]'")),
    "descr-fields": framed(text("[('a', 'i4'), ('b', '>f8')]")),
    "descr-nested": framed(text("[('a', [('x', '<f4'), ('y', [('z', '|S3')])]), ('b', '?')]")),
    "descr-subarray-field": framed(text("[('a', '<f4', (2, 3)), ('b', '<i2', 4), ('c', 'u1', ())]")),
    "descr-subarray-of-fields": framed(text("[('a', [('x', '<f4')], (2,))]")),
    "descr-subarray-of-subarray": framed(text("[('a', ('<f4', (2,)), (3,))]")),
    "descr-subarray-tuple": framed(text("[('a', ('<f4', (2,)))]")),
    "descr-title": framed(text("[(('title', 'a'), '<f4'), ('b', '<i2')]")),
    "descr-padding": framed(text("[('', 'V2'), ('', '|V1'), ('a', '<f4'), ('', '|V5')]")),
    "descr-padding-nested": framed(text("[('a', [('x', '<i2'), ('', '|V2')]), ('b', '|i1'), ('', '|V3')]")),
    "descr-padding-only": framed(text("[('', '|V4')]")),
    "descr-padding-subarray": framed(text("[('a', '|i1'), ('', '<f4', (2,))]")),
    "descr-unnamed-field": framed(text("[('', '<f4'), ('b', '<i2')]")),
    "descr-zero-size-field": framed(text("[('a', '|S0'), ('b', '<i2'), ('c', '<i4', (0,))]")),
    "descr-quotes-in-names": framed(text("[('it\\'s', '<f4'), (\"\\\"\", '<f4'), ('\\'\"', '<f4')]")),
    "descr-controls-in-names": framed(text("[('\\n\\t\\r\\x00\\x7f\\xad\\u200b\\\\', '<f4')]")),
}


def main():
    directory = pathlib.Path(__file__).parent
    for old in directory.glob("*.npy"):
        old.unlink()
    index = {}
    for name, header in HEADERS.items():
        path = directory / f"{name}.npy"
        path.write_bytes(header + bytes(8192))
        with open(path, "rb") as file:
            version = np.lib.format.read_magic(file)
            shape, fortran_order, dtype = np.lib.format._read_array_header(file, version)
        data = np.random.default_rng(1).bytes(math.prod(shape) * dtype.itemsize)
        path.write_bytes(header + data)
        assert np.load(path).shape == shape, name
        index[path.name] = {
            "descr": repr(np.lib.format.dtype_to_descr(dtype)),
            "itemsize": dtype.itemsize,
            "fortran_order": fortran_order,
            "shape": shape,
            "data_offset": len(header),
        }
    (directory / "index.json").write_text(json.dumps(index, indent=1, ensure_ascii=True) + "\n", encoding="ascii")


if __name__ == "__main__":
    main()
