"""npyfs installed: by cmake, and as a Debian package that mounts by fstab, mount(8) and systemd's unit."""

import os
import subprocess
from pathlib import Path

import numpy as np
import pytest

import mount as mounting
from recipes import RECIPES
from users import in_namespace

BUILD = Path(mounting.binary()).parent
INSTALLED = ["bin/npyfs", "lib/systemd/system/npyfs@.service", "share/bash-completion/completions/npyfs",
             "share/doc/npyfs/CHANGELOG.md.gz", "share/doc/npyfs/README.md", "share/doc/npyfs/changelog.gz",
             "share/doc/npyfs/copyright", "share/doc/npyfs/examples/data.conf", "share/man/man1/npyfs.1.gz",
             "share/man/man7/npyfs.7.gz"]
INSTALLED += [f"share/doc/npyfs/examples/recipes/{path.name}" for path in RECIPES.iterdir() if path.is_file()]
pytestmark = pytest.mark.skipif(os.environ.get("NPYFS_EVERY", "1") != "1", reason="nobody installs a build with sanitizers")


def files_below(directory):
    return sorted(str(path.relative_to(directory)) for path in Path(directory).rglob("*") if path.is_file())


def test_cmake_installs_everything_below_a_prefix(scratch):
    """cmake --install puts the binary, the man pages, completions, the unit and documents below any prefix; with --strip
    the binary without its debug symbols."""
    subprocess.run(["cmake", "--install", BUILD, "--prefix", scratch / "prefix", "--strip"], check=True,
                   stdout=subprocess.DEVNULL)
    assert files_below(scratch / "prefix") == sorted(INSTALLED + ["share/zsh/site-functions/_npyfs"])
    ran = subprocess.run([scratch / "prefix/bin/npyfs", "--version"], capture_output=True, text=True, check=True)
    assert ran.stdout.startswith("npyfs ")
    assert ".debug_info" not in sections(scratch / "prefix/bin/npyfs")


def sections(binary):
    return subprocess.run(["readelf", "--wide", "--sections", binary], capture_output=True, text=True, check=True).stdout


def build_id(binary):
    notes = subprocess.run(["readelf", "--notes", binary], capture_output=True, text=True, check=True).stdout
    return notes.partition("Build ID: ")[2].split()[0]


@pytest.fixture(scope="module")
def package(module_scratch):
    """The Debian package, built from the build directory of the npyfs under test."""
    subprocess.run(["cpack", "-G", "DEB", "--config", BUILD / "CPackConfig.cmake", "-B", module_scratch], check=True,
                   stdout=subprocess.DEVNULL)
    return next(module_scratch.glob("npyfs_*.deb"))


def test_debug_symbols_are_a_package_of_their_own(package, scratch):
    """The package has the program without debug symbols; npyfs-dbgsym has these, where debuggers look for them."""
    symbols, = package.parent.glob("npyfs-dbgsym_*.ddeb")
    for file in (package, symbols):
        subprocess.run(["dpkg-deb", "-x", file, scratch / "root"], check=True)
    program = scratch / "root/usr/bin/npyfs"
    found = build_id(program)
    debug = scratch / f"root/usr/lib/debug/.build-id/{found[:2]}/{found[2:]}.debug"
    assert build_id(debug) == found
    assert ".debug_info" in sections(debug) and ".debug_info" not in sections(program)
    assert field(symbols, "Depends") == f"npyfs (= {field(package, 'Version')})"


def field(package, name):
    return subprocess.run(["dpkg-deb", "-f", package, name], capture_output=True, text=True, check=True).stdout.strip()


def test_the_package_holds_what_is_installed(package, scratch):
    """The package holds the same files, at their places in a distribution."""
    subprocess.run(["dpkg-deb", "-x", package, scratch / "root"], check=True)
    assert files_below(scratch / "root/usr") == sorted(INSTALLED + ["share/zsh/vendor-completions/_npyfs"])
    assert files_below(scratch / "root") == ["usr/" + name for name in files_below(scratch / "root/usr")]


def test_the_package_depends_on_what_it_needs(package):
    """It depends on the libraries that the binary is linked with, and on fuse3 for fusermount3 and mount.fuse3."""
    depends = field(package, "Depends")
    assert "fuse3" in depends.split(", ")
    for library in ("libc6 (", "libfuse3-3 (", "libfmt", "libminizip1", "libstdc++6 ("):
        assert library in depends
    assert field(package, "Package") == "npyfs" and mounting.run("-V").stdout == f"npyfs {field(package, 'Version')}\n"


# A copy of the system that ends with the namespace: what is installed in it is not installed here.
COPY_OF_THE_SYSTEM = """
package=$1 scratch=$2 source=$3 mountpoint=$4
mount -t tmpfs none "$scratch"
for directory in usr etc var; do
  mkdir -p "$scratch/$directory/upper" "$scratch/$directory/work"
  mount -t overlay none -o "lowerdir=/$directory,upperdir=$scratch/$directory/upper,workdir=$scratch/$directory/work" \
    "/$directory"
done
export PATH=/usr/sbin:/usr/bin:/sbin:/bin
rm -f /usr/bin/npyfs
dpkg --no-triggers --install "$package" >&2
"""


