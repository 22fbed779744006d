#!/usr/bin/env python3
"""Loads a tiny model by the rule file that a page prints, so that it is one that works: own_family.py PAGE.md WORK COMMAND...

COMMAND is what runs distload on several ranks, without its arguments.
"""
import json
import math
import pathlib
import re
import shutil
import struct
import subprocess
import sys

HIDDEN, HEADS, KV_HEADS, HEAD_DIM, VOCABULARY, LAYERS = 64, 8, 2, 8, 101, 2
LAYER = {
    "attention.qkv": ((HEADS + 2 * KV_HEADS) * HEAD_DIM, HIDDEN),
    "attention.out": (HIDDEN, HIDDEN),
    "mlp.c_fc": (4 * HIDDEN, HIDDEN),
    "mlp.c_proj": (HIDDEN, 4 * HIDDEN),
}


def shapes():
    tensors = {"model.embed.weight": (VOCABULARY, HIDDEN), "model.norm.weight": (HIDDEN,), "head.weight": (VOCABULARY, HIDDEN)}
    for layer in range(LAYERS):
        prefix = f"model.layers.{layer}."
        for name, shape in LAYER.items():
            tensors[f"{prefix}{name}.weight"] = shape
            tensors[f"{prefix}{name}.bias"] = shape[:1]
        for norm in (1, 2):
            tensors[f"{prefix}norm_{norm}.weight"] = (HIDDEN,)
    return tensors


def write_model(folder):
    config = {"model_type": "mymodel", "hidden_size": HIDDEN, "num_hidden_layers": LAYERS, "num_attention_heads": HEADS,
              "num_key_value_heads": KV_HEADS, "vocab_size": VOCABULARY}
    (folder / "config.json").write_text(json.dumps(config))
    header, end = {}, 0
    for name, shape in sorted(shapes().items()):
        begin, end = end, end + 4 * math.prod(shape)
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [begin, end]}
    text = json.dumps(header).encode()
    (folder / "model.safetensors").write_bytes(struct.pack("<Q", len(text)) + text + bytes(end))


def main():
    page, work, command = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), sys.argv[3:]
    printed = re.findall(r"^```yaml\n(.*?)^```$", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    rules = [text for text in printed if "model_types:" in text]
    if len(rules) != 1:
        sys.exit(f"{page} prints {len(rules)} rule files instead of one")
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    (work / "rules.yaml").write_text(rules[0])
    write_model(work)
    report = work / "report.json"
    config = {"checkpoint": {"path": str(work)}, "model": {"rules": str(work / "rules.yaml")}, "report": {"json": str(report), "tensors": True}}
    (work / "job.yaml").write_text(json.dumps(config))
    subprocess.run([*command, work / "job.yaml"], check=True)

    loaded = json.loads(report.read_text())["tensors"]
    ranks = 1 + max(shard["rank"] for shard in loaded)
    found = {shard["name"]: tuple(shard["shape"]) for shard in loaded if shard["rank"] == 0}
    qkv = (HEADS // ranks + 2 * max(1, KV_HEADS // ranks)) * HEAD_DIM
    expected = {"model.embed.weight": (math.ceil(VOCABULARY / ranks), HIDDEN), "model.norm.weight": (HIDDEN,),
                "model.layers.0.attention.qkv.weight": (qkv, HIDDEN), "model.layers.1.attention.qkv.bias": (qkv,),
                "model.layers.0.attention.out.weight": (HIDDEN, HIDDEN // ranks), "model.layers.0.attention.out.bias": (HIDDEN,),
                "model.layers.1.mlp.c_fc.weight": (4 * HIDDEN // ranks, HIDDEN), "model.layers.1.mlp.c_proj.weight": (HIDDEN, 4 * HIDDEN // ranks)}
    wrong = [f"{name}: {found.get(name)} instead of {shape}" for name, shape in expected.items() if found.get(name) != shape]
    sys.exit("\n".join(wrong) or 0)


main()
