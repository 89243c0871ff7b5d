"""The man page, the completions and the README: they know every option that npyfs --help knows."""

import os
import pty
import re
import select
import subprocess
import time
from pathlib import Path

import pytest

import mount as mounting

ROOT = Path(__file__).resolve().parents[2]
MAN_PAGE = ROOT / "fs/install/npyfs.1"
BASH, ZSH = ROOT / "fs/install/npyfs.bash", ROOT / "fs/install/npyfs.zsh"


def help_text():
    return mounting.run("--help").stdout


def mount_options():
    """Every option of -o that --help shows."""
    options = set(re.findall(r"^  -o ([a-z_]+)", help_text(), re.MULTILINE))
    return options | set(re.search(r"-o allow_root, (.*): as in", help_text()).group(1).replace("=NAME", "").split(", "))


def flags():
    """Every other option that --help shows; -u is that of fusermount3."""
    return set(re.findall(r"(?<![\w-])--?[a-zA-Z][a-z-]*", help_text())) - {"-o", "-u"}


def rendered_man_page():
    environment = {**os.environ, "LC_ALL": "C.UTF-8", "MANWIDTH": "100", "MAN_KEEP_FORMATTING": "", "GROFF_NO_SGR": "1"}
    ran = subprocess.run(["man", "--warnings", "-l", MAN_PAGE], capture_output=True, text=True, env=environment, check=True)
    assert ran.stderr == ""
    return re.sub(r".\x08", "", ran.stdout)


def test_the_man_page_has_no_warning_and_every_option():
    """npyfs(1) is clean mdoc and has every option and exit status."""
    text = rendered_man_page()
    assert len(mount_options()) > 12 and len(flags()) > 12
    for option in mount_options():
        assert f"-o {option}" in text, option
    for flag in flags():
        assert re.search(rf"(?<![\w-]){flag}(?![\w-])", text) or "-fd" in text and flag in ("-f", "-d"), flag
    for status in range(4):
        assert re.search(rf"^ +{status}  ", text, re.MULTILINE)
    for path in ("chunks/16/03_of_16.npy", "chunks/aligned/", "axis1/slices/0_to_3.npy", "error.txt", "info.json", ".npyfs/"):
        assert path in text


@pytest.mark.parametrize("completion", [BASH, ZSH], ids=["bash", "zsh"])
def test_completions_know_every_option(completion):
    """bash and zsh complete every option that --help shows."""
    text = completion.read_text()
    for option in mount_options():
        assert re.search(rf"\b{option}\b", text), option
    for flag in flags():
        assert flag in text, flag


def test_the_readme_knows_every_option():
    """The README's reference has every option."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    for name in mount_options() | flags():
        assert name in text, name


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
    assert complete("--check", "x", "--") == ["--json"]
    assert complete("--export", "x", "--") == ["--chunks", "--axis"]
    assert complete("-o", "chu") == ["chunks="]
    assert complete("-o", "ro,direct") == ["ro,direct_io"]
    assert complete("-o", "ro,loglevel", "=") == ["error", "warning", "notice", "info", "debug"]
    assert complete("-o", "source_io", "=", "m") == ["mmap"]
    assert complete("-o", "chunks", "=", "") == [""]
    assert complete("a", directory=scratch) == ["a dir"]
    assert complete("--export", "da", directory=scratch) == ["data.npy"]


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
    finally:
        os.kill(child, 9)
        os.waitpid(child, 0)
        os.close(terminal)
