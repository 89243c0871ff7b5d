"""A mounted npyfs for the tests: starts the daemon as a user does, unmounts it, and notices what it leaves behind."""

import collections
import ctypes
import os
import select
import signal
import socket
import subprocess
import time
from pathlib import Path

# Seconds that starting, ending and closing may take. Far more than they do, also with sanitizers on a loaded machine: a
# daemon that needs longer hangs.
DEADLINE = 120 if os.environ.get("NPYFS_SANITIZE") else 30

_PR_SET_CHILD_SUBREAPER = 36
MNT_DETACH = 2

libc = ctypes.CDLL(None, use_errno=True)


def adopt_daemons():
    """Makes this process the parent of daemons, once theirs has exited: we can wait for them, and learn how they end."""
    assert libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0


def binary():
    """The npyfs under test, named by NPYFS_BINARY."""
    path = os.environ.get("NPYFS_BINARY")
    if not path or not os.access(path, os.X_OK):
        raise RuntimeError(f"NPYFS_BINARY must name the npyfs to test, it is {path!r}")
    return os.path.realpath(path)


def is_sanitized(*by):
    """Whether the npyfs under test was built with a sanitizer ("asan", "tsan"; any of them where none is named), which
    needs memory and system calls of its own."""
    with open(binary(), "rb") as file:
        content = file.read()
    return any(f"__{name}_init".encode() in content for name in by or ("asan", "tsan"))


def run(*arguments, **options):
    """Runs npyfs where it is expected to end by itself, and returns what it said."""
    return subprocess.run([binary(), *map(str, arguments)], capture_output=True, text=True, timeout=DEADLINE, **options)


def mount_entry(path):
    """The line of /proc/self/mounts of what is mounted at `path`, as its six fields; None where nothing is."""
    escaped = str(path).replace("\\", "\\134").replace(" ", "\\040").replace("\t", "\\011").replace("\n", "\\012")
    entries = [line.split(" ") for line in Path("/proc/self/mounts").read_text().splitlines()]
    found = [entry for entry in entries if entry[1] == escaped]
    return found[-1] if found else None


def is_mounted(path):
    return mount_entry(path) is not None


def wait_for_mount_state(path, mounted):
    """Waits until something (or nothing) is mounted at `path`; the kernel says when its table of mounts changes."""
    with open("/proc/self/mountinfo") as table:
        changes = select.poll()
        changes.register(table, select.POLLPRI | select.POLLERR)
        end = time.monotonic() + DEADLINE
        while is_mounted(path) != mounted:
            left = end - time.monotonic()
            assert left > 0, f"{path} is {'not ' if mounted else 'still '}mounted after {DEADLINE} s"
            changes.poll(left * 1000)


def wait_until_not_racy(path):
    """Waits until the timestamps of a source are not racy (2 s old): what npyfs reads of it then stays in caches."""
    while True:
        status = os.stat(path)
        left = max(status.st_mtime, status.st_ctime) + 2.05 - time.time()
        if left <= 0:
            return
        select.select([], [], [], left)


def umount(path, flags=0):
    """umount2(2). Raises OSError."""
    if libc.umount2(os.fsencode(path), flags) != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()), str(path))


def _daemon_of(mountpoint):
    """The process id of the npyfs that is a child of ours and was started with the argument `mountpoint`. Looks for it for some
    seconds: a list of /proc, which changes all the time, has been seen without it."""
    end = time.monotonic() + 5
    while time.monotonic() < end:
        for process in Path("/proc").glob("[0-9]*"):
            try:
                parent = int((process / "stat").read_text().rpartition(")")[2].split()[1])
                if parent == os.getpid() and os.readlink(process / "exe") == binary() and (
                        os.fsencode(mountpoint) in (process / "cmdline").read_bytes().split(b"\0")):
                    return int(process.name)
            except (FileNotFoundError, ProcessLookupError):
                continue
        time.sleep(0.01)
    raise AssertionError(f"npyfs has returned, and no daemon of ours serves {mountpoint}")


