#!/usr/bin/env python3
"""Follows a Dockerfile without a container engine: container.py DOCKERFILE --source FOLDER --work FOLDER [--variant host] [--share PATH...]

Each stage FROM debian:12 is a folder with a Debian by debootstrap, each RUN a command in it (chroot) with its own mounts. A job on two ranks
then runs in the last stage, and in the first one an example is built against the installed library, without the sources of distload. --share
shows folders of this machine to the commands, e.g. ~/.cache/distload (Kokkos) and ~/.cache/ccache. --packages FOLDER takes packages that are
built, and leaves out the stage `build`. Needs root, debootstrap and the network; exits
with 77 without the former two.
"""
import argparse
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import time

import debian_root

SKIPPED = 77
RELEASES = {"debian:12": "bookworm", "debian:12-slim": "bookworm"}
EXAMPLE = """
set -ex
apt-get install -q -y --no-install-recommends /packages/*.deb >/dev/null
cmake -S /usr/share/doc/distload/examples -B /tmp/examples >/dev/null
cmake --build /tmp/examples --target load >/dev/null
distload-synth /tmp/model --family llama --size 10MB >/dev/null
OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 mpirun --oversubscribe -np 2 /tmp/examples/load /tmp/model | grep "^model.norm.weight"
"""


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("dockerfile", type=pathlib.Path)
    parser.add_argument("--source", type=pathlib.Path, required=True)
    parser.add_argument("--work", type=pathlib.Path, required=True)
    parser.add_argument("--variant", default="host")
    parser.add_argument("--share", nargs="*", default=[])
    parser.add_argument("--packages", type=pathlib.Path)
    return parser.parse_args()


def instructions(dockerfile):
    text = re.sub(r"\\\n", " ", dockerfile.read_text())
    return [line.split(None, 1) for line in text.splitlines() if line and not line.startswith("#")]


def step(text):
    print(f"{time.strftime('%H:%M:%S')} {text}", flush=True)


class Builder:
    def __init__(self, arguments):
        self.source, self.work, self.packages = arguments.source.resolve(), arguments.work.resolve(), arguments.packages
        self.shared = [path for path in arguments.share if os.path.isdir(path)]
        self.names = {}  # of stages: what they are FROM
        self.root = None
        self.environment = []

    def base(self, image):
        """A folder with the image, made once."""
        return debian_root.base(self.work / RELEASES[image], RELEASES[image])

    def run(self, *command, root=None):
        command, environment = debian_root.command_in(root or self.root, *command, shared=self.shared, environment=self.environment)
        subprocess.run(command, check=True, stdin=subprocess.DEVNULL, env=environment)

    def begin(self, image, name):
        while image in self.names:
            image = self.names[image]
        self.names[name] = image
        self.environment = []
        self.root = None  # an alias until something is done in it
        self.pending = (image, name)

    def materialise(self):
        if self.root:
            return
        image, name = self.pending
        if image not in RELEASES:
            sys.exit(f"{image} needs a container engine")
        self.root = debian_root.copy(self.base(image), self.work / f"stage-{name}")

    def skipped(self):
        return self.packages and self.pending[1] == "build"

    def copy(self, words):
        self.materialise()
        origin = self.source
        if words[0].startswith("--from="):
            origin = self.work / f"stage-{words.pop(0)[7:]}"
            if self.packages:
                words[0], origin = str(self.packages.resolve()), pathlib.Path("/")
        source, target = words
        target = self.root / target.lstrip("/")
        if source == ".":
            debian_root.copy_repository(origin, target)
        else:
            target.parent.mkdir(parents=True, exist_ok=True)
            subprocess.run(["cp", "-rT", origin / source.lstrip("/"), target], check=True)


def main():
    arguments = parse_arguments()
    if reason := debian_root.why_not():
        print(reason)
        return SKIPPED
    builder = Builder(arguments)
    builder.work.mkdir(parents=True, exist_ok=True)
    for number, (word, rest) in enumerate(instructions(arguments.dockerfile)):
        rest = rest.replace("${VARIANT}", arguments.variant)
        if word == "FROM":
            image, *alias = rest.split(" AS ")
            builder.begin(image, alias[0] if alias else f"{number}")
        elif word not in ("ARG", "CMD", "ENV", "COPY", "RUN"):
            sys.exit(f"{arguments.dockerfile}: unknown instruction {word}")
        elif builder.names and not builder.skipped():
            if word == "ENV":
                builder.environment += shlex.split(rest)
            elif word == "COPY":
                builder.copy(rest.split())
            elif word == "RUN":
                builder.materialise()
                step(f"RUN {rest}")
                builder.run("sh", "-c", rest)
    step("the job again, in the environment of the image")
    builder.run("/packages/build.sh", "check")
    if not arguments.packages:
        step("an example with the installed library")
        builder.environment = []
        build = builder.work / "stage-build"
        shutil.rmtree(build / "src")
        builder.run("sh", "-c", EXAMPLE, root=build)
    step("done")
    for root in builder.work.glob("stage-*"):
        shutil.rmtree(root)
    return 0


sys.exit(main())
