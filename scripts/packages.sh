# Sourced by the other scripts: which Debian and Ubuntu packages each activity needs, and installing what is missing.

# CMake configures the tests along with the rest, so their libraries are needed to build at all.
build_packages=(g++ cmake ninja-build pkg-config libfuse3-dev libfmt-dev nlohmann-json3-dev libgtest-dev libgmock-dev
  libminizip-dev zlib1g-dev lowdown)  # the last one makes the man pages
mount_packages=("${build_packages[@]}" fuse3 attr python3-numpy)
coverage_packages=("${build_packages[@]}" gcovr python3-numpy python3-pytest)
# Builds with sanitizers, and fuzz targets.
clang_packages=("${build_packages[@]}" clang-19 libclang-rt-19-dev)
check_packages=("${clang_packages[@]}" clang-format-19 clang-tidy-19 codespell)
test_packages=("${mount_packages[@]}" python3-pytest acl fio strace e2fsprogs xfsprogs btrfs-progs glusterfs-server
  iproute2 python3-hypothesis python3-pytest-timeout)

# More of what the tests need: tools that people use on files, and a parser of metrics.
test_packages+=(busybox inotify-tools openssh-client openssh-sftp-server python3-prometheus-client rsync)
# What the commands without a mount, and the package, need beside.
package_packages=("${build_packages[@]}" dpkg-dev file)
test_packages+=("${package_packages[@]}" strace man-db zsh systemd)
# Software that npyfs is tested with (tests/mounted/tools), in builds without sanitizers.
tools_packages=("${test_packages[@]}" openmpi-bin slurm-wlm munge python3-dask python3-distributed python3-pandas)
tools_packages+=(libxtensor-dev sqlite3 python3-xarray python3-zarr teem-apps)
command -v npm >/dev/null || tools_packages+=(nodejs npm)
command -v mvn >/dev/null || tools_packages+=(maven default-jdk-headless)
tools_packages+=(python3-pip)
# The static binary: the archives of all libraries are in the packages that building needs anyway. Its tests with other
# kernels and releases bring an emulator and a maker of root directories.
portable_packages=("${build_packages[@]}" binutils)
portable_test_packages=("${test_packages[@]}" qemu-system-x86 debootstrap cpio xz-utils)
# The same for aarch64: the libraries are Debian's for that architecture, unpacked beside the build and not installed.
aarch64_packages=("${build_packages[@]}" g++-aarch64-linux-gnu qemu-user python3)
aarch64_libraries=(libfuse3-dev libfmt-dev libfmt9 libgtest-dev libgmock-dev nlohmann-json3-dev libminizip-dev libminizip1
  zlib1g-dev zlib1g)
# What is too large for every run: scripts/test --all.
big_packages=(chromium python3-gdal python3-torch podman crun systemd prometheus-node-exporter rustc golang-go default-jdk-headless r-base-core)
command -v cargo >/dev/null || big_packages+=(cargo)

# install_packages NAME...: installs those that are missing, as root or through sudo. Asks nothing. Where all are there
# already it starts no apt-get, so it works without a network and without any rights.
install_packages() {
  local name missing=()
  for name in "$@"; do
    [[ $(dpkg-query -W -f='${db:Status-Status}' "$name" 2>/dev/null) == installed ]] || missing+=("$name")
  done
  ((${#missing[@]})) || return 0

  local as_root=()
  if ! command -v apt-get >/dev/null; then
    echo "${0##*/}: no apt-get here; install what your system calls these: ${missing[*]}" >&2
    return 1
  elif ((EUID != 0)) && ! command -v sudo >/dev/null; then
    echo "${0##*/}: neither root nor sudo; run as root: apt-get install ${missing[*]}" >&2
    return 1
  elif ((EUID != 0)); then
    as_root=(sudo)
  fi
  echo "== installing ${missing[*]}"
  local apt_get=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300)
  "${apt_get[@]}" update || echo "== apt-get update failed; trying with the package lists that are here" >&2
  "${apt_get[@]}" install --yes --no-install-recommends "${missing[@]}" >/dev/null
}
