"""The man pages, the completions and the READMEs: they know what the program and the repository have."""

import json
import os
import pty
import re
import select
import subprocess
import time
from pathlib import Path

import numpy as np
import pytest

import mount as mounting

ROOT = Path(__file__).resolve().parents[2]
MAN_1, MAN_7 = ROOT / "fs/man/npyfs.1.md", ROOT / "fs/man/npyfs.7.md"
BASH, ZSH = ROOT / "fs/install/npyfs.bash", ROOT / "fs/install/npyfs.zsh"


def help_text():
    return mounting.run("--help").stdout


def mount_options():
    """Every option of -o that --help shows; a line may show several."""
    lists = re.findall(r"^  -o ((?:[a-z0-9_]+(?:=[A-Z]+)?(?:, )?)+)", help_text(), re.MULTILINE)
    return {option for found in lists for option in re.findall(r"[a-z0-9_]+", found)}


# Taken for the sake of those who know other FUSE filesystems, and left out of --help, which is one screen.
NOT_IN_HELP = {"debug", "max_read"}


def flags():
    """Every other option that --help shows; -u is that of fusermount3."""
    return set(re.findall(r"(?<![\w-])--?[a-zA-Z][a-z-]*", help_text())) - {"-o", "-u"}


def rendered_man_page(section, width=100):
    """What man shows of the page that the build has made; it must have nothing to object to."""
    environment = {**os.environ, "LC_ALL": "C.UTF-8", "MANWIDTH": str(width), "MAN_KEEP_FORMATTING": "", "GROFF_NO_SGR": "1"}
    page = Path(mounting.binary()).parent / f"npyfs.{section}.gz"
    ran = subprocess.run(["man", "--warnings", "-l", page], capture_output=True, text=True, env=environment, check=True)
    assert ran.stderr == ""
    return re.sub(r".\x08", "", ran.stdout)


def test_help_shows_what_the_program_takes():
    """--help shows every flag that the program knows, and no other. (The unit tests of the table of mount options see to
    those of -o.)"""
    table = re.search(r"kOptions\[\] = \{(.*?)^\};", (ROOT / "fs/options/mount_options.cc").read_text(), re.MULTILINE | re.DOTALL)
    commands = {name: re.search(r"kFlags\[\] = (.*);", (ROOT / f"fs/commands/{name}_command.cc").read_text()).group(1)
                for name in ("check", "create", "export")}
    long_flags = {"--" + flag for text in commands.values() for flag in re.findall(r'"([a-z-]{2,})"', text)}
    short_flags = set(re.findall(r'"(--?[a-zA-Z]+)", Value::kNone, In::kHelp', table.group(1)))
    assert flags() == long_flags | short_flags


def test_the_man_page_has_no_other_options():
    """What the tables of npyfs(1) list is what --help shows, and what is left out there."""
    text = MAN_1.read_text(encoding="utf-8")
    listed = set(re.findall(r"^\| (?:`-d`, )?`-o ([a-z0-9_]+)", text, re.MULTILINE))
    assert listed == mount_options() | {"debug"}
    in_words = set(re.findall(r"`([a-z0-9_]+)", re.search(r"^- npyfs takes what other FUSE.*", text, re.MULTILINE).group()))
    assert mount_options() | NOT_IN_HELP == listed | in_words


def test_the_man_page_has_every_option():
    """npyfs(1) has every option and exit status."""
    text = rendered_man_page(1)
    assert len(mount_options()) > 12 and len(flags()) > 12
    for option in mount_options():
        assert f"-o {option}" in text, option
    for flag in flags():
        assert re.search(rf"(?<![\w-]){flag}(?![\w-])", text), flag
    for status in range(4):
        assert re.search(rf"^ +{status}  ", text, re.MULTILINE)


