#!/usr/bin/env bash
# Measures the lines of the modules below that their own unit tests run; fails if a module has less than 90 %:
# tools/coverage.sh
#
# build/host-coverage/report/index.html shows the lines that do not run.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/environment.sh"
cd "$distload_root"
modules=(config checkpoint partition plan)
least_percent=90
build=build/host-coverage

step "build"
# Sources that no test links are built as well: they count as not run.
targets=("${modules[@]/#/src/}" "${modules[@]/#/tests/unit/}")
build_preset host-coverage "${targets[@]/%//all}"

step "test"
find "$build" -name '*.gcda' -delete
for module in "${modules[@]}"; do
  ctest --test-dir "$build/tests/unit/$module" -j"$(nproc)" --no-tests=error --output-on-failure
done

step "count"
counts=$build/counts.json report=$build/report
mkdir -p "$report"
gcovr --root . --object-directory "$build" --filter "src/($(IFS='|'; echo "${modules[*]}"))/" "$build/src" "$build/tests/unit" \
  --json "$counts" --html-details "$report/index.html"
low=0
for module in "${modules[@]}"; do
  echo "src/$module"
  gcovr --root . --add-tracefile "$counts" --filter "src/$module/" --fail-under-line "$least_percent" --print-summary \
    --output "$report/$module.txt" || low=1
done
exit "$low"
