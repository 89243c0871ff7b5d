"""check_prose.py [FILE...]: sentences of the documents that are too long to be read once. Prints each, then exits with 1.

Run by scripts/check. FILE: Markdown; default: every document for users and developers. A sentence ends with a full stop,
colon, semicolon, question mark or exclamation mark; a paragraph, an item of a list and a cell of a table end one, too.
Code in backquotes counts as one word, and fenced blocks are skipped.
"""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
DOCUMENTS = ("README.md", ".github/CONTRIBUTING.md", ".github/SECURITY.md", "core/README.md", "fs/README.md", "fs/man/npyfs.1.md",
             "fs/man/npyfs.7.md", "tests/README.md", "tests/recipes/README.md")
MAX_WORDS = 25

FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
# What begins a block: an item, a row of a table, a heading; and a blank line.
BLOCK = re.compile(r"\n\s*\n|\n(?=\s*[-*] |\s*\d+\. |\||#)")
CELL = re.compile(r"(?<!\\)\|")
END = re.compile(r"(?<=[.:;?!])[)*_\"']*\s+")
CODE = re.compile(r"`[^`]+`")
LINK = re.compile(r"!?\[([^]]*)\]\([^)]*\)")


def sentences(text):
    """The sentences of a document, each as one line."""
    text = COMMENT.sub("", FENCE.sub("\n\n", text))
    text = CODE.sub(lambda code: "`" + re.sub(r"\W+", "", code.group()) + "`", text)
    for block in BLOCK.split(LINK.sub(r"\1", text)):
        for cell in CELL.split(block) if block.lstrip().startswith("|") else [block]:
            yield from (" ".join(sentence.split()) for sentence in END.split(cell) if sentence.strip())


def words(sentence):
    return re.findall(r"[\w`][\w`'.,/-]*", sentence)


def long_sentences(text):
    return [sentence for sentence in sentences(text) if len(words(sentence)) > MAX_WORDS]


def main():
    found = 0
    for name in sys.argv[1:] or [ROOT / document for document in DOCUMENTS]:
        for sentence in long_sentences(pathlib.Path(name).read_text(encoding="utf-8")):
            found += 1
            print(f"error: {name}: {len(words(sentence))} words, more than {MAX_WORDS}: {sentence}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
