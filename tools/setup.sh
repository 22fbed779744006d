#!/usr/bin/env bash
# Installs missing dependencies for building and testing: tools/setup.sh [programs|ci|cuda|mpich]
#
# Installs Debian packages by apt (as root, or with sudo), and Kokkos in the user's cache if none is installed. With `programs`, only
# what the programs need to be built, and not what the tests need; with `ci`, also dependencies of the checks of .ci/run; with `cuda`,
# also builds Kokkos for NVIDIA GPUs (tools/kokkos.sh cuda), which needs NVIDIA's CUDA toolkit and the header of NCCL; with `mpich`,
# also MPICH, beside Open MPI, which stays the default. Does nothing if everything is installed.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

# What building Kokkos needs: it is built while the other packages are installed. A user's own program needs make, CMake's default.
compilers=(g++ cmake ninja-build make ccache patch python3 python3-pip)
packages=(
  openmpi-bin libopenmpi-dev libhdf5-openmpi-dev hdf5-tools
  libyaml-cpp-dev libspdlog-dev nlohmann-json3-dev libcli11-dev libxxhash-dev liburing-dev libssl-dev
)
if [[ ${1:-} != programs ]]; then
  packages+=(libgtest-dev libgmock-dev python3-numpy python3-xxhash python3-h5py-mpi xfsprogs iproute2)
fi
if [[ ${1:-} == ci ]]; then
  packages+=(clang clang-format clang-tidy lld libclang-rt-14-dev libomp-dev doxygen gcovr debootstrap dpkg-dev file lmod
    chromium-headless-shell python3-pil groff-base zsh fish)
  # Tests run jobs under Slurm, whose daemons the packages do not have to start. Its PMIx plugin opens the unversioned libpmix.so.
  packages+=(slurmctld slurmd slurm-client munge libpmix-dev)
elif [[ ${1:-} == mpich ]]; then
  packages+=(mpich libmpich-dev libhdf5-mpich-dev)
fi

is_updated=

# install_missing <packages...>: by apt, as root or with sudo. Its output is shown if it fails.
install_missing() {
  local installed missing=() as_root=() package log
  installed=$(dpkg-query --show --showformat='${db:Status-Abbrev}${Package}\n' "$@" 2>/dev/null || true)
  for package in "$@"; do
    grep -qx "ii *$package" <<<"$installed" || missing+=("$package")
  done
  ((${#missing[@]})) || return 0
  echo "setup: installing ${missing[*]}"
  ((EUID == 0)) || as_root=(sudo)
  log=$(mktemp)
  if ! { { [[ $is_updated ]] || "${as_root[@]}" apt-get update -q; } &&
         "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "${missing[@]}"; } \
       >"$log" 2>&1; then
    cat "$log" >&2
    return 1
  fi
  rm "$log"
  is_updated=yes
}

install_missing "${compilers[@]}"
"$here/kokkos.sh" host &
kokkos=$!
install_missing "${packages[@]}" || { kill "$kokkos"; exit 1; }
wait "$kokkos"
if [[ ${1:-} == cuda ]] || { [[ ${1:-} == ci ]] && command -v nvcc >/dev/null; }; then
  "$here/kokkos.sh" cuda
fi
