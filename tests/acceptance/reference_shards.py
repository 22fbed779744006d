"""What every rank must hold of a model, from its safetensors files and config.json alone.

Written against the definitions of the partitions, not against distload: it shares neither code nor rule files with it, so that
agreement means something.
"""
import json
import pathlib
import re

import numpy

import quantized_formats
from family_tables import MODELS
from topologies import EXPERTS, size_in

# Elements as unsigned integers of their size: shards are compared as bytes, and numpy has no bfloat16.
ELEMENT_TYPES = {
    "F64": "<u8", "I64": "<u8", "U64": "<u8",
    "F32": "<u4", "I32": "<u4", "U32": "<u4",
    "F16": "<u2", "BF16": "<u2", "I16": "<u2", "U16": "<u2",
    "F8_E4M3": "u1", "F8_E5M2": "u1", "F8_E8M0": "u1", "I8": "u1", "U8": "u1", "BOOL": "u1",
    "F8_E4M3FNUZ": "u1", "F8_E5M2FNUZ": "u1", "C64": "<u8", "C128": "V16",
    "F4": "u1", "F6_E2M3": "V3", "F6_E3M2": "V3",
}
# Numbers in an element, of types whose numbers are smaller than a byte.
NUMBERS = {"F4": 2, "F6_E2M3": 4, "F6_E3M2": 4}


def shape_in_numbers(dtype, shape):
    """The shape that files and reports state for elements of `shape`."""
    numbers = NUMBERS.get(dtype, 1)
    return [*shape[:-1], shape[-1] * numbers] if numbers > 1 else list(shape)


# What load.dtype calls them.
DTYPES = {"fp32": "F32", "fp16": "F16", "bf16": "BF16"}
NAMES = {dtype: name for name, dtype in DTYPES.items()}


def as_numbers(dtype, elements):
    """Elements of a floating-point type of 16 or more bits as numpy's F32."""
    if dtype == "BF16":
        return (elements.astype("<u4") << 16).view("<f4")
    return elements.view({"F16": "<f2", "F64": "<f8"}.get(dtype, "<f4")).astype("<f4")


def cast(dtype, elements, wanted):
    """(dtype, elements) of a shard under load.dtype, rounded to nearest even by numpy, which has no BF16."""
    wanted = DTYPES.get(wanted, dtype)
    if wanted == dtype or dtype not in (*DTYPES.values(), "F64"):
        return dtype, elements
    if not elements.shape:  # numpy computes with single numbers in other types
        dtype, one = cast(dtype, elements.reshape(1), NAMES[wanted])
        return dtype, one.reshape(())
    numbers = as_numbers(dtype, elements)
    if wanted == "F32":
        return wanted, numbers.view("<u4")
    if wanted == "F16":
        with numpy.errstate(over="ignore"):
            return wanted, numbers.astype("<f2").view("<u2")
    bits = numbers.view("<u4").astype("<u8")
    rounded = (bits + 0x7FFF + (bits >> 16 & 1)) >> 16
    return wanted, numpy.where(numpy.isnan(numbers), bits >> 16 | 0x40, rounded).astype("<u2")


class Tensor:
    """A stored tensor: dtype by its safetensors name, and its elements as a memory map."""

    def __init__(self, dtype, elements):
        self.dtype = dtype
        self.elements = elements

    @property
    def numbers(self):
        return self.elements.size * NUMBERS.get(self.dtype, 1)


def read_file(path):
    """{name: Tensor} of one safetensors file."""
    with open(path, "rb") as file:
        header_bytes = int.from_bytes(file.read(8), "little")
        header = json.loads(file.read(header_bytes))
    data = numpy.memmap(path, dtype="u1", mode="r")[8 + header_bytes :]
    tensors = {}
    for name, entry in header.items():
        if name != "__metadata__":
            begin, end = entry["data_offsets"]
            shape = list(entry["shape"])
            if entry["dtype"] in NUMBERS:
                shape[-1] //= NUMBERS[entry["dtype"]]
            elements = data[begin:end].view(ELEMENT_TYPES[entry["dtype"]]).reshape(shape)
            tensors[name] = Tensor(entry["dtype"], elements)
    return tensors


