#!/usr/bin/env python3
"""Runs the checks of a package made by tools/device_check.sh, on a machine with a GPU. Needs only Python's standard library.

  run.py --out DIR [--minutes 7] [--only STEP,...] [--list]   runs all steps; writes DIR/summary.json, DIR/log.txt and further files
  run.py --record DIR --bin DIR --work DIR                     when packaging: writes the hashes that a host build gets

Every step has a time limit. A step that fails, hangs or has no program in the package does not stop the others. The exit code is 0 if no step has failed.
"""
import argparse
import datetime
import glob
import json
import os
import pathlib
import platform
import shutil
import signal
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent

# The small models, as options of distload-synth. All have the same bytes wherever they are made.
MODELS = {
    "bf16": "--format safetensors --family llama --dtype bf16 --size 200MB --seed 1",
    "f32": "--format safetensors --family llama --dtype f32 --size 200MB --seed 2",
    "h5": "--format hdf5 --family llama --dtype bf16 --size 200MB --seed 3 --tensor-parallel 2",
}

# Outcomes, by name: model, ranks and settings that determine every shard's bytes.
OUTCOMES = {
    "tp1": ("bf16", 1, {}),
    "tp1-h5": ("h5", 1, {}),
    "tp1-to-fp32": ("bf16", 1, {"load.dtype": "fp32"}),
    "tp1-to-bf16": ("f32", 1, {"load.dtype": "bf16"}),
    "tp1-transposed": ("bf16", 1, {"load.transpose": "true"}),
    "tp1-transposed-fp32": ("bf16", 1, {"load.transpose": "true", "load.dtype": "fp32"}),
    "tp4": ("bf16", 4, {}),
    "tp4-h5": ("h5", 4, {}),
    "tp4-to-fp32": ("bf16", 4, {"load.dtype": "fp32"}),
    "tp4-transposed": ("bf16", 4, {"load.transpose": "true"}),
    "tp2-dp2": ("bf16", 4, {"topology.tensor_parallel": "2", "topology.data_parallel": "2"}),
    "tp2-pp2": ("bf16", 4, {"topology.tensor_parallel": "2", "topology.pipeline_parallel": "2"}),
}
ENGINES = ("mmap", "direct", "buffered", "collective")

# Tests of kernels: those of the package are run.
KERNEL_TESTS = ("strided_copy_test", "cast_kernel_test", "transpose_kernel_test", "convert_test", "pack_kernel_test", "place_kernel_test")
DEVICE_TESTS = ("device_test", "cuda_device_test", "pinned_ring_test", "peer_memory_test", "loader_test")

SETTINGS_OF_MPI = {
    "OMPI_ALLOW_RUN_AS_ROOT": "1",
    "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
    "OMPI_MCA_rmaps_base_oversubscribe": "1",
    "OMPI_MCA_hwloc_base_binding_policy": "none",
    "OMPI_MCA_plm": "isolated",
    "OMPI_MCA_pml": "ob1",
    "OMPI_MCA_btl": "self,vader",
    "OMPI_MCA_io": "romio321",
    "OMPI_MCA_orte_tmpdir_base": "/tmp",
}


class NotInPackage(Exception):
    """The package lacks a program, or the machine lacks a device."""


class Failed(Exception):
    """A check does not hold."""


class OutOfTime(Exception):
    pass


def hashes_of(report):
    """{"rank name": "dtype shape hash"} of a report with tensors."""
    tensors = json.loads(pathlib.Path(report).read_text())["tensors"]
    return {f"{tensor['rank']} {tensor['name']}": f"{tensor['dtype']} {tensor['shape']} {tensor['xxh3_64']}" for tensor in tensors}


