"""The tools that people use on files: each gets the right bytes, and numbers that make sense."""

import hashlib
import http.client
import os
import re
import socket
import subprocess
import urllib.request

import numpy as np
import pytest

import arrays
import mount as mounting
import recipes

# Chunks that the kernel caches and chunks that are read directly.
ARRAYS = {"rows.npy": np.arange(150_003).reshape(50_001, 3), "small.npy": np.arange(30, dtype="<f4").reshape(10, 3)}
CHUNKS = {f"{name}/chunks/4/{i}_of_4.npy": arrays.saved(part) for name, array in ARRAYS.items()
          for i, part in enumerate(np.array_split(array, 4))}


@pytest.fixture(scope="module")
def place(module_scratch, module_mount):
    """A folder with mnt/, where the arrays are mounted."""
    source = module_scratch / "source"
    source.mkdir()
    for name, array in ARRAYS.items():
        np.save(source / name, array)
    os.utime(source / "rows.npy", (1e9, 1e9))  # older than small.npy
    (module_scratch / "mnt").mkdir()
    module_mount(source, "chunks=4", at=module_scratch / "mnt")
    return module_scratch


def shell(place, command, **more):
    """What a shell prints; a failure or a word on stderr fails the test."""
    ran = subprocess.run(["/bin/bash", "-o", "pipefail", "-euc", command], cwd=place, capture_output=True, text=True,
                         timeout=2 * mounting.DEADLINE, **more)
    assert (ran.returncode, ran.stderr) == (0, ""), f"{command}\n{ran.stdout}{ran.stderr}"
    return ran.stdout


def files_below(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def chunks_of(name):
    return {path.rpartition("/")[2]: content for path, content in CHUNKS.items() if path.startswith(name)}


def assert_has_the_chunks(folder, name="rows.npy"):
    assert files_below(folder) == chunks_of(name)


def test_the_recipe(place):
    """Each line of shell_tools.sh does what it says."""
    script = recipes.RECIPES / "shell_tools.sh"
    shell(place, f"sh {script} mnt/rows.npy .")
    assert_has_the_chunks(place / "copies")
    assert_has_the_chunks(place / "mirror")
    rows = chunks_of("rows.npy")
    assert shell(place, "tar -xOf shares.tar 4/2_of_4.npy | sha256sum") == (
        hashlib.sha256(rows["2_of_4.npy"]).hexdigest() + "  -\n")
    sums = [line.split() for line in (place / "sums").read_text().splitlines()]
    assert sums == [[hashlib.sha256(content).hexdigest(), name]
                    for name, content in rows.items()]
    assert (place / "ten.bin").read_bytes() == ARRAYS["rows.npy"][:10].tobytes()
    assert (place / "listed").read_text().split() == [f"./chunks/{i}_of_4.npy" for i in range(4)]


@pytest.mark.parametrize("name", ARRAYS)
@pytest.mark.parametrize("options", ["", "--sparse=always", "--reflink=auto", "--archive"])
def test_cp(place, name, options):
    """Copies have the bytes of np.save, whatever cp does about holes and reflinks."""
    shell(place, f"rm -rf copied; cp --recursive {options} mnt/{name}/chunks/4 copied")
    assert_has_the_chunks(place / "copied", name)


@pytest.mark.parametrize("name", ARRAYS)
def test_tar(place, name):
    """An archive has no holes and no short members: sizes and blocks are what they should be."""
    said = shell(place, f"rm -rf tarred; mkdir tarred; tar --sparse -cf - -C mnt/{name}/chunks 4 | "
                        "tar -xvf - -C tarred --strip-components=1")
    assert len(said.splitlines()) == 4
    assert_has_the_chunks(place / "tarred", name)


def test_rsync(place):
    """The second time rsync finds nothing to do: sizes and times stay the same. It can compare bytes, too."""
    sync = "rsync --archive --itemize-changes mnt/rows.npy/chunks/4/ synced/"
    assert shell(place, sync).count("npy\n") == 4
    assert shell(place, sync) == ""
    assert shell(place, sync + " --checksum") == ""
    assert_has_the_chunks(place / "synced")


def test_dd(place):
    """Blocks of any size at any place, through the page cache or past it."""
    content = CHUNKS["rows.npy/chunks/4/1_of_4.npy"]
    for flags, size, skip, count in (("fullblock", 1000, 3, 7), ("direct", 4096, 2, 5), ("direct", 1 << 20, 0, 9)):
        shell(place, f"dd if=mnt/rows.npy/chunks/1_of_4.npy of=part iflag={flags} bs={size} skip={skip} count={count} "
                     "status=none")
        assert (place / "part").read_bytes() == content[skip * size:(skip + count) * size], (flags, size)


def test_du_and_find(place):
    """du counts each file with its size, find sees types, sizes and times, and both end."""
    size = len(CHUNKS["rows.npy/chunks/4/0_of_4.npy"])
    chunk = "mnt/rows.npy/chunks/0_of_4.npy"
    assert shell(place, f"du --apparent-size --block-size=1 {chunk}") == f"{size}\t{chunk}\n"
    assert size <= int(shell(place, f"du --block-size=1 {chunk}").split()[0]) < size + 8192
    folder = place / "mnt/rows.npy/chunks/4"
    total = sum(map(len, chunks_of("rows.npy").values()))
    assert shell(place, f"du --bytes --summarize {folder}") == f"{total + folder.stat().st_size}\t{folder}\n"
    assert shell(place, f"find mnt -type f -name '*_of_4.npy' -size -{size + 1}c -size +{size - 1}c").split() == [chunk]
    assert shell(place, "find mnt -mindepth 1 -newer source/rows.npy -name '*of*'").split() == [
        f"mnt/small.npy/chunks/{i}_of_4.npy" for i in range(4)]
    assert shell(place, f"stat --format='%s %F' {chunk}; wc --bytes < {chunk}") == f"{size} regular file\n{size}\n"


def test_grep(place):
    """grep finds what is in headers and bodies, at the right places, and goes through the whole tree."""
    expected = sorted(f"mnt/{name}/{path}" for name in ARRAYS
                      for path in ["source.npy"] + [f"chunks/{i}_of_4.npy" for i in range(4)])
    assert shell(place, "grep --recursive --files-with-matches NUMPY mnt | sort").split() == expected
    whole = arrays.saved(ARRAYS["rows.npy"])
    needle = np.int64(149_000).tobytes()
    pattern = "".join(f"\\x{byte:02x}" for byte in needle)
    found = shell(place, f"LC_ALL=C grep -obUaP '{pattern}' mnt/rows.npy/source.npy | cut -d: -f1", errors="replace")
    assert found.split() == [str(match.start()) for match in re.finditer(re.escape(needle), whole)]


def test_inotifywait(scratch, source, mount):
    """inotify tells of what programs do in the mount; what changes in SOURCE is no event there."""
    np.save(source / "rows.npy", ARRAYS["rows.npy"])
    mounted = mount(source)
    watched = mounted / "rows.npy/chunks/2"
    with subprocess.Popen(["inotifywait", "--monitor", "--format=%e %f", watched], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True) as watcher:
        try:
            while watcher.stderr.readline() != "Watches established.\n":
                assert watcher.poll() is None
            np.save(source / "rows.npy", ARRAYS["rows.npy"] + 1)
            (watched / "1_of_2.npy").read_bytes()
            events = [watcher.stdout.readline() for _ in range(3)]
            assert [events[0], events[1]] == ["OPEN 1_of_2.npy\n", "ACCESS 1_of_2.npy\n"]
        finally:
            watcher.terminate()


def get(url, **headers):
    with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=mounting.DEADLINE) as answer:
        return answer.status, answer.headers, answer.read()


