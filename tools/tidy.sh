#!/usr/bin/env bash
# Runs clang-tidy with .clang-tidy's checks as errors: tools/tidy.sh [regular expressions of paths...]
#
# Configures build/host-debug if it is missing. Without arguments: all of src/ and tools/.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/environment.sh"
cd "$distload_root"
build=build/host-debug
[[ -f $build/compile_commands.json ]] || cmake --preset host-debug >/dev/null
(($#)) || set -- "$distload_root/src/" "$distload_root/tools/"
# clang does not know all of GCC's warning flags; compiler warnings are not checked here.
run-clang-tidy -quiet -p "$build" -j "$(nproc)" -extra-arg=-Wno-unknown-warning-option -extra-arg=-w "$@" 2>&1 |
  { grep -v -e '^clang-tidy' -e 'warnings generated' -e '^$' || true; }
