"""The tensors of a llama in safetensors, and the slice of each that a tensor-parallel rank holds."""
import collections
import json

Tensor = collections.namedtuple("Tensor", "name dtype shape axis file offset nbytes")  # axis: partitioned axis or None; offset: in the file

ELEMENT_BYTES = {"BF16": 2, "F16": 2, "F32": 4, "F64": 8}
CUT_AXES = {
    "embed_tokens": 0, "lm_head": 0, "q_proj": 0, "k_proj": 0, "v_proj": 0, "gate_proj": 0, "up_proj": 0, "o_proj": 1, "down_proj": 1,
}  # fmt: skip


def axis_of(name):
    """The partitioned axis of a weight; None: replicated."""
    return next((axis for part, axis in CUT_AXES.items() if f".{part}." in f".{name}"), None)


def read_header(path):
    """The tensors of one safetensors file, in file order."""
    with open(path, "rb") as file:
        header_bytes = int.from_bytes(file.read(8), "little")
        header = json.loads(file.read(header_bytes))
    header.pop("__metadata__", None)
    tensors = []
    for name, entry in header.items():
        begin, end = entry["data_offsets"]
        tensors.append(Tensor(name, entry["dtype"], tuple(entry["shape"]), axis_of(name), str(path), 8 + header_bytes + begin, end - begin))
    return sorted(tensors, key=lambda tensor: tensor.offset)


def read_model(directory):
    """The tensors of all files of a Hugging Face directory."""
    return [tensor for path in sorted(directory.glob("*.safetensors")) for tensor in read_header(path)]


def why_not_cut(directory, ranks):
    """Why the peers cannot load this model, or None: they divide axes evenly and do not pad a vocabulary or replicate heads."""
    config = json.loads((directory / "config.json").read_text())
    if config.get("model_type") != "llama":
        return f"{directory} is no llama"
    if config.get("tie_word_embeddings"):
        return f"{directory} ties its embeddings"
    sizes = [config["num_attention_heads"], config.get("num_key_value_heads") or config["num_attention_heads"]]
    sizes += [tensor.shape[tensor.axis] for tensor in read_model(directory) if tensor.axis is not None]
    return f"{ranks} ranks do not divide {directory}" if any(size % ranks for size in sizes) else None


def slices(tensor, rank, ranks):
    """The slice of a tensor that `rank` holds, as an index."""
    index = [slice(None)] * len(tensor.shape)
    if tensor.axis is not None:
        part = tensor.shape[tensor.axis] // ranks
        index[tensor.axis] = slice(rank * part, (rank + 1) * part)
    return tuple(index)


def shard_shape(tensor, ranks):
    return tuple(size // ranks if axis == tensor.axis else size for axis, size in enumerate(tensor.shape))
