#!/usr/bin/env python3
"""Jobs that save to one place: the elements of an array at the same time, and a job that is requeued while it saves."""
import check
import cluster
from shards import shards_by_mpirun

given, slurm, checks = cluster.start()
model = check.synth(given, given.work / "model", "--format", "safetensors")
config = given.work / "config.yaml"
config.write_text(f"checkpoint: {{path: {model}}}\nreport: {{progress: none}}\nruntime: {{timeout: 100 s}}\n")
expected = shards_by_mpirun(given, 2, model)
checks.that("the source has shards", expected)
FLAGS = ["--ntasks-per-node=2", "--gpus-per-node=0", "--cpus-per-task=1"]


def program(name, line):
    """A program for slurm.sbatch that runs `line` before distload."""
    path = given.work / name
    path.write_text(f"#!/bin/sh\n{line}\nexec distload \"$@\"\n")
    path.chmod(0o755)
    return path


def expect_valid(folder, *names):
    """The folder has these checkpoints and nothing else, with the source's content."""
    there = sorted(path.name for path in folder.iterdir())
    checks.that(f"{folder.name}: what is there", there == sorted(names), str(there))
    for name in there:
        checks.that(f"{folder.name}/{name}: its shards are those of the source", shards_by_mpirun(given, 2, folder / name) == expected)


def wait_for_array(number):
    return [slurm.wait(f"{number}_{element}") for element in (1, 2)]


ARRAY = [*FLAGS, "--array=1-2", "--nodes=1"]  # one node for each element, at the same time

# Each element saves a step of its own.
saved = given.work / "other-steps"
own_step = program("own_step", "export DISTLOAD_SAVE_STEP=$SLURM_ARRAY_TASK_ID")
for job in wait_for_array(slurm.submit("slurm.sbatch", config, "--out", saved, flags=ARRAY, PROGRAM=own_step)):
    checks.job("an element that saves a step of its own", job, "COMPLETED", ["0:0"], "saved")
expect_valid(saved, "model-step-1.h5", "model-step-2.h5")

# Both save the same step: one of them does, the other one is refused.
for form, name in (("hdf5", "model-step-0.h5"), ("safetensors", "model-step-0")):
    saved = given.work / f"same-step-{form}"
    jobs = wait_for_array(slurm.submit("slurm.sbatch", config, "--out", saved, "--format", form, flags=ARRAY))
    good = [job for job in jobs if job.state == "COMPLETED"]
    checks.that(f"{form}: one element saves the step", len(good) == 1, "\n".join(f"{job.state} {job.code}: {job.err}" for job in jobs))
    for job in jobs:
        if job not in good:
            checks.job(f"{form}: the other element is refused", job, "FAILED", ["3:0", "6:0"],
                       f"error: .*(step 0 is there already: .*{name}|{name}.* by another process|{name} has come while this was being saved)")
    expect_valid(saved, name)

# The step is being saved when another job starts to save it.
saved = given.work / "busy"
first = slurm.submit("slurm.sbatch", config, "--out", saved, flags=[*FLAGS, "--nodes=1"], DISTLOAD_FAULT="save_sync:1:hang")
checks.that("the first job saves", slurm.wait_until((saved / "model-step-0.h5.partial").exists))
second = slurm.wait(slurm.submit("slurm.sbatch", config, "--out", saved, flags=[*FLAGS, "--nodes=1"]))
checks.job("a second job", second, "FAILED", ["6:0"], "model-step-0.h5.partial is being written by another process")
checks.that("the second job leaves the first one's file", (saved / "model-step-0.h5.partial").exists())
slurm.ask("scancel", first)
slurm.wait(first)

# Requeued while they save: the first runs withdraw their saves, the second ones succeed. The two jobs run at the same time.
hangs_once = program("hangs_once", 'if [ "${SLURM_RESTART_COUNT:-0}" = 0 ]; then export DISTLOAD_FAULT=save_sync:1:hang; fi')
jobs = {}
for launcher in ("srun", "mpirun"):
    jobs[launcher] = slurm.submit("slurm.sbatch", config, "--out", given.work / f"requeued-{launcher}", PROGRAM=hangs_once, LAUNCHER=launcher,
                                  flags=[*FLAGS, "--nodes=1", "--requeue", "--open-mode=append"])
for launcher, number in jobs.items():
    saved = given.work / f"requeued-{launcher}"
    checks.that(f"a requeued job, {launcher}: it saves", slurm.wait_until((saved / "model-step-0.h5.partial").exists))
    slurm.ask("scontrol", "requeue", number)
for launcher, number in jobs.items():
    saved = given.work / f"requeued-{launcher}"
    job = slurm.wait(number)
    checks.job(f"a requeued job, {launcher}", job, "COMPLETED", ["0:0"], rf"stopped by SIGTERM .*; the save of {saved}/model-step-0\.h5 is withdrawn$",
               errors=1, may_be_silent=launcher == "mpirun")
    checks.says(f"a requeued job, {launcher}: the second run saves", job.out, "(?m)^saved")
    checks.that(f"a requeued job, {launcher}: it has run twice", slurm.field(number, "Restarts") == "1")
    expect_valid(saved, "model-step-0.h5")
checks.exit()
