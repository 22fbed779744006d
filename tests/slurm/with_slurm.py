#!/usr/bin/env python3
"""Runs a command on the first of two pretend hosts that have a Slurm: with_slurm.py COMMAND [ARGUMENTS...], e.g. with_slurm.py bash

Needs root, Slurm and munge (tools/setup.sh ci). Ends with the command's exit code.
"""
import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "hosts"))
import pretend_hosts  # noqa: E402

pretend_hosts.enter()
import cluster  # noqa: E402

if reason := cluster.why_not():
    sys.exit(reason)
if len(sys.argv) < 2:
    sys.exit(__doc__)
hosts = pretend_hosts.PretendHosts(2)
slurm = cluster.Cluster(hosts, hosts.state)
sys.exit(subprocess.run(hosts.on("n1", *sys.argv[1:]), env=slurm.environment).returncode)
