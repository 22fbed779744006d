#!/usr/bin/env bash
# Makes a Python environment with transformers, for the tests that let it write and read models, and prints its folder.
#
# The packages are those of tests/transformers/requirements.txt, 0.6 GB to download. torch is linked to gigabytes of CUDA libraries that it
# does not call without a GPU; in their place lie stubs whose functions abort the program.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/environment.sh"

requirements=$distload_root/tests/transformers/requirements.txt
prefix=$distload_cache/venv-transformers
stamp=$(cat "$requirements" "${BASH_SOURCE[0]}" | sha256sum)

made() { [[ -x $prefix/bin/python && -f $prefix/distload.stamp && $(<"$prefix/distload.stamp") == "$stamp" ]]; }

# make_stubs <folder of torch's libraries>: one library with everything that they lack, under the names that they look for.
make_stubs() {
  cd "$1"
  local wanted name
  wanted=$(readelf --dynamic ./*.so | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' | sort -u |
    grep -E '^lib(cu|nv|nccl)' | grep -vE '^libcuda(rt)?\.') || return 0
  # Empty ones first: only where it finds all libraries does the linker tell which functions there are not.
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
