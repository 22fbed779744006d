#!/usr/bin/env python3
"""Plays the first hour of new users, each in a Debian with nothing installed: trials.py --source FOLDER --work FOLDER [TRIALS...]

They type what the pages print, and nothing else: a command that its page does not print is a fault of the trial. Capitals stand for what users
put in their place. Prints every command with its exit code and its seconds, and when what the user came for has first worked; --json FILE writes
the same. Needs root, debootstrap and the network; exits with 77 without the former two.
"""
import argparse
import json
import pathlib
import re
import shutil
import subprocess
import sys
import time

import debian_root

SKIPPED = 77
HOME = "/root/distload"  # the clone


def blocks_of(text, language=r"\w*"):
    """The blocks of code of a page, of one language or of all."""
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def printed_in(page):
    """The lines of code that a page prints, without comments."""
    text = page.read_text(encoding="utf-8")
    lines = [line for block in blocks_of(text) for line in block.splitlines()]
    lines += [line[4:] for line in text.splitlines() if line.startswith("    ")]
    lines += re.findall(r"`([^`\n]+)`", text)
    return {" ".join(re.sub(r"\s#( .*)?$", "", line).split()) for line in lines}


def block_of(page, language, containing):
    """The only block of code of that language that has a text."""
    (block,) = [block for block in blocks_of(page.read_text(encoding="utf-8"), language) if containing in block]
    return block


class Machine:
    """A user at a machine on which nothing is installed."""

    def __init__(self, arguments, name):
        self.name = name
        self.source = arguments.source
        self.work = arguments.work
        self.output = ""  # of the last command
        self.entries = []
        self.root = debian_root.copy(debian_root.base(arguments.work / "bookworm", "bookworm"), arguments.work / name)
        self.printed = {}
        self.settings = ""  # what the user has typed into the present shell
        self.start = time.monotonic()

    def clone(self):
        debian_root.copy_repository(self.source, pathlib.Path(f"{self.root}{HOME}"))

    def remove(self):
        shutil.rmtree(self.root)

    def install_for_it(self, *packages):
        """Packages that such a machine has before distload comes; their time does not count."""
        before = time.monotonic()
        self._shell("apt-get update -q >/dev/null && DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "
                    + " ".join(packages) + " >/dev/null", folder="/", check=True)
        self.start += time.monotonic() - before

    def write(self, path, text):
        target = pathlib.Path(f"{self.root}{path}")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")

    def new_shell(self, *settings):
        """Opens a shell and types these lines into it, which are not looked for in pages."""
        self.settings = "".join(f"{line}\n" for line in settings)

    def type(self, command, page="README.md", expect=(), code=0, folder=HOME, wrapped="{}", instead=(), **words):
        """Types a command of a page, in which `words` stand for capitals, and `instead` has pairs of texts and what is typed instead.

        It has to end with `code` and to print all of `expect`.
        """
        if page not in self.printed:
            self.printed[page] = printed_in(self.source / page)
        if not any(command in line for line in self.printed[page]):
            raise SystemExit(f"{self.name}: {page} does not print: {command}")
        for text, other in instead:
            command = command.replace(text, other)
        for capitals, word in words.items():
            command = re.sub(rf"\b{capitals}\b", word, command)
        return self.run(wrapped.format(command), expect, code, folder)

    def run(self, command, expect=(), code=0, folder=HOME):
        """Types a command that a program has printed, or that any user knows."""
        before = time.monotonic()
        found = self._shell(self.settings + command, folder)
        seconds = time.monotonic() - before
        problems = [f"it ends with {found} instead of {code}"] if found != code else []
        problems += [f"it does not print /{pattern}/" for pattern in expect if not re.search(pattern, self.output, re.MULTILINE)]
        self._record(command, found, seconds, problems)
        return self.output

    def succeeded(self, what):
        """What the user came for has worked, if all commands before have."""
        problems = ["a command before has failed"] if any(entry["problems"] for entry in self.entries) else []
        self._record(f"-- {what}", 0, time.monotonic() - self.start, problems)
        self.entries[-1]["success"] = True

    def _shell(self, script, folder, check=False):
        command, environment = debian_root.command_in(self.root, "bash", "-c", f"cd {folder}\n{script}", environment=["TERM=xterm"])
        done = subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        self.output = done.stdout
        if check and done.returncode != 0:
            raise SystemExit(f"{script}\n{done.stdout}")
        return done.returncode

    def _record(self, command, code, seconds, problems):
        self.entries.append({"trial": self.name, "command": command, "code": code, "seconds": round(seconds, 1), "problems": problems})
        print(f"{self.name:10} {'FAILED' if problems else 'ok':6} {seconds:7.1f} s  {command}", flush=True)
        if problems:
            print("".join(f"           {problem}\n" for problem in problems) + self.output[-4000:], flush=True)


