"""A process under limits: of descriptors, and of memory by a control group."""

import contextlib
import os
import resource
import tempfile
from pathlib import Path


def at_most_descriptors(count):
    """For Popen: the child may have that many descriptors open."""
    return lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (count, count))


def _memory_controller():
    """The directory of a controller to make groups in, and the name of its limit; None where we may not."""
    for directory, limit in (("/sys/fs/cgroup/memory", "memory.limit_in_bytes"), ("/sys/fs/cgroup", "memory.max")):
        group = None
        try:
            group = tempfile.mkdtemp(prefix="npyfs-test-", dir=directory)
            if os.access(f"{group}/{limit}", os.W_OK):
                return directory, limit
        except OSError:
            continue
        finally:
            if group:
                os.rmdir(group)
    return None


class MemoryGroup:
    """A control group with a limit on memory, page cache included."""

    def __init__(self, directory, limit_name, limit):
        self._path = Path(tempfile.mkdtemp(prefix="npyfs-test-", dir=directory))
        (self._path / limit_name).write_text(str(limit))

    def enter(self):
        """For Popen: the child is in the group."""
        (self._path / "cgroup.procs").write_text("0")

    def kills(self):
        """Processes killed for want of memory."""
        for name in ("memory.events", "memory.oom_control"):
            with contextlib.suppress(FileNotFoundError):
                lines = (self._path / name).read_text().splitlines()
                return next(int(line.split()[1]) for line in lines if line.startswith("oom_kill "))
        raise AssertionError(f"{self._path} does not say how many were killed")

    def was_full(self):
        """Whether pages had to be given back to stay within the limit."""
        with contextlib.suppress(FileNotFoundError):
            return int((self._path / "memory.failcnt").read_text()) > 0
        events = dict(line.split() for line in (self._path / "memory.events").read_text().splitlines())
        return int(events["max"]) > 0

    def close(self):
        with contextlib.suppress(OSError):  # busy after a test that has failed
            self._path.rmdir()


@contextlib.contextmanager
def memory_group(limit):
    """A MemoryGroup; None where there is no controller that we may use."""
    controller = _memory_controller()
    if controller is None:
        yield None
        return
    group = MemoryGroup(*controller, limit)
    try:
        yield group
    finally:
        group.close()


def anonymous_memory(pid):
    """Bytes."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("RssAnon:"))
