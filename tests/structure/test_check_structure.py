"""scripts/check_structure.py on small trees: each planted violation is found and named, and a clean tree passes."""

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "scripts/check_structure.py"

# tree_writing.cc implements tree.h; tree_list_names.cc implements tree_list.h, not tree.h; main.cc implements nothing.
CLEAN = {
    "core/base/mutex.h": "#include <mutex>\nstd::mutex mutex_;\n",
    "core/base/error.h": "#include <string>\n",
    "core/base/error.cc": '#include "core/base/error.h"\n',
    "core/tree/nodes.h": '#include "core/base/error.h"\n',
    "core/tree/tree.h": '#include "core/tree/nodes.h"\n',
    "core/tree/tree.cc": '#include "core/tree/tree.h"\n// In place of std::mutex.\nauto text = "std::mutex";\n',
    "core/tree/tree_writing.cc": '#include "core/tree/tree.h"\n#include "core/tree/table.inc"\n',
    "core/tree/table.inc": "1, 2, 3\n",
    "core/tree/tree_list.h": '#include "core/tree/tree.h"\n',
    "core/tree/tree_list_names.cc": '#include "core/tree/tree_list.h"\n#include "core/tree/tree.h"\n',
    "fs/serve/reply.h": '#include <fuse_lowlevel.h>\n#include "core/tree/tree.h"\n',
    "fs/main.cc": '#include "fs/serve/reply.h"\n',
}


