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
import select
import shutil
import signal
import subprocess
import sys
import tempfile
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

# device_test has the alignment of the pinned ring among its tests.
KERNEL_TESTS = ("tensor_kernels_test",)
DEVICE_TESTS = ("device_test", "loader_test")

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


# Every process that the checks start has this variable in its environment, with the number of its command. distload takes
# variables that begin with DISTLOAD_ as settings.
MARK = "CHECK_OF_DISTLOAD"


def end_processes(mark):
    """Kills what a command has left: mpirun puts its ranks into groups of their own."""
    wanted = f"{MARK}={mark}".encode()
    for folder in glob.glob("/proc/[0-9]*"):
        try:
            if wanted in pathlib.Path(folder, "environ").read_bytes().split(b"\0"):
                os.kill(int(folder.rpartition("/")[2]), signal.SIGKILL)
        except OSError:
            pass  # it has ended


def message_in(text):
    """The line that says what is wrong: mpirun writes more after it."""
    lines = text.splitlines()
    return next((line for line in lines if ": error: " in line), lines[-1] if lines else "no message")


def why_skipped(text):
    """What a test program prints below 'Skipped'."""
    lines = text.splitlines()
    return next((why for skipped, why in zip(lines, lines[1:]) if skipped.endswith("Skipped")), "no reason is given")


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
        self.commands = 0
        self.work.mkdir(parents=True, exist_ok=True)

    def say(self, text):
        self.log.write(text)
        self.log.flush()

    def need(self, program):
        """The path of a program, or of a test: "tests/NAME". Both lie beside share/, where they look for rules of families."""
        path = self.bin.parent / program if program.startswith("tests/") else self.bin / program
        if not path.exists():
            raise NotInPackage(f"{program} is not in this package")
        return str(path)

    def run(self, command, codes=(0,), environment=None, limit=60):
        """Runs a command; returns (code, stdout, stderr). Ends all of its processes when the step's time is over."""
        left = min(limit, self.step_deadline - time.monotonic())
        if left < 1:
            raise OutOfTime("no time is left")
        command = [str(part) for part in command]
        self.say("$ " + " ".join(command) + "\n")
        self.commands += 1
        mark = {MARK: f"{os.getpid()}-{self.commands}"}
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, errors="replace",
                                   cwd=self.work, env=self.environment | (environment or {}) | mark, start_new_session=True)
        try:
            out, err = process.communicate(timeout=left)
        except subprocess.TimeoutExpired:
            process.terminate()
            try:
                out, err = process.communicate(timeout=3)
            except subprocess.TimeoutExpired:
                end_processes(mark[MARK])
                try:
                    out, err = process.communicate(timeout=3)
                except subprocess.TimeoutExpired:  # one hangs in the kernel
                    out = err = ""
            end_processes(mark[MARK])
            self.say(out + err + "[out of time]\n")
            raise OutOfTime(f"{' '.join(command[:6])} took more than {left:.0f} s") from None
        self.say(out + err + f"[code {process.returncode}]\n")
        if codes is not None and process.returncode not in codes:
            raise Failed(f"{pathlib.Path(command[0]).name} ends with {process.returncode}: {message_in(err.strip() or out.strip())}")
        return process.returncode, out, err

    def job(self, ranks, program, *arguments, environment=None, **options):
        """An MPI job; one rank without mpirun."""
        launcher = ["mpirun", "-np", ranks] if ranks > 1 else []
        return self.run([*launcher, self.need(program), *arguments], environment=environment, **options)

    def make(self, folder, options, limit=60):
        """The checkpoint in this folder of the work folder; it appears there when it is complete."""
        folder = self.work / "models" / folder
        if not folder.exists():
            unfinished = folder.with_name(folder.name + ".unfinished")
            shutil.rmtree(unfinished, ignore_errors=True)
            self.run([self.need("distload-synth"), *options.split(), unfinished], limit=limit)
            unfinished.rename(folder)
        return folder

    def model(self, name):
        return self.make(name, MODELS[name])

    def load(self, outcome, settings=None, arguments=(), environment=None, codes=(0,)):
        """Loads as an outcome says, with more settings; returns the path of the report."""
        model, ranks, own = OUTCOMES[outcome]
        report = self.work / "report.json"
        report.unlink(missing_ok=True)
        merged = {"topology.tensor_parallel": ranks, "report.tensors": "true", "report.json": report, "load.staging": "32 MiB"} | own | (settings or {})
        options = [option for key, value in merged.items() for option in ("--set", f"{key}={value}")]
        self.job(ranks, "distload", *arguments, *options, self.model(model), environment=environment, codes=codes)
        return report


