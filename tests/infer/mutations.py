#!/usr/bin/env python3
"""Makes small mistakes in models of make_models.py and in rule files, which distload-infer must find: mutations.py DIRECTORY

A mistake in a checkpoint, its configuration or the order of fused parameters ends with exit code 10, and a message that names the first wrong
output and its parameters. Layers refuse a cut that they cannot compute with, exit code 3, and name the parameter. By hand after
`source tools/environment.sh`. Exits with 1 if a mistake is not found, with 77 without models.
"""
import json
import pathlib
import shutil
import sys
import time
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from infer_runs import DIFFERS, REFUSED, ROOT, SKIPPED, Checks, parse_arguments

sys.path.insert(0, str(ROOT / "tests/acceptance"))
from reference_shards import ELEMENT_TYPES, Tensor, read_model  # noqa: E402

RANKS = 2
LAYER = "model.layers.{}."
HEAD_DIM = 8  # of llama


class Mutation(NamedTuple):
    """`first` is the first wrong output, or REFUSED; `parameter` a part of a name among its parameters. `change` gets config.json and the tensors
    by name."""

    what: str
    model: str
    first: str | int
    parameter: str
    change: Callable = lambda config, tensors: None
    rules: str = ""
    settings: dict = {}


def exchange(tensors, left, right):
    """Exchanges the tensors whose names differ in `left` and `right`."""
    for name in [name for name in tensors if left in name]:
        other = name.replace(left, right)
        tensors[name], tensors[other] = tensors[other], tensors[name]


def change_elements(tensors, name, change):
    tensors[name] = Tensor(tensors[name].dtype, change(tensors[name].elements))


def shift_heads(_, tensors):
    change_elements(tensors, LAYER.format(0) + "self_attn.q_proj.weight", lambda rows: np.roll(rows, HEAD_DIM, axis=0))


def untie(config, tensors):
    config["tie_word_embeddings"] = False
    rows = tensors["model.embed_tokens.weight"]
    tensors["lm_head.weight"] = Tensor(rows.dtype, np.roll(rows.elements, 1, axis=0))


def turn_faster(config, _):
    config["rope_parameters"]["rope_theta"] *= 1.01


def keep_padded_row(config, tensors):
    """As if the row that pads an odd vocabulary for two ranks were a token."""
    config["vocab_size"] += 1
    for name in ("model.embed_tokens.weight", "lm_head.weight"):
        change_elements(tensors, name, lambda rows: np.pad(rows, ((0, 1), (0, 0))))


def add_twice(_, tensors):
    """What a bias amounts to that each of two ranks adds."""
    change_elements(tensors, LAYER.format(1) + "self_attn.o_proj.bias", lambda bias: (bias.view("<f4") * 2).view("<u4"))


def exchange_positions(_, tensors):
    name = "model.layers.2.self_attn.o_proj.weight"
    change_elements(tensors, name, lambda weight: np.roll(weight, HEAD_DIM, axis=1))


def exchanged(left, right):
    return lambda _, tensors: exchange(tensors, left, right)


def more_encoder_layers(count):
    """Than the checkpoint has, by config.json."""

    def change(config, _):
        config["num_decoder_layers"] = config.get("num_decoder_layers") or config["num_layers"]
        config["num_layers"] += count

    return change


def rolled(name, axis):
    return lambda _, tensors: change_elements(tensors, name, lambda elements: np.roll(elements, 1, axis=axis))


def fused(what, parts, whole):
    return f"extends: auto\nfused:\n  {what}: {{parts: [{', '.join(parts)}], whole: {whole}}}\n"


def cut(name, how):
    """A rule file with another rule for a parameter of each layer."""
    return f'extends: auto\nrules:\n  - match: "model.layers.{{layer}}.{name}"\n    {how}\n'


