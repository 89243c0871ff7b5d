#!/usr/bin/python3
"""Writes python_unprintable.inc: the code points that str.isprintable() denies, for python_repr.cc.

Run it with the Python whose repr() is to be matched: 3.11 and its Unicode 14, as Debian 12 has it.
"""
import pathlib
import sys
import unicodedata


def unprintable_ranges():
    first = None
    for code_point in range(sys.maxunicode + 2):
        printable = code_point > sys.maxunicode or chr(code_point).isprintable()
        if not printable and first is None:
            first = code_point
        elif printable and first is not None:
            yield first, code_point - 1
            first = None


def main():
    ranges = [f"{{0x{first:04X}, 0x{last:04X}}}," for first, last in unprintable_ranges()]
    lines = [f"// Made by make_python_unprintable.py from Unicode {unicodedata.unidata_version}. Not to be edited."]
    for start in range(0, len(ranges), 5):
        lines.append("    " + " ".join(ranges[start:start + 5]))
    path = pathlib.Path(__file__).with_name("python_unprintable.inc")
    path.write_text("\n".join(lines) + "\n", encoding="ascii")


if __name__ == "__main__":
    main()