class Runner:
    def __init__(self, bin_folder, work, log, deadline, environment):
        self.bin = pathlib.Path(bin_folder)
        self.work = pathlib.Path(work)
        self.log = log
        self.deadline = deadline
        self.step_deadline = deadline
        self.environment = environment
        self.work.mkdir(parents=True, exist_ok=True)

    def say(self, text):
        self.log.write(text)
        self.log.flush()

    def has(self, program):
        return (self.bin / program).exists()

    def need(self, program):
        if not self.has(program):
            raise NotInPackage(f"{program} is not in this package")
        return str(self.bin / program)

    def run(self, command, codes=(0,), environment=None, limit=60):
        """Runs a command; returns (code, stdout, stderr). Ends its whole group when the step's time is over."""
        left = min(limit, self.step_deadline - time.monotonic())
        if left < 1:
            raise OutOfTime("no time is left")
        command = [str(part) for part in command]
        self.say("$ " + " ".join(command) + "\n")
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, errors="replace", cwd=self.work,
                                   env=self.environment | (environment or {}), start_new_session=True)
        try:
            out, err = process.communicate(timeout=left)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGTERM)
            try:
                out, err = process.communicate(timeout=3)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                out, err = process.communicate()
            self.say(out + err)
            raise OutOfTime(f"{command[0]} took more than {left:.0f} s") from None
        self.say(out + err + f"[code {process.returncode}]\n")
        if codes is not None and process.returncode not in codes:
            lines = (err.strip() or out.strip()).splitlines()
            raise Failed(f"{pathlib.Path(command[0]).name} ends with {process.returncode}: {lines[-1] if lines else 'no message'}")
        return process.returncode, out, err

    def job(self, ranks, program, *arguments, environment=None, **options):
        """An MPI job; one rank without mpirun."""
        launcher = ["mpirun", "-np", ranks] if ranks > 1 else []
        return self.run([*launcher, self.need(program), *arguments], environment=environment, **options)

    def model(self, name):
        folder = self.work / "models" / name
        if not folder.exists():
            self.run([self.need("distload-synth"), *MODELS[name].split(), folder], limit=60)
        return folder

    def load(self, outcome, settings=None, arguments=(), environment=None, codes=(0,)):
        """Loads as an outcome says, with more settings; returns (report, stderr)."""
        model, ranks, own = OUTCOMES[outcome]
        report = self.work / "report.json"
        report.unlink(missing_ok=True)
        merged = {"topology.tensor_parallel": ranks, "report.tensors": "true", "report.json": report, "load.staging": "32 MiB"} | own | (settings or {})
        options = [option for key, value in merged.items() for option in ("--set", f"{key}={value}")]
        _, _, err = self.job(ranks, "distload", *arguments, *options, self.model(model), environment=environment, codes=codes)
        return report, err


