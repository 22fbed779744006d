#!/usr/bin/env python3
"""Loads from hosts that see equal and different files under one path: one model is loaded, or none, and the message names host and file."""
import json
import os
import shutil

import check

ENGINES = ["auto", "mmap", "direct", "buffered", "collective"]
H5 = ("--format", "hdf5", "--tensor-parallel", "4")

given, hosts, checks = check.start()
program = given.test_bin / "hosts_library_program"
views = given.work / "views"
shared = given.work / "shared"
shared.mkdir()
report = given.work / "report.json"
config = given.work / "config.yaml"
config.write_text(f"checkpoint: {{path: {shared}}}\nreport: {{json: {report}, tensors: true, progress: none}}\n")


def make_views():
    check.synth(given, views / "h5", *H5, "--step", "1")
    check.synth(given, views / "h5-seed", *H5, "--step", "1", "--seed", "7")
    shutil.copytree(views / "h5", views / "h5-cut")
    os.truncate(views / "h5-cut/model-step-1.h5", 5_000_000)
    shutil.copytree(views / "h5", views / "h5-newer")
    check.synth(given, views / "h5-newer", *H5, "--step", "2", "--seed", "9")
    # The content of step 2 under the name of step 1.
    (views / "h5-renamed").mkdir()
    shutil.copy(views / "h5-newer/model-step-2.h5", views / "h5-renamed/model-step-1.h5")
    check.synth(given, views / "st", "--format", "safetensors")
    check.synth(given, views / "st-seed", "--format", "safetensors", "--seed", "7")
    shutil.copytree(views / "st", views / "st-cut")
    os.truncate(views / "st-cut/model.safetensors", 5_000_000)
    # The last tensor has other numbers; nothing else tells.
    shutil.copytree(views / "st", views / "st-end")
    with open(views / "st-end/model.safetensors", "r+b") as file:
        file.seek(-100, os.SEEK_END)
        file.write(bytes(100))
    (views / "nothing").mkdir()


def seen(first, second, *command):
    """Runs on two hosts of two ranks each, the first of which sees one view and the second another."""
    report.unlink(missing_ok=True)
    hosts.show("n1", views / first, shared)
    hosts.show("n2", views / second, shared)
    try:
        return hosts.run(*command)
    finally:
        for name in hosts.names:
            hosts.share_again(name, shared)


def expect_refusals(first, second, *patterns, engines=("auto",)):
    """Every engine refuses, as an exception of the library."""
    ended = seen(first, second, program, "load", shared, *engines)
    checks.ended(f"{first} and {second}: the program goes on", ended, 0)
    for engine in engines:
        line = next((line for line in ended.out.splitlines() if line.startswith(engine + ":")), "")
        checks.says(f"{first} and {second}, {engine}", line, "code 5: rank 2 on n2: ", *patterns)


make_views()
for same in ("h5", "st"):
    ended = seen(same, same, program, "load", shared, *ENGINES)
    checks.ended(f"{same} on both", ended, 0, *(f"{engine}: loaded" for engine in ENGINES))

# Of equal shapes: nothing but the content tells them apart.
expect_refusals("st", "st-seed", "model.safetensors", "on n2 it has other numbers in tensor '.*rank 0 on n1", engines=ENGINES)
expect_refusals("h5", "h5-seed", "model-step-1.h5", "on n2 it has another header or index", engines=ENGINES)
expect_refusals("st", "st-end", "model.safetensors", "on n2 it has other numbers in tensor", engines=("auto", "collective"))
expect_refusals("h5", "h5-cut", "model-step-1.h5", "on n2 it has 5000000 bytes instead of", engines=ENGINES)
expect_refusals("st", "st-cut", "model.safetensors", "on n2 it has 5000000 bytes instead of")
expect_refusals("h5", "nothing", "model-step-1.h5", "on n2 it cannot be read .*No such file")
expect_refusals("h5", "h5-renamed", "model-step-1.h5", "on n2 it has another header or index")
expect_refusals("h5-newer", "h5", "model-step-2.h5", "on n2 it cannot be read .*No such file")
expect_refusals("nothing", "h5", "model-step-1.h5", "it is a checkpoint on n2, but .*holds neither")

# The program: both hosts have the step that rank 0 sees as the newest, with the same content.
checks.ended("h5 and h5-newer", seen("h5", "h5-newer", given.bin / "distload", config), 0, "loaded")
reported = json.loads(report.read_text()) if report.exists() else {}
checks.that("h5 and h5-newer: it is step 1", reported.get("model", {}).get("step") == 1)
# Replicas, of which one is on each host.
checks.ended("st and st-seed, replicas", seen("st", "st-seed", given.bin / "distload", "--set", "topology.data_parallel=2", config), 5,
             "rank 2 on n2: .*model.safetensors .*on n2 it has other numbers")
saved = given.work / "saved"
checks.ended("st and st-seed, converted", seen("st", "st-seed", given.bin / "distload", "--set", f"save.directory={saved}", "--set", "save.stream=true",
                                               config), 5, "model.safetensors", "on n2 it has other numbers")
checks.that("st and st-seed, converted: nothing is saved", not saved.exists() or not list(saved.iterdir()))
checks.exit()
