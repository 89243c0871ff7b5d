"""What .npyfs/ tells: the metrics, read by Prometheus's own parser, and the status."""

import concurrent.futures
import errno
import os
import subprocess

import numpy as np
import pytest
from prometheus_client.parser import text_string_to_metric_families

import mount as mounting

LARGE = np.arange(1_000_000.0)
DURATIONS = "npyfs_operation_duration_seconds"


@pytest.fixture
def mounted(source, mount):
    np.save(source / "large.npy", LARGE)
    np.save(source / "small.npy", np.arange(100))
    (source / "short.npy").write_bytes((source / "small.npy").read_bytes()[:-1])
    return mount(source)


def families(mounted):
    return {family.name: family for family in text_string_to_metric_families((mounted / ".npyfs/metrics").read_text())}


def samples(mounted):
    """(name, labels) -> value, as Prometheus reads them."""
    return {(sample.name, tuple(sorted(sample.labels.items()))): sample.value
            for family in families(mounted).values() for sample in family.samples}


def count(mounted, operation):
    """How many requests of a kind have come in."""
    return samples(mounted)["npyfs_operations_total", (("operation", operation),)]


def errors(mounted, operation, name):
    return samples(mounted).get(("npyfs_operation_errors_total", (("error", name), ("operation", operation))), 0)


def test_prometheus_reads_them(mounted):
    """Every metric has a type and a help text; names and types are as Prometheus wants them."""
    np.load(mounted / "large.npy/chunks/0_of_1.npy")
    found = families(mounted)
    types = {name: family.type for name, family in found.items()}
    assert all(family.documentation for family in found.values())
    assert "unknown" not in types.values()
    assert types["npyfs_reads"] == types["npyfs_failed_writes"] == types["npyfs_operation_errors"] == "counter"
    assert types["npyfs_open_files"] == types["npyfs_nodes"] == types["npyfs_mappings"] == "gauge"
    assert types[DURATIONS] == "histogram"
    version = (mounted / ".npyfs/version").read_text().strip()
    assert [sample.labels for sample in found["npyfs_info"].samples] == [{"version": version}]


def test_histograms_add_up(mounted):
    """Buckets ascend to the count of the operation; the sum is what such operations may take."""
    for name in ("large.npy", "small.npy"):
        np.load(mounted / name / "chunks/0_of_1.npy")
    kinds = {}
    for sample in families(mounted)[DURATIONS].samples:
        kinds.setdefault(sample.labels["operation"], []).append(sample)
    assert {"lookup", "open", "read", "release", "getattr", "readdirplus", "write", "other"} <= set(kinds)
    for kind, found in kinds.items():
        buckets = [(float(sample.labels["le"]), sample.value) for sample in found if sample.name.endswith("_bucket")]
        total, = (sample.value for sample in found if sample.name.endswith("_count"))
        seconds, = (sample.value for sample in found if sample.name.endswith("_sum"))
        assert buckets == sorted(buckets) and [value for _, value in buckets] == sorted(value for _, value in buckets)
        assert buckets[-1] == (float("inf"), total)
        assert 0 <= seconds <= total * mounting.DEADLINE and (seconds > 0) == (total > 0), kind


def test_operations_are_counted(mounted):
    """Operations by kind, bytes, and what is open."""
    before = samples(mounted)
    with open(mounted / "large.npy/chunks/0_of_2.npy", "rb") as chunk:
        whole = len(chunk.read())
        assert mounted.metric("open_files") == 1 and mounted.metric("mappings") >= 1
        assert mounted.metric("read_bytes_total") - before["npyfs_read_bytes_total", ()] >= whole
    for kind in ("lookup", "open", "read", "release"):
        for name in "npyfs_operations_total", DURATIONS + "_count":
            sample = name, (("operation", kind),)
            mounted.wait_until(lambda: samples(mounted)[sample] > before[sample], kind)
    listing = os.scandir(mounted / "large.npy/chunks")
    next(listing)
    assert mounted.metric("open_directories") == 1
    listing.close()
    mounted.wait_until(lambda: mounted.metric("open_directories") == 0, "end of the listing")
    mounting.wait_until_not_racy(mounted.source / "small.npy")
    preloaded = mounted.metric("preloaded_bytes_total")
    size = len((mounted / "small.npy/chunks/0_of_1.npy").read_bytes())
    assert mounted.metric("preloaded_bytes_total") - preloaded == size
    assert mounted.metric("failed_writes_total") == 0


def test_ls_asks_once_for_what_no_file_has(mounted):
    """It takes as many requests for attributes for many names as for one: each of the three kinds is asked for once."""
    def asked(directory):
        before = count(mounted, "getxattr")
        subprocess.run(["ls", "-l", mounted / directory], check=True, capture_output=True)
        return count(mounted, "getxattr") - before
    assert asked("large.npy/chunks/500") <= asked("large.npy/chunks/1") <= 3


