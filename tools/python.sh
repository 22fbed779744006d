#!/usr/bin/env bash
# Installs the Python package, and what its tests need, into an environment in the user's cache: tools/python.sh
#
# Compiles it as `pip install .` does, against the system's MPI and parallel HDF5 (tools/setup.sh). Uses torch, numpy and safetensors of the
# environment of tools/transformers.sh; exits with 77 without it. Prints the environment's folder.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/environment.sh"
requirements=$distload_root/tests/python/requirements.txt
prefix=$distload_cache/venv-python
transformers=$distload_cache/venv-transformers
stamp=$(sha256sum <"$requirements")

if [[ ! -x $transformers/bin/python ]]; then
  echo "there is no $transformers; tools/transformers.sh makes it"
  exit 77
fi
exec {lock}>"$distload_cache/venv-python.lock"
flock "$lock"
if [[ ! -f $prefix/distload.stamp || $(<"$prefix/distload.stamp") != "$stamp" ]]; then
  rm -rf "$prefix"
  python3 -m venv --without-pip "$prefix"
  python3 -m pip --python "$prefix/bin/python" install --quiet --no-deps --no-cache-dir -r "$requirements" >&2
  packages=$(echo "$prefix"/lib/python3*/site-packages)
  echo "$transformers"/lib/python3*/site-packages >"$packages/transformers.pth"
  echo "$stamp" >"$prefix/distload.stamp"
fi
# Without isolation, the tools that the environment has compile it, and files that have not changed are not compiled again.
python3 -m pip --python "$prefix/bin/python" install --quiet --no-deps --no-build-isolation "$distload_root" >&2
echo "$prefix"
