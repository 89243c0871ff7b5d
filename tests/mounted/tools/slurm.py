"""A Slurm cluster of one node on this machine: controller, node daemon and munge, with all their files in one folder.

Needs root, as slurmd does.
"""

import os
import socket
import subprocess
import time

import mount as mounting

_CONFIGURATION = """
ClusterName=npyfs
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={controller_port}
SlurmdPort={node_port}
AuthInfo=socket={folder}/munge/socket
SlurmUser=root
SlurmdUser=root
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
ProctrackType=proctrack/{tracking}
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
MpiDefault=none
KillWait=5
ReturnToService=2
SlurmdParameters=config_overrides
SchedulerParameters=batch_sched_delay=0,sched_min_interval=0
NodeName={host} NodeAddr=127.0.0.1 CPUs=4
PartitionName=all Nodes=ALL Default=YES
{more}
"""


def has_cgroups():
    """Whether this machine has the control groups that Slurm freezes and kills, of version 1."""
    with open("/proc/filesystems", encoding="ascii") as types, open("/proc/cgroups", encoding="ascii") as controllers:
        # "freezer HIERARCHY NUMBER ENABLED"; hierarchy 0 is that of version 2.
        return "\tcgroup\n" in types.read() and any(
            words[0] == "freezer" and words[1] != "0" for words in map(str.split, controllers))


class Slurm:
    """Started by the constructor; close() ends all that it started. `more`: further lines of slurm.conf. `cgroups`: the
    processes of a step are those of its control group, as on most clusters; else they are the children of its first one."""

    def __init__(self, folder, more="", cgroups=False):
        folder.mkdir(mode=0o755)
        self.folder = folder
        self._daemons = []
        (folder / "state").mkdir()
        (folder / "spool").mkdir()
        self._configuration = folder / "slurm.conf"
        self._configuration.write_text(_CONFIGURATION.format(
            host=socket.gethostname().partition(".")[0], folder=folder, more=more, controller_port=mounting.free_port(),
            node_port=mounting.free_port(), tracking="cgroup" if cgroups else "linuxproc"))
        self._cgroups = folder / "freezer"
        try:
            if cgroups:
                self._mount_cgroups()
            self._start_munge(folder / "munge")
            self._start("slurmctld", "-D", "-f", self._configuration)
            self._start("slurmd", "-D", "-f", self._configuration)
            self.wait_for(lambda: "is UP" in self.ask("scontrol", "ping"), "slurmctld")
            self.wait_for(lambda: self.ask("sinfo", "--noheader", "--format=%T").strip() == "idle", "an idle node")
        except BaseException:
            self.close()
            raise

    def ask(self, *command, env=os.environ, **more):
        """What one of Slurm's commands prints, told of this cluster."""
        env = {**env, "SLURM_CONF": str(self._configuration)}
        return subprocess.run(command, env=env, capture_output=True, text=True, timeout=mounting.DEADLINE, **more).stdout

    def close(self):
        for daemon in reversed(self._daemons):
            daemon.terminate()
            daemon.wait(mounting.DEADLINE)
        self._daemons.clear()
        if mounting.is_mounted(self._cgroups):
            if mounting.is_mounted(self.folder / "cgroup/freezer"):
                mounting.umount(self.folder / "cgroup/freezer", 0)
            for group, _, _ in os.walk(self._own_group(), topdown=False):
                os.rmdir(group)
            mounting.umount(self._cgroups, 0)

    def _own_group(self):
        return self._cgroups / f"npyfs-{os.getpid()}"

    def _mount_cgroups(self):
        """The hierarchy that freezes and kills, version 1, is the whole machine's: Slurm gets one group of it."""
        mountpoint = self.folder / "cgroup/freezer"
        for directory in (self._cgroups, mountpoint):
            directory.mkdir(parents=True)
        subprocess.run(["mount", "-t", "cgroup", "-o", "freezer", "none", self._cgroups], check=True)
        self._own_group().mkdir()
        subprocess.run(["mount", "--bind", self._own_group(), mountpoint], check=True)
        (self.folder / "cgroup.conf").write_text(f"CgroupPlugin=cgroup/v1\nCgroupMountpoint={mountpoint.parent}\n")

    def _start_munge(self, folder):
        """munged will not run as root, and wants a key and a folder that are its own."""
        folder.mkdir(mode=0o755)
        (folder / "key").write_bytes(os.urandom(64))
        (folder / "key").chmod(0o400)
        subprocess.run(["chown", "--recursive", "munge:munge", folder], check=True)
        as_munge = ["setpriv", "--reuid=munge", "--regid=munge", "--clear-groups"]
        files = {"key-file": "key", "socket": "socket", "pid-file": "pid", "log-file": "log", "seed-file": "seed"}
        self._start(*as_munge, "munged", "--foreground", *(f"--{name}={folder / file}" for name, file in files.items()))
        self.wait_for(lambda: (folder / "socket").exists(), "munged")

    def _start(self, *command):
        environment = {**os.environ, "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}
        with open(self.folder / "daemons.log", "ab") as log:
            self._daemons.append(
                subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log))

    def logs(self):
        return "\n".join(log.read_text(errors="replace")[-2000:] for log in sorted(self.folder.glob("*.log")))

    def wait_for(self, condition, what):
        end = time.monotonic() + mounting.DEADLINE
        while not condition():
            ended = [daemon.args for daemon in self._daemons if daemon.poll() is not None]
            assert not ended and time.monotonic() < end, f"no {what}; ended: {ended}\n{self.logs()}"
            time.sleep(0.05)
