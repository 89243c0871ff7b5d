"""scripts/check_prose.py finds sentences that are too long, and nothing else."""

import runpy
import subprocess
import sys
from pathlib import Path

import pytest

CHECK = Path(__file__).resolve().parents[2] / "scripts/check_prose.py"
PROSE = runpy.run_path(str(CHECK))
MAX = PROSE["MAX_WORDS"]
LONG, SHORT = " ".join(["word"] * (MAX + 1)), " ".join(["word"] * MAX)


def check(path, text):
    path.write_text(text, encoding="utf-8")
    ran = subprocess.run([sys.executable, CHECK, path], capture_output=True, text=True)
    return ran.returncode, ran.stdout.count("error: ")


@pytest.mark.parametrize("text", [
    f"{LONG}.\n", f"- {SHORT}\n  word.\n", f"| cell | {LONG} |\n", f"# Title\n{LONG}\n", f"One. {LONG}. Two.\n",
    f"(See [a word]({SHORT.replace(' ', '/')}) {SHORT}.)\n",
], ids=["paragraph", "item of two lines", "cell", "below a title", "in the middle", "link"])
def test_a_long_sentence_is_found(tmp_path, text):
    """In paragraphs, in items of lists, in cells of tables."""
    assert check(tmp_path / "long.md", text) == (1, 1)


@pytest.mark.parametrize("text", [
    f"{SHORT}. {SHORT}: {SHORT}; {SHORT}\n", f"- {SHORT}\n- {SHORT}\n", f"| {SHORT} | {SHORT} |\n| {SHORT} | |\n",
    f"{SHORT}\n\n{SHORT}\n", f"```sh\n{LONG}\n```\n", f"`{LONG}` {SHORT.rpartition(' ')[0]}.\n", f"<!-- {LONG} -->\n",
], ids=["sentences", "items", "cells", "paragraphs", "fenced block", "code is one word", "comment"])
def test_short_sentences_pass(tmp_path, text):
    """A full stop, a colon, an item, a cell and a blank line end a sentence; code is one word, and fenced blocks are skipped."""
    assert check(tmp_path / "short.md", text) == (0, 0)


def test_the_documents_pass():
    """The documents of this repository have no sentence that is too long."""
    ran = subprocess.run([sys.executable, CHECK], capture_output=True, text=True)
    assert (ran.returncode, ran.stdout) == (0, "")