@pytest.mark.parametrize("section", [1, 7])
def test_man_pages_are_whole(section):
    """man shows both pages without a warning on a terminal of 80 columns, whatis finds them, and no Markdown is left."""
    text = rendered_man_page(section, 80)
    assert max(map(len, text.splitlines())) <= 80
    page = Path(mounting.binary()).parent / f"npyfs.{section}.gz"
    assert subprocess.run(["lexgrog", page], capture_output=True, text=True, check=True).stdout.count("npyfs - ") == 1
    assert not re.search(r"\*\*|`|\]\(|^ *#", text, re.MULTILINE)
    source = (MAN_1, MAN_7)[section == 7].read_text(encoding="utf-8")
    for title in re.findall(r"^##+ (.*)$", source, re.MULTILINE):
        assert title in text, title


def test_the_manual_names_what_is_in_a_mount(source, mount):
    """npyfs(7) names everything that a mount lists, and every file of .npyfs."""
    np.save(source / "data.npy", np.zeros((20, 3), [("x", "<f4")]))
    (source / "broken.npy").write_bytes(b"no array")
    mounted, text = mount(source, "rw"), MAN_7.read_text(encoding="utf-8")
    for name in {re.sub("axis[0-9]", "axisK", name) for array in ("data.npy", "broken.npy") for name in os.listdir(mounted / array)}:
        assert f"`{name}" in text, name
    assert len(os.listdir(mounted / ".npyfs")) == 5
    for name in os.listdir(mounted / ".npyfs"):
        assert f"| `{name}` |" in text, name
    for key in {key for array in ("data.npy", "broken.npy") for key in json.loads((mounted / array / "info.json").read_text())}:
        assert re.search(rf"^\| .*`{key}`.* \|", text, re.MULTILINE), key
    for metric in re.findall(r"^# TYPE npyfs_(\w+)", (mounted / ".npyfs/metrics").read_text(), re.MULTILINE):
        assert f"`{metric}`" in text, metric


@pytest.mark.parametrize("completion", [BASH, ZSH], ids=["bash", "zsh"])
def test_completions_know_every_option(completion):
    """bash and zsh complete every option that --help shows."""
    text = completion.read_text()
    for option in mount_options():
        assert re.search(rf"\b{option}\b", text), option
    for flag in flags():
        assert flag in text, flag


CONTRIBUTING, TESTS_README = ROOT / ".github/CONTRIBUTING.md", ROOT / "tests/README.md"
DOCUMENTS = [ROOT / "README.md", CONTRIBUTING, ROOT / ".github/SECURITY.md", TESTS_README, ROOT / "tests/recipes/README.md",
             ROOT / "core/README.md", MAN_1, MAN_7]


def test_the_documents_know_every_command_and_folder():
    """What lies in scripts/ and tests/ is in the tables for those who contribute."""
    contributing, of_tests = CONTRIBUTING.read_text(encoding="utf-8"), TESTS_README.read_text(encoding="utf-8")
    for script in (ROOT / "scripts").iterdir():
        assert not os.access(script, os.X_OK) or script.is_dir() or f"`scripts/{script.name}" in contributing, script
    for folder in (ROOT / "tests").iterdir():
        assert not folder.is_dir() or folder.name == "__pycache__" or f"`tests/{folder.name}/`" in of_tests, folder


def test_the_documents_know_every_variable():
    """tests/README.md lists the variables of the environment that tests read."""
    read = {name for suffix in ("py", "cc") for path in (ROOT / "tests").rglob(f"*.{suffix}") if path != Path(__file__)
            for name in re.findall(r"""(?:environ\.get\(|environ\[|getenv\(|long_form\()["'](NPYFS_\w+)""", path.read_text())}
    assert len(read) > 12
    listed = set(re.findall(r"`(NPYFS_[A-Z_]+)[=`]", TESTS_README.read_text(encoding="utf-8")))
    assert read == listed


def test_what_the_documents_say_of_files_is_there():
    """The files and folders that the documents name exist."""
    named = {document: set(re.findall(r"`((?:core|fs|tests|scripts)/[A-Za-z0-9_./-]*)", document.read_text(encoding="utf-8")))
             for document in DOCUMENTS}
    assert len(named[ROOT / "core/README.md"]) > 20
    missing = [(document, name) for document, names in named.items() for name in names
               if not (ROOT / name).exists() and not list(ROOT.glob(f"{name}.*"))]
    assert missing == []


