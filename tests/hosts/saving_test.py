#!/usr/bin/env python3
"""Saves from hosts that share the directory, and from hosts that do not: what one host has created, the others must write to."""
import shutil

import check

given, hosts, checks = check.start()
program = given.test_bin / "hosts_library_program"
source = check.synth(given, given.work / "source", "--format", "hdf5", "--tensor-parallel", "4", "--step", "1")
target = given.work / "target"
target.mkdir()

ended = hosts.run(program, "save", source, target)
checks.ended("a shared directory", ended, 0, "hdf5: saved .*model-step-1.h5", "safetensors: saved .*model-step-1")
shutil.rmtree(target)
target.mkdir()

# Each host has a directory of its own under that path.
own = given.work / "own"
own.mkdir()
hosts.show("n2", own, target)
ended = hosts.run(program, "save", source, target)
for form, name in (("hdf5", "model-step-1.h5"), ("safetensors", "model-step-1")):
    line = next((line for line in ended.out.splitlines() if line.startswith(form + ":")), "")
    checks.says(f"directories apart, {form}", line, "code 6: rank 2 on n2: ", name, "rank 0 on n1 has created", "on n2")
checks.that("directories apart: nothing is left", not list(target.iterdir()) and not list(own.iterdir()))
hosts.share_again("n2", target)

# A base that is another file on the second host gives no blocks.
base = given.work / "base"
shutil.copytree(source, base)
other = check.synth(given, given.work / "other", "--format", "hdf5", "--tensor-parallel", "4", "--step", "1", "--seed", "7")
hosts.show("n2", other, base)
ended = hosts.run(program, "save", source, target, base)
line = next((line for line in ended.out.splitlines() if line.startswith("hdf5:")), "")
checks.says("bases apart", line, "code 5: rank 2 on n2: ", "base/model-step-1.h5", "on n2 it has another header or index")
checks.exit()