def test_errors_are_counted_by_kind(mounted):
    """Each error has been counted, by operation and errno, when the caller hears of it."""
    with pytest.raises(FileNotFoundError):
        os.stat(mounted / "large.npy/chunks/2_of_2.npy")
    assert errors(mounted, "lookup", "ENOENT") > 0
    with pytest.raises(OSError) as refused:
        os.getxattr(mounted / "small.npy/chunks/0_of_1.npy", "user.npyfs.none")
    assert refused.value.errno == errno.ENODATA and errors(mounted, "getxattr", "ENODATA") == 1
    with open(mounted / "large.npy/chunks/1_of_2.npy", "rb") as chunk:
        os.truncate(mounted.source / "large.npy", 4096)
        with pytest.raises(OSError) as refused:
            chunk.read()
    assert refused.value.errno == errno.EIO and errors(mounted, "read", "EIO") >= 1
    assert mounted.metric("errors_total") >= 1


def test_what_writers_do_is_counted(source, mount):
    """Writes, their bytes, and those that failed."""
    np.save(source / "rows.npy", np.zeros(1000))
    mounted = mount(source, "rw")
    with open(mounted / "rows.npy/slices/0_to_10.bin", "r+b", buffering=0) as rows:
        rows.write(b"x" * 80)
        with pytest.raises(OSError) as refused:
            rows.write(b"x")
        assert refused.value.errno == errno.EFBIG
        with pytest.raises(OSError) as busy:
            open(mounted / "rows.npy/slices/5_to_6.bin", "r+b")
        assert busy.value.errno == errno.EBUSY
    assert mounted.metric("writes_total") == 1 and mounted.metric("written_bytes_total") == 80
    assert mounted.metric("failed_writes_total") == 1
    assert count(mounted, "write") == 2 and errors(mounted, "write", "EFBIG") == errors(mounted, "open", "EBUSY") == 1
    with pytest.raises(PermissionError):
        os.mkdir(mounted / "new")
    assert errors(mounted, "other", "EPERM") == 1
    assert "written: writes 1, 80 bytes; failed 1\n" in (mounted / ".npyfs/status").read_text()


def test_the_page_cache_is_not_counted(mounted):
    """What is read from the kernel's page cache npyfs never hears of, so it is not counted."""
    path = mounted / "large.npy/chunks/0_of_20.npy"
    mounting.wait_until_not_racy(mounted.source / "large.npy")
    size = len(path.read_bytes())
    assert mounted.metric("read_bytes_total") >= size
    before = mounted.metric("read_bytes_total")
    path.read_bytes()
    # In between the metrics themselves are read, some KiB each time.
    assert mounted.metric("read_bytes_total") - before < size / 4


def test_no_count_is_lost_between_threads(mounted):
    """Many readers at once: as many opens are counted as there were."""
    paths = [mounted / f"large.npy/chunks/{i}_of_200.npy" for i in range(200)]
    before = count(mounted, "open")
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        read = sum(pool.map(lambda path: np.load(path).sum(), paths))
    assert read == LARGE.sum()
    assert count(mounted, "open") == before + len(paths) + 1  # who reads the metrics opens a file, too


def test_the_options_in_force(source, mount):
    """Those of npyfs with their values, and all of them as they were given."""
    mounted = mount(source, "allow_other", "chunks=5", "loglevel=info", arguments=["-o", "fsname=a\nb"])
    options = dict(line.split("=", 1) for line in (mounted / ".npyfs/options").read_text().splitlines())
    assert options["given"] == "fsname=a\\nb,allow_other,chunks=5,loglevel=info"
    assert (options["chunks"], options["loglevel"], options["rw"], options["cache"]) == ("5", "info", "no", "auto")


def test_the_status_is_for_people(mounted):
    """Version, options in force, what the kernel granted, what is open, what was served, how it is cached."""
    chunk = np.load(mounted / "large.npy/chunks/0_of_1.npy")
    def lines():
        return dict(line.split(": ", 1) for line in (mounted / ".npyfs/status").read_text().splitlines()[1:])
    status = lines()
    title = (mounted / ".npyfs/status").read_text().splitlines()[0]
    assert title == f"npyfs {(mounted / '.npyfs/version').read_text().strip()}, process {mounted.pid}"
    assert status["source"] == str(mounted.source)
    assert status["options"].split() == (mounted / ".npyfs/options").read_text().split()
    assert "requests of up to" in status["kernel"] and "page cache" in status["caching"]
    # A file is released some time after it was closed.
    mounted.wait_until(lambda: lines()["open"].startswith("files 0, "), "end of the open file")
    assert lines()["open"].startswith("files 0, directories 0; of the source: files 1, mapped windows ")
    assert f"{chunk.nbytes / 2**20:.1f} MiB; " in status["served"]
    assert status["written"] == "writes 0, 0 bytes; failed 0"
    assert status["failed requests"] == "0"
