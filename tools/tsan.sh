#!/usr/bin/env bash
# Builds some of what has threads in preset host-tsan and runs it under ThreadSanitizer: tools/tsan.sh
#
# Unit tests of memory, files and the watchdog, loads with every engine on two ranks, and how jobs end. What is passed over, and
# why, stands in tests/support/tsan.supp. Kokkos and libgomp are not compiled for ThreadSanitizer: tests give OpenMP one thread,
# so that its barriers, which it cannot see, join nobody.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/environment.sh"
cd "$distload_root"

unit=(fault control_group scatter failure pulse stall_detector io_read_order io_residency)
either=$(IFS='|'; echo "${unit[*]}")
build_preset host-tsan "${unit[@]/%/_test}" loader_test job_end_program
ctest --preset host-tsan -j"$(nproc)" --no-tests=error -R "^($either)_test\$|^job_end_"
GTEST_FILTER='*ReloadsInPlace*:*EveryEngine*' ctest --preset host-tsan --no-tests=error -R '^loader_test_ranks_2$'