def test_python_http_server(place):
    """python3 -m http.server serves listings and files, with the right lengths; it knows no ranges, and sends all."""
    command = ["/usr/bin/python3", "-u", "-m", "http.server", "--bind=127.0.0.1", "--directory=mnt", "0"]
    with subprocess.Popen(command, cwd=place, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server:
        try:
            url = re.search(r"http://[\d.:]+/", server.stdout.readline()).group()
            for path, content in CHUNKS.items():
                status, headers, body = get(url + path)
                assert (status, headers["Content-Length"], body) == (200, str(len(content)), content), path
            status, headers, body = get(url + path, Range="bytes=10-19")
            assert (status, "Content-Range" in headers, body) == (200, False, content)
            listing = get(url + "rows.npy/chunks/3/")[2].decode()
            assert re.findall(r">(\d_of_3\.npy)<", listing) == ["0_of_3.npy", "1_of_3.npy", "2_of_3.npy"]
        finally:
            server.terminate()


def get_range(folder, path, first, last):
    """Asks busybox's web server, which answers one request on a socket that it is given as stdin and stdout."""
    ours, theirs = socket.socketpair()
    with ours, theirs, subprocess.Popen(["busybox", "httpd", "-i", "-h", folder], stdin=theirs, stdout=theirs):
        theirs.close()
        connection = http.client.HTTPConnection("localhost")
        connection.sock = ours
        connection.request("GET", f"/{path}", headers={"Range": f"bytes={first}-{last}"})
        answer = connection.getresponse()
        return answer.status, answer.headers["Content-Range"], answer.read()


def test_a_web_server_with_ranges(place):
    """A server that answers ranges: the right bytes of the right chunk."""
    for path, content in CHUNKS.items():
        first, last = len(content) // 3, len(content) // 2
        expected = (206, f"bytes {first}-{last}/{len(content)}", content[first:last + 1])
        assert get_range(place / "mnt", path, first, last) == expected, path


def test_sftp(place):
    """sftp fetches whole directories, and goes on where a transfer was broken off."""
    content = CHUNKS["rows.npy/chunks/4/3_of_4.npy"]
    (place / "broken").write_bytes(content[:12345])
    (place / "batch").write_text("get -rp mnt/rows.npy/chunks/4 fetched\nreget mnt/rows.npy/chunks/3_of_4.npy broken\n")
    shell(place, "sftp -q -b batch -D /usr/lib/openssh/sftp-server >/dev/null")
    assert_has_the_chunks(place / "fetched")
    assert (place / "broken").read_bytes() == content