def read_model(directory):
    """(config.json as a dict, {name: Tensor}) of a Hugging Face directory."""
    directory = pathlib.Path(directory)
    config = json.loads((directory / "config.json").read_text())
    index = directory / "model.safetensors.index.json"
    files = sorted(set(json.loads(index.read_text())["weight_map"].values())) if index.exists() else ["model.safetensors"]
    tensors = {}
    for file in files:
        tensors.update(read_file(directory / file))
    return config, tensors


def same(a, b):
    """Whether two tensors hold the same, bit by bit."""
    return a.dtype == b.dtype and a.elements.shape == b.elements.shape and numpy.array_equal(a.elements, b.elements)


class Family:
    # In the names of what load.dtype leaves as it is: always, and where it is F32.
    KEPT = r"_scale(_inv|_2)?$"
    KEPT_F32 = r"(?!)"
    # In the names of tensors that hold all experts.
    EXPERTS_TOGETHER = r"\.experts\.\w+$|\.switch_mlp\.|\.block_sparse_moe\.(in|out)put_linear\."
    # In the names of weights that are no [out, in] matrices.
    IN_OUT = r"(?!)"
    # What model.fuse and model.split call it: the parts' names, and the whole's.
    FUSED = {"qkv": (("q_proj", "k_proj", "v_proj"), "qkv_proj"), "gate_up": (("gate_proj", "up_proj"), "gate_up_proj")}


class Decoder(Family):
    """llama, mistral, qwen2 and qwen3; and the adapters of own_rules.yaml."""

    def __init__(self, config):
        self.layers = config["num_hidden_layers"]
        self.kv_heads = config.get("num_key_value_heads") or config["num_attention_heads"]

    def axis(self, name):
        """The axis that is cut, and in what: None (whole) or "even", "kv_heads", "vocabulary"."""
        if re.search(r"_scale$", name):
            return self.axis_of_scale(name)
        if re.search(r"\.[kv]_proj\.(weight|bias)$", name):
            return 0, "kv_heads"
        if re.search(r"(\.(q|gate|up)_proj|\.adapter\.into)\.(weight|bias)$", name):
            return 0, "even"
        if re.search(r"(\.(o|down)_proj|\.adapter\.out)\.weight$", name):
            return 1, "even"
        if re.search(r"(^|\.)(embed_tokens|lm_head)\.weight$", name):
            return 0, "vocabulary"
        return None, None

    def axis_of_scale(self, name):
        """The same of what stands beside a quantized weight."""
        module, ending = name.rsplit(".", 1)
        axis, kind = self.axis(f"{module}.weight")
        if ending == "weight_scale" and axis is not None:  # [out / block, 1, in / block, 1]
            return 2 * axis, kind
        if ending == "pre_quant_scale" and axis == 1:
            return 0, kind
        return None, None

    def layer(self, name):
        """A layer's number, "first" or "last"."""
        if match := re.search(r"(?:^|\.)layers\.(\d+)\.", name):
            return int(match[1])
        return "first" if "embed_tokens" in name else "last"

    def tied(self, config, names):
        """{name that is not loaded: name of the tensor that stands for it}."""
        target = "model.embed_tokens.weight"
        if config.get("tie_word_embeddings", False) and target in names and "score.weight" not in names:
            return {"lm_head.weight": target}
        return {}


class Table(Family):
    """A family by its cut tensors: `CUTS` lists (pattern, axis, kind), and what no pattern finds is whole. A kind is "even", "kv_heads" or
    "vocabulary", or a list of (elements, kind) for matrices that are stored one after the other."""

    CUTS = []
    LAYER = r"\.(?:layers|h|layer)\.(\d+)\."
    FIRST = r"embed"
    TIED = {}  # alias: target
    TIED_BY_DEFAULT = False

    def __init__(self, config):
        self.config = config
        self.heads = config.get("num_attention_heads") or config["n_head"]
        self.kv_heads = config.get("num_key_value_heads") or self.heads
        self.layers = config.get("num_hidden_layers") or config["n_layer"]

    def cuts(self):
        return self.CUTS

    def axis(self, name):
        for pattern, axis, kind in self.cuts():
            if re.search(pattern, name):
                return axis, kind
        return None, None

    def layer(self, name):
        if match := re.search(self.LAYER, name):
            return int(match[1])
        return "first" if re.search(self.FIRST, name) and name not in self.TIED else "last"

    def tied(self, config, names):
        if not config.get("tie_word_embeddings", self.TIED_BY_DEFAULT):
            return {}
        return {alias: target for alias, target in self.TIED.items() if target in names}


