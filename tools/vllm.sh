#!/usr/bin/env bash
# Makes a Python environment with vLLM's Python files, for the test that compares the rule files with its models, and prints its folder.
#
# Takes the source distribution (47 MB), pinned by hash: wheels have gigabytes of CUDA code, which loading does not need. torch and transformers
# are those of the environment of tools/transformers.sh; exits with 77 without it.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/environment.sh"

version=0.33.0
sha256=f4c33c2503d52bb411146afa9618a4f48bed68912f617e6803ac8d76e4c74112
# What pip needs to see the distribution's version. It compiles nothing.
builders=(setuptools==80.9.0 setuptools_rust==1.13.0 setuptools_scm==10.3.4 vcs_versioning==2.6.0 semantic_version==2.10.0 wheel==0.48.0)

requirements=$distload_root/tests/python/witness/requirements.txt
prefix=$distload_cache/venv-vllm
transformers=$distload_cache/venv-transformers
stamp=$(cat "$requirements" "${BASH_SOURCE[0]}" | sha256sum)

made() { [[ -f $prefix/distload.stamp && $(<"$prefix/distload.stamp") == "$stamp" ]]; }

if [[ ! -x $transformers/bin/python ]]; then
  echo "there is no $transformers; tools/transformers.sh makes it"
  exit 77
fi
exec {lock}>"$distload_cache/venv-vllm.lock"
flock "$lock"
if ! made; then
  echo "vllm: installing into $prefix" >&2
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  packages=$(echo "$transformers"/lib/python3*/site-packages)
  python3 -m pip install --quiet --no-deps --no-cache-dir --target "$work/builders" "${builders[@]}" >&2
  echo "vllm==$version --hash=sha256:$sha256" >"$work/vllm.txt"
  PYTHONPATH=$work/builders:$packages VLLM_VERSION_OVERRIDE=$version VLLM_TARGET_DEVICE=empty \
    python3 -m pip download --quiet --no-deps --no-build-isolation --no-binary vllm --require-hashes --no-cache-dir --dest "$work" -r "$work/vllm.txt" >&2
  rm -rf "$prefix"
  python3 -m venv --without-pip "$prefix"
  python3 -m pip --python "$prefix/bin/python" install --quiet --no-deps --no-compile --no-cache-dir -r "$requirements" >&2
  own=$(echo "$prefix"/lib/python3*/site-packages)
  tar -xzf "$work/vllm-$version.tar.gz" -C "$own" --strip-components=1 "vllm-$version/vllm" "vllm-$version/vllm.egg-info"
  # distload is in the environment of tools/python.sh, which is made later.
  printf '%s\n' "$packages" "${packages/venv-transformers/venv-python}" >"$own/distload.pth"
  echo "$stamp" >"$prefix/distload.stamp"
fi
echo "$prefix"
