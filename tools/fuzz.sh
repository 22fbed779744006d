#!/usr/bin/env bash
# Builds the fuzz targets and runs each for a while: tools/fuzz.sh [SECONDS [TARGET...]]
#
# SECONDS are of each target (default 20); TARGET is a name such as rule_file (default: all). What they find on their way stays
# in build/fuzz/corpus/<target>, so that the next run goes on from there; an input that breaks a target is left in
# build/fuzz/found/ and named. Mend its cause, and keep it as tests/fuzz/corpus/<target>/found-<what it is>.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/environment.sh"
seconds=${1:-20}
shift || true
cd "$distload_root"
build_preset fuzz
(($#)) || set -- $(find build/fuzz/tests/bin -name 'fuzz_*' -type f -printf '%f\n' | sed 's/^fuzz_//' | sort)

# Files that targets write are small and many.
[[ -w /dev/shm ]] && export TMPDIR=/dev/shm
mkdir -p build/fuzz/found
failed=0
for target; do
  corpus=build/fuzz/corpus/$target
  log=build/fuzz/found/$target.log
  mkdir -p "$corpus"
  options=(-timeout=5 -rss_limit_mb=1024 -max_len=65536 "-max_total_time=$seconds" -print_final_stats=1
           "-artifact_prefix=build/fuzz/found/$target-")
  dictionary=tests/fuzz/dictionaries/$target.dict
  [[ -f $dictionary ]] && options+=("-dict=$dictionary")
  if ! "build/fuzz/tests/bin/fuzz_$target" "${options[@]}" "$corpus" "tests/fuzz/corpus/$target" >"$log" 2>&1; then
    tail -n 40 "$log" >&2
    failed=1
  fi
  executions=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
  coverage=$(grep -o 'cov: [0-9]*' "$log" | tail -n 1)
  echo "fuzz $target: ${executions:-?} executions, ${coverage:-cov: ?}, $(ls "$corpus" | wc -l) inputs of its own"
done
exit "$failed"
