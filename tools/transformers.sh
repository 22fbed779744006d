#!/usr/bin/env bash
# Makes a Python environment with transformers, for tests in which it writes and reads models, and prints its folder.
#
# Installs the packages of tests/transformers/requirements.txt, a download of 0.6 GB. torch is linked to gigabytes of CUDA libraries that it
# does not call without a GPU; they are replaced by stubs whose functions abort the program.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/environment.sh"

requirements=$distload_root/tests/transformers/requirements.txt
prefix=$distload_cache/venv-transformers
stamp=$(cat "$requirements" "${BASH_SOURCE[0]}" | sha256sum)

made() { [[ -x $prefix/bin/python && -f $prefix/distload.stamp && $(<"$prefix/distload.stamp") == "$stamp" ]]; }

# make_stubs <folder of torch's libraries>: makes one library with all missing functions, under all library names that are needed.
make_stubs() {
  cd "$1"
  local wanted name
  wanted=$(readelf --dynamic ./*.so | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' | sort -u |
    grep -E '^lib(cu|nv|nccl)' | grep -vE '^libcuda(rt)?\.') || return 0
  # Starts with empty libraries: the linker lists missing functions only if it finds all libraries.
  : >stubs.c
  gcc -shared -o libdistload_stubs.so stubs.c
  for name in $wanted; do ln -s libdistload_stubs.so "$name"; done
  {
    echo "#include <stdlib.h>"
    ldd -r libtorch_python.so 2>&1 | sed -nE 's/^(undefined )?symbol:? ([A-Za-z_]\w*).*/\2/p' | grep -vE '^_?Py' | sort -u |
      sed 's/.*/void &(void) { abort(); }/'
  } >stubs.c
  gcc -w -shared -fPIC -o libdistload_stubs.so stubs.c
}

if ! made; then
  mkdir -p "$distload_cache"
  exec {lock}>"$distload_cache/venv-transformers.lock"
  flock "$lock"
  if ! made; then
    echo "transformers: installing into $prefix" >&2
    partial=$prefix.partial
    rm -rf "$partial"
    python3 -m venv --without-pip "$partial"
    python3 -m pip --python "$partial/bin/python" install --quiet --no-deps --no-compile --no-cache-dir -r "$requirements" >&2
    (make_stubs "$(echo "$partial"/lib/python3*/site-packages/torch/lib)")
    DISTLOAD_TRANSFORMERS=$partial "$distload_root/tests/transformers/with_transformers.sh" -c "import torch, transformers"
    echo "$stamp" >"$partial/distload.stamp"
    rm -rf "$prefix"
    mv "$partial" "$prefix"
  fi
fi
echo "$prefix"
