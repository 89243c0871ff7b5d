"""Two nodes that share a filesystem, on one machine: GlusterFS, one volume, two clients in network namespaces of their
own. Each client has a page cache of its own, as two machines have."""

import os
import signal
import subprocess
import time

_ADDRESSES = ["10.219.77.1", "10.219.77.2"]

_DAEMON = """volume management
    type mgmt/glusterd
    option working-directory {directory}/work
    option run-directory {directory}/run
    option glusterd-sockfile {directory}/run/glusterd.socket
    option transport-type socket
    option transport.socket.bind-address {address}
    option max-port 60999
end-volume
"""


def _run(*command):
    ran = subprocess.run([*map(str, command)], capture_output=True, text=True, timeout=60)
    assert ran.returncode == 0, f"{command}: {ran.stdout}{ran.stderr}"


class Cluster:
    """`brick` holds the files; `nodes` are the two directories in which the nodes see them."""

    def __init__(self, directory):
        self._directory = directory
        self._names = [f"npyfs-{os.getpid()}-{node}" for node in "ab"]
        self.brick = directory / "brick"
        self.nodes = [directory / "node0", directory / "node1"]
        for made in ("work", "run", "brick", "node0", "node1"):
            (directory / made).mkdir()
        self._daemon = None
        try:
            self._connect()
            self._serve()
            for name, path in zip(self._names, self.nodes):
                _run(*self._inside(name), "glusterfs", f"--volfile-server={_ADDRESSES[0]}", "--volfile-id=shared",
                     "-l", f"{path}.log", path)
        except BaseException:
            self.close()
            raise

    @staticmethod
    def _inside(name):
        # Unlike "ip netns exec" this leaves mounts visible to everybody.
        return ["nsenter", f"--net=/run/netns/{name}"]

    def _connect(self):
        ends = [f"npyfs{os.getpid()}{end}"[-15:] for end in "ab"]
        for name in self._names:
            _run("ip", "netns", "add", name)
        _run("ip", "link", "add", ends[0], "netns", self._names[0], "type", "veth", "peer", "name", ends[1], "netns",
             self._names[1])
        for name, end, address in zip(self._names, ends, _ADDRESSES):
            _run(*self._inside(name), "ip", "address", "add", f"{address}/24", "dev", end)
            _run(*self._inside(name), "ip", "link", "set", end, "up")
            _run(*self._inside(name), "ip", "link", "set", "lo", "up")

    def _serve(self):
        configuration = self._directory / "glusterd.vol"
        configuration.write_text(_DAEMON.format(directory=self._directory, address=_ADDRESSES[0]))
        self._daemon = subprocess.Popen([*self._inside(self._names[0]), "glusterd", "-N", "-f", configuration,
                                         "-p", self._directory / "run/glusterd.pid", "-l", self._directory / "glusterd.log"])
        end = time.monotonic() + 60
        while not (self._directory / "run/glusterd.socket").exists() or self._gluster("volume", "list").returncode != 0:
            assert time.monotonic() < end and self._daemon.poll() is None, "glusterd does not answer"
        for command in (["create", "shared", f"{_ADDRESSES[0]}:{self.brick}", "force"], ["start", "shared"]):
            ran = self._gluster("volume", *command)
            assert ran.returncode == 0, ran.stdout + ran.stderr

    def _gluster(self, *command):
        return subprocess.run([*self._inside(self._names[0]), "gluster", "--mode=script",
                               f"--glusterd-sock={self._directory}/run/glusterd.socket", *command],
                              capture_output=True, text=True, timeout=60)

    def close(self):
        for path in self.nodes:
            subprocess.run(["umount", "-l", path], capture_output=True)
        if self._daemon:
            self._gluster("volume", "stop", "shared", "force")
            self._daemon.send_signal(signal.SIGTERM)
            self._daemon.wait(60)
        # Clients and the brick end by themselves, and have files in the directory until then.
        end = time.monotonic() + 60
        while any(self._processes(name) for name in self._names) and time.monotonic() < end:
            time.sleep(0.05)
        for name in self._names:
            subprocess.run(["ip", "netns", "delete", name], capture_output=True)

    @staticmethod
    def _processes(name):
        return subprocess.run(["ip", "netns", "pids", name], capture_output=True, text=True).stdout.split()