def quickstart(user):
    """The first command, and what it says to type next, in a new shell."""
    user.type("tools/quickstart.sh", expect=["All 416 shards have the same XXH3-64", "the same bits"])
    lines = user.output.split("Type next", 1)[1].splitlines()[1:]
    settings, *commands = [re.sub(r"\s+# .*$", "", line).strip() for line in lines if line.strip()]
    if len(commands) != 3:
        raise SystemExit(f"tools/quickstart.sh ends with {commands}")
    return settings, commands


def engineer(arguments):
    """Serves models: wants to see a model on four ranks, and what it does with a model and a topology of their own."""
    user = Machine(arguments, "engineer")
    user.clone()
    readme = user.source / "README.md"
    settings, commands = quickstart(user)
    user.succeeded("a real model is loaded on four ranks, saved, loaded back, and computes")
    user.new_shell(settings)
    for command in commands:
        user.run(command)
    user.write(f"{HOME}/config.yaml", block_of(readme, "yaml", "# config.yaml"))
    user.type("mpirun -np 4 distload --dry-run config.yaml", expect=["predicted load", "predicted save"])
    user.type("distload --dry-run --machine 8xh100 config.yaml", expect=["8xh100"])
    user.type("mpirun -np 4 distload config.yaml", expect=["loaded 104 parameters", "saved checkpoints/"])
    user.type("h5dump -A checkpoints/model-step-0.h5", expect=["DATASET"])
    user.type("mpirun -np 4 distload-verify checkpoints", expect=["verified|correct|intact"])
    user.type("mpirun -np 4 distload-infer checkpoints --tokens 101,7592,102 --against one-rank", expect=["the same bits"])
    user.type("mpirun -np 4 distload checkpoints --redistribute tensor_parallel=2,data_parallel=2", expect=["redistributed to tensor_parallel 2"])
    user.type("mpirun -np 4 distload checkpoints --redistribute pipeline_parallel=2 --in-place", expect=["redistributed to .*pipeline_parallel 2"])
    # What users get wrong: each answer says what is right.
    user.run("mpirun -np 4 distload config.yaml", code=3, expect=["is there already", "save.overwrite: true replaces it"])
    user.run("mpirun -np 4 distload --dry-run config.yaml", code=3, expect=["predicted load", "is there already"])
    user.run("mpirun -np 4 distload models/all-minilm-l6-v2 --tp 3", code=3, expect=["ranks"])
    user.run("mpirun -np 8 distload models/all-minilm-l6-v2 --tp 8", code=3, expect=["do not divide by 8 tensor-parallel ranks", "tensor_parallel could be 1, 2, 3, 4, 6, 12"])
    user.run("mpirun -np 4 distload models/all-minilm", code=4, expect=["models/all-minilm: no such file or directory"])
    user.run("mpirun -np 4 distload confg.yaml", code=3, expect=["confg.yaml: No such file or directory"])
    return user


def developer(arguments):
    """Writes programs for clusters: wants the library in one of their own, and the tests."""
    user = Machine(arguments, "developer")
    user.clone()
    readme = user.source / "README.md"
    settings, _ = quickstart(user)
    user.type("cmake --install build/host-release --prefix PREFIX", PREFIX="/opt/distload")
    user.write("/root/mine/load.cpp", block_of(readme, "cpp", "int main"))
    user.write("/root/mine/CMakeLists.txt", "cmake_minimum_required(VERSION 3.25)\nproject(mine CXX)\nadd_executable(my_program load.cpp)\n"
               + block_of(readme, "cmake", "find_package"))
    user.new_shell(settings, "cd /root/mine")
    user.run("cmake -B build -DCMAKE_PREFIX_PATH=/opt/distload && cmake --build build")
    user.run(f"mpirun -np 4 build/my_program {HOME}/models/all-minilm-l6-v2", expect=[r"^embeddings\.word_embeddings\.weight: "])
    user.succeeded("a program of their own loads a model")
    user.new_shell(settings)
    user.type("tools/test.sh", expect=["100% tests passed", "^tests not run: .*tools/test.sh --all"])
    user.succeeded("the tests pass")
    user.type("tools/test.sh -L unit", page="tests/README.md", expect=["100% tests passed"])
    return user


