#!/usr/bin/env python3
"""Checks the recipes of jobs/ without their tools: recipes.py ROOT VERSION

VERSION, that of CMakeLists.txt, is the newest one in CHANGELOG.md, and the version of the Spack package and of the conda recipe. Dockerfile
and Apptainer recipe run the same steps of jobs/containers/build.sh on the same images, and take files that are there.
"""
import ast
import pathlib
import re
import sys


def spack_versions(package):
    calls = [node for node in ast.walk(ast.parse(package.read_text())) if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "version"]
    return [call.args[0].value for call in calls if call.args[0].value != "main"]


def steps(text):
    return re.findall(r"build\.sh (\w+[^\n]*)", text)


def main():
    root, version = pathlib.Path(sys.argv[1]), sys.argv[2]
    problems = []

    def same(what, found, expected):
        if found != expected:
            problems.append(f"{what}: {found} instead of {expected}")

    packages = root / "jobs/packages"
    released = re.findall(r"^## (\d\S*)", (root / "CHANGELOG.md").read_text(), re.MULTILINE)
    same("CHANGELOG.md", released[0], version)
    same("Spack package", spack_versions(packages / "spack/spack_repo/distload/packages/distload/package.py")[:1], [version])
    same("conda recipe", re.findall(r'^  version: "(.*)"', (packages / "conda/recipe.yaml").read_text(), re.MULTILINE), [version])

    docker = (root / "jobs/containers/Dockerfile").read_text()
    apptainer = (root / "jobs/containers/distload.def").read_text()
    runs = steps("\n".join(line for line in docker.splitlines() if line.startswith("RUN")))
    posts = steps("\n".join(re.findall(r"^%post\n(.*?)\n\n", apptainer, re.MULTILINE | re.DOTALL)))
    same("steps of distload.def", [step.replace("{{ VARIANT }}", "${VARIANT}") for step in posts], runs)
    if len(runs) != 3:
        problems.append(f"Dockerfile has the steps {runs}")
    images = dict((name, image) for image, name in re.findall(r"^FROM (\S+) AS (\S+-\S+)$", docker, re.MULTILINE))
    same("images of distload.def without a GPU", re.findall(r"^  (?:BUILD|RUN)=(\S+)$", apptainer, re.MULTILINE), [images["build-host"], images["run-host"]])
    same("images of distload.def with a GPU", re.findall(r"(?:BUILD|RUN)=(nvidia\S+)", apptainer), [images["build-cuda"], images["run-cuda"]])
    for path in re.findall(r"^  ([a-zA-Z]\S+) /", apptainer, re.MULTILINE):
        if not (root / path).exists():
            problems.append(f"distload.def copies {path}, which is not there")
    print("\n".join(problems) if problems else f"version {version}, steps {runs}")
    return 1 if problems else 0


sys.exit(main())
