#!/usr/bin/env python3
"""Runs the commands that a page prints, and compares what they print with the page: sizing.py PAGE.md WORK BIN

Each ```sh block with a ```text block behind it is run; seconds, which are measured, may differ.
"""
import os
import pathlib
import re
import shutil
import subprocess
import sys


def without_seconds(text):
    text = re.sub(r"[\d.]+ m?s\b", "SECONDS", text)
    return "\n".join(re.sub(r" +", " ", line).rstrip() for line in text.strip().splitlines())


def main():
    page, work, programs = (pathlib.Path(argument).resolve() for argument in sys.argv[1:4])
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    environment = {**os.environ, "PATH": f"{programs}:{os.environ['PATH']}", "COLUMNS": "200"}
    blocks = re.findall(r"^```sh\n(.*?)^```\n+```text\n(.*?)^```$", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    if len(blocks) < 2:
        sys.exit(f"{page} prints {len(blocks)} commands with their outputs")
    wrong = 0
    for command, printed in blocks:
        done = subprocess.run(["bash", "-c", command], cwd=work, env=environment, capture_output=True, text=True, timeout=60)
        if without_seconds(done.stdout + done.stderr) != without_seconds(printed):
            wrong += 1
            print(f"{page} prints other than\n{command}\ndoes:\n{done.stdout}{done.stderr}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
