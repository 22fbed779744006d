#!/usr/bin/env python3
"""Programs that use the library: ranks that do not come, or come for something else, are named on all that came."""
import check

given, hosts, checks = check.start()
program = given.test_bin / "hosts_library_program"
source = check.synth(given, given.work / "source", "--format", "hdf5", "--tensor-parallel", "4", "--step", "1")

ended = hosts.run(program, "alone-watched", source)
checks.ended("a rank does not load, with a watchdog", ended, 7, r"nothing has moved for 2\.\d s: rank 3 on n2 has not called Loader::load; ranks 0-2 on n1, n2 wait")
ended = hosts.run(program, "alone", source)
checks.ended("a rank does not load, without a watchdog", ended, 7, r"error: rank 3 on n2 has not called Loader::load within 2.0 s$",
             errors=len(ended.errors()))
ended = hosts.run(program, "alone-heard", source)
checks.ended("a rank does not load, with a watchdog that tells", ended, 7, r"heard: nothing has moved for 2\.\d s: rank 3 on n2 has not called Loader::load",
             "error: rank 3 on n2 has not called Loader::load within", errors=len(ended.errors()))

ended = hosts.run(program, "differ", source, given.work / "target")
checks.ended("ranks differ: the program goes on", ended, 0)
for name, *patterns in (("dtype", "code 3: the ranks call Loader::load with different settings: load.dtype is 'fp16' on rank 3 on n2, 'keep' on ranks 0-2 on n1, n2"),
                        ("path", "code 3: .*checkpoint.path is '.*/' on rank 3 on n2, '.*' on ranks 0-2 on n1, n2"),
                        ("call", "code 3: the ranks do not call the same function: Loader::open on rank 3 on n2, Saver::save on ranks 0-2 on n1, n2"),
                        ("keep", "code 3: the ranks call Saver::save with different settings: save.keep is '3' on rank 3 on n2, '0' on"),
                        ("step", "code 3: .*Saver::save .*: step is '8' on rank 3 on n2, '7' on")):
    line = next((line for line in ended.out.splitlines() if line.startswith(name + ":")), "")
    checks.says(f"ranks differ in {name}", line, *patterns)
ended = hosts.run(program, "fail-apart", source)
checks.ended("ranks of two hosts fail apart from each other", ended, 5, "error: rank 1 on n1: made up")
checks.exit()