def operator(arguments):
    """Runs a cluster: wants the program as a module and as a package, jobs under Slurm, and to know what models will need."""
    user = Machine(arguments, "operator")
    user.install_for_it("slurmctld", "slurmd", "slurm-client", "munge", "libpmix-dev", "lmod", "iproute2", "python3", "openmpi-bin")
    user.clone()
    settings, _ = quickstart(user)
    user.type("cmake --install build/host-release --prefix PREFIX", PREFIX="/opt/distload")
    modules = ["source /etc/profile.d/lmod.sh", "export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1"]
    user.new_shell(*modules)
    user.type("module use PREFIX/share/distload/modulefiles; module load distload", PREFIX="/opt/distload", wrapped="{} && distload --version",
              expect=[r"^distload +[0-9]"])
    user.new_shell(*modules, "module use /opt/distload/share/distload/modulefiles; module load distload")
    user.write("/root/job/config.yaml", f"checkpoint: {{path: {HOME}/models/all-minilm-l6-v2}}\ntopology: {{tensor_parallel: 2}}\nsave: {{directory: saved}}\n")
    on_cluster = f"{HOME}/tests/slurm/with_slurm.py bash -c '{{}} && cat distload-*.out'"
    jobs = "/opt/distload/share/distload/jobs/"
    flags = "--wait --nodes=2 --ntasks-per-node=1 --cpus-per-task=1"
    user.type("sbatch jobs/slurm-cpu.sbatch CONFIG", page="jobs/README.md", folder="/root/job", expect=["loaded 104 parameters", "saved saved/"],
              wrapped=on_cluster, instead=[("sbatch jobs/", f"sbatch {flags} {jobs}")], CONFIG="config.yaml")
    user.succeeded("a job under Slurm has loaded and saved a model on two nodes")
    user.type("sbatch jobs/convert.sbatch CHECKPOINT FOLDER", page="jobs/README.md", folder="/root/job", wrapped=on_cluster,
              instead=[("sbatch jobs/", f"sbatch --wait --ntasks-per-node=2 --cpus-per-task=1 {jobs}")], CHECKPOINT="saved", FOLDER="converted")
    # What will a model need, on this machine and on one that is not here?
    user.new_shell(settings)
    user.type("mpirun -np 4 distload-bench calibrate FOLDER", page="config/SIZING.md", FOLDER="/root/job", expect=["machine.yaml"])
    user.run("mpirun -np 4 distload --dry-run models/all-minilm-l6-v2", expect=["predicted load"])
    # A package for the nodes, and a node.
    user.type("apt-get install dpkg-dev file", wrapped="{} --yes --no-install-recommends")
    user.type("cpack --config build/host-release/CPackConfig.cmake", expect=["distload_.*deb generated"])
    node = Machine(arguments, "node")
    shutil.copytree(f"{user.root}{HOME}/build/host-release/packages", f"{node.root}/root/build/host-release/packages", symlinks=True)
    node.run("apt-get update", folder="/root")
    node.type("apt-get install ./build/host-release/packages/distload_*.deb", folder="/root", wrapped="{} --yes")
    node.run("distload-synth model --family llama --size 10MB && OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 "
             "mpirun --oversubscribe -np 4 distload model", folder="/root", expect=["loaded"])
    node.succeeded("the package runs on a node")
    node.remove()
    user.entries += node.entries
    return user


TRIALS = {"engineer": engineer, "developer": developer, "operator": operator}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--source", type=pathlib.Path, required=True)
    parser.add_argument("--work", type=pathlib.Path, required=True)
    parser.add_argument("--json", type=pathlib.Path)
    parser.add_argument("--keep", action="store_true", help="keep the folders of the machines")
    parser.add_argument("trials", nargs="*", metavar="TRIALS", help=f"of {', '.join(TRIALS)}; all without any")
    arguments = parser.parse_args()
    if reason := debian_root.why_not():
        print(reason)
        return SKIPPED
    arguments.source, arguments.work = arguments.source.resolve(), arguments.work.resolve()
    arguments.work.mkdir(parents=True, exist_ok=True)
    entries = []
    for name in arguments.trials or TRIALS:
        user = TRIALS[name](arguments)
        entries += user.entries
        if not arguments.keep:
            user.remove()
    if arguments.json:
        arguments.json.write_text(json.dumps(entries, indent=1) + "\n")
    failed = [entry for entry in entries if entry["problems"]]
    print("\n".join(f"{entry['trial']:10} {entry['seconds']:7.1f} s  {entry['command'][3:]}" for entry in entries if entry.get("success")))
    print(f"{len(entries) - len(failed)} of {len(entries)} entries are right")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
