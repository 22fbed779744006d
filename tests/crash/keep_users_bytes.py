#!/usr/bin/env python3
"""A property of saves: whatever is in the directory, whatever is asked for and whatever fails, the bytes that the user had before are either
untouched or replaced on request.

Each round fills a directory with checkpoints, files and directories of others, links and what crashes have left, saves into it with random
options and a random fault, and compares a hash of everything before and after. What had to be refused must have been, with exit code 3 and
nothing changed; what was allowed must have been done.

By hand, after `source tools/environment.sh`: keep_users_bytes.py --rounds 1000 --seed 7
"""
import argparse
import hashlib
import json
import math
import os
import pathlib
import random
import shutil
import subprocess
import sys
import time

from job import ALONE, ENVIRONMENT, Job
from save_steps import save_steps

ROOT = pathlib.Path(__file__).resolve().parents[2]
SECONDS_ALLOWED = 60
STEPS = 4
REFUSED = 3
KINDS = ("io", "io", "kill", "kill", "memory", "exception", "corrupt", "internal")
MANIFEST = "distload.manifest.json"


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--seed", type=int, default=14)
    parser.add_argument("--only", type=int, help="nothing but this round")
    parser.add_argument("--work", default=ROOT / "build/crash/keep-users-bytes", type=pathlib.Path, help="directory that is emptied")
    parser.add_argument("--build", default=ROOT / "build/host-release", type=pathlib.Path)
    parser.add_argument("--mpirun", default="mpirun")
    return parser.parse_args()


def fingerprint(path):
    """Of a file, a link or a directory without what is in it."""
    if path.is_symlink():
        return "link to " + os.readlink(path)
    return "directory" if path.is_dir() else hashlib.sha256(path.read_bytes()).hexdigest()


def everything(root):
    """Every path below `root`, relative to it, with its fingerprint."""
    return {str(path.relative_to(root)): fingerprint(path) for path in sorted(root.rglob("*"))}


class Item:
    """Something in the directory of checkpoints, and to whom it belongs.

    `step`: that its name stands for, or None. `owner`: "user"; "distload", of a checkpoint; or "crash", of what may go at any time."""

    def __init__(self, name, owner, step=None, temporary_of=None):
        self.name, self.owner, self.step, self.temporary_of = name, owner, step, temporary_of


class Pool:
    """Checkpoints to copy from, made once."""

    def __init__(self, arguments):
        self.arguments = arguments
        self.path = arguments.work / "pool"
        self.model = self.path / "llama"
        self.path.mkdir(parents=True)
        subprocess.run([arguments.build / "tests/bin/make_tiny_llama", self.model], check=True)
        for step in range(STEPS):
            for form in ("hdf5", "safetensors"):
                save = {"directory": str(self.path), "format": form, "step": step, "overwrite": False}
                if form == "safetensors":  # beside the file of the same step
                    save["directory"] = str(self.path / "safetensors")
                code, text = self.run({"checkpoint": {"path": str(self.model)}, "save": save, "report": {"progress": "none"}})
                if code != 0:
                    raise SystemExit(f"the pool cannot be made: {text}")

    def file(self, step):
        return self.path / f"model-step-{step}.h5"

    def directory(self, step):
        return self.path / "safetensors" / f"model-step-{step}"

    def run(self, config, ranks=1, fault=None):
        path = self.arguments.work / "config.yaml"
        path.write_text(json.dumps(config))
        command = [self.arguments.build / "bin/distload", path]
        environment = {"DISTLOAD_FAULT": fault} if fault else {}
        if ranks > 1:
            job = Job(self.arguments.mpirun, ranks, command, environment)
            code, problems = job.end(SECONDS_ALLOWED)
            return code, job.error_text() + "\n".join(problems)
        done = subprocess.run(command, env=os.environ | ENVIRONMENT | ALONE | environment, capture_output=True, text=True, timeout=SECONDS_ALLOWED, check=False)
        return done.returncode if done.returncode >= 0 else 128 - done.returncode, done.stdout + done.stderr