class Checks:
    """The steps, in the order of their importance. Each is a method step_NAME that returns figures."""

    def __init__(self, runner, package, out):
        self.runner = runner
        self.package = package
        self.out = out
        self.is_host = package["kind"] == "host"
        self.double = HERE / "double" / "libdistload_nccl_double.so"
        self.figures = {}

    def for_devices(self):
        if self.is_host:
            raise NotInPackage("a host build has no devices")

    def expect_outcome(self, outcome, settings=None, arguments=(), environment=None, expected=None):
        started = time.monotonic()
        report, _ = self.runner.load(outcome, settings, arguments, environment)
        wanted = json.loads((HERE / "expected" / f"{expected or outcome}.json").read_text())
        got = hashes_of(report)
        wrong = [name for name in wanted if got.get(name) != wanted[name]] + [name for name in got if name not in wanted]
        if wrong:
            raise Failed(f"{len(wrong)} of {len(wanted)} shards differ from a load on the host, first {wrong[0]}: {got.get(wrong[0])} instead of "
                         f"{wanted.get(wrong[0])}")
        document = json.loads(report.read_text())
        return {"shards": len(wanted), "engine": document["engine"], "load_seconds": document["seconds"], "wall_seconds": round(time.monotonic() - started, 2)}

    def all_of(self, cases):
        """Runs all cases, even after one has failed; the step fails if one has."""
        figures, failures = {}, []
        for name, case in cases.items():
            try:
                figures[name] = case()
            except (Failed, OutOfTime) as error:
                figures[name] = {"failed": str(error)}
                failures.append(f"{name}: {error}")
        if failures:
            raise Failed("; ".join(failures), figures)
        return figures

    # Refusals.

    def expect_refusal(self, code, arguments, environment=None, ranks=1, words=()):
        ended, _, err = self.runner.job(ranks, "distload", *arguments, environment=environment, codes=None)
        lines = [line for line in err.strip().splitlines() if line.strip() and ": warning: " not in line]
        if ended != code:
            raise Failed(f"ends with {ended}, not {code}: {lines[0] if lines else 'no message'}")
        if ranks == 1 and len(lines) != 1:
            raise Failed(f"{len(lines)} lines instead of one: {lines}")
        for word in words:
            if word not in err:
                raise Failed(f"does not say '{word}': {lines}")
        return {"code": ended, "message": lines[0] if lines else ""}

    def step_no_visible_device(self):
        self.for_devices()
        hidden = {"CUDA_VISIBLE_DEVICES": ""}
        model = self.runner.model("bf16")
        return self.all_of({
            "load": lambda: self.expect_refusal(7, [model], hidden),
            "version": lambda: {"code": self.runner.job(1, "distload", "--version", environment=hidden)[0]},
            "dry_run": lambda: {"code": self.runner.job(1, "distload", "--dry-run", model, environment=hidden)[0]},
            "inspect": lambda: {"code": self.runner.run([self.runner.need("distload-inspect"), model], environment=hidden)[0]},
        })

    def step_inspect_devices(self):
        self.for_devices()
        program = self.runner.need("distload-inspect")
        if "--devices" not in self.runner.run([program, "--help"])[1]:
            raise NotInPackage("distload-inspect --devices is not in this package")
        return {"text": self.runner.run([program, "--devices"])[1]}

    def step_refusals(self):
        model = self.runner.model("bf16")
        small = {"memory": lambda: self.expect_refusal(8, ["--set", "load.memory_limit=64 MiB", "--set", "load.engine=buffered", model], words=["64 MiB"])}
        if not self.is_host:
            ranks = len(machine_of()["gpus"]) + 1
            small["more_ranks_than_devices"] = lambda: self.expect_refusal(7, [model], ranks=ranks)
        return self.all_of(small)

    # Tests.

    def run_test(self, name, prefix=(), arguments=(), limit=60):
        program = self.runner.need(f"tests/{name}")
        result = self.runner.work / f"{name}.json"
        result.unlink(missing_ok=True)
        environment = {"OMP_NUM_THREADS": "4"}
        code, _, _ = self.runner.run([*prefix, program, f"--gtest_output=json:{result}", *arguments], codes=None, environment=environment, limit=limit)
        if not result.exists():
            raise Failed(f"{name} ends with {code}, without results")
        document = json.loads(result.read_text())
        cases = [case for suite in document["testsuites"] for case in suite["testsuite"]]
        failed = [f"{case['classname']}.{case['name']}" for case in cases if case.get("failures")]
        skipped = [f"{case['classname']}.{case['name']}" for case in cases if case["result"] == "SKIPPED"]
        figures = {"tests": len(cases), "skipped": skipped}
        known = {"name", "file", "line", "status", "result", "timestamp", "time", "classname", "failures", "type_param", "value_param"}
        for case in cases:
            # Values of RecordProperty.
            figures.update({key: value for key, value in case.items() if key not in known and not isinstance(value, list)})
        if failed or code != 0:
            raise Failed(f"{name} ends with {code}; failed: {failed}", figures)
        return figures

    def tests_in_package(self, names):
        present = [name for name in names if self.runner.has(f"tests/{name}")]
        if not present:
            raise NotInPackage(f"none of {', '.join(names)} is in this package")
        return present

    def step_kernels(self):
        return self.all_of({name: lambda name=name: self.run_test(name) for name in self.tests_in_package(KERNEL_TESTS)})

    def sanitized(self, tool, names, limit):
        self.for_devices()
        sanitizer = shutil.which("compute-sanitizer", path=self.runner.environment["PATH"])
        if sanitizer is None:
            raise NotInPackage("compute-sanitizer is not on this machine")
        prefix = [sanitizer, "--tool", tool, "--error-exitcode", "99", "--target-processes", "application-only"]
        return self.all_of({name: lambda name=name: self.run_test(name, prefix, limit=limit) for name in self.tests_in_package(names)})

    def step_kernels_memcheck(self):
        return self.sanitized("memcheck", KERNEL_TESTS, 40)

    def step_kernels_racecheck(self):
        return self.sanitized("racecheck", KERNEL_TESTS, 40)

    def step_device_tests(self):
        return self.all_of({name: lambda name=name: self.run_test(name) for name in self.tests_in_package(DEVICE_TESTS)})

    def step_device_tests_memcheck(self):
        return self.sanitized("memcheck", DEVICE_TESTS, 40)

    def step_bare_copies(self):
        """What the device and its link give without distload."""
        self.for_devices()
        figures = json.loads(self.runner.run([self.runner.need("tests/bare_copies")])[1])
        self.figures.update(figures)
        return figures

    # Loads.

    def step_one_rank(self):
        cases = {f"tp1 {engine}": lambda engine=engine: self.expect_outcome("tp1", {"load.engine": engine}) for engine in ENGINES}
        cases |= {f"tp1-h5 {engine}": lambda engine=engine: self.expect_outcome("tp1-h5", {"load.engine": engine}) for engine in ("direct", "collective")}
        cases |= {name: lambda name=name: self.expect_outcome(name) for name in OUTCOMES if name.startswith("tp1-") and name != "tp1-h5"}
        return self.all_of(cases)

    def four_ranks(self, settings, environment=None):
        shared = {} if self.is_host else {"topology.share_device": "true"}
        return self.all_of({
            name: lambda name=name: self.expect_outcome(name, shared | settings, environment=environment)
            for name in ("tp4", "tp4-h5", "tp4-to-fp32", "tp4-transposed", "tp2-dp2", "tp2-pp2")
        })

    def environment_of_double(self):
        self.for_devices()
        if not self.double.exists():
            raise NotInPackage(f"{self.double.name} is not in this package")
        return {"DISTLOAD_NCCL_LIBRARY": str(self.double)}

    def step_four_ranks_through_peer_memory(self):
        return self.four_ranks({})

    def step_four_ranks_through_messages(self):
        return self.four_ranks({"load.peer_writes": "false"}, None if self.is_host else self.environment_of_double())

    def step_emulated_device(self):
        """Loads of a host build to a device in host memory, whose streams are threads."""
        if not self.is_host:
            raise NotInPackage("a CUDA build has no emulated device")
        return self.all_of({name: lambda name=name: self.expect_outcome(name, environment={"DISTLOAD_EMULATED_DEVICE": "1"}) for name in OUTCOMES})

    def step_redistribution(self):
        if "--redistribute" not in self.runner.job(1, "distload", "--help")[1]:
            raise NotInPackage("distload --redistribute is not in this package")
        shared = {} if self.is_host else {"topology.share_device": "true"}
        environment = self.environment_of_double() if self.double.exists() and not self.is_host else None
        to = {"tp2-dp2": "tensor_parallel=2,data_parallel=2", "tp2-pp2": "tensor_parallel=2,data_parallel=1,pipeline_parallel=2"}
        return self.all_of({
            f"tp4 to {target}": lambda target=target, topology=topology: self.expect_outcome(
                "tp4", shared, ["--redistribute", topology], environment, expected=target)
            for target, topology in to.items()
        })

    def step_nccl_at_one_rank(self):
        self.for_devices()
        if self.package.get("nccl") is None:
            raise NotInPackage("no libnccl.so.2 is on this machine")
        return self.run_test("nccl_communicator_test", limit=90) | {"library": self.package["nccl"]}

    def step_infer(self):
        _, out, _ = self.runner.job(1, "distload-infer", self.runner.model("bf16"), "--tokens", "1,2,3,4", "--against", "one-rank")
        return {"text": out.strip().splitlines()[-1] if out.strip() else ""}

    def step_trace(self):
        self.runner.load("tp1", {"report.trace": self.out / "trace.json", "load.engine": "direct"})
        events = json.loads((self.out / "trace.json").read_text())
        seconds = {}
        for event in events:
            if event["ph"] == "X":
                seconds[event["name"]] = round(seconds.get(event["name"], 0) + event["dur"] * 1e-6, 6)
        return {"seconds_by_stage": seconds}

    # The benchmark.

    def step_benchmark(self):
        size = self.package["bench_size"]
        folder = self.runner.work / "bench"
        self.runner.run([self.runner.need("distload-synth"), "--format", "hdf5", "--tensor-parallel", "1", "--family", "llama", "--dtype", "bf16", "--size",
                         size, folder], limit=60)
        figures = {"size": size}
        upload = self.figures.get("h2d_bytes_per_second")
        measurements = []
        # One state after the other, so that the first is there if there is no time for the second.
        for state in ("warm", "cold"):
            result = self.runner.work / f"{state}.json"
            self.runner.run(["mpirun", "-np", 1, self.runner.need("distload-bench"), folder, "--engine", "auto,direct", "--state", state, "--rounds", "3",
                             "--idle", "0.2", "--no-reload", "--json", result], limit=70)
            measurements += json.loads(result.read_text())["measurements"]
            (self.out / "bench.json").write_text(json.dumps({"measurements": measurements}, indent=1) + "\n")
        for measured in measurements:
            contenders = measured["contenders"]
            reads = [contender["gigabytes_per_second"] for contender in contenders if "engine" not in contender]
            for contender in contenders:
                if "engine" not in contender:
                    continue
                # The slower of reading, as the benchmark measures it without distload, and of copying to the device.
                limits = [max(reads)] + ([upload / 1e9] if upload else [])
                figures[f"{measured['state']} {contender['name']}"] = {
                    "gigabytes_per_second": round(contender["gigabytes_per_second"], 2),
                    "read_gigabytes_per_second": round(max(reads), 2),
                    "h2d_gigabytes_per_second": round(upload / 1e9, 2) if upload else None,
                    "share_of_slower": round(contender["gigabytes_per_second"] / min(limits), 3),
                }
        return figures


