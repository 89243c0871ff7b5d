"""The processes of a measurement: readers, the mounts that they read, and which CPUs and disk limits these have."""

import contextlib
import json
import os
import select
import subprocess
import sys
import time
from pathlib import Path

DEADLINE = 20  # seconds until a mount must be ready, or gone

ALL_CPUS = sorted(os.sched_getaffinity(0))
CPUS = {"pinned": ALL_CPUS[-1:], "free": ALL_CPUS}  # where readers and daemons may run


class BenchError(Exception):
    """The measurement cannot be made; says why."""


class Reader:
    """A reader.py. Every method of OPERATIONS there is a method here."""

    def __init__(self, control_group=None):
        self._process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("reader.py"))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            preexec_fn=lambda: _enter(CPUS["free"], control_group),
        )

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()

    def place(self, placement):
        """Moves it to the CPUs of `placement`, a key of CPUS."""
        os.sched_setaffinity(self._process.pid, CPUS[placement])

    def start(self, name, *arguments):
        """Sends a request without waiting for the answer."""
        self._process.stdin.write(json.dumps([name, arguments]) + "\n")
        self._process.stdin.flush()

    def finish(self):
        """The answer to the request that was started."""
        line = self._process.stdout.readline()
        if not line:
            raise BenchError("a reader has died")
        answer = json.loads(line)
        if "error" in answer:
            raise BenchError(f"a reader failed: {answer['error']}")
        return answer["result"]

    def __getattr__(self, name):
        def call(*arguments):
            self.start(name, *arguments)
            return self.finish()

        return call


def together(readers, requests):
    """Sends each reader its request, all at once. Seconds until the last one has answered."""
    start = time.perf_counter()
    for reader, request in zip(readers, requests):
        reader.start(*request)
    for reader in readers:
        reader.finish()
    return time.perf_counter() - start


class Mount:
    """A FUSE daemon in the foreground and what it has mounted; unmounted on leaving the context."""

    def __init__(self, command, path, placement="free", control_group=None, log=None):
        self.path = Path(path)
        self._command = [str(part) for part in command]
        self._placement = placement
        self._control_group = control_group
        self._log = log
        self._process = None

    def __enter__(self):
        self.path.mkdir(exist_ok=True)
        self._process = subprocess.Popen(
            self._command,
            stdin=subprocess.DEVNULL,
            stderr=self._log or subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            preexec_fn=lambda: _enter(CPUS[self._placement], self._control_group),
        )
        try:
            self._wait_until_mounted()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        unmount = ["fusermount3", "-u", str(self.path)]
        if subprocess.run(unmount, stderr=subprocess.DEVNULL).returncode != 0:
            subprocess.run([*unmount, "-z"], stderr=subprocess.DEVNULL)  # busy, or not mounted at all
        try:
            self._process.wait(DEADLINE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def __truediv__(self, name):
        return self.path / name

    @property
    def pid(self):
        return self._process.pid

    def _wait_until_mounted(self):
        end = time.monotonic() + DEADLINE
        with open("/proc/self/mountinfo") as table:
            changes = select.poll()
            changes.register(table, select.POLLPRI | select.POLLERR)
            while not os.path.ismount(self.path):
                if self._process.poll() is not None or time.monotonic() > end:
                    raise BenchError(f"{' '.join(self._command)} did not mount")
                changes.poll(100)


class AwakeCpus:
    """While the context is open no CPU halts: on each a process of the lowest priority (SCHED_IDLE) is busy, which makes
    way for any other at once. What a virtual machine takes to wake a CPU, 50 to 100 us, is so out of the figures."""

    LOOP = "import os\nparent = os.getppid()\nwhile os.getppid() == parent:\n    for _ in range(10_000): pass"

    def __enter__(self):
        self._loops = [
            subprocess.Popen([sys.executable, "-c", self.LOOP], preexec_fn=lambda cpu=cpu: _enter_idle(cpu))
            for cpu in ALL_CPUS
        ]
        return self

    def __exit__(self, *_):
        for loop in self._loops:
            loop.kill()
            loop.wait()


class ControlGroup:
    """A control group of our own in which one disk delivers at most so many bytes a second."""

    def __init__(self, file, bytes_per_second):
        disk = _disk_of(file)
        root, limit_file, self._limit = _throttle(disk, bytes_per_second)
        self._path = root / f"npyfs-bench-{os.getpid()}"
        self._limit_file = limit_file

    def __enter__(self):
        try:
            self._path.mkdir()
            (self._path / self._limit_file).write_text(self._limit)
        except OSError as error:
            with contextlib.suppress(OSError):
                self._path.rmdir()
            raise BenchError(f"no disk limit can be set in a control group: {error}") from error
        return self

    def __exit__(self, *_):
        end = time.monotonic() + DEADLINE
        while True:  # the processes in it have ended, but the kernel may not have noticed yet
            try:
                return self._path.rmdir()
            except OSError:
                if time.monotonic() > end:
                    raise

    def add_self(self):
        (self._path / "cgroup.procs").write_text(str(os.getpid()))


def _enter(cpus, control_group):
    os.sched_setaffinity(0, cpus)
    if control_group:
        control_group.add_self()


def _enter_idle(cpu):
    os.sched_setaffinity(0, {cpu})
    os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))


def _disk_of(file):
    """major:minor of the whole disk that holds the file."""
    number = os.stat(file).st_dev
    device = Path(f"/sys/dev/block/{os.major(number)}:{os.minor(number)}")
    if not device.exists():
        raise BenchError("the scratch directory is not on a disk of its own, but on a network or layered filesystem")
    device = device.resolve()
    if (device / "partition").exists():
        device = device.parent
    return (device / "dev").read_text().strip()


def _throttle(disk, bytes_per_second):
    """Where groups are made, the file in a group that takes the limit, and what is written there."""
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        place, _, kind = line.partition(" - ")
        root, filesystem, options = Path(place.split()[4]), kind.split()[0], kind.split()[2].split(",")
        if filesystem == "cgroup" and "blkio" in options:
            return root, "blkio.throttle.read_bps_device", f"{disk} {bytes_per_second}"
        if filesystem == "cgroup2" and "io" in (root / "cgroup.subtree_control").read_text().split():
            return root, "io.max", f"{disk} rbps={bytes_per_second}"
    raise BenchError("this kernel has no control group that limits disks")
