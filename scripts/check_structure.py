"""check_structure.py [ROOT]: how the sources below ROOT depend on each other. Prints every violation, then exits with 1.

Run by scripts/check. It reads the #include lines of core/ and fs/ (.h, .cc, .inc), and refuses:

- a cycle between folders, and a cycle between modules, printed as a chain of files, each of which includes the next;
- an include of fs or of a FUSE header in core, and an #include "..." that names no file of the layers;
- a folder with sources and no README.md, and a README.md below core/ or fs/ that names a file which is not there;
- a mutex, lock or condition of the standard library or of pthread outside core/base/mutex.h;
- a source of more than 350 lines. Of a file of tests/ or scripts/ that is as long there is only a warning.

A module is a header and the files that implement it: NAME.h and NAME.cc, and each NAME_REST.cc that includes NAME.h and
has no header NAME_REST.h of its own (tree_writing.cc implements tree.h).
"""

import collections
import pathlib
import re
import sys

LAYERS = ("core", "fs")
SUFFIXES = (".h", ".cc", ".inc")
SUFFIXES_OF_TESTS = (*SUFFIXES, ".py")
MAX_LINES = 350
MUTEX_HEADER = "core/base/mutex.h"

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*(?:"([^"]+)"|<([^>]+)>)', re.MULTILINE)
FUSE_HEADER = re.compile(r"^(linux/|fuse3?/)?(fuse|cuse)\w*\.h$")
COMMENT_OR_TEXT = re.compile(r"""//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])'""", re.DOTALL)
LOCKING = re.compile(r"\bstd::(?:\w*mutex|lock_guard|unique_lock|scoped_lock|shared_lock|condition_variable\w*)\b"
                     r"|\bpthread_(?:mutex|rwlock|cond|spin)\w*")
# What a README.md writes as `code` and means as a file: it has a suffix of a source, or begins with a folder of ours.
NAMED_FILE = re.compile(r"`((?:(?:core|fs|tests|scripts)/[\w./-]+)|[\w./-]+\.(?:h|cc|inc|py))`")


def sources(root):
    """Path below root -> text, of every C++ file of the layers."""
    return {path.relative_to(root).as_posix(): path.read_text(encoding="utf-8")
            for layer in LAYERS for path in sorted((root / layer).rglob("*")) if path.suffix in SUFFIXES}


def folder(path):
    return path.rpartition("/")[0]


def resolved(name, path, texts):
    """The file that "name" means in the file at path: from the root, or from the file's own folder."""
    return name if name in texts else f"{folder(path)}/{name}"


def resolved_includes(texts):
    """File -> the files of the layers that it includes."""
    return {path: [name for name in (resolved(quoted, path, texts) for quoted, _ in INCLUDE.findall(text)) if name in texts]
            for path, text in texts.items()}


def module(path, includes):
    """The path without its suffix of the header that the file implements; else of the file itself."""
    stem, _, suffix = path.rpartition(".")
    if suffix != "cc" or f"{stem}.h" in includes:
        return stem if suffix in ("h", "cc") else path
    implemented = [header for header in includes[path]
                   if header.endswith(".h") and stem.startswith(header.removesuffix(".h") + "_")]
    return max(implemented, key=len).removesuffix(".h") if implemented else stem


def shortest_way(edges, start, end):
    """The nodes from start to end, both included; None where there is no way."""
    came_from, queue = {start: None}, collections.deque([start])
    while queue and end not in came_from:
        node = queue.popleft()
        for following in sorted(edges.get(node, ())):
            if following not in came_from:
                came_from[following] = node
                queue.append(following)
    if end not in came_from:
        return None
    way = [end]
    while way[-1] != start:
        way.append(came_from[way[-1]])
    return way[::-1]


