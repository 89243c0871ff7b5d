"""Headers of .npy files: good ones as people and programs write them, and ones that went wrong somewhere."""

import random
import struct

MAGIC = b"\x93NUMPY"

_KINDS = ["?", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8", "f16", "c8", "c16", "c32", "S1", "S5", "U1",
          "U7", "V1", "V16", "M8", "m8", "M8[ns]", "m8[25s]", "M8[D]", "O", "S0", "U0", "V0", "a3", "b1", "S"]
_ODD_TYPES = ["<i3", "f12", "<M8[parsec]", "i4 ", "", "int32", "float", "<f8,<i4", "3i4", "(2,)i4", "T", "<U536870912",
              "|S-1", "d", "l", "<q", ">?", "=f8", "!i2", "M8[0s]", "m8[7/3s]", "datetime64[s]", "c", "V", "B", "e", "g"]
_NAMES = ["a", "b", "x", "field", "größe", "名", "it's", 'q"q', "back\\slash", "a\nb", "", " ", "f0", "\x00"]
_ODD_VALUES = ["None", "1", "0", "''", "[]", "()", "{}", "1.5", "-1", "b'x'", "True and False", "'<f8'", "...", "f'x'", "x"]


class Headers:
    """Headers without end; equal seeds give equal headers."""

    def __init__(self, seed, examples=()):
        self._random = random.Random(seed)
        self._examples = list(examples)

    def next(self):
        """One header as the bytes of a file."""
        draw = self._random.random()
        if self._examples and draw < 0.1:
            return self._damaged(self._choice(self._examples))
        file = self._framed(self._dictionary())
        return self._damaged(file) if draw < 0.4 else file

    def _choice(self, values):
        return self._random.choice(values)

    def _rarely(self, probability=0.01):
        return self._random.random() < probability

    def _blank(self):
        return self._choice(["", "", "", " ", "  ", "\t", "\n", " \n ", "\\\n", "# x\n"] if self._rarely(0.01) else ["", " "])

    def _string(self, text):
        """A Python literal for it."""
        quoted = repr(text)
        if self._rarely(0.1):
            quoted = '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'
        if self._rarely():
            quoted = self._choice(["u", "r", "b", "f", "U", "rb", "ur", ""]) + quoted
        if self._rarely():
            quoted = "''" + self._blank() + quoted
        if self._rarely(0.01):
            quoted = "''" + repr(text)[:1] * 2 + repr(text)[1:-1] + repr(text)[:1] * 2 + "''"
        return quoted

    def _integer(self):
        value = self._choice([0, 1, 2, 3, 7, 10, 128, 65536, 2**31, 2**32, 2**62, 2**63 - 1, 2**63, 2**64, 10**23]
                             if self._rarely(0.2) else [0, 1, 2, 3, 5, 8, 100, 1000])
        return self._choice([str(value)] * 300 + [hex(value), oct(value), bin(value), f"{value:_}", f"+{value}", f"-{value}",
                                                 f"{value}L", f"{value}l", f"0{value}", f"({value})", f"{value}.0", f"--{value}",
                                                 f"{value}j", f"{value}_", f"{value}+0", f"~{value}", "True"])

    def _tuple(self, items):
        end = "," if len(items) == 1 or self._rarely(0.05) else ""
        begin, close = self._choice([("(", ")")] * 300 + [("[", "]"), ("", ""), ("((", "))"), ("{", "}")])
        return begin + self._blank() + ("," + self._blank()).join(items) + end + self._blank() + close

    def _shape(self):
        dimensions = self._choice([0, 1, 1, 2, 2, 3, 4, 5]) if not self._rarely() else self._choice([31, 32, 33, 64, 65])
        return self._tuple([self._integer() for _ in range(dimensions)])

    def _type(self):
        if self._rarely():
            return self._string(self._choice(_ODD_TYPES))
        return self._string(self._choice("<>|=" + " ").strip() + self._choice(_KINDS))

    def _field(self, depth):
        name = self._string(self._choice(_NAMES + [f"n{self._random.randrange(50)}" for _ in range(200)]))
        if self._rarely(0.1):
            name = self._tuple([self._string(self._choice(_NAMES)), name])
        items = [name, self._descr(depth + 1)]
        if self._rarely(0.2):
            items.append(self._shape() if self._rarely(0.7) else self._integer())
        if self._rarely(0.01):
            items.append(self._choice(_ODD_VALUES))
        if self._rarely(0.01):
            items.pop()
        return self._tuple(items)

    def _descr(self, depth=0):
        draw = self._random.random()
        if self._rarely(0.01):
            return self._choice(_ODD_VALUES)
        if depth < 3 and draw < 0.25:
            fields = [self._field(depth) for _ in range(self._random.randrange(0, 5))]
            return "[" + ("," + self._blank()).join(fields) + "]"
        if draw < 0.28:
            return self._tuple([self._descr(depth + 1), self._shape()])
        return self._type()

    def _dictionary(self):
        order = self._choice(["True", "False"]) if not self._rarely() else self._choice(_ODD_VALUES)
        items = [("descr", self._descr()), ("fortran_order", order), ("shape", self._shape())]
        if self._rarely(0.2):
            self._random.shuffle(items)
        if self._rarely():
            items.append(self._choice(items))
        if self._rarely(0.01):
            items.pop(0)
        if self._rarely(0.01):
            items.append(("extra", "1"))
        pairs = [self._string(key) + self._blank() + ":" + self._blank() + value for key, value in items]
        text = "{" + ("," + self._blank()).join(pairs) + self._choice([", }", "}", ",}", " }"])
        if self._rarely(0.02):
            text = self._choice(["", " ", "\n", "\t", "(", "# x\n", ";"]) + text + self._choice(["", ")", " # x", ",", ";", "\n\n"])
        return text

    def _framed(self, text):
        """With magic, version, length and padding: mostly those that fit."""
        version = self._choice([1, 1, 1, 2, 3])
        encoded = None
        for encoding in (("utf-8",) if version == 3 else ("latin1", "utf-8")):
            try:
                encoded = encoded or text.encode(encoding)
            except UnicodeEncodeError:
                continue
        if not self._rarely(0.2):
            encoded += b" " * (-(len(encoded) + 11) % 64) + b"\n"
        length = len(encoded) + (self._choice([-1, 1, 5, -5, 2**16 - 1, 0]) if self._rarely(0.02) else 0)
        field = struct.pack("<H", length % 2**16) if version == 1 else struct.pack("<I", length % 2**32)
        return MAGIC + bytes([version, 0 if not self._rarely(0.005) else 1]) + field + encoded + bytes(self._random.randrange(3))

    def _damaged(self, file):
        file = bytearray(file)
        for _ in range(self._random.randrange(1, 4) if file else 0):
            place = self._random.randrange(len(file))
            what = self._random.randrange(4)
            if what == 0:
                file[place] = self._random.randrange(256)
            elif what == 1:
                del file[place]
            elif what == 2:
                file.insert(place, self._choice(b" ,()[]{}'\"\\:<>|=#\n0123456789LuTrue_+-x"))
            else:
                other = self._random.randrange(len(file))
                file[place:place] = file[other:other + self._random.randrange(12)]
            file = file or bytearray(MAGIC)
        return bytes(file)