def free_port():
    """A TCP port of 127.0.0.1 that nobody listens at."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return listening.getsockname()[1]


def descriptors(pid):
    """What the open descriptors of a process refer to, counted."""
    found = collections.Counter()
    for entry in Path(f"/proc/{pid}/fd").iterdir():
        try:
            found[os.readlink(entry)] += 1
        except FileNotFoundError:
            pass
    return found


class Mount:
    """One running npyfs. `mount / "data.npy"` is a path below it."""

    def __init__(self, source, path, *options, scratch, spelled=None, foreground=False, arguments=(),
                 started_by=(), **popen):
        """Mounts `source` at `path`, given to npyfs as `spelled`, and with further `arguments` and settings of Popen. The
        command `started_by` has npyfs and its arguments added, and executes them."""
        self.source = Path(source)
        self.path = Path(path)
        self.foreground = foreground
        self._sanitizer_log = scratch / f"sanitizer-{time.monotonic_ns()}"
        self._process = None
        self._pidfd = None
        self._spelled = str(spelled or path)
        command = [*started_by, binary(), str(source), self._spelled, *arguments]
        if options:
            command += ["-o", ",".join(options)]
        self._start(command, self._environment(), popen)
        self._pidfd = os.pidfd_open(self.pid)
        self._descriptors_at_start = descriptors(self.pid)

    def _environment(self):
        # A daemon has no stderr: sanitizers write their reports to files. They report an abort(), too: of an assertion, or
        # of an exception that nobody catches.
        environment = dict(os.environ)
        for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS"):
            given = environment.get(name)
            environment[name] = (given + ":" if given else "") + f"handle_abort=1:log_path={self._sanitizer_log}"
        return environment

    def _start(self, command, environment, popen):
        if self.foreground:
            self.stderr_path = Path(f"{self._sanitizer_log}.stderr")
            with open(self.stderr_path, "wb") as stderr:
                self._process = subprocess.Popen([*command, "-f"], stderr=stderr, env=environment, **popen)
            self.pid = self._process.pid
            wait_for_mount_state(self.path, mounted=True)
            return
        started = subprocess.run(command, capture_output=True, text=True, timeout=DEADLINE, env=environment, **popen)
        assert started.returncode == 0, f"npyfs did not mount: {started.stderr}{self.sanitizer_reports()}"
        assert is_mounted(self.path), "npyfs has returned, and nothing is mounted"
        self.pid = _daemon_of(self._spelled)

    def __truediv__(self, name):
        return self.path / name

    def stderr(self):
        """What a foreground npyfs has written to stderr so far."""
        return self.stderr_path.read_text()

    def sanitizer_reports(self):
        logs = self._sanitizer_log.parent.glob(self._sanitizer_log.name + ".*")
        return "".join(log.read_text(errors="replace") for log in sorted(logs) if log.suffix != ".stderr")

    def has_exited(self, timeout=0):
        """Waits at most `timeout` seconds for the daemon's end."""
        end = select.poll()
        end.register(self._pidfd, select.POLLIN)
        return bool(end.poll(timeout * 1000))

    def wait_until(self, condition, what):
        """Waits until `condition()` holds; the daemon's death or DEADLINE seconds are a failure."""
        end = time.monotonic() + DEADLINE
        while not condition():
            assert not self.has_exited(timeout=0.02), f"the daemon ended while we waited for {what}"
            assert time.monotonic() < end, f"no {what} after {DEADLINE} s"

    def wait_for_exit(self):
        """Waits for the daemon's end. Returns its exit status as subprocess has it: negative for a signal."""
        if self._pidfd is not None:
            assert self.has_exited(DEADLINE), f"the daemon still runs {DEADLINE} s after it should have ended"
            os.close(self._pidfd)
            self._pidfd = None
            if self._process:
                self.exit_status = self._process.wait()
            else:
                self.exit_status = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        return self.exit_status

    def metric(self, name):
        """A number of .npyfs/metrics."""
        lines = (self / ".npyfs/metrics").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith(f"npyfs_{name} "))

    def descriptors_since_start(self):
        """What is open now and was not when the mount was ready."""
        return descriptors(self.pid) - self._descriptors_at_start

    def assert_no_descriptor_leaked(self):
        """Nobody reads any more: no file is open but those sources that npyfs keeps open for a while, and counts."""
        def is_back():
            return self.metric("open_files") == 0 and self.descriptors_since_start().total() <= self.metric("open_sources")
        try:
            self.wait_until(is_back, "end of the open descriptors")
        except AssertionError as error:
            raise AssertionError(f"{error}: {dict(self.descriptors_since_start())}") from None

    def unmount(self, *command):
        """Unmounts with `fusermount3 -u`, or the command given, and waits for the daemon's clean end. Any process that
        looks at all mounts of the machine (df, a monitor) keeps each busy for a moment: we try until DEADLINE."""
        end = time.monotonic() + DEADLINE
        while True:
            unmounting = subprocess.run([*(command or ("fusermount3", "-u")), str(self.path)], capture_output=True, text=True)
            if unmounting.returncode == 0 or "busy" not in unmounting.stderr or time.monotonic() > end:
                break
        assert unmounting.returncode == 0, unmounting.stderr
        self.assert_ended_cleanly()

    def assert_ended_cleanly(self):
        status = self.wait_for_exit()
        said = self.stderr() if self.foreground else ""
        assert status == 0, f"the daemon ended with status {status}\n{said}{self.sanitizer_reports()}"
        assert not self.sanitizer_reports(), self.sanitizer_reports()
        assert not is_mounted(self.path)

    def close(self):
        """The end of a test: nothing open, nothing mounted, nothing running, exit status 0. Idempotent."""
        if self._pidfd is None:
            return
        try:
            if is_mounted(self.path):
                self.assert_no_descriptor_leaked()
                self.unmount()
            else:
                self.assert_ended_cleanly()
        finally:
            if is_mounted(self.path):
                umount(self.path, MNT_DETACH)
            if self._pidfd is not None and not self.has_exited():
                os.kill(self.pid, signal.SIGKILL)
            self.wait_for_exit()


class Mounts:
    """Makes mounts below one scratch directory and ends those that a test leaves."""

    def __init__(self, scratch):
        self._scratch = scratch
        self._mounts = []

    def __call__(self, source, *options, at=None, **more):
        if at is None:
            at = self._scratch / f"mnt{len(self._mounts)}"
            at.mkdir()
        mount = Mount(source, at, *options, scratch=self._scratch, **more)
        self._mounts.append(mount)
        return mount

    def close(self):
        failures = []
        for mount in reversed(self._mounts):
            try:
                mount.close()
            except AssertionError as error:
                failures.append(str(error))
        assert not failures, "\n".join(failures)
