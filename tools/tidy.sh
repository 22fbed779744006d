#!/usr/bin/env bash
# Runs clang-tidy with .clang-tidy's checks as errors: tools/tidy.sh [regular expressions of paths...]
#
# Without arguments: all of src/ and tools/, the files of a module together, which is faster. With arguments: file by file. Configures
# build/tidy or build/host-debug for it if it is missing.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/environment.sh"
cd "$distload_root"
if (($#)); then
  build=build/host-debug
  [[ -f $build/compile_commands.json ]] || cmake --preset host-debug >/dev/null
else
  build=build/tidy
  [[ -f $build/compile_commands.json ]] || cmake --preset host-debug -B "$build" -DCMAKE_UNITY_BUILD=ON >/dev/null
  set -- "$distload_root/(build/tidy/)?(src|tools)/"
fi
# clang does not know all of GCC's warning flags; compiler warnings are not checked here.
run-clang-tidy -quiet -p "$build" -j "$(nproc)" -extra-arg=-Wno-unknown-warning-option -extra-arg=-w "$@" 2>&1 |
  { grep -v -e '^clang-tidy' -e 'warnings generated' -e '^$' || true; }