class Round:
    def __init__(self, pool, number, chance):
        self.pool, self.chance = pool, chance
        self.root = pool.arguments.work / f"round-{number}"
        self.out = self.root / "out"
        self.elsewhere = self.root / "elsewhere"
        self.out.mkdir(parents=True)
        self.elsewhere.mkdir()
        shutil.copytree(pool.model, self.root / "llama")
        (self.root / "llama" / "tokenizer.json").write_text("of the source")
        self.items = []
        makers = (self.own_file, self.own_file, self.own_directory, self.own_directory, self.older_directory, self.damaged_file, self.added_to, self.edited,
                  self.notes_file, self.notes_directory, self.link, self.edited_file, self.left_file, self.left_directory, self.left_notes,
                  self.left_replaced, self.number_otherwise, self.unrelated)  # fmt: skip
        for _ in range(chance.randint(0, 5)):
            chance.choice(makers)(chance.randrange(STEPS))

    def add(self, name, owner, step=None, temporary_of=None):
        self.items.append(Item(name, owner, step, temporary_of))

    def free(self, name):
        """The path of that name, or None if something has it already."""
        path = self.out / name
        return None if os.path.lexists(path) else path

    def own_file(self, step):
        if path := self.free(f"model-step-{step}.h5"):
            shutil.copy2(self.pool.file(step), path)
            self.add(path.name, "distload", step)

    def own_directory(self, step):
        if path := self.free(f"model-step-{step}"):
            shutil.copytree(self.pool.directory(step), path)
            self.add(path.name, "distload", step)
            if self.chance.random() < 0.3:
                (path / "distload.checksums.json").write_text("{}")
            return path
        return None

    def older_directory(self, step):
        if path := self.own_directory(step):
            (path / MANIFEST).unlink()

    def damaged_file(self, step):
        if path := self.free(f"model-step-{step}.h5"):
            path.write_bytes(self.pool.file(step).read_bytes()[: self.chance.choice((5000, 100_000))])
            self.add(path.name, "distload", step)

    def added_to(self, step):
        if path := self.own_directory(step):
            if self.chance.random() < 0.3:
                (path / MANIFEST).unlink()
            match self.chance.randrange(4):
                case 0:
                    (path / "tokenizer.json").write_text("of the user")
                case 1:
                    (path / "notes").mkdir()
                    (path / "notes" / "config.json").write_text("of the user")
                case 2:
                    (path / "model.safetensors.bak").symlink_to(self.root / "llama" / "model.safetensors")
                case 3:
                    (path / ".hidden").write_text("of the user")
            self.items[-1].owner = "user"

    def edited(self, step):
        if path := self.own_directory(step):
            file = path / self.chance.choice(("config.json", "model.safetensors"))
            content = bytearray(file.read_bytes())
            content[-20:] = b"0" * 20
            file.write_bytes(content)
            self.items[-1].owner = "user"

    def edited_file(self, step):
        if path := self.free(f"model-step-{step}.h5"):
            path.write_bytes(self.pool.file(step).read_bytes() + b"more")
            self.add(path.name, "user", step)

    def notes_file(self, step):
        if path := self.free(self.chance.choice((f"model-step-{step}.h5", f"model-step-{step}"))):
            path.write_text("notes of the user")
            self.add(path.name, "user", step)

    def notes_directory(self, step):
        if path := self.free(self.chance.choice((f"model-step-{step}.h5", f"model-step-{step}"))):
            path.mkdir()
            (path / self.chance.choice(("notes.txt", "config.json"))).write_text("notes of the user")
            self.add(path.name, "user", step)

    def link(self, step):
        if path := self.free(self.chance.choice((f"model-step-{step}.h5", f"model-step-{step}", f"model-step-{step}.h5.partial"))):
            target = self.elsewhere / f"of-{path.name}"
            if self.chance.random() < 0.7 and not target.exists():
                target.mkdir() if self.chance.random() < 0.5 else target.write_text("data of the user")
            path.symlink_to(target)
            temporary = path.name.endswith(".partial")
            self.add(path.name, "user", None if temporary else step, path.name.removesuffix(".partial") if temporary else None)

    def left_file(self, step):
        if path := self.free(f"model-step-{step}.h5.partial"):
            path.write_bytes(self.chance.choice((b"", bytes(9000), self.pool.file(step).read_bytes()[:40_000])))
            self.add(path.name, "crash", None, path.name.removesuffix(".partial"))

    def left_directory(self, step):
        if path := self.free(f"model-step-{step}.partial"):
            shutil.copytree(self.pool.directory(step), path)
            if self.chance.random() < 0.5:
                (path / MANIFEST).unlink()
                (path / "model.safetensors").write_bytes(b"half")
            self.add(path.name, "crash", None, path.name.removesuffix(".partial"))

    def left_notes(self, step):
        name = f"model-step-{step}" + self.chance.choice(("", ".h5"))
        if path := self.free(name + ".partial"):
            if self.chance.random() < 0.5:
                path.write_text("notes of the user")
            else:
                path.mkdir()
                (path / "notes.txt").write_text("notes of the user")
            self.add(path.name, "user", None, name)

    def left_replaced(self, step):
        if path := self.free(f"model-step-{step}.replaced"):
            shutil.copytree(self.pool.directory(step), path)
            self.add(path.name, "distload", step)
            if self.chance.random() < 0.4:
                (path / "tokenizer.json").write_text("of the user")
                self.items[-1].owner = "user"

    def number_otherwise(self, step):
        if path := self.free(f"model-step-00{step}.h5"):
            shutil.copy2(self.pool.file(step), path)
            self.add(path.name, "distload", step)

    def unrelated(self, step):
        if path := self.free(self.chance.choice((f"model-step-{step}.txt", f"step-{step}.h5", f"model-step-{step}.h5.old", "notes.partial", "model-step-x"))):
            path.write_text("notes of the user")
            self.add(path.name, "user")

    def choose(self):
        """Source, options and fault."""
        chance = self.chance
        own = [item for item in self.items if item.owner == "distload" and not (self.out / item.name).is_symlink()]
        whole = [item for item in own if (self.out / item.name).is_dir() or (self.out / item.name).stat().st_size > 1_000_000]
        self.loaded = chance.choice(whole) if whole and chance.random() < 0.35 else None
        self.source = self.out / self.loaded.name if self.loaded else self.root / "llama"
        if self.loaded and chance.random() < 0.3:
            other = self.elsewhere / ("other.h5" if self.source.is_file() else "other")
            if not os.path.lexists(other):
                os.link(self.source, other) if self.source.is_file() and chance.random() < 0.5 else other.symlink_to(self.source)
                self.source = other
        self.form = chance.choice(("hdf5", "safetensors"))
        self.step = chance.randrange(STEPS)
        self.overwrite = chance.random() < 0.6
        self.keep = chance.choice((0, 0, 1, 2))
        save = {"directory": str(self.out), "format": self.form, "step": self.step, "overwrite": self.overwrite, "keep": self.keep}
        files = [item for item in whole if (self.out / item.name).is_file()]
        self.base = chance.choice(files) if files and self.form == "hdf5" and chance.random() < 0.2 else None
        if self.base:
            save["base"] = str(self.out / self.base.name)
        how = chance.choice(({}, {}, {"stream": True}, {"async": True}, {"engine": "collective"} if self.form == "hdf5" else {"shard_size": "1 MB"}))
        self.save = save | how
        self.ranks = 2 if chance.random() < 0.2 else 1
        self.fault = None
        if chance.random() < 0.5:
            self.fault = f"{chance.choice(save_steps())}:{chance.randrange(self.ranks)}:{chance.choice(KINDS)}:{chance.choice((1, 1, 2))}"

    def name(self):
        return f"model-step-{self.step}" + (".h5" if self.form == "hdf5" else "")

    def in_the_way(self):
        """What has the step that is saved."""
        return [item for item in self.items if item.step == self.step]

    def is_to_be_refused(self):
        occupants = self.in_the_way()
        if occupants and not self.overwrite:
            return True
        if any(item.owner == "user" or item in (self.loaded, self.base) for item in occupants):
            return True
        return any(item.owner == "user" and item.temporary_of == self.name() for item in self.items)

    def may_go(self, item):
        if item.owner == "user" or item in (self.loaded, self.base) and item.step == self.step:
            return False
        if item.owner == "crash":
            return True
        if item.name.endswith(".replaced") and any(other.name + ".replaced" == item.name for other in self.items):
            return item is not self.loaded  # another one has its place
        if item.step == self.step:
            return self.overwrite
        steps = {other.step for other in self.items if other.owner == "distload" and other.step is not None and other.step <= self.step} | {self.step}
        return 0 < self.keep <= len([step for step in steps if step > item.step])

    def go(self):
        """What is wrong."""
        self.choose()
        before = everything(self.root)
        config = {"checkpoint": {"path": str(self.source)}, "save": self.save, "report": {"progress": "none"}}
        self.code, self.text = self.pool.run(config, self.ranks, self.fault)
        after = everything(self.root)
        changed = {path for path in before if after.get(path) != before[path]}
        problems = []
        may_change = [f"out/{item.name}" for item in self.items if self.may_go(item)]
        for path in sorted(changed):
            if path == "out" or any(path == name or path.startswith(name + "/") for name in may_change):
                continue
            problems.append(f"{path} is {'changed' if path in after else 'gone'}")
        refused = self.is_to_be_refused()
        if refused and self.code == 0:
            problems.append("it was not refused")
        if refused and not self.fault and self.code != REFUSED:
            problems.append(f"exit code {self.code}, although it had to be refused")
        if refused and changed:
            problems.append("it was to be refused, but something was changed")
        if not refused and not self.fault and self.code != 0:
            problems.append(f"exit code {self.code}, although it was allowed")
        if self.code == 0 and not (self.out / self.name()).exists():
            problems.append("nothing was saved")
        return problems

    def describe(self):
        return [
            f"items: {', '.join(f'{item.name} ({item.owner})' for item in self.items)}",
            f"source {self.source}, {self.save}, {self.ranks} ranks, fault {self.fault}: exit code {self.code}",
            *self.text.splitlines()[-8:],
        ]


def main():
    arguments = parse_arguments()
    shutil.rmtree(arguments.work, ignore_errors=True)
    begin = time.monotonic()
    pool = Pool(arguments)
    failures = refused = saved = 0
    rounds = range(arguments.rounds) if arguments.only is None else (arguments.only,)
    for number in rounds:
        one = Round(pool, number, random.Random(arguments.seed * 1_000_003 + number))
        problems = one.go()
        refused += one.code == REFUSED
        saved += one.code == 0
        if problems:
            failures += 1
            print(f"FAILED round {number} of seed {arguments.seed}", *problems, *one.describe(), sep="\n  ", flush=True)
        else:
            shutil.rmtree(one.root)
    # Chance that never refuses or never saves would show nothing.
    if len(rounds) >= 20 and min(refused, saved) < math.ceil(len(rounds) / 10):
        failures += 1
        print(f"of {len(rounds)} rounds only {refused} were refused and {saved} saved")
    print(f"{len(rounds)} rounds of seed {arguments.seed}: {saved} saved, {refused} refused, {failures} failed, {time.monotonic() - begin:.0f} s")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
