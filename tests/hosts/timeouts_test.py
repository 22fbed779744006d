#!/usr/bin/env python3
"""Slow links are waited for; stopped processes and hosts that are cut off are named, in one message."""
import time

import check

given, hosts, checks = check.start()
program = given.test_bin / "hosts_library_program"
safetensors = check.synth(given, given.work / "safetensors", "--format", "safetensors", size="120MB")
small = check.synth(given, given.work / "small", "--format", "safetensors")
config = given.work / "config.yaml"
config.write_text(f"checkpoint: {{path: {safetensors}}}\nreport: {{progress: none}}\nruntime: {{timeout: 2 s}}\nload: {{engine: buffered}}\n")


def start_loading():
    job = hosts.start(program, "repeat", small)
    checks.that("the job has begun", job.has_said("ready"))
    time.sleep(1)  # so that the hosts have heard of each other
    return job


for name in hosts.names:
    hosts.slow_down(name, "200mbit")
ended = hosts.run(given.bin / "distload", "--set", "load.engine=collective", config, limit=60)
checks.ended("200 Mbit/s with a time-out of 2 s, collective", ended, 0, "loaded")
save = ["--set", f"save.directory={given.work}/saved", "--set", "save.format=safetensors", "--set", "save.shard_size=1TB"]
ended = hosts.run(given.bin / "distload", config, limit=60)
checks.ended("200 Mbit/s with a time-out of 2 s", ended, 0, "loaded")
ended = hosts.run(given.bin / "distload", *save, config, limit=90)
checks.ended("200 Mbit/s with a time-out of 2 s, saved", ended, 0, "loaded", "saved")
for name in hosts.names:
    hosts.speed_up(name)

# The third and the fourth process are those of n2; the first of n1 may be the one that the others report to.
for host, rank, others in (("n2", "3", "ranks 0-2 on n1, n2 wait"), ("n1", "0", "ranks 1-3 on n1, n2 wait")):
    job = start_loading()
    pids = hosts.pids_of(program.name, host)
    hosts.stop(pids[-1] if host == "n2" else pids[0])
    ended = job.wait(15)
    name = f"a stopped rank on {host}"
    checks.ended(name, ended, 7, rf"nothing has moved for 2\.\d s: rank \d on {host} is stopped in phase '", "wait for other ranks in phase '")

job = start_loading()
for pid in hosts.pids_of(program.name, "n1"):
    hosts.stop(pid)
checks.ended("all ranks of n1 are stopped", job.wait(20), 7, check.no_answer((0, 1), "n1"))

job = start_loading()
for pid in hosts.pids_of(program.name, "n2"):
    hosts.stop(pid)
checks.ended("all ranks of n2 are stopped", job.wait(20), 7, check.no_answer((2, 3), "n2") + ".*; ranks 0-1 on n1 wait")
left = hosts.left_over(program.name, "orted")
checks.that("nothing is left over", not left, f"processes {left}")
checks.exit()
