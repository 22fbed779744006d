#!/usr/bin/env bash
# Makes a package that checks distload on a machine with a GPU, and nothing of distload or MPI installed: tools/device_check.sh [--host] [--size BYTES]
#
# Builds presets cuda-device-check and host-release, and writes build/device-check/package.tar.xz (at most 64 MiB): programs, tests, their libraries, Open MPI at
# its own paths, and the hashes of loads on the host. On that machine, as root:
#
#   tar -C / -xJf package.tar.xz && python3 /opt/distload-check/run.py --out RESULTS
#
# With --host, the package has the programs of preset host-release, to try the whole on any machine (tools/README.md). --size: of the benchmark's model.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/environment.sh"

kind=cuda
size=4GB
while (($#)); do
  case $1 in
    --host) kind=host ;;
    --size) size=$2; shift ;;
    *) echo "usage: tools/device_check.sh [--host] [--size BYTES]" >&2; exit 2 ;;
  esac
  shift
done

limit=$((64 * 1024 * 1024))
programs=(distload distload-bench distload-infer distload-synth distload-inspect distload-verify)
tests=(tensor_kernels_test device_test loader_test nccl_communicator_test)

build=$distload_root/build
preset=host-release
if [[ $kind == cuda ]]; then preset=cuda-device-check; fi
out=$build/device-check
root=$out/root
here=$root/opt/distload-check
rm -rf "$out"
mkdir -p "$here"/{bin,tests,lib,share/distload}

step "building"
build_preset host-release distload distload-synth
build_preset "$preset" "${programs[@]}" "${tests[@]}" distload_nccl_double

step "copying programs"
for name in "${programs[@]}"; do install -s "$build/$preset/bin/$name" "$here/bin/$name"; done
for name in "${tests[@]}"; do install -s "$build/$preset/tests/bin/$name" "$here/tests/$name"; done
if [[ $kind == cuda ]]; then
  nvcc -O2 -std=c++17 -cudart static -o "$here/tests/bare_copies" "$distload_root/tools/device_check/bare_copies.cu"
  strip "$here/tests/bare_copies"
fi
double=$build/$preset/tests/lib/libdistload_nccl_double.so
mkdir "$here/double"
install -s "$double" "$here/double/"
cp -r "$distload_root/config/models" "$distload_root/config/machines" "$here/share/distload/"
cp "$distload_root/tools/device_check/run.py" "$here/"

step "copying libraries"
# What every system has in its own version, and what belongs to the driver and to the machine's CUDA.
system='/(ld-linux-x86-64|lib(c|m|dl|rt|pthread|util|resolv|stdc\+\+|gcc_s|cuda|nvidia-[a-z]+|nccl))\.so'
copy_libraries() {  # copy_libraries <file>...: the libraries of these programs
  local library
  for library in $(ldd "$@" 2>/dev/null | awk '$2 == "=>" && $3 ~ /^\// {print $3}' | sort -u | grep -Ev "$system"); do
    [[ -e $here/lib/$(basename "$library") ]] || install -s "$library" "$here/lib/$(basename "$library")"
  done
}
copy_libraries "$here"/bin/distload* "$here"/tests/* "$double"

# Open MPI's launcher, help texts and plug-ins lie where Open MPI looks for them. Plug-ins for networks that need their own libraries are left out.
at_own_path() {
  mkdir -p "$root$(dirname "$1")"
  cp "$1" "$root$1"
}
for program in orterun orted; do
  at_own_path "/usr/bin/$program"
  copy_libraries "/usr/bin/$program"
done
ln -s /usr/bin/orterun "$here/bin/mpirun"
foreign='lib(ucp|uct|ucs|fabric|psm2|psm_infinipath|ibverbs|rdmacm|cudart|pmi2?|slurm|lustreapi)\.so|not found'
while read -r file; do
  [[ -f $file && ! -L $file ]] || continue
  if [[ $file == *.so ]]; then
    if grep -Eq "$foreign" <<<"$(ldd "$file")"; then continue; fi
    copy_libraries "$file"
  fi
  at_own_path "$file"
done < <(dpkg -L libopenmpi3 openmpi-common libpmix2 2>/dev/null | grep -E '/(openmpi3|pmix)/(mca_|pmix_mca_)|^/etc/openmpi/|/share/(openmpi|pmix)/.*\.(txt|conf|ini)$' |
         grep -Ev '/mca_(scoll|spml|memheap|sshmem|atomic|fbtl_|fs_|sharedfp|vprotocol)')
# The files of etc/ are links in some versions.
for file in /etc/openmpi/openmpi-mca-params.conf; do
  if [[ -e $file ]]; then at_own_path "$file"; fi
done
find "$root/usr/lib" -name '*.so' -exec strip --strip-unneeded {} + 2>/dev/null || true

step "loading on the host, for the hashes"
"$distload_root/tools/device_check/run.py" --record "$here/expected" --bin "$build/host-release/bin" --work "$out/work"
rm -rf "$out/work"

commit=$(git -C "$distload_root" rev-parse --short HEAD 2>/dev/null || echo unknown)
if [[ -n $(git -C "$distload_root" status --porcelain 2>/dev/null) ]]; then commit+="-changed"; fi
printf '{"kind": "%s", "commit": "%s", "bench_size": "%s", "made": "%s"}\n' "$kind" "$commit" "$size" "$(date -u +%FT%TZ)" >"$here/package.json"

step "packing"
XZ_OPT=-T0 tar -C "$root" --owner=0 --group=0 --sort=name -cJf "$out/package.tar.xz" .
rm -rf "$root"
bytes=$(stat -c %s "$out/package.tar.xz")
echo "build/device-check/package.tar.xz: $((bytes / 1024)) KiB"
if ((bytes > limit)); then
  echo "device_check: the package is larger than 64 MiB" >&2
  exit 1
fi
echo "there, as root: tar -C / -xJf package.tar.xz && python3 /opt/distload-check/run.py --out RESULTS"