def cycles(edges):
    """For each edge that lies on a cycle, a shortest such cycle; each cycle once, beginning with its first node by name."""
    found = set()
    for start in edges:
        for following in edges[start]:
            way = shortest_way(edges, following, start)
            if way:
                first = way.index(min(way))
                found.add((*way[first:], *way[:first]))
    return sorted(found, key=lambda cycle: (len(cycle), cycle))


def cycle_violations(includes, kind, group):
    """One violation for each cycle between the groups of files that `group` makes."""
    edges, examples = collections.defaultdict(set), collections.defaultdict(list)
    for path, included in includes.items():
        for other in included:
            if group(path) != group(other):
                edges[group(path)].add(group(other))
                examples[group(path), group(other)].append(f"    {path} includes {other}")
    for cycle in cycles(edges):
        chain = [line for pair in zip(cycle, (*cycle[1:], cycle[0])) for line in examples[pair]]
        yield "\n".join([f"cycle between {kind}: {' -> '.join((*cycle, cycle[0]))}", *chain])


def layer_violations(texts):
    for path, text in texts.items():
        is_core = path.startswith("core/")
        for quoted, system in INCLUDE.findall(text):
            if is_core and FUSE_HEADER.match(quoted or system):
                yield f"{path} includes {quoted or system}: core knows nothing of FUSE"
            elif is_core and quoted.startswith("fs/"):
                yield f"{path} includes {quoted}: core includes nothing of fs"
            elif quoted and resolved(quoted, path, texts) not in texts:
                yield f'{path} includes "{quoted}": no such file; write the path from the root of the repository'


def readme_violations(root, texts):
    for name in sorted({folder(path) for path in texts}):
        if not (root / name / "README.md").is_file():
            yield f"{name} has sources and no README.md"
    for readme in sorted(path for layer in LAYERS for path in (root / layer).rglob("README.md")):
        for named in sorted(set(NAMED_FILE.findall(readme.read_text(encoding="utf-8")))):
            if not is_there(root, named) and not is_there(readme.parent, named):
                yield f"{readme.relative_to(root)} names {named}, which is not there"


def is_there(folder_path, named):
    """Whether a file or folder has this name, or a file has it before its suffix."""
    return (folder_path / named).exists() or bool(list(folder_path.glob(f"{named}.*")))


def without_comments(text):
    """The text with its lines, and without comments and the contents of string literals."""
    return COMMENT_OR_TEXT.sub(lambda match: "\n" * match.group().count("\n"), text)


def locking_violations(texts):
    for path, text in texts.items():
        if path == MUTEX_HEADER:
            continue
        for number, line in enumerate(without_comments(text).split("\n"), 1):
            for name in LOCKING.findall(line):
                yield f"{path}:{number}: {name}: use the types of {MUTEX_HEADER}, whose use clang checks"


def long_files(texts):
    for path, text in texts.items():
        lines = text.count("\n")
        if lines > MAX_LINES:
            yield f"{path} has {lines} lines, more than {MAX_LINES}"


def violations(root):
    texts = sources(root)
    if not texts:
        yield f"{root} has no sources in {' or '.join(LAYERS)}"
    includes = resolved_includes(texts)
    yield from cycle_violations(includes, "folders", folder)
    yield from cycle_violations(includes, "files", lambda path: module(path, includes))
    yield from layer_violations(texts)
    yield from readme_violations(root, texts)
    yield from locking_violations(texts)
    yield from long_files(texts)


def warnings(root):
    paths = [path for name in ("tests", "scripts") for path in sorted((root / name).rglob("*"))
             if path.is_file() and (path.suffix in SUFFIXES_OF_TESTS or (name == "scripts" and not path.suffix))]
    yield from long_files({path.relative_to(root).as_posix(): path.read_text(encoding="utf-8") for path in paths})


def main():
    root = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else pathlib.Path(__file__).resolve().parents[1]
    for text in warnings(root):
        print(f"warning: {text}")
    found = list(violations(root))
    for text in found:
        print(f"error: {text}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
