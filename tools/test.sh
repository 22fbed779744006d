#!/usr/bin/env bash
# Installs what is missing, builds preset host-release and runs its tests: tools/test.sh [arguments of ctest...]
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/environment.sh"
build=$distload_root/build/host-release

step "set up"
"$distload_root/tools/setup.sh"
step "build"
build_preset host-release
step "test"
ctest --test-dir "$build" --output-on-failure --no-tests=error -j"$(nproc)" "$@"
