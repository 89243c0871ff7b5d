"""Prometheus's node exporter takes the metrics as npyfs(7) has it."""

import re
import shutil
import subprocess
import urllib.error
import urllib.request

import numpy as np
import pytest

import mount as mounting


@pytest.mark.big
def test_the_node_exporter_passes_the_metrics_on(scratch, source, mount):
    """A copy of the metrics among its text files is served along with its own, and it has nothing to object to."""
    np.save(source / "rows.npy", np.zeros(1000))
    mounted = mount(source)
    np.load(mounted / "rows.npy/chunks/0_of_1.npy")
    (scratch / "files").mkdir()
    shutil.copyfile(mounted / ".npyfs/metrics", scratch / "files/npyfs.prom")
    port = mounting.free_port()
    with subprocess.Popen(["prometheus-node-exporter", "--collector.disable-defaults", "--collector.textfile",
                           f"--collector.textfile.directory={scratch}/files", f"--web.listen-address=127.0.0.1:{port}"],
                          stderr=subprocess.DEVNULL) as exporter:
        try:
            found = []

            def is_served():
                try:
                    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=mounting.DEADLINE) as answer:
                        found.append(answer.read().decode())
                except urllib.error.URLError:
                    pass
                return found

            mounted.wait_until(is_served, "the node exporter")
        finally:
            exporter.terminate()
    names = {line.split()[2] for line in (scratch / "files/npyfs.prom").read_text().splitlines() if line.startswith("# TYPE")}
    assert set(re.findall(r"^# TYPE (npyfs_\S+)", found[0], re.MULTILINE)) == names
    assert "\nnode_textfile_scrape_error 0\n" in found[0]
