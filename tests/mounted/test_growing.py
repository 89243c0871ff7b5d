"""Files other than arrays that grow while somebody has them open."""

import os
import subprocess
import time

import pytest

LINE = b"a line of a log\n"
# Small files are read through the page cache, large ones past it.
SIZES = [len(LINE), 4096 * 3, 1 << 22]


@pytest.fixture
def log(source):
    path = source / "log.txt"
    path.write_bytes(LINE)
    return path


def append(path, data):
    with open(path, "ab") as file:
        file.write(data)


@pytest.mark.parametrize("options", [(), ("direct_io",), ("kernel_cache",)], ids=lambda options: " ".join(options))
@pytest.mark.parametrize("size", SIZES)
def test_an_open_file_has_what_is_appended(log, source, mount, size, options):
    """A file other than an array grows for whoever holds it open, as the file in the source does."""
    log.write_bytes((LINE * (size // len(LINE)))[:size])
    mounted = mount(source, *options)
    with open(mounted / "log.txt", "rb", buffering=0) as file:
        got = b""
        while part := file.read(1 << 20):
            got += part
        for data in (b"x", LINE * 300, b"y" * 5000, LINE):
            append(log, data)
            mounted.wait_until(lambda: os.fstat(file.fileno()).st_size == log.stat().st_size, "the new size")
            while part := file.read(1 << 20):
                got += part
            assert got == log.read_bytes()
            assert os.pread(file.fileno(), 100, len(got) - 3) == got[-3:]
        assert os.fstat(file.fileno()).st_mtime_ns == log.stat().st_mtime_ns


def test_a_file_that_is_replaced_does_not_grow(log, source, mount):
    """An open file that is replaced stays as it was."""
    mounted = mount(source)
    with open(mounted / "log.txt", "rb", buffering=0) as file:
        assert file.read() == LINE
        (source / "new").write_bytes(LINE * 10)
        os.rename(source / "new", log)
        mounted.wait_until(lambda: (mounted / "log.txt").stat().st_size == 10 * len(LINE), "the new file")
        assert file.read() == b"" and os.fstat(file.fileno()).st_size == len(LINE)


@pytest.mark.parametrize("tail", [["tail", "-n", "+1", "-f"], ["tail", "-n", "+1", "-F"], ["busybox", "tail", "-n", "+1", "-f"]], ids=" ".join)
def test_tail_f_shows_new_lines(log, source, mount, tail):
    """`tail -f` shows new lines."""
    mounted = mount(source)
    with subprocess.Popen([*tail, mounted / "log.txt"], stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout.readline() == LINE
            for number in range(3):
                time.sleep(0.1)
                append(log, b"%d\n" % number)
                assert process.stdout.readline() == b"%d\n" % number
        finally:
            process.kill()