class Experts(Table):
    """mixtral, qwen2_moe, qwen3_moe, gemma2, gemma3_text, deepseek_v2: llama's form with other layers."""

    KEPT = Table.KEPT + r"|e_score_correction_bias"
    KEPT_F32 = r"\.(mlp|block_sparse_moe)\.gate\.weight$"
    TIED = {"lm_head.weight": "model.embed_tokens.weight"}
    CUTS = [
        (r"\.self_attn\.(q_proj|q_b_proj|kv_b_proj)\.(weight|bias)$", 0, "even"),
        (r"\.[kv]_proj\.(weight|bias)$", 0, "kv_heads"),
        (r"\.(gate_proj|up_proj|w1|w3)\.weight$", 0, "even"),
        (r"\.(o_proj|down_proj|w2)\.weight$", 1, "even"),
        (r"\.experts\.down_proj$", 2, "even"),
        (r"(embed_tokens|lm_head|shared_head\.head)\.weight$", 0, "vocabulary"),
    ]

    def axis(self, name):
        return super().axis(re.sub(r"_scale(_inv)?$", "", name))  # scales are cut as their weights are

    def cuts(self):
        size = self.config.get("moe_intermediate_size") or self.config.get("intermediate_size")
        return [*self.CUTS, (r"\.experts\.gate_up_proj$", 1, [(size, "even"), (size, "even")])]


class Phi3(Experts):
    def cuts(self):
        head = self.config.get("head_dim") or self.config["hidden_size"] // self.heads
        qkv = [(self.heads * head, "even"), (self.kv_heads * head, "kv_heads"), (self.kv_heads * head, "kv_heads")]
        size = self.config["intermediate_size"]
        return [*self.CUTS, (r"qkv_proj\.weight$", 0, qkv), (r"gate_up_proj\.weight$", 0, [(size, "even"), (size, "even")])]


class Gemma3(Experts):
    """With a vision tower, which is whole on the first stage."""

    def __init__(self, config):
        super().__init__(config["text_config"])

    def tied(self, config, names):
        embeddings = [name for name in names if name.endswith("embed_tokens.weight")]
        return {"lm_head.weight": embeddings[0]} if config.get("tie_word_embeddings", True) else {}

    def axis(self, name):
        return (None, None) if re.search("vision_tower|projector", name) else super().axis(name)

    def layer(self, name):
        return "first" if re.search("vision_tower|projector", name) else super().layer(name)


class Falcon(Table):
    FIRST = r"word_embeddings"
    TIED = {"lm_head.weight": "transformer.word_embeddings.weight"}
    TIED_BY_DEFAULT = True

    def cuts(self):
        head = self.config["hidden_size"] // self.heads
        by_head = self.config.get("new_decoder_architecture") or not self.config["multi_query"]
        qkv = "even" if by_head else [(self.heads * head, "even"), (head, "whole"), (head, "whole")]
        return [
            (r"query_key_value\.(weight|bias)$", 0, qkv),
            (r"dense_h_to_4h\.(weight|bias)$", 0, "even"),
            (r"(\.dense|dense_4h_to_h)\.weight$", 1, "even"),
            (r"(word_embeddings|lm_head)\.weight$", 0, "vocabulary"),
        ]


