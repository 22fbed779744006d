#!/usr/bin/env python3
"""Jobs that are cancelled, warned ahead of their time limit, or lose a rank: they end at once, say in one line what became of a save, and leave
nothing half-written."""
import check
import cluster

given, slurm, checks = cluster.start()
model = check.synth(given, given.work / "model", "--format", "safetensors")
config = given.work / "config.yaml"
config.write_text(f"checkpoint: {{path: {model}}}\nreport: {{progress: none}}\nload: {{engine: buffered}}\nruntime: {{timeout: 100 s}}\n")
saved = given.work / "saved"
SAVE = ("--out", saved)
WITHDRAWN = rf"; the save of {saved}/model-step-0\.h5 is withdrawn$"
FLAGS = ["--nodes=2", "--ntasks-per-node=2", "--gpus-per-node=0", "--cpus-per-task=1"]


def expect_nothing_left(name):
    slurm.wait_until(lambda: not slurm.hosts.pids_of("distload"), 5)
    left = [*slurm.hosts.pids_of("distload"), *(saved.iterdir() if saved.exists() else ())]
    checks.that(f"{name}: nothing is left", not left, f"left over: {left}")


def submit_and_wait_until(holds, *arguments, flags=(), **environment):
    number = slurm.submit("slurm.sbatch", config, *arguments, flags=FLAGS + list(flags), **environment)
    checks.that("the job has come so far", slurm.wait_until(lambda: holds(number)), slurm.ask("scontrol", "show", "job", number))
    return number


def is_loading(number):
    """All ranks are there, and the first one has opened the checkpoint."""
    return len(slurm.hosts.pids_of("distload")) == 4 and "safetensors carry no checksums" in slurm.output(number, "err")


def is_saving(_):
    return (saved / "model-step-0.h5.partial").exists()


# scancel: srun passes on the code of its ranks, mpirun has one of its own, unless the second signal of scancel, while it aborts, makes it crash
# in PMIx_Finalize (seen with Open MPI 4.1.4 and PMIx 4.2.2).
for launcher, codes in (("srun", ["143:0"]), ("mpirun", ["1:0", "0:11"])):
    name = f"scancel while loading, {launcher}"
    number = submit_and_wait_until(is_loading, LAUNCHER=launcher, DISTLOAD_FAULT="read:3:hang")
    slurm.ask("scancel", number)
    job = slurm.wait(number)
    checks.job(name, job, "CANCELLED", codes, r"stopped by SIGTERM .*\)$", may_be_silent=launcher == "mpirun")
    checks.that(f"{name}: within 5 s", job.seconds < 5)
    expect_nothing_left(name)

    name = f"scancel while saving, {launcher}"
    number = submit_and_wait_until(is_saving, *SAVE, LAUNCHER=launcher, DISTLOAD_FAULT="save_sync:3:hang")
    slurm.ask("scancel", number)
    job = slurm.wait(number)
    checks.job(name, job, "CANCELLED", codes, "stopped by SIGTERM .*" + WITHDRAWN, may_be_silent=launcher == "mpirun")
    checks.that(f"{name}: within 5 s", job.seconds < 5)
    expect_nothing_left(name)

# One rank is killed while it loads, and while it saves. The other ranks end by SIGTERM, and srun returns the highest code.
for launcher, code in (("srun", "143:0"), ("mpirun", "137:0")):
    for what, arguments, fault, pattern in (("loading", (), "read:3:kill", r"another rank died\)$"), ("saving", SAVE, "save_sync:3:kill", WITHDRAWN)):
        name = f"a rank killed while {what}, {launcher}"
        job = slurm.wait(slurm.submit("slurm.sbatch", config, *arguments, flags=FLAGS, LAUNCHER=launcher, DISTLOAD_FAULT=fault), limit=15)
        checks.job(name, job, "FAILED", [code], pattern)
        expect_nothing_left(name)

# Slurm looks at time limits every 30 s, and warns at the first look that is at most 30 s + the time of --signal ahead of the limit.
# mpirun is part of the batch script, and passes on what that gets (B:). The two jobs run at the same time, on one node each.
jobs = {}
for launcher, flag in (("srun", "--signal=USR1@25"), ("mpirun", "--signal=B:USR1@25")):
    jobs[launcher] = slurm.submit("slurm.sbatch", config, "--out", saved / launcher, flags=[*FLAGS, "--nodes=1", "--time=1", flag],
                                  LAUNCHER=launcher, DISTLOAD_FAULT="save_sync:1:hang")
for launcher in jobs:
    checks.that(f"a time limit, {launcher}: it saves", slurm.wait_until((saved / launcher / "model-step-0.h5.partial").exists))
for launcher, number in jobs.items():
    checks.job(f"a time limit, {launcher}", slurm.wait(number), "FAILED", ["138:0"],
               rf"stopped by SIGUSR1 .*; the save of {saved}/{launcher}/model-step-0\.h5 is withdrawn$")
    checks.that(f"a time limit, {launcher}: nothing is left", not list((saved / launcher).iterdir()))
checks.exit()
