"""Inputs that ask for too much, say odd things, or have names that no terminal should get: for the failure tests."""
import json
import struct


def with_config_json(inputs, name, change):
    """A good checkpoint whose config.json is `change`, a text, or changed by it."""
    inputs.safetensors_with(name)
    path = inputs.output / name / "config.json"
    path.write_text(change if isinstance(change, str) else json.dumps(dict(json.loads(path.read_text()), **change)))


def with_index(inputs, name, text):
    """A good checkpoint with an index of that text, in which FILE stands for its one file."""
    inputs.safetensors_with(name)
    directory = inputs.output / name
    (directory / "model.safetensors").rename(directory / "model-1.safetensors")
    (directory / "model.safetensors.index.json").write_text(text)


def headers_of(inputs):
    good = (inputs.safetensors / "model.safetensors").read_bytes()
    (length,) = struct.unpack("<Q", good[:8])
    return json.loads(good[8 : 8 + length])


def add_config_jsons(inputs):
    with_config_json(inputs, "config_json_deep", '{"a":' * 100000 + "1" + "}" * 100000)
    with_config_json(inputs, "config_json_lists", "[" * 100000)
    with_config_json(inputs, "config_json_cut", '{\n "hidden_size": 128,\n "a": [1, 2')
    with_config_json(inputs, "config_json_twice", '{"model_type": "llama",\n "hidden_size": 128, "hidden_size": 64}')
    with_config_json(inputs, "config_json_large", '{"a": "' + "x" * 5_000_000 + '"}')
    with_config_json(inputs, "many_layers", {"num_hidden_layers": 2_000_000_000})
    with_config_json(inputs, "layers_beyond_64_bits", {"num_hidden_layers": 2**64})
    with_config_json(inputs, "layers_as_text", {"num_hidden_layers": "3"})
    with_config_json(inputs, "no_kv_heads", {"num_key_value_heads": 0})
    with_config_json(inputs, "odd_heads", {"num_attention_heads": 6})
    with_config_json(inputs, "huge_hidden_size", {"hidden_size": 2**62})
    with_config_json(inputs, "float_hidden_size", {"hidden_size": 128.0})
    with_config_json(inputs, "tie_as_text", {"tie_word_embeddings": "no"})
    with_config_json(inputs, "type_as_number", {"model_type": 7})
    with_config_json(inputs, "odd_type", {"model_type": "\x1b[31mll\nama" + "a" * 1_000_000})
    with_config_json(inputs, "python_numbers", {"limits": [0.0, float("inf"), -float("inf"), float("nan")]})
    with_config_json(inputs, "no_blocks", {"quantization_config": {"weight_block_size": [0, 0]}})


def add_indexes(inputs):
    header = headers_of(inputs)
    whole = {name: "model-1.safetensors" for name in header}
    first = next(iter(header))
    with_index(inputs, "index_empty", '{"metadata": {}, "weight_map": {}}')
    with_index(inputs, "index_null", '{"weight_map": null}')
    with_index(inputs, "index_twice", '{"weight_map":' + json.dumps(whole)[:-1] + f',\n"{first}": "model-1.safetensors"' + "}}")
    with_index(inputs, "index_deep", '{"weight_map":' * 100000)
    with_index(inputs, "index_elsewhere", json.dumps({"weight_map": dict(whole, **{first: "../model-1.safetensors"})}))
    with_index(inputs, "index_odd_name", json.dumps({"weight_map": dict(whole, **{first: "a\n\x1b[31m"})}))


