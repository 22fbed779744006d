#!/usr/bin/env python3
"""A killed rank, a killed daemon of mpirun and a lost link end the job at once, on all hosts, with the host's name; what was saved before is whole."""
import random
import subprocess
import time

import check

given, hosts, checks = check.start()
program = given.test_bin / "hosts_library_program"
source = check.synth(given, given.work / "source", "--format", "safetensors")
hosts.give_up_soon()
chance = random.Random(20)


def start(*command):
    job = hosts.start(program, *command)
    checks.that(f"{command[0]}: the job has begun", job.has_said("ready"))
    time.sleep(1 + chance.random())  # so that the hosts have heard of each other
    return job


def kill_a_rank(host):
    hosts.kill(hosts.pids_of(program.name, host)[0])


def kill_the_daemon(host):
    hosts.kill(hosts.pids_of("orted", host)[0])


NO_ANSWER = check.no_answer((2, 3), "n2") + ".*; ranks 0-1 on n1 wait for other ranks"
# What is lost on n2, the exit code of mpirun, our own error lines, and what says which host it is.
LOSSES = [
    ("a killed rank", kill_a_rank, 137, 0, r"rank \d with PID \d+ on node n2 exited on signal 9"),
    ("a killed daemon", kill_the_daemon, 205, 0, r"lost communication with a remote daemon(.|\n)*Remote daemon: .* on node n2"),
    ("a lost link", hosts.cut, 7, 1, NO_ANSWER),
]

for name, lose, code, errors, pattern in LOSSES:
    target = given.work / name.replace(" ", "-")
    for command in (("repeat", source), ("repeat-save", source, target)):
        job = start(*command)
        lose("n2")
        ended = job.wait(40)
        hosts.mend("n2")
        checks.ended(f"{name}, {command[0]}", ended, code, pattern, errors=errors)
        left = hosts.left_over(program.name, "mpirun")  # the daemon of a host that was cut off learns of it later
        checks.that(f"{name}, {command[0]}: nothing is left over", not left, f"processes {left}")
    verified = subprocess.run([given.bin / "distload-verify", target], capture_output=True, text=True)
    checks.that(f"{name}: what was saved is whole", verified.returncode == 0, verified.stdout + verified.stderr)
checks.ended("the next job loads it", hosts.run(given.bin / "distload", "--progress", "none", target), 0, "loaded")
checks.exit()