class T5(Table):
    IN_OUT = "relative_attention_bias"
    TIED = {"encoder.embed_tokens.weight": "shared.weight", "decoder.embed_tokens.weight": "shared.weight", "lm_head.weight": "shared.weight"}
    CUTS = [
        (r"Attention\.[qkv]\.weight$", 0, "even"),
        (r"(Attention\.o|relative_attention_bias|DenseReluDense\.wo)\.weight$", 1, "even"),
        (r"DenseReluDense\.wi(_[01])?\.weight$", 0, "even"),
        (r"(shared|embed_tokens|lm_head)\.weight$", 0, "vocabulary"),
    ]

    def __init__(self, config):
        self.kv_heads = config["num_heads"]
        self.encoder_layers = config["num_layers"]
        self.layers = self.encoder_layers + config["num_decoder_layers"]

    def layer(self, name):
        if match := re.search(r"block\.(\d+)\.", name):
            return int(match[1]) + (self.encoder_layers if name.startswith("decoder") else 0)
        places = {"shared": "first", "encoder.embed_tokens": 0, "decoder.embed_tokens": self.encoder_layers,
                  "encoder.final_layer_norm": self.encoder_layers - 1}  # fmt: skip
        return places.get(name.removesuffix(".weight"), "last")


class Gpt2(Table):
    """Conv1D weights are [in, out]."""

    IN_OUT = r"\.c_"
    FIRST = r"\.w[tp]e\."
    TIED = {"lm_head.weight": "transformer.wte.weight"}
    TIED_BY_DEFAULT = True

    def cuts(self):
        thirds = 3 * [(self.config["n_embd"], "even")]
        return [
            (r"c_attn\.weight$", 1, thirds),
            (r"c_attn\.bias$", 0, thirds),
            (r"c_fc\.weight$", 1, "even"),
            (r"c_fc\.bias$", 0, "even"),
            (r"c_proj\.weight$", 0, "even"),
            (r"(wte|lm_head)\.weight$", 0, "vocabulary"),
        ]


class FusedByHead(Table):
    """gpt_neox and bloom: the rows of a head's query, key and value follow each other, so that an even cut keeps them together."""

    CUTS = [
        (r"(query_key_value|dense_h_to_4h)\.(weight|bias)$", 0, "even"),
        (r"(\.dense|dense_4h_to_h)\.weight$", 1, "even"),
        (r"(embed_in|embed_out|word_embeddings|lm_head)\.weight$", 0, "vocabulary"),
    ]


class GptNeox(FusedByHead):
    FIRST = r"embed_in"
    TIED = dict.fromkeys(["embed_out.weight", "lm_head.weight"], "gpt_neox.embed_in.weight")


class Bloom(FusedByHead):
    FIRST = r"word_embeddings"
    TIED = {"lm_head.weight": "transformer.word_embeddings.weight"}
    TIED_BY_DEFAULT = True


class Opt(Table):
    FIRST = r"embed_|project_in"
    TIED = {"lm_head.weight": "model.decoder.embed_tokens.weight"}
    TIED_BY_DEFAULT = True
    CUTS = [
        (r"([qkv]_proj|fc1)\.(weight|bias)$", 0, "even"),
        (r"(out_proj|fc2)\.weight$", 1, "even"),
        (r"(embed_tokens|lm_head)\.weight$", 0, "vocabulary"),
    ]


class Encoder(Family):
    """bert, bare or under "bert."."""

    FUSED = {"qkv": (("query", "key", "value"), "qkv")}
    kv_heads = None

    def __init__(self, config):
        self.layers = config["num_hidden_layers"]

    def axis(self, name):
        if re.search(r"\.(attention\.self\.(query|key|value)|intermediate\.dense)\.(weight|bias)$", name):
            return 0, "even"
        if re.search(r"\.layer\.\d+\.(attention\.)?output\.dense\.weight$", name):
            return 1, "even"
        if re.search(r"word_embeddings\.weight$|^cls\.predictions\.(decoder\.(weight|bias)|bias)$", name):
            return 0, "vocabulary"
        return None, None

    def layer(self, name):
        if match := re.search(r"encoder\.layer\.(\d+)\.", name):
            return int(match[1])
        return "first" if re.search(r"(^|\.)embeddings\.", name) else "last"

    def tied(self, config, names):
        tied = {}
        if config.get("tie_word_embeddings", True) and "cls.predictions.transform.dense.weight" in names:
            targets = [name for name in names if name.endswith("embeddings.word_embeddings.weight")]
            tied.update({"cls.predictions.decoder.weight": target for target in targets})
        if "cls.predictions.bias" in names:
            tied["cls.predictions.decoder.bias"] = "cls.predictions.bias"
        return tied