class Checks:
    """The steps, in the order of their importance. Each is a method step_NAME that returns figures."""

    def __init__(self, runner, package, out):
        self.runner = runner
        self.package = package
        self.out = out
        self.is_host = package["kind"] == "host"
        # Four ranks use the one device.
        self.shared = {} if self.is_host else {"topology.share_device": "true"}
        self.double = HERE / "double" / "libdistload_nccl_double.so"
        self.figures = {}

    def for_devices(self):
        if self.is_host:
            raise NotInPackage("a host build has no devices")

    def need_device(self):
        """Before what takes long, and cannot succeed without a device."""
        if not self.is_host:
            self.runner.run([self.runner.need("distload-inspect"), "--devices"])

    def expect_outcome(self, outcome, settings=None, arguments=(), environment=None, expected=None):
        started = time.monotonic()
        report = self.runner.load(outcome, settings, arguments, environment)
        wanted = json.loads((HERE / "expected" / f"{expected or outcome}.json").read_text())
        got = hashes_of(report)
        wrong = [name for name in wanted if got.get(name) != wanted[name]] + [name for name in got if name not in wanted]
        if wrong:
            raise Failed(f"{len(wrong)} of {len(wanted)} shards differ from a load on the host, first {wrong[0]}: {got.get(wrong[0])} instead of "
                         f"{wanted.get(wrong[0])}")
        document = json.loads(report.read_text())
        asked = (settings or {}).get("load.engine")
        if asked not in (None, document["engine"]):
            raise Failed(f"equal, but by engine {document['engine']} instead of {asked}: {document['engine_reason']}")
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
        ended, _, err = self.runner.job(ranks, "distload", "--progress", "none", *arguments, environment=environment, codes=None)
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
            "stream": lambda: {"code": self.runner.job(1, "distload", "--set", f"save.directory={self.runner.work / 'streamed'}", "--set", "save.stream=true",
                                                       model, environment=hidden)[0]},
            "inspect": lambda: {"code": self.runner.run([self.runner.need("distload-inspect"), model], environment=hidden)[0]},
            "inspect_devices": lambda: {"code": self.runner.run([self.runner.need("distload-inspect"), "--devices"], codes=(7,), environment=hidden)[0]},
        })

    def step_inspect_devices(self):
        self.for_devices()
        return {"text": self.runner.run([self.runner.need("distload-inspect"), "--devices"])[1]}

    def refusal_by_an_occupied_device(self):
        """Another process leaves 1 GiB, which is less than what a load keeps in reserve."""
        model = self.runner.model("bf16")
        other = subprocess.Popen([self.runner.need("tests/bare_copies"), "--occupy", str(1 << 30)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                 stderr=self.runner.log, env=self.runner.environment)
        try:
            if not select.select([other.stdout], [], [], 20)[0] or other.stdout.readline() != "occupied\n":
                raise Failed("bare_copies --occupy does not get the device's memory")
            return self.expect_refusal(8, [model])
        finally:
            other.kill()
            other.wait()

    def step_refusals(self):
        model = self.runner.model("bf16")
        limited = ["--set", "load.memory_limit=64 MiB", "--set", "load.engine=buffered", model]
        cases = {"memory_limit": lambda: self.expect_refusal(8, limited, words=["64 MiB"])}
        if not self.is_host:
            ranks = max(len(machine_of()["gpus"]), 1) + 1
            cases["occupied_device"] = self.refusal_by_an_occupied_device
            cases["more_ranks_than_devices"] = lambda: self.expect_refusal(7, [model], ranks=ranks, words=["topology.share_device"])
        return self.all_of(cases)

    # Tests.

    def run_test(self, name, prefix=(), ranks=1, environment=None, limit=60):
        program = self.runner.need(f"tests/{name}")
        results = [self.runner.work / f"{name}.{rank}.json" for rank in range(ranks)]
        for result in results:
            result.unlink(missing_ok=True)
        # Every rank writes a file of its own.
        script = f'exec "$@" --gtest_output=json:{self.runner.work}/{name}.${{OMPI_COMM_WORLD_RANK:-0}}.json'
        launcher = ["mpirun", "-np", ranks] if ranks > 1 else []
        code, out, _ = self.runner.run([*launcher, "sh", "-c", script, "sh", *prefix, program], codes=None, environment=environment, limit=limit)
        failed, skipped = set(), set()
        figures = {}
        for rank, result in enumerate(results):
            if not result.exists():
                raise Failed(f"{name} ends with {code}, without results of rank {rank}")
            document = json.loads(result.read_text())
            # Where the device cannot be used, tests are not run, and listed as completed in 1970.
            cases = [case for suite in document["testsuites"] for case in suite["testsuite"] if not case["timestamp"].startswith("1970")]
            failed |= {f"{case['classname']}.{case['name']}" for case in cases if case.get("failures")}
            skipped |= {f"{case['classname']}.{case['name']}" for case in cases if case["result"] in ("SKIPPED", "SUPPRESSED")}
            figures = {"tests": len(cases), "skipped": sorted(skipped)}
            if not any(case["result"] == "COMPLETED" for case in cases):
                raise Failed(f"{name} ends with {code}, and has run no test: {why_skipped(out)}")
        if failed or code != 0:
            raise Failed(f"{name} ends with {code}; failed: {sorted(failed)}", figures)
        return figures

    def step_kernels(self):
        return self.all_of({name: lambda name=name: self.run_test(name) for name in KERNEL_TESTS})

    def sanitized(self, tool, names, limit):
        self.for_devices()
        sanitizer = shutil.which("compute-sanitizer", path=self.runner.environment["PATH"])
        if sanitizer is None:
            raise NotInPackage("compute-sanitizer is not on this machine")
        prefix = [sanitizer, "--tool", tool, "--error-exitcode", "99", "--target-processes", "application-only"]
        return self.all_of({name: lambda name=name: self.run_test(name, prefix, limit=limit) for name in names})

    def step_kernels_memcheck(self):
        return self.sanitized("memcheck", KERNEL_TESTS, 40)

    def step_kernels_racecheck(self):
        return self.sanitized("racecheck", KERNEL_TESTS, 40)

    def step_device_tests(self):
        return self.all_of({name: lambda name=name: self.run_test(name) for name in DEVICE_TESTS})

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

    def four_ranks(self, settings, environment=None, more=None):
        names = ("tp4", "tp4-h5", "tp4-to-fp32", "tp4-transposed", "tp2-dp2", "tp2-pp2")
        cases = {name: lambda name=name: self.expect_outcome(name, self.shared | settings, environment=environment) for name in names}
        return self.all_of(cases | (more or {}))

    def environment_of_double(self):
        """Puts the double in NCCL's place; in a host build also an emulated device in that of the host."""
        if not self.double.exists():
            raise NotInPackage(f"{self.double.name} is not in this package")
        return {"DISTLOAD_NCCL_LIBRARY": str(self.double)} | ({"DISTLOAD_EMULATED_DEVICE": "1"} if self.is_host else {})

    def step_four_ranks_through_peer_memory(self):
        return self.four_ranks({})

    def expect_old_nccl(self, environment):
        """The library that DISTLOAD_NCCL_LIBRARY names is the one that is used: a load that it must refuse fails."""
        settings = {"load.peer_writes": "false", "topology.tensor_parallel": "2"} | self.shared
        options = [option for key, value in settings.items() for option in ("--set", f"{key}={value}")]
        return self.expect_refusal(7, [*options, self.runner.model("bf16")], environment | {"NCCL_DOUBLE_VERSION": "21700"}, ranks=2, words=["too old"])

    def step_four_ranks_through_messages(self):
        """Through the double of NCCL, for which the ranks may share one device."""
        double = self.environment_of_double()
        return self.four_ranks({"load.peer_writes": "false"}, double, {"NCCL that is too old": lambda: self.expect_old_nccl(double)})

    def step_nccl_double(self):
        """The tests of the communicator, also those of failures, which only the double can bring about."""
        return self.run_test("nccl_communicator_test", ranks=4, environment=self.environment_of_double(), limit=60)

    def step_emulated_device(self):
        """Loads of a host build to a device in host memory, whose streams are threads."""
        if not self.is_host:
            raise NotInPackage("a CUDA build has no emulated device")
        return self.all_of({name: lambda name=name: self.expect_outcome(name, environment={"DISTLOAD_EMULATED_DEVICE": "1"}) for name in OUTCOMES})

    def step_redistribution(self):
        double = self.environment_of_double()
        emulated = {"DISTLOAD_EMULATED_DEVICE": "1"} if self.is_host else {}
        dp2, pp2 = "tensor_parallel=2,data_parallel=2", "tensor_parallel=2,data_parallel=1,pipeline_parallel=2"

        def case(target, topology, arguments=(), environment=None):
            return lambda: self.expect_outcome("tp4", self.shared, ["--redistribute", topology, *arguments], environment, expected=target)

        cases = {"tp4 to tp2-dp2": case("tp2-dp2", dp2, (), double), "tp4 to tp2-pp2": case("tp2-pp2", pp2, (), double),
                 "tp4 to tp2-dp2 in place": case("tp2-dp2", dp2, ["--in-place"], double),
                 "tp4 to tp2-dp2 without NCCL": case("tp2-dp2", dp2, (), emulated)}
        if self.is_host:
            cases["tp4 to tp2-dp2 on the host"] = case("tp2-dp2", dp2)
        return self.all_of(cases)

    def step_nccl_at_one_rank(self):
        self.for_devices()
        if self.package.get("nccl") is None:
            raise NotInPackage("no libnccl.so.2 is on this machine")
        library = str(pathlib.Path(self.package["nccl"]) / "libnccl.so.2")
        return self.run_test("nccl_communicator_test", environment={"DISTLOAD_NCCL_LIBRARY": library}) | {"library": library}

    def step_infer(self):
        _, out, _ = self.runner.job(1, "distload-infer", self.runner.model("bf16"), "--tokens", "1,2,3,4", "--against", "one-rank")
        return {"text": out.strip().splitlines()[-1] if out.strip() else ""}

    # The benchmark.

    def large_model(self):
        self.need_device()
        options = f"--format hdf5 --tensor-parallel 1 --family llama --dtype bf16 --size {self.package['bench_size']}"
        return self.runner.make("large", options, limit=60)

    def step_trace(self):
        """One load from the page cache: how long each stage works, and how fast the ring is copied to the device while it does."""
        trace = self.out / "trace.json"
        trace.unlink(missing_ok=True)
        self.runner.job(1, "distload", "--set", f"report.trace={trace}", self.large_model())
        seconds, uploaded = {}, 0
        for event in json.loads(trace.read_text()):
            if event["ph"] == "X":
                seconds[event["name"]] = round(seconds.get(event["name"], 0) + event["dur"] * 1e-6, 6)
                uploaded += event["args"].get("bytes", 0) if event["name"] == "upload" else 0
        figures = {"seconds_by_stage": seconds}
        if uploaded:
            figures["upload_bytes_per_second"] = round(uploaded / seconds["upload"])
            bare = self.figures.get("h2d_bytes_per_second")
            figures["of_bare_cudaMemcpyAsync"] = round(figures["upload_bytes_per_second"] / bare, 3) if bare else None
        elif not self.is_host:
            raise Failed("the trace has no uploads", figures)
        return figures

    def step_benchmark(self):
        folder = self.large_model()
        figures = {"size": self.package["bench_size"]}
        upload = self.figures.get("h2d_bytes_per_second")
        measurements = []
        # One state after the other, so that the first is there if there is no time for the second.
        for state, engine, rounds in (("warm", "auto", 3), ("cold", "direct", 2)):
            result = self.runner.work / f"{state}.json"
            result.unlink(missing_ok=True)
            self.runner.run(["mpirun", "-np", 1, self.runner.need("distload-bench"), folder, "--engine", engine, "--state", state, "--rounds", rounds,
                             "--idle", "0.2", "--no-reload", "--json", result], limit=75)
            measurements += json.loads(result.read_text())["measurements"]
            (self.out / "bench.json").write_text(json.dumps({"measurements": measurements}, indent=1) + "\n")
            figures |= self.shares(measurements[-1], upload)
        return figures

    def shares(self, measured, upload):
        """Speeds of loads, and their shares of the slower of reading, as the benchmark does it without distload, and of copying to the device."""
        contenders = measured["contenders"]
        reads = [contender["gigabytes_per_second"] for contender in contenders if contender["name"].startswith("raw ")]
        limit = min([max(reads)] + ([upload / 1e9] if upload else []))
        return {
            f"{measured['state']} {contender['name']}": {
                "gigabytes_per_second": round(contender["gigabytes_per_second"], 2),
                "read_gigabytes_per_second": round(max(reads), 2),
                "h2d_gigabytes_per_second": round(upload / 1e9, 2) if upload else None,
                "share_of_slower": round(contender["gigabytes_per_second"] / limit, 3),
            }
            for contender in contenders if "engine" in contender
        }


# Steps with their limits in seconds, in the order in which they run. --minutes limits all together: what matters most comes first.
STEPS = (
    ("no_visible_device", 30), ("inspect_devices", 15), ("bare_copies", 20), ("kernels", 30), ("device_tests", 40), ("one_rank", 75),
    ("four_ranks_through_peer_memory", 60), ("four_ranks_through_messages", 60), ("emulated_device", 75), ("redistribution", 45), ("nccl_double", 45),
    ("refusals", 40), ("nccl_at_one_rank", 40), ("kernels_memcheck", 45), ("trace", 75), ("benchmark", 150), ("kernels_racecheck", 45),
    ("infer", 20), ("device_tests_memcheck", 60),
)


def text_of(command):
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=20).stdout.strip()
    except (OSError, subprocess.TimeoutExpired):
        return ""