@pytest.fixture
def tree(tmp_path):
    """Writes CLEAN with changes to a temporary root; a change to None removes the file, "+..." appends to it."""

    def write(changes=None):
        texts = dict(CLEAN)
        texts.update({f"{path.rpartition('/')[0]}/README.md": "What lives here.\n" for path in CLEAN})
        for path, text in (changes or {}).items():
            texts[path] = texts[path] + text[1:] if text and text.startswith("+") else text
        for path, text in texts.items():
            if text is not None:
                (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
                (tmp_path / path).write_text(text)
        return tmp_path

    return write


def check(root):
    ran = subprocess.run([sys.executable, SCRIPT, root], capture_output=True, text=True, check=False)
    assert ran.stderr == ""
    return ran.returncode, ran.stdout


def test_a_clean_tree_passes(tree):
    """A header and the files that implement it are one module; comments and texts hold no mutex."""
    assert check(tree()) == (0, "")


VIOLATIONS = {
    "cycle between headers": (
        {"core/base/error.h": '+#include "core/base/hash.h"\n', "core/base/hash.h": '#include "core/base/error.h"\n'},
        ["cycle between files: core/base/error -> core/base/hash -> core/base/error",
         "    core/base/error.h includes core/base/hash.h", "    core/base/hash.h includes core/base/error.h"]),
    "cycle through a .cc file": (
        {"core/base/error.cc": '+#include "core/base/hash.h"\n', "core/base/hash.h": '#include "core/base/error.h"\n'},
        ["cycle between files: core/base/error -> core/base/hash -> core/base/error",
         "    core/base/error.cc includes core/base/hash.h", "    core/base/hash.h includes core/base/error.h"]),
    "cycle through a second .cc file": (
        {"core/tree/tree_writing.cc": '+#include "core/tree/list.h"\n', "core/tree/list.h": '#include "core/tree/tree.h"\n'},
        ["cycle between files: core/tree/list -> core/tree/tree -> core/tree/list",
         "    core/tree/list.h includes core/tree/tree.h", "    core/tree/tree_writing.cc includes core/tree/list.h"]),
    "cycle through a .inc file": (
        {"core/tree/table.inc": '#include "core/tree/tree.h"\n'},
        ["cycle between files: core/tree/table.inc -> core/tree/tree -> core/tree/table.inc",
         "    core/tree/table.inc includes core/tree/tree.h", "    core/tree/tree_writing.cc includes core/tree/table.inc"]),
    "cycle of three files": (
        {"core/tree/a.h": '#include "core/tree/b.h"\n', "core/tree/b.h": '#include "core/tree/c.h"\n',
         "core/tree/c.h": '  #  include "a.h"\n'},
        ["cycle between files: core/tree/a -> core/tree/b -> core/tree/c -> core/tree/a",
         "    core/tree/a.h includes core/tree/b.h", "    core/tree/b.h includes core/tree/c.h",
         "    core/tree/c.h includes core/tree/a.h"]),
    "cycle between folders": (
        {"core/base/hash.cc": '#include "core/tree/nodes.h"\n'},
        ["cycle between folders: core/base -> core/tree -> core/base", "    core/base/hash.cc includes core/tree/nodes.h",
         "    core/tree/nodes.h includes core/base/error.h"]),
    "core includes fs": (
        {"core/base/error.cc": '+#include "fs/log/log.h"\n', "fs/log/log.h": "", "fs/log/README.md": "The log.\n"},
        ["core/base/error.cc includes fs/log/log.h: core includes nothing of fs"]),
    "core includes FUSE": (
        {"core/tree/nodes.h": "+#include <fuse3/fuse_lowlevel.h>\n"},
        ["core/tree/nodes.h includes fuse3/fuse_lowlevel.h: core knows nothing of FUSE"]),
    "core includes FUSE of the kernel": (
        {"core/tree/nodes.h": "+#include <linux/fuse.h>\n"},
        ["core/tree/nodes.h includes linux/fuse.h: core knows nothing of FUSE"]),
    "path that is not from the root": (
        {"core/tree/nodes.h": '+#include "../../fs/main.h"\n', "fs/main.h": ""},
        ['core/tree/nodes.h includes "../../fs/main.h": no such file; write the path from the root of the repository']),
    "no README": ({"core/tree/README.md": None}, ["core/tree has sources and no README.md"]),
    "no README beside subfolders": ({"fs/README.md": None}, ["fs has sources and no README.md"]),
    "README with a name of no file": (
        {"core/tree/README.md": "`tree.h`, `nodes`, `core/base/error.h`, `core/tree/tree`, `fs/serve/`, `list.h`, `core/list`\n"},
        ["core/tree/README.md names list.h, which is not there", "core/tree/README.md names core/list, which is not there"]),
    "mutex of the standard library": (
        {"core/tree/tree.cc": "+std::shared_mutex mutex;\nstd::lock_guard lock(mutex);\n"},
        ["core/tree/tree.cc:4: std::shared_mutex: use the types of core/base/mutex.h, whose use clang checks",
         "core/tree/tree.cc:5: std::lock_guard: use the types of core/base/mutex.h, whose use clang checks"]),
    "mutex of pthread": (
        {"fs/main.cc": "+/* a\n comment */ pthread_mutex_t mutex;\n"},
        ["fs/main.cc:3: pthread_mutex_t: use the types of core/base/mutex.h, whose use clang checks"]),
    "long file": ({"core/tree/table.inc": "1,\n" * 351}, ["core/tree/table.inc has 351 lines, more than 350"]),
}


@pytest.mark.parametrize("changes, expected", VIOLATIONS.values(), ids=VIOLATIONS.keys())
def test_a_violation_is_found(tree, changes, expected):
    """The exit status is 1, and the output names the violation, file by file."""
    status, printed = check(tree(changes))
    assert status == 1
    for line in expected:
        assert line in [text.removeprefix("error: ") for text in printed.splitlines()], printed


def test_one_violation_is_one_error(tree):
    """A cycle is printed once, whichever of its files one begins with, and nothing else beside it."""
    changes, expected = VIOLATIONS["cycle of three files"]
    assert check(tree(changes)) == (1, "".join(f"{line}\n" for line in ["error: " + expected[0], *expected[1:]]))


def test_every_cycle_of_a_knot_is_printed(tree):
    """Two cycles through one file are two errors."""
    root = tree({"core/tree/a.h": '#include "core/tree/b.h"\n#include "core/tree/c.h"\n',
                 "core/tree/b.h": '#include "core/tree/a.h"\n', "core/tree/c.h": '#include "core/tree/a.h"\n'})
    status, printed = check(root)
    assert status == 1
    assert printed.count("error: ") == 2
    assert "core/tree/a -> core/tree/b -> core/tree/a\n" in printed
    assert "core/tree/a -> core/tree/c -> core/tree/a\n" in printed


def test_names_of_files_that_are_there_pass(tree):
    """A README names files by the path from the root, with a suffix or without, or from its own folder."""
    text = "`tree.h`, `nodes`, `core/base/error.h`, `core/tree/tree`, `fs/serve/`, `a.npy`, `np.save`\n"
    assert check(tree({"core/tree/README.md": text})) == (0, "")


def test_a_long_test_is_a_warning(tree):
    """Tests and scripts may be longer: the output says so, and the status is 0."""
    root = tree({"tests/test_tree.py": "\n" * 351, "scripts/run": "\n" * 352, "tests/data.npy": "\n" * 400})
    assert check(root) == (0, "warning: tests/test_tree.py has 351 lines, more than 350\n"
                              "warning: scripts/run has 352 lines, more than 350\n")


def test_a_tree_without_sources_fails(tmp_path):
    """A wrong root is an error: nothing would be checked."""
    assert check(tmp_path) == (1, f"error: {tmp_path} has no sources in core or fs\n")