def add_names(inputs):
    def odd_names(header):
        header["a\nb\x1b[31m"] = header.pop("model.layers.0.mlp.up_proj.weight")
        header["x" * 5000] = header.pop("model.layers.1.mlp.up_proj.weight")

    def many_names(header):
        end = max(entry["data_offsets"][1] for entry in header.values())
        for number in range(20000):
            letters = "".join(chr(ord("a") + int(digit)) for digit in str(number))
            header[letters + "x" * 500] = {"dtype": "F32", "shape": [0], "data_offsets": [end, end]}

    def far_layer(header):
        header["model.layers.4294967295.mlp.up_proj.weight"] = header.pop("model.layers.1.mlp.up_proj.weight")

    inputs.safetensors_with("odd_names", odd_names)
    inputs.safetensors_with("many_names", many_names)
    inputs.safetensors_with("far_layer", far_layer)
    with_config = json.loads((inputs.output / "far_layer" / "config.json").read_text())
    del with_config["num_hidden_layers"]
    (inputs.output / "far_layer" / "config.json").write_text(json.dumps(with_config))


def add_scale(inputs):
    """FP8 scales, with blocks of no elements."""
    name = "no_blocks"
    directory = inputs.output / name
    good = (directory / "model.safetensors").read_bytes()
    (length,) = struct.unpack("<Q", good[:8])
    header, data = json.loads(good[8 : 8 + length]), good[8 + length :]
    header["model.layers.0.mlp.up_proj.weight_scale_inv"] = {"dtype": "F32", "shape": [2, 2], "data_offsets": [len(data), len(data) + 16]}
    text = json.dumps(header).encode()
    (directory / "model.safetensors").write_bytes(struct.pack("<Q", len(text)) + text + data + bytes(16))


def add_rules(inputs):
    def rules(name, text):
        (inputs.output / f"{name}.rules.yaml").write_text(text)
        inputs.config(name, f"checkpoint: {{path: {inputs.safetensors}}}\ntopology: {{tensor_parallel: 2}}\n"
                            f"model: {{rules: {inputs.output / name}.rules.yaml}}\n")

    rules("rules_deep", "extends: llama\nrules: " + "[" * 100000)
    rules("rules_of_themselves", "extends: llama\nrules: &a [*a]\n")
    rules("rules_of_stars", "extends: llama\nrules:\n  - {match: \"" + "*-" * 70 + "\", partition: replicated, stage: all}\n")
    rules("rules_of_many_sizes", "extends: llama\nsizes: {s0: 1" + "".join(f", s{i}: s{i - 1}" for i in range(1, 30000)) + "}\n")


def add_yaml(inputs):
    inputs.config("yaml_deep", "checkpoint: " + "[" * 100000)
    inputs.config("yaml_of_itself", "checkpoint: &a [*a]\n")
    laughs = "a: &a [x, x, x, x, x, x, x, x, x]\n"
    for before, letter in zip("abcdefgh", "bcdefghi"):
        laughs += f"{letter}: &{letter} [{', '.join(['*' + before] * 9)}]\n"
    inputs.config("yaml_laughs", laughs)


def add_hdf5(inputs):
    import h5py
    import numpy

    def with_attribute(name, key, value):
        with h5py.File(inputs.copy_of_hdf5(name), "r+") as file:
            del file.attrs[key]
            file.attrs[key] = numpy.bytes_(value)

    with_attribute("hdf5_deep_config_json", "config_json", b'{"a":' * 10000)
    with_attribute("hdf5_config_json_no_utf8", "config_json", b'{"a":"\xff"}')
    with_attribute("hdf5_odd_model_name", "model_name", b"\x1b[31m\nx\xff" + b"y" * 5000)
    path = inputs.output / "hdf5_odd_names.h5"
    with h5py.File(path, "w") as file:
        for number in range(50):
            file.create_dataset(f"no tensor\n\x1b{number}", data=h5py.Empty("f4"))
        file.create_dataset("a\x1b[31m\nb", data=numpy.zeros(4, "f4"))
        file.create_dataset("x" * 5000, data=numpy.zeros(4, "f4"))
    inputs.config("hdf5_odd_names", f"checkpoint: {{path: {path}}}\ntopology: {{tensor_parallel: 2}}\nmodel: {{family: bert}}\n")


def add_all(inputs):
    add_config_jsons(inputs)
    add_indexes(inputs)
    add_names(inputs)
    add_scale(inputs)
    add_rules(inputs)
    add_yaml(inputs)
    add_hdf5(inputs)
