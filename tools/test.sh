#!/usr/bin/env bash
# Installs what is missing, builds preset host-release and runs its tests: tools/test.sh [arguments of ctest...]
#
# Without arguments, tests that passed are not run again until a source, a built file, an installed package or a setting of
# distload or MPI changes. With arguments they always run.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/environment.sh"
build=$distload_root/build/host-release
passed=$build/tests.passed

# fingerprint: one hash of all that decides what the tests say.
fingerprint() {
  cd "$distload_root"
  {
    find . \( -path ./build -o -path ./.git -o -name __pycache__ \) -prune -o -type f -print0 | sort -z | xargs -0 sha256sum
    find "$build" -path "$build/tests/install" -prune -o -type f \( -perm -u+x -o -name CTestTestfile.cmake \) \
      -printf '%p %s %T@\n' | sort
    stat --format='%Y' /var/lib/dpkg/status
    cat "$distload_cache/venv-transformers/distload.stamp" 2>/dev/null || true
    env | grep -E '^(DISTLOAD|OMPI|OMP|KOKKOS|HDF5)_' | sort
  } | sha256sum
}

step "set up"
"$distload_root/tools/setup.sh"
step "build"
build_preset host-release
step "test"
tested=$(fingerprint)
if (($# == 0)) && [[ -f $passed && $(head -n 1 "$passed") == "$tested" ]]; then
  tail -n +2 "$passed"
  echo "Nothing has changed since; delete ${passed#"$distload_root"/} to run them again."
  exit
fi
rm -f "$passed"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
ctest --test-dir "$build" --output-on-failure --no-tests=error -j"$(nproc)" --output-log "$log" "$@"
(($#)) || { echo "$tested"; grep ' tests passed, ' "$log"; } >"$passed"
