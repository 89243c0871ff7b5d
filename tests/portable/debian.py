"""Packages of other releases of Debian, by an apt with a configuration of its own: the system's is left alone."""

import subprocess
from pathlib import Path

MIRROR = "http://deb.debian.org/debian"
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"


class Archive:
    """The main packages for amd64 of one release, or of its backports."""

    def __init__(self, directory, suite):
        for name in ("state/lists/partial", "cache/archives/partial"):
            (directory / name).mkdir(parents=True)
        (directory / "status").touch()
        (directory / "sources.list").write_text(f"deb [signed-by={KEYRING}] {MIRROR} {suite} main\n")
        self._options = [f"-oDir::State={directory}/state", f"-oDir::State::status={directory}/status",
                         f"-oDir::Cache={directory}/cache", f"-oDir::Etc::sourcelist={directory}/sources.list",
                         "-oDir::Etc::sourceparts=-", "-oAPT::Architecture=amd64", "-oAPT::Sandbox::User=root",
                         "-oAcquire::Retries=3"]
        self._directory = directory
        self._run("apt-get", "-qq", "update")

    def _run(self, *command):
        return subprocess.run([*command, *self._options], capture_output=True, text=True, check=True,
                              cwd=self._directory).stdout

    def depends(self, package):
        """The names of what the newest version of a package depends on."""
        lines = self._run("apt-cache", "depends", "--important", package).splitlines()
        return [line.split(":")[1].strip() for line in lines if "Depends:" in line]

    def unpacked(self, package, directory):
        """Unpacks a package into `directory`, without any that it needs."""
        self._run("apt-get", "-qq", "download", package)
        file, = self._directory.glob(f"{package}_*.deb".replace("+", "?"))
        subprocess.run(["dpkg-deb", "-x", file, directory], check=True)
        return Path(directory)
