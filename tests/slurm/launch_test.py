#!/usr/bin/env python3
"""Every script of jobs/, by srun and by mpirun, on one and on two nodes: the results are those of a plain mpirun, and Slurm sees the exit codes."""
import check
import cluster
from shards import shards_by_mpirun, shards_of

given, slurm, checks = cluster.start()
model = check.synth(given, given.work / "model", "--format", "safetensors")
LAUNCHERS = ("srun", "mpirun")


def configured(name, *lines):
    config = given.work / f"{name}.yaml"
    config.write_text("\n".join((f"checkpoint: {{path: {model}}}", "runtime: {timeout: 20 s}", *lines)) + "\n")
    return config


def flags(nodes, ranks=2):
    return [f"--nodes={nodes}", f"--ntasks-per-node={ranks}", "--cpus-per-task=1"]


def expect_same(name, report, expected):
    found = shards_of(report)
    differing = sorted(key for key in found.keys() | expected.keys() if found.get(key) != expected.get(key))
    checks.that(f"{name}: the shards are those of mpirun", expected and not differing, f"{len(differing)} of {len(expected)} differ: {differing[:5]}")


config = configured("load", "report: {progress: none, tensors: true}")
expected = {ranks: shards_by_mpirun(given, ranks, model) for ranks in (2, 4)}
report = given.work / "report.json"
for script, more in (("slurm.sbatch", ["--gpus-per-node=0"]), ("slurm-cpu.sbatch", [])):
    for launcher in LAUNCHERS:
        for nodes in (1, 2):
            name = f"{script}, {launcher}, {nodes} nodes"
            report.unlink(missing_ok=True)
            job = slurm.wait(slurm.submit(script, config, "--report", report, flags=flags(nodes) + more, LAUNCHER=launcher))
            checks.job(name, job, "COMPLETED", ["0:0"], r"^loaded \d+ parameters")
            expect_same(name, report, expected[2 * nodes])

# Converting, there and back, also for another number of ranks.
for launcher, nodes in zip(LAUNCHERS, (2, 1)):
    hdf5, back = given.work / f"hdf5-{launcher}", given.work / f"safetensors-{launcher}"
    job = slurm.wait(slurm.submit("convert.sbatch", model, hdf5, "--set", "save.tensor_parallel=8", flags=flags(nodes), LAUNCHER=launcher))
    checks.job(f"convert.sbatch to HDF5, {launcher}", job, "COMPLETED", ["0:0"], "model-step-0.h5")
    job = slurm.wait(slurm.submit("convert.sbatch", hdf5, back, "--format", "safetensors", flags=flags(nodes), LAUNCHER=launcher))
    checks.job(f"convert.sbatch to safetensors, {launcher}", job, "COMPLETED", ["0:0"], "model-step-0")
    for folder in (hdf5, back):
        checks.that(f"{folder.name}: the shards are those of the source", shards_by_mpirun(given, 2, folder) == expected[2])
job = slurm.wait(slurm.submit("convert.sbatch", model, given.work / "hdf5-srun", flags=flags(1)))
checks.job("convert.sbatch onto a checkpoint", job, "FAILED", ["3:0"], "step 0 is there already")

# Exit codes, as Slurm sees them.
for launcher in LAUNCHERS:
    bad = [("a wrong key", "3:0", ("--set", "load.engine=nonsense"), {}, "load.engine"),
           ("an option that does not exist", "2:0", ("--nonsense",), {}, "nonsense"),
           ("a topology for other ranks", "3:0", ("--tp", "3"), {}, "rank"),
           ("no checkpoint", "4:0", ("--set", f"checkpoint.path={given.work}/nowhere"), {}, "nowhere"),
           ("damage on one rank", "5:0", ("--engine", "buffered"), {"DISTLOAD_FAULT": "read:3:corrupt"}, "rank 3 on n2: injected fault")]
    for name, code, arguments, environment, pattern in bad:
        for turn in range(2):
            job = slurm.wait(slurm.submit("slurm.sbatch", config, *arguments, flags=flags(2) + ["--gpus-per-node=0"], LAUNCHER=launcher, **environment))
            # Open MPI has crashed once in some hundred jobs while it started, by a call of address 0 without any of our functions on the stack.
            if turn > 0 or job.errors() or "Failing at address: (nil)" not in job.err + job.out:
                break
            print(f"once more, because MPI did not start: {name}, {launcher}")
        checks.job(f"{name}, {launcher}", job, "FAILED", [code], pattern)
for script, arguments in (("slurm.sbatch", ()), ("slurm-cpu.sbatch", ()), ("convert.sbatch", (model,))):
    job = slurm.wait(slurm.submit(script, *arguments, flags=flags(1) + ["--gpus-per-node=0"]))
    checks.job(f"{script} without enough arguments", job, "FAILED", ["2:0"], f"usage: sbatch jobs/{script}", errors=0)
    job = slurm.wait(slurm.submit(script, config, given.work / "out", flags=flags(1) + ["--gpus-per-node=0"], LAUNCHER="nonsense"))
    checks.job(f"{script} with another launcher", job, "FAILED", ["2:0"], "it must be srun or mpirun", errors=0)
checks.exit()
