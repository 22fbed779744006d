#!/usr/bin/env python3
"""Loads from hosts that see equal and different files under one path: one model is loaded, or none, and the message names host and file."""
import json
import os
import shutil

import check

ENGINES = ["auto", "mmap", "direct", "buffered", "collective"]
H5 = ("--format", "hdf5", "--tensor-parallel", "4")

given, hosts, checks = check.start()
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
    # One tensor of many has other numbers; nothing else tells.
    shutil.copytree(views / "st", views / "st-end")
    with open(views / "st-end/model.safetensors", "r+b") as file:
        file.seek(-100, os.SEEK_END)
        file.write(bytes(100))
    (views / "nothing").mkdir()


def load(first, second, *options):
    """Loads on two hosts of two ranks each, the first of which sees one view and the second another."""
    report.unlink(missing_ok=True)
    hosts.show("n1", views / first, shared)
    hosts.show("n2", views / second, shared)
    try:
        return hosts.run(given.bin / "distload", *options, config)
    finally:
        for name in hosts.names:
            hosts.share_again(name, shared)


def hashes():
    return sorted((t["name"], t["rank"], t["xxh3_64"]) for t in json.loads(report.read_text())["tensors"])


def expect_same(view):
    for engine in ENGINES:
        checks.ended(f"{view} on both, {engine}", load(view, view, "--set", f"load.engine={engine}"), 0, "loaded")
        found = hashes() if report.exists() else None
        if engine == ENGINES[0]:
            wanted = found
        checks.that(f"{view} on both, {engine}: equal hashes", found is not None and found == wanted)


def expect_refusal(first, second, file, what, engines=ENGINES, options=()):
    for engine in engines:
        ended = load(first, second, "--set", f"load.engine={engine}", *options)
        checks.ended(f"{first} and {second}, {engine}", ended, 5, "rank 2 on n2: ", file, what)


make_views()
for same in ("h5", "st"):
    expect_same(same)
expect_refusal("st", "st-seed", "model.safetensors", "on n2 it has other numbers in tensor '.*rank 0 on n1")
expect_refusal("h5", "h5-seed", "model-step-1.h5", "on n2 it has another header or index")
expect_refusal("h5", "h5-seed", "model-step-1.h5", "on n2", engines=["mmap"], options=("--set", "topology.data_parallel=2"))
expect_refusal("st", "st-seed", "model.safetensors", "on n2", engines=["mmap"], options=("--set", "topology.data_parallel=2"))
FEW = ["auto", "collective"]
expect_refusal("st", "st-end", "model.safetensors", "on n2 it has other numbers in tensor", FEW)
expect_refusal("h5", "h5-cut", "model-step-1.h5", "on n2 it has 5000000 bytes instead of", FEW)
expect_refusal("st", "st-cut", "model.safetensors", "on n2 it has 5000000 bytes instead of", FEW)
expect_refusal("h5", "nothing", "model-step-1.h5", "on n2 it cannot be read .*No such file", FEW)
expect_refusal("h5", "h5-renamed", "model-step-1.h5", "on n2", FEW)
expect_refusal("h5-newer", "h5", "model-step-2.h5", "on n2 it cannot be read .*No such file", FEW)
expect_refusal("nothing", "h5", "model-step-1.h5", "it is a checkpoint on n2, but .*holds neither", FEW)
# Both have the step that rank 0 sees as the newest, with the same content.
checks.ended("h5 and h5-newer", load("h5", "h5-newer"), 0, "loaded")
checks.ended("st and st-seed, converted", load("st", "st-seed", "--set", f"save.directory={given.work}/saved", "--set", "save.stream=true"), 5,
             "model.safetensors", "on n2 it has other numbers")
checks.that("st and st-seed, converted: nothing is saved", not (given.work / "saved").exists() or not list((given.work / "saved").iterdir()))
checks.exit()
