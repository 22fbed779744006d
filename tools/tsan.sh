#!/usr/bin/env bash
# Builds what has threads in preset host-tsan and runs it under ThreadSanitizer: tools/tsan.sh
#
# Unit tests of memory, files and the watchdog; loads with every engine and saves in the background on two ranks; how jobs end.
# What is passed over, and why, stands in tests/support/tsan.supp. Kokkos and libgomp are not compiled for ThreadSanitizer: tests
# give OpenMP one thread, so that its barriers, which it cannot see, join nobody.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/environment.sh"
cd "$distload_root"

unit=(fault huge_pages control_group scatter shard failure pulse stall_detector
      io_direct_writer io_independent_engines io_read_order io_residency)
either=$(IFS='|'; echo "${unit[*]}")
build_preset host-tsan "${unit[@]/%/_test}" loader_test saver_test job_end_program

# under_tsan <tests of GoogleTest> <tests of CTest>
under_tsan() { GTEST_FILTER=$1 ctest --preset host-tsan -j"$(nproc)" --no-tests=error -R "$2"; }

# Left out: a reservation of 1 TiB, for which ThreadSanitizer leaves no addresses, and a minute of one thread's writing.
under_tsan '-PageToucher.StopsWhenItIsDestroyed:DirectWriter.WritesPartsOfAnySizeInTheirPlaces' "^($either)_test\$"
under_tsan '*' '^job_end_'
under_tsan '*ReloadsInPlace*:*EveryEngine*' '^loader_test_ranks_2$'
under_tsan '*InTheBackground*:*BeginsNothing*' '^saver_test_ranks_2$'