MUTATIONS = [
    Mutation("key and value swapped in a rule", "phi3", "layers.0.attention", "v_proj",
             rules=fused("qkv", ("q_proj", "v_proj", "k_proj"), "qkv_proj"), settings={"model.split": "[qkv]"}),
    Mutation("gate and up swapped in a rule", "phi3", "layers.0.mlp", "up_proj",
             rules=fused("gate_up", ("up_proj", "gate_proj"), "gate_up_proj"), settings={"model.split": "[gate_up]"}),
    Mutation("key and value swapped in a rule", "llama", "layers.0.attention", "qkv_proj",
             rules=fused("qkv", ("q_proj", "v_proj", "k_proj"), "qkv_proj"), settings={"model.fuse": "[qkv]"}),
    Mutation("gate and up swapped in a rule", "llama", "layers.0.mlp", "gate_up_proj",
             rules=fused("gate_up", ("up_proj", "gate_proj"), "gate_up_proj"), settings={"model.fuse": "[gate_up]"}),
    Mutation("key and value exchanged", "llama", "layers.0.attention", "k_proj", exchanged("k_proj", "v_proj")),
    Mutation("gate and up exchanged", "llama", "layers.0.mlp", "gate_proj", exchanged("gate_proj", "up_proj")),
    Mutation("two layers exchanged", "llama", "layers.1.attention", LAYER.format(1), exchanged(".layers.1.", ".layers.2.")),
    Mutation("norms of a layer exchanged", "llama", "layers.0.attention", "input_layernorm",
             exchanged("input_layernorm", "post_attention_layernorm")),
    Mutation("heads shifted by one", "llama_biases", "layers.0.attention", "q_proj", shift_heads),
    Mutation("heads of an output projection shifted by one", "llama", "layers.2.attention", "o_proj", exchange_positions),
    Mutation("bias added twice", "llama_biases", "layers.1.attention", "o_proj", add_twice),
    Mutation("untied head", "llama_biases", "logits", "lm_head", untie),
    Mutation("wrong rotary base", "llama", "layers.0.attention", "q_proj", turn_faster),
    Mutation("padded row not cut", "llama", "logits", "lm_head", keep_padded_row),
    Mutation("tokens shifted by one", "llama", "embeddings", "embed_tokens", rolled("model.embed_tokens.weight", 0)),
    Mutation("scales of blocks shifted by one", "llama_fp8_blocks", "layers.1.mlp", "down_proj",
             rolled("model.layers.1.mlp.down_proj.weight_scale_inv", 0)),
    Mutation("two experts exchanged", "mixtral", "layers.0.mlp", "experts", exchanged("experts.0.", "experts.1.")),
    Mutation("rows of a router shifted by one", "qwen3_moe", "layers.1.mlp", "gate", rolled("model.layers.1.mlp.gate.weight", 0)),
    Mutation("heads of the query cut in two sections", "llama", REFUSED, "q_proj",
             rules=cut("self_attn.q_proj.weight", "partition: column_parallel\n    sections: 2")),
    Mutation("key and value cut beside heads", "llama", REFUSED, "k_proj",
             rules=cut("self_attn.{k,v}_proj.weight", "partition: column_parallel\n    sections: 4")),
    Mutation("gate cut in two sections", "llama", REFUSED, "gate_proj",
             rules=cut("mlp.gate_proj.weight", "partition: column_parallel\n    sections: 2")),
    Mutation("input of an MLP's second matrix cut in two sections", "llama", REFUSED, "down_proj",
             rules=cut("mlp.down_proj.weight", "partition: row_parallel\n    sections: 2")),
    # The rule cuts the weight in the same way, but its bias is not one that is added once.
    Mutation("bias added on every rank", "llama_biases", REFUSED, "o_proj",
             rules=cut("self_attn.o_proj.weight", "partition: column_parallel\n    axis: 1\n    heads: heads")),
    Mutation("a layer of the encoder missing", "t5", REFUSED, "encoder.block.3.layer.0.SelfAttention.q.weight", more_encoder_layers(1)),
    Mutation("a further layer of the encoder", "t5", REFUSED, "encoder.block.", more_encoder_layers(-1)),
]  # fmt: skip


def write_model(directory, config, tensors):
    """A Hugging Face directory with one safetensors file."""
    directory.mkdir()
    header, end = {}, 0
    for name, tensor in tensors.items():
        begin, end = end, end + tensor.elements.nbytes
        header[name] = {"dtype": tensor.dtype, "shape": tensor.elements.shape, "data_offsets": [begin, end]}
    text = json.dumps(header).encode()
    with open(directory / "model.safetensors", "wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        for tensor in tensors.values():
            file.write(tensor.elements.astype(ELEMENT_TYPES[tensor.dtype]).tobytes())
    (directory / "config.json").write_text(json.dumps(config))


def infer(checks, models, mutation, rules=None):
    """Computes a mutated model; with `rules` "auto" and no change, the model as it is."""
    directory = checks.work / "checkpoint"
    shutil.rmtree(directory, ignore_errors=True)
    config, tensors = read_model(models / mutation.model / "checkpoint")
    mutation.change(config, tensors)
    write_model(directory, config, tensors)
    reference = models / mutation.model / "reference"
    settings = mutation.settings | {"topology.tensor_parallel": RANKS, "model.rules": rules or "auto"}
    return checks.infer(RANKS, directory, reference / "tokens.npy", "--against", reference, settings=settings)


def unmutated(mutation):
    return mutation._replace(what="no mistake", first="", parameter="", change=Mutation._field_defaults["change"], rules="")


def not_found(run, mutation):
    """[] if a run says what is wrong, or what it says instead."""
    expected = REFUSED if mutation.first == REFUSED else DIFFERS
    if run.code != expected or mutation.parameter not in run.output:
        return [f"exit code {run.code}, expected: {expected}, {mutation.parameter}", *run.output.splitlines()[-20:]]
    if expected == REFUSED:
        return []
    first = run.report["against"]["first_difference"]
    wrong = [] if first["output"] == mutation.first else [f"the first wrong output is {first['output']} instead of {mutation.first}"]
    if not any(mutation.parameter in name for name in first["parameters"]):
        wrong.append(f"{mutation.parameter} is not among the parameters {first['parameters']}")
    if not first["ranks"]:
        wrong.append("no ranks are named")
    missing = [name for name in (first["output"], *first["parameters"]) if name not in run.output]
    return wrong + ([f"not in the message: {missing}", *run.output.splitlines()[-20:]] if missing else [])


def main():
    arguments = parse_arguments(__doc__, directory={"type": pathlib.Path})
    if not all((arguments.directory / mutation.model / "reference").exists() for mutation in MUTATIONS):
        print("there are no models of transformers; tools/transformers.sh installs what writes them")
        return SKIPPED
    checks = Checks(arguments)
    controls = []
    for mutation in MUTATIONS:
        control = unmutated(mutation)
        if control not in controls:
            controls.append(control)
            begin = time.monotonic()
            checks.note(f"{control.model}: no mistake {control.settings or ''}", begin, infer(checks, arguments.directory, control).failure)
        rules = arguments.work / "rules.yaml"
        rules.write_text(mutation.rules)
        begin = time.monotonic()
        run = infer(checks, arguments.directory, mutation, rules if mutation.rules else None)
        where = f"refused: {mutation.parameter}" if mutation.first == REFUSED else f"seen in {mutation.first}"
        checks.note(f"{mutation.model}: {mutation.what}, {where}", begin, not_found(run, mutation))
    return checks.end()


if __name__ == "__main__":
    sys.exit(main())