@pytest.fixture
def installed(package, scratch, source):
    """installed(script): runs it where the package is installed, and $source has an array and $mountpoint is empty."""
    np.save(source / "data.npy", np.arange(30.0).reshape(10, 3))
    layers, mountpoint = scratch / "layers", scratch / "mountpoint"
    layers.mkdir()
    mountpoint.mkdir()
    if os.getuid() != 0:
        pytest.skip("needs root, to install and mount")

    def run(script):
        ran = in_namespace(COPY_OF_THE_SYSTEM + script, package, layers, source, mountpoint)
        assert ran.returncode == 0, ran.stdout + ran.stderr
        return ran.stdout

    return run


ROOT = Path(__file__).resolve().parents[2]
MAN_PAGE = (ROOT / "fs/man/npyfs.1.md").read_text(encoding="utf-8")
EXAMPLE = ROOT / "fs/install/example.conf"


def of_the_man_page(start):
    """The line of npyfs(1) that begins so, for the shell, with the places of the test."""
    line = next(line for line in MAN_PAGE.splitlines() if line.startswith(start))
    return line.replace("/data", "$source").replace("/mnt/npy", "$mountpoint")


LOAD = """/usr/bin/python3 -c 'import numpy, sys; print(numpy.load(sys.argv[1]).sum())' """
CHUNK_SUM = str(np.array_split(np.arange(30.0).reshape(10, 3), 4)[1].sum())


def test_a_line_of_fstab_mounts(installed):
    """A line of fstab mounts: type fuse.npyfs, with ro, and options of npyfs and of mount(8)."""
    out = installed("""
    echo """ + of_the_man_page("/data ").replace("allow_other", "allow_other,chunks=3,_netdev,noauto,x-systemd.automount") + """ \
      > /etc/fstab
    mount "$mountpoint"
    findmnt -n -o FSTYPE,SOURCE "$mountpoint"
    ls "$mountpoint/data.npy/chunks"
    """ + LOAD + """ "$mountpoint/data.npy/chunks/1_of_4.npy"
    umount "$mountpoint"
    ls -A "$mountpoint"
    """)
    kind, chunks = out.splitlines()[0].split(), out.splitlines()[1:]
    assert kind[0] == "fuse.npyfs" and kind[1].endswith("/source")
    assert chunks == ["0_of_3.npy", "1_of_3.npy", "2_of_3.npy", CHUNK_SUM]


def test_mount_8_mounts(installed):
    """mount -t fuse.npyfs mounts, and asks for rw where ro is not said."""
    out = installed("""
    """ + of_the_man_page("mount -t fuse.npyfs") + """
    """ + LOAD + """ "$mountpoint/data.npy/chunks/1_of_4.npy"
    findmnt -n -o OPTIONS "$mountpoint"
    umount "$mountpoint"
    mount -t fuse.npyfs "$source" "$mountpoint"
    findmnt -n -o OPTIONS "$mountpoint"
    umount "$mountpoint"
    """)
    total, as_given, as_mount_has_it = out.splitlines()
    assert total == CHUNK_SUM
    assert as_given.startswith("ro,") and as_mount_has_it.startswith("rw,")


def test_the_unit_mounts(installed):
    """systemd accepts the unit, and the command that it runs mounts what /etc/npyfs/NAME.conf says."""
    out = installed(f"""
    mkdir /etc/npyfs
    sed "s|^SOURCE=.*|SOURCE=$source|; s|^MOUNTPOINT=.*|MOUNTPOINT=$mountpoint|" {EXAMPLE} > /etc/npyfs/data.conf
    """ + """
    systemd-analyze verify --man=no npyfs@data.service
    . /etc/npyfs/data.conf
    eval "$(sed -n 's/^ExecStart=//p' /lib/systemd/system/npyfs@.service)"
    findmnt -n -o FSTYPE,OPTIONS "$mountpoint"
    """ + LOAD + """ "$mountpoint/data.npy/chunks/1_of_4.npy"
    kill "$(pgrep --full "^npyfs $source $mountpoint ")"
    timeout 30 /bin/sh -c 'while findmnt "$0" > /dev/null; do :; done' "$mountpoint"
    ls -A "$mountpoint"
    """)
    kind, total = out.splitlines()
    assert kind.startswith("fuse.npyfs") and "allow_other" in kind and total == CHUNK_SUM


def test_nothing_is_left_after_removal(installed):
    """The package removed again leaves nothing behind: no file, no directory, nothing that dpkg knows of."""
    out = installed("""
    command -v npyfs
    dpkg --listfiles npyfs | sort > "$scratch/files"
    dpkg --no-triggers --purge npyfs >&2
    hash -r
    command -v npyfs || echo none
    dpkg --status npyfs 2> /dev/null || echo unknown
    while read -r path; do
      case "$path" in *npyfs*) if [ -e "$path" ]; then echo "left: $path"; fi ;; esac
    done < "$scratch/files"
    grep -c /npyfs "$scratch/files"
    find "$scratch/usr/upper" "$scratch/etc/upper" "$scratch/var/upper" -name '*npyfs*' ! -type c
    """)
    lines = out.splitlines()
    assert lines[:3] == ["/usr/bin/npyfs", "none", "unknown"]
    assert int(lines[3]) > 8 and len(lines) == 4, out
