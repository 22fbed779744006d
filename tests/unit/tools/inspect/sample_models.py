"""Models for the tests of distload-inspect, written without distload."""
import json
import os
import struct

import numpy as np

DTYPES = {"F32": np.float32, "F16": np.float16, "I64": np.int64}
# A name that is markup; a safetensors name may not hold a slash.
EVIL = "a<script>document.title='taken'<!--"
EVIL_TEXT = "</title></script><script>document.title='taken'</script>"


def write_safetensors(path, tensors, seed=1):
    """`tensors`: name to (dtype, shape). Returns the offset of each tensor in the file."""
    header, offset = {}, 0
    for name, (dtype, shape) in tensors.items():
        end = offset + int(np.prod(shape)) * np.dtype(DTYPES[dtype]).itemsize
        header[name] = {"dtype": dtype, "shape": list(shape), "data_offsets": [offset, end]}
        offset = end
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    content = np.random.default_rng(seed).integers(0, 256, offset, dtype=np.uint8).tobytes()
    path.write_bytes(struct.pack("<Q", len(text)) + text + content)
    return {name: 8 + len(text) + of["data_offsets"][0] for name, of in header.items()}


def llama_tensors(layers=6, hidden=64, intermediate=96, vocabulary=128):
    tensors = {"model.embed_tokens.weight": ("F32", (vocabulary, hidden)), "model.norm.weight": ("F32", (hidden,)), "lm_head.weight": ("F32", (vocabulary, hidden))}
    for layer in range(layers):
        at = f"model.layers.{layer}."
        for norm in ("input_layernorm", "post_attention_layernorm"):
            tensors[f"{at}{norm}.weight"] = ("F32", (hidden,))
        for name in "qkvo":
            tensors[f"{at}self_attn.{name}_proj.weight"] = ("F32", (hidden, hidden))
        for name in ("gate", "up"):
            tensors[f"{at}mlp.{name}_proj.weight"] = ("F32", (intermediate, hidden))
        tensors[f"{at}mlp.down_proj.weight"] = ("F32", (hidden, intermediate))
    return tensors


def write_llama(folder, layers=6):
    """Returns tensors and offsets."""
    folder.mkdir(parents=True, exist_ok=True)
    tensors = llama_tensors(layers)
    (folder / "config.json").write_text(json.dumps({
        "model_type": "llama", "architectures": ["LlamaForCausalLM"], "hidden_size": 64, "num_hidden_layers": layers, "num_attention_heads": 8,
        "num_key_value_heads": 8, "intermediate_size": 96, "vocab_size": 128, "tie_word_embeddings": False}))
    return tensors, write_safetensors(folder / "model.safetensors", tensors)


def write_hostile(folder):
    folder.mkdir(parents=True, exist_ok=True)
    names = [EVIL, "b<img src=x onerror=document.title='taken'>.weight", "c\" onmouseover=\"x", "d'<b>&amp;", "layers.0.w", "layers.1.w"]
    write_safetensors(folder / "model.safetensors", {name: ("F32", (4, 4)) for name in names})
    (folder / "config.json").write_text(json.dumps({"model_type": "<i>", "architectures": [EVIL_TEXT]}))
    return names


def flip_byte(path, offset):
    """Damages a file and keeps its time, so that its seal stays valid."""
    status = os.stat(path)
    with open(path, "r+b") as file:
        file.seek(offset)
        byte = file.read(1)[0]
        file.seek(offset)
        file.write(bytes([byte ^ 0xFF]))
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
