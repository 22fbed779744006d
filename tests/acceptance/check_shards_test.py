#!/usr/bin/env python3
"""Holds the checker itself against shards that are written down by hand, and against reports that are wrong."""
import copy
import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

import numpy
import xxhash

HERE = pathlib.Path(__file__).parent
CONFIG = {"model_type": "llama", "num_hidden_layers": 1, "num_attention_heads": 2, "num_key_value_heads": 1,
          "hidden_size": 4, "vocab_size": 3}  # fmt: skip


def matrix(rows, columns, first):
    return numpy.arange(first, first + rows * columns, dtype="<u2").reshape(rows, columns)


EMBEDDING = matrix(3, 4, 100)
QUERY = matrix(4, 4, 200)
KEY = matrix(2, 4, 300)
OUTPUT = matrix(4, 4, 400)
NORM = numpy.arange(4, dtype="<u2")
TENSORS = {
    "model.embed_tokens.weight": EMBEDDING,
    "model.layers.0.self_attn.q_proj.weight": QUERY,
    "model.layers.0.self_attn.k_proj.weight": KEY,
    "model.layers.0.self_attn.o_proj.weight": OUTPUT,
    "model.norm.weight": NORM,
}
# What ranks 0 and 1 of two tensor-parallel ranks hold: rows, rows padded with zeros, the only key head twice, columns, all.
EXPECTED = [
    {
        "model.embed_tokens.weight": EMBEDDING[:2],
        "model.layers.0.self_attn.q_proj.weight": QUERY[:2],
        "model.layers.0.self_attn.k_proj.weight": KEY,
        "model.layers.0.self_attn.o_proj.weight": OUTPUT[:, :2],
        "model.norm.weight": NORM,
    },
    {
        "model.embed_tokens.weight": numpy.array([[108, 109, 110, 111], [0, 0, 0, 0]], dtype="<u2"),
        "model.layers.0.self_attn.q_proj.weight": QUERY[2:],
        "model.layers.0.self_attn.k_proj.weight": KEY,
        "model.layers.0.self_attn.o_proj.weight": OUTPUT[:, 2:],
        "model.norm.weight": NORM,
    },
]


def write_model(directory):
    header, data = {}, b""
    for name, elements in TENSORS.items():
        end = len(data) + elements.nbytes
        header[name] = {"dtype": "BF16", "shape": list(elements.shape), "data_offsets": [len(data), end]}
        data += elements.tobytes()
    text = json.dumps(header).encode()
    (directory / "model.safetensors").write_bytes(len(text).to_bytes(8, "little") + text + data)
    (directory / "config.json").write_text(json.dumps(CONFIG))


def good_report():
    stored = sum(elements.nbytes for elements in TENSORS.values())
    memory = {"resident": 200, "staging_peak": 0, "overhead_peak": 0, "fresh_touched": 200}
    return {
        "schema": "distload-report-1",
        "engine": "buffered",
        "seconds": 0.1,
        "read_amplification": 1.0,
        "topology": {"tensor_parallel": 2, "pipeline_parallel": 1, "data_parallel": 1, "expert_parallel": 1, "ranks": 2},
        "phases": dict.fromkeys(["open", "partition", "plan", "allocate", "read", "exchange", "place"], 0.01),
        "bytes": {"checkpoint": stored, "storage_read": stored, "exchanged": 0, "resident": 400},
        "memory": memory,
        "ranks": [{"rank": rank, "memory": memory} for rank in range(2)],
        "tensors": [
            {
                "name": name,
                "rank": rank,
                "dtype": "BF16",
                "shape": list(elements.shape),
                "xxh3_64": xxhash.xxh3_64_hexdigest(elements.tobytes()),
            }
            for rank in range(2)
            for name, elements in EXPECTED[rank].items()
        ],
    }


class CheckShards(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.directory = pathlib.Path(scratch.name)
        write_model(self.directory)

    def check(self, report):
        """(exit code, output) of the checker."""
        path = self.directory / "report.json"
        path.write_text(json.dumps(report))
        done = subprocess.run([sys.executable, HERE / "check_shards.py", self.directory, path], capture_output=True, text=True)
        return done.returncode, done.stdout + done.stderr

    def test_accepts_a_good_report(self):
        code, output = self.check(good_report())
        self.assertEqual((code, output), (0, "10 shards compared, 0 differences\n"))

    def test_refuses_wrong_reports(self):
        def swap_hashes(report):
            first, second = report["tensors"][1], report["tensors"][6]
            first["xxh3_64"], second["xxh3_64"] = second["xxh3_64"], first["xxh3_64"]

        for expected, change in {
            "xxh3_64 is": swap_hashes,
            "shape is": lambda report: report["tensors"][0].update(shape=[4, 2]),
            "dtype is": lambda report: report["tensors"][0].update(dtype="F16"),
            "is missing on rank 0": lambda report: report["tensors"].pop(2),
            "where it does not belong": lambda report: report["tensors"].append(dict(report["tensors"][0], name="more")),
            "is listed twice": lambda report: report["tensors"].append(dict(report["tensors"][0])),
            "read_amplification is 1.5": lambda report: report.update(read_amplification=1.5),
            "bytes.storage_read is 0": lambda report: report["bytes"].update(storage_read=0),
            "phases.read is None": lambda report: report["phases"].pop("read"),
            "memory.overhead_peak is None": lambda report: report.update(memory={"resident": 200, "staging_peak": 0, "fresh_touched": 0}),
            "but holds": lambda report: report["ranks"][0].update(memory={"resident": 3}),
            "schema is": lambda report: report.update(schema="other"),
            "ranks does not list": lambda report: report["ranks"].pop(),
        }.items():
            with self.subTest(expected):
                report = copy.deepcopy(good_report())
                change(report)
                code, output = self.check(report)
                self.assertEqual(code, 1, output)
                self.assertIn(expected, output)


if __name__ == "__main__":
    unittest.main()
