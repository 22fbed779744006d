"""The shards that a load reports, to compare loads."""
import json
import subprocess


def shards_of(report):
    """The hash of every shard of every rank; nothing if there is no report."""
    found = json.loads(report.read_text()) if report.exists() else {"tensors": []}
    return {(shard["name"], shard["rank"]): (shard["dtype"], tuple(shard["shape"]), shard["xxh3_64"]) for shard in found["tensors"]}


def shards_by_mpirun(given, ranks, checkpoint):
    """Those of a load by mpirun, without Slurm. It verifies the checksums that there are."""
    report = given.work / "expected.json"
    report.unlink(missing_ok=True)
    subprocess.run(["mpirun", "-np", str(ranks), "--oversubscribe", "--bind-to", "none", given.bin / "distload", checkpoint,
                    "--set", "report.tensors=true", "--report", report], capture_output=True, stdin=subprocess.DEVNULL)
    return shards_of(report)
