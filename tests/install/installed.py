#!/usr/bin/env python3
"""Compares what is installed with the source tree: installed.py --source FOLDER --data FOLDER --documents FOLDER PAGE...

All of config/ and the scripts of jobs/ are below the data, the pages and examples below the documents, and pages link to pages that are there.
"""
import argparse
import pathlib
import re
import sys


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--source", type=pathlib.Path, required=True)
    parser.add_argument("--data", type=pathlib.Path, required=True)
    parser.add_argument("--documents", type=pathlib.Path, required=True)
    parser.add_argument("pages", nargs="+")
    arguments = parser.parse_args()

    pairs = [(arguments.source / page, arguments.documents / page) for page in arguments.pages]
    for folder, installed in (("config", arguments.data), ("jobs", arguments.data / "jobs"), ("tests/examples", arguments.documents / "examples")):
        source = arguments.source / folder
        pairs += [(path, installed / path.relative_to(source)) for path in source.rglob("*")
                  if path.is_file() and not re.match(r"jobs/(containers|packages)/", str(path.relative_to(arguments.source)))]
    problems = [f"{installed} is not {source}" for source, installed in pairs
                if not installed.exists() or installed.read_bytes() != source.read_bytes() or installed.stat().st_mode & 0o111 != source.stat().st_mode & 0o111]
    for page in arguments.pages:
        if page.endswith(".md"):
            for link in re.findall(r"\]\(([^)#:]+\.md)[)#]", (arguments.documents / page).read_text()):
                source = (arguments.source / page).parent / link
                installed = (arguments.documents / page).parent / link
                if not installed.exists() and not re.search(r"tests/|CONTRIBUTING", str(source.resolve().relative_to(arguments.source))):
                    problems.append(f"{page} links to {link}, which is not installed")
    print("\n".join(problems) if problems else f"{len(pairs)} files")
    return 1 if problems else 0


sys.exit(main())
