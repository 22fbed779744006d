#!/usr/bin/env bash
# Installs what is missing, builds preset host-release and runs its tests: tools/test.sh [--all] [arguments of ctest...]
#
# Leaves out the sweeps, tests/sweeps.txt, unless --all is given or the arguments choose tests (-R, -L, -I). The last line says what has
# not run, and what runs it.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/environment.sh"
build=$distload_root/build/host-release

selection=()
sweeps=$(grep -v '^#' "$distload_root/tests/sweeps.txt" | paste -s -d '|')
if [[ ${1:-} == --all ]]; then
  shift
elif ! [[ " $* " =~ \ (-[RLI]|--tests-regex|--label-regex|--tests-information) ]]; then
  selection=(--exclude-regex "^($sweeps)\$")
fi

step "set up"
"$distload_root/tools/setup.sh"
step "build"
build_preset host-release
step "test"
# Most tests wait for the start of ranks: two for each processor take half of the time.
code=0
ctest --test-dir "$build" --output-on-failure --no-tests=error -j"$((2 * $(nproc)))" --output-junit "$build/tests.xml" "${selection[@]}" "$@" || code=$?
ctest --test-dir "$build" --show-only=json-v1 | python3 "$distload_root/tools/tests_not_run.py" "$build/tests.xml"
exit "$code"
