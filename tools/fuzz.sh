#!/usr/bin/env bash
# Builds the fuzz targets and runs each for some time: tools/fuzz.sh [--preset PRESET] [SECONDS [TARGET...]]
#
# PRESET: fuzz (default, optimised), or host-asan, in which all tests are built. SECONDS: running time of each target (default 20); as
# many targets run at a time as there are processors. TARGET: a name such as rule_file (default: all). build/fuzz/corpus/<target> keeps
# the inputs that a target has found, and the next run continues with them. An input that breaks a target is kept in build/fuzz/found/ and
# its name is printed: fix the cause, and keep the input as tests/fuzz/corpus/<target>/found-<description>.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/environment.sh"
preset=fuzz
if [[ ${1:-} == --preset ]]; then
  preset=$2
  shift 2
fi
seconds=${1:-20}
shift || true
cd "$distload_root"
build_preset "$preset" fuzz_targets
(($#)) || mapfile -t all < <(find "build/$preset/tests/bin" -name 'fuzz_*' -type f -printf '%f\n' | sed 's/^fuzz_//' | sort)
(($#)) || set -- "${all[@]}"

# Targets write many small files.
if [[ -w /dev/shm ]]; then export TMPDIR=/dev/shm; fi
mkdir -p build/fuzz/found

# fuzz_one <target>: prints one line, and the end of the log if an input was found.
fuzz_one() {
  local target=$1 failed=0
  local corpus=build/fuzz/corpus/$target log=build/fuzz/found/$target.log dictionary=tests/fuzz/dictionaries/$target.dict
  local options=(-timeout=10 -rss_limit_mb=1024 -max_len=65536 "-max_total_time=$seconds" -print_final_stats=1
                 "-artifact_prefix=build/fuzz/found/$target-")
  mkdir -p "$corpus"
  if [[ -f $dictionary ]]; then options+=("-dict=$dictionary"); fi
  "build/$preset/tests/bin/fuzz_$target" "${options[@]}" "$corpus" "tests/fuzz/corpus/$target" >"$log" 2>&1 || failed=1
  if ((failed)); then tail -n 40 "$log" >&2; fi
  local executions coverage
  executions=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log" | tail -n 1)
  coverage=$(grep -o 'cov: [0-9]*' "$log" | tail -n 1)
  echo "fuzz $target: ${executions:-?} executions, ${coverage:-cov: ?}, $(find "$corpus" -type f | wc -l) inputs of its own"
  return "$failed"
}

failed=0
running=0
for target; do
  if ((running == $(nproc))); then
    wait -n || failed=1
    running=$((running - 1))
  fi
  fuzz_one "$target" &
  running=$((running + 1))
done
while ((running > 0)); do
  wait -n || failed=1
  running=$((running - 1))
done
exit "$failed"
