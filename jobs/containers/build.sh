#!/usr/bin/env bash
# The steps of the container recipes: jobs/containers/build.sh package host|cuda FOLDER | install FOLDER | check
#
# package  installs what the build needs, builds distload for processors only or also for NVIDIA GPUs (the image then has NVIDIA's CUDA toolkit
#          and the header of NCCL), and writes its Debian packages to FOLDER
# install  installs the packages of the programs from FOLDER, with the packages that they depend on
# check    makes a small model, loads it on two ranks, saves it and verifies what was saved
#
# package and install need root and a Debian 12, Ubuntu 24.04 or newer, such as a container of debian:12; check needs neither.
# tests/install/container.py runs these steps in folders with a Debian (chroot) as Dockerfile has them.
set -euo pipefail

package() {
  local variant=$1 folder=$2
  local source build
  source=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
  build=$source/build/package-$variant
  apt-get update -q
  DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends ca-certificates dpkg-dev file
  local options=(-DCMAKE_INSTALL_PREFIX=/usr -DDISTLOAD_BUILD_TESTS=OFF)
  if [[ $variant == cuda ]]; then
    "$source/tools/setup.sh" cuda
    cmake --preset cuda-release -S "$source" -B "$build" "${options[@]}" -DDISTLOAD_WARNINGS_AS_ERRORS=OFF
  else
    "$source/tools/setup.sh" programs
    cmake --preset host-release -S "$source" -B "$build" "${options[@]}"
  fi
  cmake --build "$build"
  cpack --config "$build/CPackConfig.cmake" -B "$folder"
}

install() {
  local packages=("$1"/distload*.deb)
  apt-get update -q
  DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "${packages[@]/#/$PWD/}"
  rm -rf /var/lib/apt/lists/*
}

check() {
  local work
  work=$(mktemp -d)
  export OMPI_MCA_rmaps_base_oversubscribe=1 OMPI_MCA_hwloc_base_binding_policy=none
  ((EUID != 0)) || export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
  distload --version
  distload-synth "$work/model" --family llama --size 10MB
  # Only this plans in a program for GPUs without a GPU; saving while streaming needs none either.
  mpirun -np 2 distload --dry-run --tp 2 "$work/model"
  mpirun -np 2 distload --tp 2 "$work/model" --set save.directory="$work/saved" --set save.stream=true
  distload-inspect "$work/saved" | head -n 5
  mpirun -np 2 distload-verify "$work/saved"
  rm -r "$work"
}

case "${1:-} $#" in
  "package 3" | "install 2" | "check 1") "$@" ;;
  *)
    sed -n '2s/^# //p' "${BASH_SOURCE[0]}" >&2
    exit 2
    ;;
esac
