#!/usr/bin/env python3
"""Checks that the one C++ program that a Markdown page prints is that of a file: same_program.py PAGE.md PROGRAM.cpp"""
import difflib
import pathlib
import re
import sys

page, program = map(pathlib.Path, sys.argv[1:])
printed = re.findall(r"^```cpp\n(.*?)^```$", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
if len(printed) != 1:
    sys.exit(f"{page} prints {len(printed)} C++ programs instead of one")
lines = [text.splitlines() for text in (program.read_text(encoding="utf-8"), printed[0])]
difference = "\n".join(difflib.unified_diff(*lines, str(program), str(page), lineterm=""))
sys.exit(difference or 0)