class Roberta(Encoder):
    """As bert, with another language-model head."""

    def axis(self, name):
        if re.search(r"^lm_head\.(decoder\.(weight|bias)|bias)$", name):
            return 0, "vocabulary"
        return super().axis(name)

    def tied(self, config, names):
        tied = {}
        if config.get("tie_word_embeddings", True) and "lm_head.dense.weight" in names:
            tied["lm_head.decoder.weight"] = "roberta.embeddings.word_embeddings.weight"
        if "lm_head.bias" in names:
            tied["lm_head.decoder.bias"] = "lm_head.bias"
        return tied


class Dtypes(Family):
    """The model of check_dtypes.py."""

    KEPT = r"(?!)"
    FUSED = {}
    layers, kv_heads = 1, 1

    def __init__(self, config):
        pass

    def axis(self, name):
        return {"column": (0, "even"), "row": (1, "even")}.get(name.partition(".")[0], (None, None))

    def layer(self, name):
        return "all"

    def tied(self, config, names):
        return {}


FAMILIES = {
    "llama": Decoder, "mistral": Decoder, "qwen2": Decoder, "qwen3": Decoder, "bert": Encoder, "roberta": Roberta,
    "mixtral": Experts, "qwen2_moe": Experts, "qwen3_moe": Experts, "gemma2": Experts, "gemma3_text": Experts, "deepseek_v2": Experts,
    "deepseek_v3": Experts, "gemma3": Gemma3, "falcon": Falcon, "t5": T5,
    "phi3": Phi3, "gpt2": Gpt2, "gpt_neox": GptNeox, "bloom": Bloom, "opt": Opt, "dtypes": Dtypes,
}  # fmt: skip


class FromTable(Family):
    """A model of tests/families."""

    # Biases that choose experts, sinks of attention, decay rates and steps of state-space layers, weights of hyper-connections.
    KEPT = (
        r"e_score_correction_bias|\.ffn\.gate\.(bias|tid2eid)$|inv_freq|sinks?$|A_log$|dt_bias$|\.(mamba|mixer)\.D$|dt_proj\.bias$"
        r"|linear_attn\.norm\.weight$|(^|[._])hc[._]"
    )
    KEPT_F32 = (
        r"\.(mlp|block_sparse_moe|feed_forward|ffn)\.(gate|gate\.wg|router|router\.layer)\.(weight|bias)$"
        r"|\.router\.(proj\.weight|scale|per_expert_scale)$|\.mixer\.gate\.weight$|compressor\.(wkv\.weight|wgate\.weight|norm\.weight|ape)$|attention\.ssmax_scaling"
        r"|\.\d+\.gate\.weight$|lerope\.alpha$"
    )
    FUSED = {}

    def __init__(self, config):
        table = MODELS[config["distload_table"]]
        self.lines = {name: (place, line) for name, place, line in table.tensors()}
        self.layers = table.layers
        self.kv_heads = 4
        # Experts are [in, out] where gate and up are columns.
        columns = any(name.endswith(".experts.gate_up_proj") and line.cut.startswith("2") for name, (_, line) in self.lines.items())
        conv1d = any(name.endswith(".c_attn.weight") and line.cut.startswith("1") for name, (_, line) in self.lines.items())
        self.IN_OUT = "relative_attention_bias" + r"|\.experts\.\w+$" * columns + r"|\.c_(attn|proj|fc)\.weight$" * conv1d

    def axis(self, name):
        cut = self.lines[name][1].cut
        if cut in ".v":
            return (None, None) if cut == "." else (0, "vocabulary")
        axis, _, sections = cut.partition("=")
        kinds = {"": "even", "k": "kv_heads", ".": "whole"}
        if sections:
            parts = [re.fullmatch(r"(\d+)([k.]?)", part) for part in sections.split(",")]
            return int(axis[0]), [(int(part[1]), kinds[part[2]]) for part in parts]
        return int(axis[0]), kinds[axis[1:]]

    def layer(self, name):
        return self.lines[name][0]

    def tied(self, config, names):
        return {name: line.target for name, (_, line) in self.lines.items() if line.target}