def reads_directly(folder):
    """True if the file system of this folder has O_DIRECT."""
    try:
        with tempfile.NamedTemporaryFile(dir=folder) as file:
            os.close(os.open(file.name, os.O_RDONLY | os.O_DIRECT))
    except OSError:
        return False
    return True


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
            report = runner.load(outcome, {"load.engine": "buffered", "load.peer_writes": "false"})
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
    parser.add_argument("--work", help="folder for models, preferably on a file system with O_DIRECT; by default below /tmp, or where there is one")
    arguments = parser.parse_args()
    if arguments.list:
        print("\n".join(name for name, _ in STEPS))
        return 0
    if arguments.work is None:
        arguments.work = str(pathlib.Path(next(filter(reads_directly, ("/tmp", "/var/tmp", "/root", "/dev/shm")), "/tmp"), "distload-check"))
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
        "PATH": f"{arguments.bin}:{os.environ.get('PATH', '/usr/bin:/bin')}:/usr/local/cuda/bin:/usr/local/cuda/compute-sanitizer",
        "LD_LIBRARY_PATH": ":".join(libraries + [path for path in [os.environ.get("LD_LIBRARY_PATH")] if path]),
        "OMP_NUM_THREADS": os.environ.get("OMP_NUM_THREADS", "4"),
        "OMP_PROC_BIND": "false",
    }
    chosen = arguments.only.split(",") if arguments.only else [name for name, _ in STEPS]
    with open(out / "log.txt", "w") as log:
        runner = Runner(arguments.bin, arguments.work, log, started + 60 * arguments.minutes, environment)
        checks = Checks(runner, package, out)
        summary = {"package": package, "machine": machine_of(), "work": arguments.work, "steps": {}}
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