def anchors(document):
    """The headings of a document as links name them."""
    return {re.sub(r"[^a-z0-9 -]", "", title.lower()).replace(" ", "-")
            for title in re.findall(r"^#+ (.*)$", document.read_text(encoding="utf-8"), re.MULTILINE)}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: str(document.relative_to(ROOT)))
def test_links_lead_somewhere(document):
    """Links to files, and to headings of this document and of others."""
    links = re.findall(r"\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)", document.read_text(encoding="utf-8"))
    assert links
    for path, anchor in links:
        target = document.parent / path if path else document
        assert target.exists(), path
        assert not anchor or anchor in anchors(target), (path, anchor)


def complete(*words, directory=None):
    """What bash offers for the last of these words."""
    script = 'source "$1"; shift; COMP_WORDS=(npyfs "$@"); COMP_CWORD=$#; _npyfs; printf "%s\\n" "${COMPREPLY[@]}"'
    ran = subprocess.run(["bash", "-uc", script, "bash", BASH, *words], capture_output=True, text=True, cwd=directory)
    assert ran.stderr == ""
    return ran.stdout.split("\n")[:-1]


def test_bash_completes(scratch):
    """bash completes flags, options in lists, values, and files."""
    (scratch / "a dir").mkdir()
    (scratch / "data.npy").touch()
    assert complete("--ch", directory=scratch) == ["--check"]
    assert complete("--check", "x", "-") == ["--json", "--joined", "-o"]
    assert complete("--export", "x", "-") == ["--chunks", "--axis", "-o"]
    assert complete("--check", "x", "-o", "follow_symlinks,su") == ["follow_symlinks,suffix="]
    assert complete("-o", "chu") == ["chunks="]
    assert complete("-o", "ro,direct") == ["ro,direct_io"]
    assert complete("-o", "ro,loglevel", "=") == ["error", "warning", "notice", "info", "debug"]
    assert complete("-o", "source_io", "=", "m") == ["mmap"]
    assert complete("-o", "chunks", "=", "") == [""]
    assert complete("a", directory=scratch) == ["a dir"]
    assert complete("--export", "da", directory=scratch) == ["data.npy"]
    assert complete("--export", "--chunks", "4", "da", directory=scratch) == ["data.npy"]
    assert complete("--check", "--json", "", directory=scratch) == ["a dir"]
    assert "chmod" in complete("source", "--", "chmo")
    assert complete("source", "--", "cat", "da", directory=scratch) == ["data.npy"]


def test_zsh_completes(scratch):
    """zsh completes flags, options and values, in a shell as people use it."""
    functions = scratch / "functions"
    functions.mkdir()
    (functions / "_npyfs").write_text(ZSH.read_text())
    child, terminal = pty.fork()
    if child == 0:
        os.chdir(scratch)
        os.execvpe("zsh", ["zsh", "-f", "-i"], {"PATH": os.environ["PATH"], "TERM": "dumb", "HOME": str(scratch), "PS1": "> "})
    try:
        shown = ""

        def type_and_expect(keys, expected):
            nonlocal shown
            os.write(terminal, keys.encode())
            shown, end = "", time.monotonic() + mounting.DEADLINE
            while expected not in shown:
                assert time.monotonic() < end and select.select([terminal], [], [], mounting.DEADLINE)[0], shown
                shown += os.read(terminal, 4096).decode(errors="replace")

        type_and_expect(f"fpath=({functions} $fpath); autoload -U compinit; compinit -u -D; echo re''ady\r", "ready")
        type_and_expect("npyfs --chec\t", "npyfs --check ")
        type_and_expect("\x15npyfs -o chun\t", "chunks=")
        type_and_expect("\x15npyfs -o ro,loglevel=not\t", "notice")
        type_and_expect("\x15npyfs --export x --ax\t", "--axis ")
        (scratch / "unmistakable").touch()
        type_and_expect("\x15npyfs source -- cat unmis\t", "unmistakable ")
    finally:
        os.kill(child, 9)
        os.waitpid(child, 0)
        os.close(terminal)
