#!/usr/bin/env python3
"""The help of every program and of its subcommands is complete: it ends with exit code 0, is text to its last character, and names what it must.

Usage: help.py DIRECTORY OF THE PROGRAMS
"""
import pathlib
import re
import subprocess
import sys

PROGRAMS = {
    "distload-bench": ["--engine", "{auto,buffered,collective,direct,mmap}", "--part", "--json", "redistribute: ", "overlap: ", "infer: ", "calibrate: "],
    "distload-bench infer": ["--steps", "--json"],
    "distload-bench overlap": ["--milliseconds", "--trace"],
    "distload-bench redistribute": ["--chain", "--in-place", "--no-share "],
    "distload-inspect": ["--json", "--html", "--verify", "--tensor-parallel"],
    "distload-verify": ["--json", "--seal"],
}


def problems_of(program, wanted, folder):
    name, *subcommand = program.split()
    done = subprocess.run([folder / name, *subcommand, "--help"], capture_output=True, timeout=60)
    if done.returncode != 0:
        return [f"{program} --help ends with {done.returncode}: {done.stderr.decode(errors='replace')}"]
    text = done.stdout.decode()
    problems = [f"{program} --help has the character {ord(character)}" for character in set(text) if not character.isprintable() and character != "\n"]
    problems += [f"{program} --help does not name '{what}'" for what in wanted if what not in text]
    # CLI11's own texts for values of enumerations and for switches that are off.
    problems += [f"{program} --help has '{odd}'" for odd in re.findall(r"\S*(?:->|\{false\})\S*", text)]
    return problems


def main():
    folder = pathlib.Path(sys.argv[1])
    problems = [problem for program, wanted in PROGRAMS.items() for problem in problems_of(program, wanted, folder)]
    print("\n".join(problems))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