class Quantized(Decoder):
    """A model of quantized_formats.py."""

    FUSED = {}

    def __init__(self, config):
        super().__init__(config)
        variant = quantized_formats.variant_named(config["distload_format"])
        self.tensors = quantized_formats.Model(variant, config["model_type"]).tensors
        endings = [*variant.module, *variant.attention, *variant.keys, *(name.replace("k", "v", 1) for name in variant.keys), "sinks"]
        self.KEPT = r"[._](" + "|".join(re.escape(ending) for ending in endings if ending != "weight") + ")$"

    def axis(self, name):
        return self.tensors[name].axis, self.tensors[name].kind


def family_of(config):
    """The class for a model."""
    if "distload_format" in config:
        return Quantized
    return FromTable if "distload_table" in config else FAMILIES[config["model_type"]]


def stretch(elements, axis, begin, end):
    return elements[(slice(None),) * axis + (slice(begin, end),)]


def shard(elements, axis, kind, kv_heads, rank, ranks):
    """The part of a tensor that `rank` of `ranks` tensor-parallel ranks holds. What the ranks do not divide goes to the first of them."""
    if axis is None or kind == "whole":
        return elements
    size = elements.shape[axis]
    if isinstance(kind, list):
        parts, begin = [], 0
        for length, part_kind in kind:
            part = stretch(elements, axis, begin, begin + length)
            parts.append(shard(part, axis, part_kind, kv_heads, rank, ranks))
            begin += length
        return numpy.concatenate(parts, axis)
    if kind == "vocabulary":
        part = -(-size // ranks)
        held = stretch(elements, axis, rank * part, (rank + 1) * part)
        padding = [(0, 0)] * elements.ndim
        padding[axis] = (0, part - held.shape[axis])
        return numpy.pad(held, padding)
    if kind == "kv_heads" and kv_heads < ranks:
        # Each head goes to ranks / kv_heads neighbours.
        part = size // kv_heads
        begin = rank * kv_heads // ranks * part
    else:
        part = size // ranks + (rank < size % ranks)
        begin = rank * (size // ranks) + min(rank, size % ranks)
    return stretch(elements, axis, begin, begin + part)


def stage_of(layer, layers, stages):
    """Consecutive layers per stage, the first stages get one more where they do not divide."""
    sizes = [layers // stages + (stage < layers % stages) for stage in range(stages)]
    stage = 0
    while layer >= sizes[stage]:
        layer -= sizes[stage]
        stage += 1
    return stage


class Reference:
    """Every shard of a model on tensor x data x pipeline ranks, in Megatron's order: tensor fastest, pipeline slowest."""

    def __init__(
        self, directory, tensor_parallel, pipeline_parallel, data_parallel, expert_parallel=1, uneven="error", dtype="keep", transpose=False,
        fuse=(), split=()
    ):  # fmt: skip
        self.dtype = dtype
        self.transpose = transpose
        self.fuse = fuse
        self.split = split
        self.expert_parallel = expert_parallel
        config, self.tensors = read_model(directory)
        self.experts = size_in(config | config.get("text_config", config.get("moe", {})), *EXPERTS)
        self.family = family_of(config)(config)
        tied = self.family.tied(config, set(self.tensors))
        # What is stored with other bytes than what should stand for it is a tensor of its own.
        stored = self.tensors
        self.tied = {alias: target for alias, target in tied.items() if alias not in stored or same(stored[alias], stored[target])}
        self.topology = (tensor_parallel, pipeline_parallel, data_parallel)

    def loaded(self):
        """Names of the tensors that are loaded: all but those that another one stands for."""
        return [name for name in self.tensors if name not in self.tied]

    def axis(self, name):
        """The axis along which a tensor is cut, -1 if it is not."""
        axis, _ = self.family.axis(name)
        return -1 if axis is None else axis

    def stages(self, name):
        """The pipeline stages that hold a tensor: its own, and those of what it stands for."""
        layers, stages = self.family.layers, self.topology[1]
        held = set()
        for place in [name] + [alias for alias, target in self.tied.items() if target == name]:
            layer = self.family.layer(place)
            if layer == "first":
                held.add(0)
            elif layer == "last":
                held.add(stages - 1)
            elif layer == "all":
                held |= set(range(stages))
            else:
                held.add(stage_of(min(layer, layers - 1), layers, stages))  # further ones come with the last
        return held

    def parts(self, name):
        """Yields (elements, part, parts): what rank `part` of each `parts` neighbouring ranks of a stage holds of a tensor."""
        tensor_parallel = self.topology[0]
        elements = self.tensors[name].elements
        if self.expert_parallel > 1 and (match := re.search(r"\.experts\.(\d+)\.", name)):
            yield elements, int(match[1]) * self.expert_parallel // self.experts, self.expert_parallel
        elif self.expert_parallel > 1 and re.search(self.family.EXPERTS_TOGETHER, name):
            for group, of_group in enumerate(numpy.split(elements, self.expert_parallel)):
                yield of_group, group, self.expert_parallel
        else:
            axis, kind = self.family.axis(name)
            for rank in range(tensor_parallel):
                yield shard(elements, axis, kind, self.family.kv_heads, rank, tensor_parallel), rank, tensor_parallel

    def parameters(self):
        """Yields (name, ranks, dtype, elements) of all shards of what the model has for parameters."""
        fused = {}  # (name, ranks): shards of the parts
        for name in self.loaded():
            whole, part = self.fused_name(name)
            for ranks, dtype, elements in self.shards(name):
                if part is not None:
                    fused.setdefault((whole, tuple(ranks)), {})[part] = name, dtype, elements
                    continue
                for of_name, of_elements in self.split_shard(name, elements):
                    yield of_name, ranks, dtype, self.transposed(name, of_elements)
        for (name, ranks), parts in fused.items():
            of_name, dtype, _ = parts[0]
            elements = numpy.concatenate([parts[part][2] for part in sorted(parts)])
            yield name, ranks, dtype, self.transposed(of_name, elements)

    def transposed(self, name, elements):
        """A shard of tensor `name` under load.transpose: weights of layers that are cut go from [out, in] to [in, out]."""
        axis, kind = self.family.axis(name)
        # Of three axes, the first is that of experts, or the outputs of a convolution.
        is_matrix = axis is not None and kind != "vocabulary" and (elements.ndim == 2 or (elements.ndim == 3 and axis > 0))
        if not self.transpose or not is_matrix or re.search(self.family.IN_OUT, name):
            return elements
        return numpy.ascontiguousarray(elements.swapaxes(-1, -2))

    def fused_name(self, name):
        """(name of the parameter that a tensor is fused into, its place there), or (name, None)."""
        for parts, whole in map(self.family.FUSED.get, self.fuse if self.axis(name) >= 0 else ()):
            for place, part in enumerate(parts):
                if f".{part}." in name and all(name.replace(part, other) in self.tensors for other in parts):
                    return name.replace(part, whole), place
        return name, None

    def split_shard(self, name, elements):
        """Yields the parameters that a shard is, as (name, elements)."""
        kinds = self.family.axis(name)[1]
        for parts, whole in map(self.family.FUSED.get, self.split):
            if f".{whole}." in name and kinds is not None:
                # Parts are as long as they are wanted for a rank: what they are of all ranks together says how long.
                lengths = [len(shard(numpy.empty(length), 0, kind, self.family.kv_heads, 0, self.topology[0])) for length, kind in kinds]
                for part, of_part in zip(parts, numpy.split(elements, numpy.cumsum(lengths)[:-1])):
                    yield name.replace(whole, part), of_part
                return
        yield name, elements

    def shards(self, name):
        """Yields (ranks, dtype, elements): all ranks that hold these same elements of tensor `name`."""
        stage_ranks = self.topology[0] * self.topology[2]
        for elements, part, parts in self.parts(name):
            ranks = [stage * stage_ranks + rank for stage in self.stages(name) for rank in range(part, stage_ranks, parts)]
            stored = self.tensors[name].dtype
            kept = re.search(self.family.KEPT, name) or (stored == "F32" and re.search(self.family.KEPT_F32, name))
            yield ranks, *cast(stored, numpy.require(elements, requirements="C"), "keep" if kept else self.dtype)
