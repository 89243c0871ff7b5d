"""Packages of other releases and architectures of Debian, by an apt with a configuration of its own.

debian.py SUITE ARCHITECTURE DIRECTORY PACKAGE... unpacks packages, without any that they need.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

MIRROR = "http://deb.debian.org/debian"
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"


class Archive:
    """The main packages of one release, or of its backports."""

    def __init__(self, directory, suite, architecture="amd64"):
        for name in ("state/lists/partial", "cache/archives/partial"):
            (directory / name).mkdir(parents=True)
        (directory / "status").touch()
        (directory / "sources.list").write_text(f"deb [signed-by={KEYRING}] {MIRROR} {suite} main\n")
        settings = {"Dir::State": directory / "state", "Dir::State::status": directory / "status",
                    "Dir::Cache": directory / "cache", "Dir::Etc::sourcelist": directory / "sources.list",
                    "Dir::Etc::sourceparts": "-", "APT::Architecture": architecture,
                    "APT::Architectures": architecture, "APT::Sandbox::User": "root", "Acquire::Retries": "3"}
        self._options = [f"-o{name}={value}" for name, value in settings.items()]
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
        Path(directory).mkdir(parents=True, exist_ok=True)  # dpkg-deb makes only the last part
        subprocess.run(["dpkg-deb", "-x", file, directory], check=True)
        return Path(directory)


if __name__ == "__main__":
    suite, architecture, target, *packages = sys.argv[1:]
    with tempfile.TemporaryDirectory() as scratch:
        archive = Archive(Path(scratch), suite, architecture)
        for package in packages:
            archive.unpacked(package, Path(target))