# Steps with their limits in seconds, in the order in which they run.
STEPS = (
    ("no_visible_device", 30), ("inspect_devices", 15), ("bare_copies", 15), ("kernels", 30), ("device_tests", 40), ("one_rank", 75),
    ("four_ranks_through_peer_memory", 75), ("four_ranks_through_messages", 75), ("emulated_device", 75),
    ("redistribution", 40), ("refusals", 40), ("nccl_at_one_rank", 45),
    ("trace", 20), ("benchmark", 150), ("infer", 20), ("kernels_memcheck", 60), ("kernels_racecheck", 60), ("device_tests_memcheck", 45),
)


def text_of(command):
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=20).stdout.strip()
    except (OSError, subprocess.TimeoutExpired):
        return ""


def find_nccl():
    """The folder of the newest libnccl.so.2: of the Python package nvidia-nccl, or of the system."""
    script = "import nvidia.nccl as n; print(list(n.__path__)[0])"
    for python in ("python3", sys.executable):
        folder = text_of([python, "-c", script])
        if folder and (pathlib.Path(folder) / "lib" / "libnccl.so.2").exists():
            return str(pathlib.Path(folder) / "lib")
    for pattern in ("/opt/*/.venv/lib/python3*/site-packages/nvidia/nccl/lib", "/usr/lib/x86_64-linux-gnu", "/usr/local/lib"):
        for folder in glob.glob(pattern):
            if (pathlib.Path(folder) / "libnccl.so.2").exists():
                return folder
    return None


