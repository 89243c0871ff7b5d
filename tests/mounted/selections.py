"""Chains of selections, drawn at random: the path that spells each below an array, and what numpy makes of it."""

import os
from urllib.parse import quote

import numpy as np
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as nps

from arrays import dtypes, filled, header_of, is_fortran, saved

KINDS = ["index", "index", "chunks", "slices", "steps", "batches", "items", "fields", "fields", "fields"]
_STRUCTURED = [dtype for dtype in dtypes().values() if dtype.names and len(dtype.names) < 300]
_PLAIN = [dtype for dtype in dtypes().values() if not dtype.names]
_MOST_DIMENSIONS = 32  # numpy 1


def thorough(paths_an_example):
    """Settings of hypothesis for tests that draw NPYFS_SLICES paths in all; by default the same 2,000, or every
    NPYFS_EVERY-th of them."""
    paths = int(os.environ.get("NPYFS_SLICES") or 2000 // int(os.environ.get("NPYFS_EVERY", "1")))
    return settings(max_examples=paths // paths_an_example, deadline=None, database=None, print_blob=True,
                    derandomize="NPYFS_SLICES" not in os.environ, suppress_health_check=list(HealthCheck))


class Views:
    """An array of which every selection is an array again: numpy makes copies, scalars, of single items."""

    def __init__(self, array):
        self.array = array

    def __getitem__(self, index):
        return Views(take(self.array, index))


class Drawn:
    """Something that hypothesis draws, in few words: what an array of random bytes holds cannot always be printed."""

    def __init__(self, text, array):
        self.text, self.array = text, array

    def __repr__(self):
        return self.text


def take(array, index):
    """array[index], as a view of it even where it is one item."""
    if isinstance(index, str):
        return array[index]
    index = index if isinstance(index, tuple) else (index,)
    return array[index] if any(term is Ellipsis for term in index) else array[(*index, Ellipsis)]


def expression(index):
    """An index as people write it between the brackets."""
    terms = index if isinstance(index, tuple) else (index,)
    return ",".join(_term(term) for term in terms) or "..."


def _term(term):
    if term is Ellipsis:
        return "..."
    if not isinstance(term, slice):
        return str(term)
    text = ":".join("" if bound is None else str(bound) for bound in (term.start, term.stop))
    return text if term.step is None else f"{text}:{term.step}"


def field_name(name):
    """A field's name as it is written in paths."""
    if name in (".", ".."):
        return name.replace(".", "%2E")
    escaped = "".join(quote(c) if c in "/%\x7f" or c < " " else c for c in name)
    if escaped.endswith((".npy", ".bin")):
        escaped = f"{escaped[:-4]}%2E{escaped[-3:]}"
    return escaped.replace("/", "%2F") or "%"


@st.composite
def arrays(draw):
    """Of random bytes, padding included; a few dimensions, either order, any dtype."""
    plain_or_structured = draw(st.sampled_from([_STRUCTURED] * 3 + [_PLAIN] * 2))
    dtype = draw(st.sampled_from(plain_or_structured))
    shape = draw(nps.array_shapes(min_dims=1, max_dims=4, min_side=0, max_side=7))
    order = draw(st.sampled_from("CF"))
    return Drawn(f"filled({shape}, {dtype}, {order!r})", filled(shape, dtype, order))


def _index(draw, array):
    if draw(st.booleans()):
        return draw(nps.basic_indices(array.shape, max_dims=min(array.ndim + 2, 12), allow_newaxis=True))
    bounds = st.none() | st.integers(-9, 9)
    steps = st.sampled_from([None, 1, 2, 3, -1, -2, -3])
    return tuple(draw(st.builds(slice, bounds, bounds, steps)) for _ in range(draw(st.integers(1, max(array.ndim, 1))))
                 ) if array.ndim else (None,)


def _rows(draw, kind, length):
    """A name along one axis, and the rows that it has; None if there is none of that kind."""
    if kind == "chunks":
        sections = draw(st.integers(1, length + 2))
        index = draw(st.integers(0, sections - 1))
        part = np.array_split(np.arange(length), sections)[index]
        name = draw(st.sampled_from(["chunks/{}_of_{}", "chunks/{1}/{0}_of_{1}", "chunks/0{}_of_00{}"]))
        start = sum(len(before) for before in np.array_split(np.arange(length), sections)[:index])
        return name.format(index, sections), slice(start, start + len(part))
    if kind in ("slices", "steps"):
        start = draw(st.integers(0, length))
        stop = draw(st.integers(start, length))
        step = draw(st.integers(1, 4)) if kind == "steps" else 1
        return f"slices/{start}_to_{stop}" + (f"_by_{step}" if kind == "steps" else ""), slice(start, stop, step)
    if length == 0:
        return None
    if kind == "items":
        index = draw(st.integers(0, length - 1))
        return f"items/{index}", index
    rows = draw(st.integers(1, length + 1))
    index = draw(st.integers(0, (length - 1) // rows))
    return f"batches/{rows}/{index}", slice(index * rows, (index + 1) * rows)


def _step(draw, array):
    """One more selection: how it is spelled, and the array that it makes."""
    kind = draw(st.sampled_from(KINDS))
    if kind == "fields" and array.dtype.names:
        name = draw(st.sampled_from(array.dtype.names))
        if array.dtype[name].ndim + array.ndim <= _MOST_DIMENSIONS:
            return "fields/" + field_name(name), array[name]
    if kind not in ("index", "fields") and array.ndim:
        axis = draw(st.integers(0, array.ndim - 1))
        found = _rows(draw, kind, array.shape[axis])
        if found:
            name, index = found
            along = f"axis{axis}/" if axis or (array.ndim > 1 and draw(st.booleans())) else ""
            return along + name, take(array, (slice(None),) * axis + (index,))
    index = _index(draw, array)
    return "index/" + expression(index), take(array, index)


@st.composite
def chains(draw, array, most=4):
    """A path below the array's directory, without a suffix, and numpy's view of the same."""
    names, view = [], array
    for _ in range(draw(st.integers(1, most))):
        name, view = _step(draw, view)
        names.append(name)
    return Drawn("/".join(names), view)


def opaque(view):
    """The same items as plain bytes: numpy copies structured items field by field, and leaves out their padding."""
    return view if view.dtype.itemsize == 0 else view.view(f"V{view.dtype.itemsize}")


def expected_file(view, source):
    """What np.save writes for a view, contiguous in the order of the source."""
    order = "F" if is_fortran(source) else "C"
    if view.dtype.itemsize == 0:  # numpy makes |S1 of a copy of |S0
        return header_of(view.shape, view.dtype.str, is_fortran(np.empty(view.shape, order=order)))
    return saved(np.array(opaque(view), order=order).view(view.dtype))


def body(view, source):
    return opaque(view).tobytes("F" if is_fortran(source) else "C")


def places(view, array):
    """The bytes of the array that a view has, in the order in which its file has them: identical views, and no others,
    have equal ones."""
    if view.nbytes == 0:
        return ()
    of_items = np.array(view.__array_interface__["data"][0] - array.__array_interface__["data"][0])
    for length, stride in zip(view.shape, view.strides):
        of_items = of_items[..., None] + np.arange(length) * stride
    of_bytes = of_items.ravel("F" if is_fortran(array) else "C")[:, None] + np.arange(view.dtype.itemsize)
    return tuple(of_bytes.ravel())
