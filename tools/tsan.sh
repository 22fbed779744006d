#!/usr/bin/env bash
# Builds the multi-threaded code in preset host-tsan and runs it under ThreadSanitizer: tools/tsan.sh
#
# Runs unit tests of memory, files and the watchdog, loads with every engine, also on the emulated device, background saves on two ranks, and tests of how jobs end.
# tests/support/tsan.supp lists what is suppressed, and why. Kokkos and libgomp are not compiled for ThreadSanitizer, which cannot see
# libgomp's barriers; the tests therefore use one OpenMP thread.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/environment.sh"
cd "$distload_root"

programs=(base_process_test base_test device_test io_test load_test parallel_test)
suites=(CurrentFailure DescribeCallFailure Heartbeat WaitScope StallDetector  # watchdog
        ControlGroupTest FaultPoint ParseFault FirstTouchTest HostMemory PageChoice  # memory
        EmulatedDevice '*/DeviceTest' Scatter Shard Unshard
        DirectWriter '*/IndependentEngines' 'EnginesOfNeighbours/*' FileMapping MmapEngine OrderRequests ResidentShare ShortNeighbours)  # files
joined() { local IFS=$1; shift; echo "$*"; }
build_preset host-tsan "${programs[@]}" loader_test saver_test job_end_program

# under_tsan <filter of GoogleTest> <filter of CTest>
under_tsan() { GTEST_FILTER=$1 ctest --preset host-tsan -j"$(nproc)" --no-tests=error -R "$2"; }

# Left out: a write of a minute on one thread.
under_tsan "$(joined : "${suites[@]/%/.*}")-DirectWriter.WritesPartsOfAnySizeInTheirPlaces" "^($(joined '|' "${programs[@]}"))\$"
under_tsan '*' '^job_end_'
under_tsan '*ReloadsInPlace*:*EveryEngine*' '^loader_test_ranks_2$'
under_tsan '*ReloadsInPlace*:*EveryEngine*:*TakesItsPart*' '^loader_on_emulated_device_ranks_2$'
under_tsan '*InTheBackground*:*BeginsNothing*' '^saver_test_ranks_2$'