def machine_of():
    gpus = text_of(["nvidia-smi", "--query-gpu=name,driver_version,memory.total,pci.bus_id", "--format=csv,noheader"]).splitlines()
    memory = next((line for line in pathlib.Path("/proc/meminfo").read_text().splitlines() if line.startswith("MemTotal")), "")
    return {"gpus": gpus, "nvcc": text_of(["nvcc", "--version"]).splitlines()[-1:], "kernel": platform.release(), "cores": os.cpu_count(),
            "memory": memory.split(":")[-1].strip(), "date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC")}


def record(arguments):
    """Writes the hashes that this build gets."""
    with open(os.devnull, "w") as log:
        environment = os.environ | SETTINGS_OF_MPI
        runner = Runner(arguments.bin, arguments.work, log, time.monotonic() + 3600, environment)
        folder = pathlib.Path(arguments.record)
        folder.mkdir(parents=True, exist_ok=True)
        for outcome in OUTCOMES:
            report, _ = runner.load(outcome, {"load.engine": "buffered", "load.peer_writes": "false"})
            (folder / f"{outcome}.json").write_text(json.dumps(hashes_of(report), sort_keys=True))
    return 0


def run_step(checks, runner, name, limit):
    started = time.monotonic()
    result = {"status": "passed"}
    runner.step_deadline = min(runner.deadline, started + limit)
    runner.say(f"\n===== {name}\n")
    try:
        if runner.deadline - started < 3:
            raise OutOfTime("no time is left")
        result["figures"] = getattr(checks, f"step_{name}")()
    except NotInPackage as error:
        result |= {"status": "not in this package", "why": str(error)}
    except OutOfTime as error:
        result |= {"status": "out of time", "why": str(error)}
    except Failed as error:
        result |= {"status": "failed", "why": str(error.args[0])}
        if len(error.args) > 1:
            result["figures"] = error.args[1]
    except Exception as error:  # one step must not stop the others
        result |= {"status": "failed", "why": f"{type(error).__name__}: {error}"}
    result["seconds"] = round(time.monotonic() - started, 1)
    runner.say(f"----- {name}: {result['status']} {result.get('why', '')} ({result['seconds']} s)\n")
    print(f"{result['status']:>20}  {result['seconds']:6.1f} s  {name}  {result.get('why', '')[:200]}", flush=True)
    return result


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", help="folder for the results")
    parser.add_argument("--minutes", type=float, default=7.0, help="of all steps together")
    parser.add_argument("--only", help="steps, separated by commas")
    parser.add_argument("--list", action="store_true", help="print the names of the steps")
    parser.add_argument("--record", metavar="DIR")
    parser.add_argument("--bin", default=str(HERE / "bin"))
    parser.add_argument("--work", default="/tmp/distload-check")
    arguments = parser.parse_args()
    if arguments.list:
        print("\n".join(name for name, _ in STEPS))
        return 0
    if arguments.record:
        return record(arguments)
    if not arguments.out:
        parser.error("--out is needed")

    started = time.monotonic()
    out = pathlib.Path(arguments.out).resolve()
    out.mkdir(parents=True, exist_ok=True)
    package = json.loads((HERE / "package.json").read_text())
    package["nccl"] = find_nccl()
    libraries = [str(HERE / "lib")] + ([package["nccl"]] if package["nccl"] else [])
    environment = os.environ | SETTINGS_OF_MPI | {
        "PATH": f"{arguments.bin}:{os.environ.get('PATH', '/usr/bin:/bin')}:/usr/local/cuda/bin",
        "LD_LIBRARY_PATH": ":".join(libraries + [path for path in [os.environ.get("LD_LIBRARY_PATH")] if path]),
        "OMP_NUM_THREADS": os.environ.get("OMP_NUM_THREADS", "4"),
        "OMP_PROC_BIND": "false",
    }
    chosen = arguments.only.split(",") if arguments.only else [name for name, _ in STEPS]
    with open(out / "log.txt", "w") as log:
        runner = Runner(arguments.bin, arguments.work, log, started + 60 * arguments.minutes, environment)
        checks = Checks(runner, package, out)
        summary = {"package": package, "machine": machine_of(), "steps": {}}
        for name, limit in STEPS:
            if name not in chosen:
                continue
            summary["steps"][name] = run_step(checks, runner, name, limit)
            # Written after every step, so that an interrupted run leaves what it has.
            summary["seconds"] = round(time.monotonic() - started, 1)
            (out / "summary.json").write_text(json.dumps(summary, indent=1) + "\n")
    shutil.rmtree(arguments.work, ignore_errors=True)
    counts = {}
    for step in summary["steps"].values():
        counts[step["status"]] = counts.get(step["status"], 0) + 1
    print(", ".join(f"{count} {status}" for status, count in counts.items()) + f" in {summary['seconds']} s")
    return 1 if counts.get("failed") or counts.get("out of time") else 0


if __name__ == "__main__":
    sys.exit(main())
