#!/usr/bin/env bash
# Builds Kokkos once into the user's cache, for machines without an installed one: tools/kokkos.sh host|cuda
#
# The source is the copy of Kokkos 4.7.0 in a Python source distribution, pinned by hash. The result is in
# ${XDG_CACHE_HOME:-~/.cache}/distload/kokkos-4.7.0-<variant>, where tools/cmake/DistloadKokkos.cmake finds it; an installed
# distload has a copy of it.
# Kokkos is configured for one GPU architecture, the lowest that can run it: KOKKOS_CUDA_ARCH, in Kokkos' name (default
# AMPERE80). Its code is compiled for that one and for those of CUDAARCHS, CMake's variable, that are newer (default "90;100;120",
# as far as nvcc knows them); any newer GPU compiles the lowest one's PTX when a program starts. DistloadKokkos.cmake does the same for distload.
set -euo pipefail

variant=${1:-host}
case $variant in
  host) options=(-DKokkos_ENABLE_OPENMP=ON -DCMAKE_UNITY_BUILD=ON -DCMAKE_UNITY_BUILD_BATCH_SIZE=0) ;;  # in 15 instead of 35 s
  cuda)
    command -v nvcc >/dev/null || { echo "kokkos: no nvcc in the PATH: install NVIDIA's CUDA toolkit, 12.8 or newer" >&2; exit 1; }
    known=$(nvcc --list-gpu-code)
    lowest=${KOKKOS_CUDA_ARCH:-AMPERE80}
    codes=
    newer=${CUDAARCHS:-90;100;120}
    for architecture in ${newer//;/ }; do
      ((architecture > ${lowest//[!0-9]/})) || continue
      grep -qx "sm_$architecture" <<<"$known" || { echo "kokkos: this nvcc has no sm_$architecture: it is left out" >&2; continue; }
      codes+=" --generate-code=arch=compute_$architecture,code=sm_$architecture"
    done
    options=(-DKokkos_ENABLE_OPENMP=ON -DKokkos_ENABLE_CUDA=ON "-DKokkos_ARCH_$lowest=ON"
             "-DCMAKE_CXX_FLAGS=${codes# }") ;;
  *) echo "usage: tools/kokkos.sh host|cuda" >&2; exit 2 ;;
esac
options+=(-DCMAKE_BUILD_TYPE=Release -DCMAKE_CXX_STANDARD=20 -DCMAKE_POSITION_INDEPENDENT_CODE=ON
          -DKokkos_ENABLE_SERIAL=ON -DKokkos_ENABLE_TESTS=OFF -DKokkos_ENABLE_EXAMPLES=OFF)

version=4.7.0
package=pygenten==0.1.5
archive=pygenten-0.1.5.tar.gz
sha256=e620f05c742905e2db705d875f1cac92ef0ed453f9e6734e9beda26cc0f9cce7

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
patch=$here/kokkos/cuda-13.patch
cache=${XDG_CACHE_HOME:-$HOME/.cache}/distload
prefix=$cache/kokkos-$version-$variant
stamp="$sha256 ${options[*]} $(sha256sum <"$patch")"

if [[ -f $prefix/distload.stamp && $(<"$prefix/distload.stamp") == "$stamp" ]]; then
  exit 0
fi

echo "kokkos: building $version ($variant) into $prefix"
mkdir -p "$cache"
exec {lock}>"$cache/kokkos.lock"
flock "$lock"
if [[ -f $prefix/distload.stamp && $(<"$prefix/distload.stamp") == "$stamp" ]]; then
  exit 0  # another process has built it while this one waited
fi

if ! sha256sum --check --status <<<"$sha256  $cache/$archive" 2>/dev/null; then
  requirements=$(mktemp)
  echo "$package --hash=sha256:$sha256" >"$requirements"
  python3 -m pip download --quiet --no-deps --no-binary "${package%%==*}" --require-hashes --dest "$cache" -r "$requirements"
  rm "$requirements"
  sha256sum --check --status <<<"$sha256  $cache/$archive" || { echo "kokkos: $archive is not the pinned file" >&2; exit 1; }
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/source"
tar -xzf "$cache/$archive" -C "$work/source" --strip-components=3 "${archive%.tar.gz}/tpls/kokkos"
patch --silent -d "$work/source" -p1 <"$patch"

if [[ $variant == cuda ]]; then
  options+=("-DCMAKE_CXX_COMPILER=$work/source/bin/nvcc_wrapper")
fi
log=$cache/kokkos-$version-$variant.log
if ! {
  cmake -G Ninja -S "$work/source" -B "$work/build" -DCMAKE_INSTALL_PREFIX="$prefix" "${options[@]}" &&
    DESTDIR=$work/install cmake --build "$work/build" --target install
} >"$log" 2>&1; then
  tail -n 40 "$log" >&2
  echo "kokkos: the build failed; all of its output is in $log" >&2
  exit 1
fi
cp "$work/source/LICENSE" "$work/source/Copyright.txt" "$work/install$prefix/"
echo "$stamp" >"$work/install$prefix/distload.stamp"
rm -rf "$prefix"
mv "$work/install$prefix" "$prefix"
