"""The quantized formats that are tried, as their publishers store them, and tiny models in them.

Written from the formats' definitions, not from distload's formats.yaml. `FORMATS` lists the variants. A linear layer [out, in] of a variant
has the tensors of `module`: "I32 in/8 out" is a dtype and the axes, each a number or a length that follows the layer's.
"""
import re
from typing import NamedTuple

HIDDEN, HEADS, KV_HEADS, HEAD_DIM, INTERMEDIATE, VOCABULARY, LAYERS, EXPERTS = 512, 4, 2, 128, 512, 130, 2, 4
MISFIT = 3  # groups along a matrix that two ranks cannot share


class Variant(NamedTuple):
    name: str
    what: str  # in words, for the table in config/README.md
    format: str  # the name that messages call the format by
    config: dict  # quantization_config
    module: dict  # tensors beside each other in a linear layer, by the end of their names
    attention: dict = {}  # further ones of the attention
    keys: dict = {}  # further ones of k_proj; of v_proj with "v" for "k" in the name
    group: int = 0  # inputs that share a scale; 0: none share one that is not for all of them
    families: tuple = ("llama", "qwen3_moe")
    key: str = "quantization_config"
    plain: str = "embed_tokens|lm_head"  # in the names of layers that are not quantized
    settings: dict = {}  # beside quantization_config
    by_module: dict = {}  # tensors of layers whose names contain a text, instead of `module`
    vocabulary: int = VOCABULARY
    refused: str = ""  # "rows": row-parallel weights cannot be cut; "all": none, not even loaded


def gptq(bits, group=128, **config):
    of_group = f"in/{group}" if group > 0 else "1"
    tensors = {"qweight": f"I32 in*{bits}/32 out", "qzeros": f"I32 {of_group} out*{bits}/32", "scales": f"F16 {of_group} out", "g_idx": "I32 in"}
    settings = {"quant_method": "gptq", "bits": bits, "group_size": group, "desc_act": False, "sym": True, "lm_head": False} | config
    return {"format": "gptq", "config": settings, "module": tensors, "group": max(group, 0)}


def awq(**config):
    settings = {"quant_method": "awq", "bits": 4, "group_size": 128, "zero_point": True, "version": "gemm", "modules_to_not_convert": None}
    tensors = {"qweight": "I32 in out/8", "qzeros": "I32 in/128 out/8", "scales": "F16 in/128 out"}
    return {"format": "awq", "config": settings | config, "module": tensors, "group": 128}


def compressed(layout, weights, tensors, activations=None, **others):
    scheme = {"targets": ["Linear"], "weights": weights, "input_activations": activations}
    config = {"quant_method": "compressed-tensors", "format": layout, "ignore": ["lm_head"], "quantization_status": "compressed",
              "kv_cache_scheme": {"num_bits": 8, "type": "float"} if "attention" in others else None, "config_groups": {"group_0": scheme}}  # fmt: skip
    known = {"pack-quantized": "compressed-tensors pack-quantized", "nvfp4-pack-quantized": "compressed-tensors nvfp4-pack-quantized",
             "mxfp4-pack-quantized": "compressed-tensors nvfp4-pack-quantized"}  # fmt: skip
    return {"format": known.get(layout, SCALED), "config": config, "module": tensors} | others


def modelopt(algorithm, tensors, **others):
    config = {"quant_method": "modelopt", "quant_algo": algorithm, "ignore": ["lm_head"], "producer": {"name": "modelopt"}}
    return {"format": SCALED, "config": config, "module": tensors} | others


def fp8(tensors, **others):
    config = {"quant_method": "fp8", "activation_scheme": "dynamic", "fmt": "e4m3"} | others.pop("config", {})
    return {"format": SCALED, "config": config, "module": tensors} | others


def bitsandbytes(tensors, **config):
    return {"format": "bitsandbytes int8", "config": {"quant_method": "bitsandbytes"} | config, "module": tensors}


def mlx(bits, group, **others):
    tensors = {"weight": f"U32 out in*{bits}/32", "scales": f"BF16 out in/{group}", "biases": f"BF16 out in/{group}"}
    return {"format": "mlx", "config": {"group_size": group, "bits": bits}, "module": tensors, "group": group, "key": "quantization",
            "plain": "(?!)"} | others  # fmt: skip


SCALED = "scaled int8 and fp8"
INT4 = {"num_bits": 4, "type": "int", "strategy": "group", "group_size": 128, "symmetric": True}
PACKED = {"weight_packed": "I32 out in/8", "weight_scale": "BF16 out in/128", "weight_shape": "I64 2"}
NVFP4 = {"weight_packed": "U8 out in/2", "weight_scale": "F8_E4M3 out in/16", "weight_global_scale": "F32 1", "input_global_scale": "F32 1"}
NF4 = {"weight": "U8 out*in/2 1", "weight.absmax": "U8 out*in/64", "weight.quant_map": "F32 16", "weight.nested_absmax": "F32 out*in/16384",
       "weight.nested_quant_map": "F32 256", "weight.quant_state.bitsandbytes__nf4": "U8 97"}  # fmt: skip

FORMATS = (
    Variant("gptq_4bit", "4 bits, groups of 128", **gptq(4)),
    Variant("gptq_2bit", "2 bits", **gptq(2)),
    Variant("gptq_3bit", "3 bits", **gptq(3)),
    Variant("gptq_8bit", "8 bits, groups of 64", **gptq(8, 64)),
    Variant("gptq_v2", "GPTQModel's second format", **gptq(4, 32, checkpoint_format="gptq_v2")),
    Variant("gptq_act_order", "act-order", **gptq(4, desc_act=True), refused="rows"),
    Variant("gptq_static_groups", "act-order with static groups", **gptq(4, desc_act=True, static_groups=True)),
    Variant("gptq_one_group", "act-order without groups", **gptq(4, -1, desc_act=True)),
    Variant("gptq_head", "with the head", **gptq(4, lm_head=True), plain="embed_tokens", vocabulary=160),
    Variant("auto_round_gptq", "AutoRound", **gptq(4, quant_method="auto-round", packing_format="auto_round:auto_gptq")),
    Variant("gptq_dynamic", "8 bits in some layers", **gptq(4, dynamic={r"+:.*\.down_proj": {"bits": 8}}), by_module={"down_proj.": gptq(8)["module"]}),
    Variant("awq", "GEMM", **awq()),
    Variant("auto_round_awq", "AutoRound", **awq(quant_method="auto-round", packing_format="auto_round:auto_awq")),
    Variant("ct_int4", "int4", **compressed("pack-quantized", INT4, PACKED, group=128)),
    Variant("ct_int4_zero_points", "int4 with zero points", **compressed("pack-quantized", INT4 | {"symmetric": False},
            PACKED | {"weight_zero_point": "I32 out/8 in/128"}, group=128)),
    Variant("ct_int3", "int3", **compressed("pack-quantized", INT4 | {"num_bits": 3}, PACKED | {"weight_packed": "I32 out in*3/32"}, group=128)),
    Variant("ct_int4_act_order", "act-order by groups", **compressed("pack-quantized", INT4 | {"actorder": "group"},
            PACKED | {"weight_g_idx": "I32 in"}, refused="rows")),
    Variant("ct_int4_act_order_weight", "act-order by weights", **compressed("pack-quantized", INT4 | {"actorder": "weight"}, PACKED, group=128)),
    Variant("ct_int4_channels", "int4 of channels", **compressed("pack-quantized", {"num_bits": 4, "type": "int", "strategy": "channel"},
            PACKED | {"weight_scale": "BF16 out 1"})),
    Variant("ct_int8_packed", "packed int8", **compressed("pack-quantized", {"num_bits": 8, "type": "int", "strategy": "channel"},
            PACKED | {"weight_packed": "I32 out in/4", "weight_scale": "BF16 out 1"})),
    Variant("ct_int8", "int8 of channels with a scale of inputs (compressed-tensors)", **compressed("int-quantized", {"num_bits": 8, "type": "int", "strategy": "channel"},
            {"weight": "I8 out in", "weight_scale": "F32 out 1", "input_scale": "F32 1", "input_zero_point": "I8 1"}, {"num_bits": 8})),
    Variant("ct_fp8_channels", "FP8 of channels (compressed-tensors)", **compressed("float-quantized", {"num_bits": 8, "type": "float", "strategy": "channel"},
            {"weight": "F8_E4M3 out in", "weight_scale": "BF16 out 1"})),
    Variant("ct_fp8_kv_cache", "FP8 of tensors with scales of the cache (compressed-tensors)", **compressed("float-quantized", {"num_bits": 8, "type": "float", "strategy": "tensor"},
            {"weight": "F8_E4M3 out in", "weight_scale": "BF16 1", "input_scale": "BF16 1"}, attention={"k_scale": "BF16 1", "v_scale": "BF16 1"})),
    Variant("ct_fp8_blocks", "FP8 of blocks (compressed-tensors)", **compressed("float-quantized", {"num_bits": 8, "type": "float", "strategy": "block",
            "block_structure": [128, 128]}, {"weight": "F8_E4M3 out in", "weight_scale": "BF16 out/128 in/128"}, group=128)),
    Variant("ct_nvfp4", "NVFP4", **compressed("nvfp4-pack-quantized", {"num_bits": 4, "type": "float", "strategy": "tensor_group",
            "group_size": 16}, NVFP4, group=16)),
    Variant("ct_mxfp4", "MXFP4", **compressed("mxfp4-pack-quantized", {"num_bits": 4, "type": "float", "strategy": "group", "group_size": 32},
            {"weight_packed": "U8 out in/2", "weight_scale": "U8 out in/32"}, group=32)),
    Variant("modelopt_nvfp4", "NVFP4 with scales of the cache (ModelOpt)", **modelopt("NVFP4", {"weight": "U8 out in/2", "weight_scale": "F8_E4M3 out in/16",
            "weight_scale_2": "F32", "input_scale": "F32"}, keys={"k_scale": "F32"}, format="modelopt nvfp4", group=16)),
    Variant("modelopt_fp8", "FP8 of tensors with scales of the cache (ModelOpt)", **modelopt("FP8", {"weight": "F8_E4M3 out in", "weight_scale": "F32",
            "input_scale": "F32"}, keys={"k_scale": "F32"})),
    Variant("modelopt_fp8_blocks", "FP8 of blocks with four axes (ModelOpt)", **modelopt("FP8_PB_WO", {"weight": "F8_E4M3 out in", "weight_scale": "F32 out/128 1 in/128 1"}, group=128)),
    Variant("modelopt_int4", "int4 of AWQ", **modelopt("W4A16_AWQ", {"weight": "U8 out/2 in", "weight_scale": "F32 out in/128",
            "pre_quant_scale": "BF16 in"}, format="modelopt int4", group=128)),
    Variant("modelopt_int8", "SmoothQuant (ModelOpt)", **modelopt("INT8_SQ", {"weight": "I8 out in", "weight_scale": "F32 out", "input_scale": "F32",
            "pre_quant_scale": "BF16 in"})),
    Variant("fp8_blocks", "FP8 of blocks (DeepSeek, Qwen)", **fp8({"weight": "F8_E4M3 out in", "weight_scale_inv": "F32 out/128 in/128"},
            config={"weight_block_size": [128, 128], "modules_to_not_convert": ["lm_head", "model.layers.0.mlp"]}, group=128,
            plain=r"embed_tokens|lm_head|\.0\.mlp\.")),
    Variant("fp8_finer_blocks", "FP8 of finer blocks than config.json says", **fp8({"weight": "F8_E4M3 out in", "weight_scale_inv": "F32 out/32 in/64"},
            config={"weight_block_size": [128, 128]}, group=64)),
    Variant("fp8_static", "FP8 of tensors with a scale of the inputs (Mistral)", **fp8({"weight": "F8_E4M3 out in", "weight_scale_inv": "BF16", "activation_scale": "BF16"},
            config={"activation_scheme": "static", "weight_block_size": None})),
    Variant("fp8_fbgemm", "FP8 of rows (FBGEMM)", **fp8({"weight": "F8_E4M3 out in", "weight_scale": "F32 out 1", "input_scale_ub": "F32 1"},
            config={"quant_method": "fbgemm_fp8", "activation_scale_ub": 1200.0})),
    Variant("mxfp8", "MXFP8", **fp8({"weight": "F8_E4M3 out in", "weight_scale_inv": "U8 out in/32"},
            config={"quant_method": "mxfp8", "weight_block_size": [1, 32]}, group=32)),
    Variant("quark_mxfp4", "MXFP4 (Quark)", **fp8({"weight": "U8 out in/2", "weight_scale": "U8 out in/32"}, config={"quant_method": "quark"},
            format="modelopt nvfp4", group=32)),
    Variant("mxfp4_e8m0", "MXFP4 with scales of F8_E8M0", **fp8({"weight": "U8 out in/2", "weight_scale": "F8_E8M0 out in/32"},
            config={"quant_method": "mxfp4"}, format="modelopt nvfp4", group=32)),
    Variant("fp4_experts", "experts of FP4 beside other layers (DeepSeek V4)", "fp4 experts", {"quant_method": "fp8", "weight_block_size": [128, 128]},
            {"weight": "I8 out in/2", "scale": "F8_E8M0 out in/32"}, group=32, families=("qwen3_moe",), plain=r"^(?!.*\.experts\.)", settings={"expert_dtype": "fp4"}),
    Variant("gpt_oss_mxfp4", "blocks and scales of experts", "mxfp4 blocks", {"quant_method": "mxfp4"},
            {"blocks": "U8 out in/32 16", "scales": "U8 out in/32"}, group=32, families=("gpt_oss",), plain="self_attn|embed_tokens|lm_head"),
    Variant("bitsandbytes_int8", "int8", **bitsandbytes({"weight": "I8 out in", "SCB": "F32 out", "weight_format": "U8"}, load_in_8bit=True)),
    Variant("bitsandbytes_nf4", "nf4", **bitsandbytes(NF4, load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_use_double_quant=True)
            | {"format": "bitsandbytes 4-bit", "refused": "all", "families": ("llama",)}),
    Variant("mlx_4bit", "4 bits, routers of 8", **mlx(4, 64, by_module={"mlp.gate.": mlx(8, 64)["module"]})),
    Variant("mlx_3bit", "3 bits", **mlx(3, 64)),
    Variant("mlx_6bit", "6 bits", **mlx(6, 64)),
    Variant("mlx_8bit", "8 bits, groups of 32", **mlx(8, 32)),
    Variant("mlx_mxfp4", "MXFP4", **mlx(4, 32, module={"weight": "U32 out in/8", "scales": "U8 out in/32"})),
)  # fmt: skip


def variant_named(name):
    return next(variant for variant in FORMATS if variant.name == name)


class Placed(NamedTuple):
    """A tensor of a model: dtype and shape, and which axis is cut in what (as in reference_shards.py)."""

    dtype: str
    shape: tuple
    axis: int = None
    kind: str = None


def length_of(text, rows, columns):
    """"in*3/32" of a matrix [rows, columns]."""
    size, (first, *others) = 1, re.findall(r"\w+|\*|/", text)
    size = {"out": rows, "in": columns}.get(first) or int(first)
    for operator, operand in zip(others[::2], others[1::2]):
        number = columns if operand == "in" else int(operand)
        size, rest = (size * number, 0) if operator == "*" else divmod(size, number)
        assert rest == 0, text
    return size


class Model:
    """A tiny model of a family in a format: `config` and `tensors`, by name. `misfit`: two ranks cannot share the groups of its MLPs."""

    def __init__(self, variant, family, misfit=False):
        self.variant, self.tensors = variant, {}
        self.intermediate = MISFIT * variant.group if misfit else INTERMEDIATE
        self.config = {
            "model_type": family, "vocab_size": variant.vocabulary, "hidden_size": HIDDEN, "num_attention_heads": HEADS, "num_hidden_layers": LAYERS,
            "num_key_value_heads": KV_HEADS, "head_dim": HEAD_DIM, "intermediate_size": self.intermediate, "tie_word_embeddings": False,
            "distload_format": variant.name, variant.key: variant.config, **variant.settings,
        }  # fmt: skip
        if family == "qwen3_moe":
            self.config |= {"num_experts": EXPERTS, "moe_intermediate_size": self.intermediate, "mlp_only_layers": [0], "num_experts_per_tok": 2}
        if family == "gpt_oss":
            self.config |= {"num_local_experts": EXPERTS}
        self.module("model.embed_tokens", variant.vocabulary, HIDDEN, "out", "vocabulary")
        for layer in range(LAYERS):
            self.layer(f"model.layers.{layer}", family, has_experts=family == "gpt_oss" or (family == "qwen3_moe" and layer > 0))
        self.tensors["model.norm.weight"] = Placed("BF16", (HIDDEN,))
        self.module("lm_head", variant.vocabulary, HIDDEN, "out", "vocabulary")

    def layer(self, prefix, family, has_experts):
        attention = f"{prefix}.self_attn"
        self.module(f"{attention}.q_proj", HEADS * HEAD_DIM, HIDDEN, "out", "even")
        for name in "kv":
            self.module(f"{attention}.{name}_proj", KV_HEADS * HEAD_DIM, HIDDEN, "out", "kv_heads")
            self.add(f"{attention}.{name}_proj.", {ending.replace("k", name, 1): axes for ending, axes in self.variant.keys.items()})
        self.module(f"{attention}.o_proj", HIDDEN, HEADS * HEAD_DIM, "in", "even")
        self.add(f"{attention}.", self.variant.attention)
        norms = [f"{prefix}.input_layernorm", f"{prefix}.post_attention_layernorm"]
        self.tensors |= {f"{name}.weight": Placed("BF16", (HIDDEN,)) for name in norms}
        if family == "qwen3_moe":
            self.tensors |= {f"{attention}.{name}_norm.weight": Placed("BF16", (HEAD_DIM,)) for name in "qk"}
        if family == "gpt_oss":
            self.experts_together(prefix)
        elif has_experts and self.variant.format == "mlx":
            self.module(f"{prefix}.mlp.gate", EXPERTS, HIDDEN, None, None)
            for name, rows, columns, cut in (("gate", self.intermediate, HIDDEN, "out"), ("up", self.intermediate, HIDDEN, "out"),
                                             ("down", HIDDEN, self.intermediate, "in")):  # fmt: skip
                self.add(f"{prefix}.mlp.switch_mlp.{name}_proj.", self.variant.module, rows, columns, cut, "even", (EXPERTS,))
        elif has_experts:
            self.tensors[f"{prefix}.mlp.gate.weight"] = Placed("BF16", (EXPERTS, HIDDEN))
            for expert in range(EXPERTS):
                self.mlp(f"{prefix}.mlp.experts.{expert}")
        else:
            self.mlp(f"{prefix}.mlp")

    def mlp(self, prefix):
        self.module(f"{prefix}.gate_proj", self.intermediate, HIDDEN, "out", "even")
        self.module(f"{prefix}.up_proj", self.intermediate, HIDDEN, "out", "even")
        self.module(f"{prefix}.down_proj", HIDDEN, self.intermediate, "in", "even")

    def experts_together(self, prefix):
        """gpt-oss: rows of gate and up alternate."""
        experts, bias = f"{prefix}.mlp.experts", "BF16"
        self.add(f"{experts}.gate_up_proj_", self.variant.module, 2 * self.intermediate, HIDDEN, "out", "even", (EXPERTS,))
        self.add(f"{experts}.down_proj_", self.variant.module, HIDDEN, self.intermediate, "in", "even", (EXPERTS,))
        self.tensors[f"{experts}.gate_up_proj_bias"] = Placed(bias, (EXPERTS, 2 * self.intermediate), 1, "even")
        self.tensors[f"{experts}.down_proj_bias"] = Placed(bias, (EXPERTS, HIDDEN))
        self.tensors[f"{prefix}.mlp.router.weight"] = Placed("BF16", (EXPERTS, HIDDEN))
        self.tensors[f"{prefix}.mlp.router.bias"] = Placed("BF16", (EXPERTS,))
        self.tensors[f"{prefix}.self_attn.sinks"] = Placed("BF16", (HEADS,), 0, "even")
        for name, rows, cut in (("q", HEADS * HEAD_DIM, (0, "even")), ("k", KV_HEADS * HEAD_DIM, (0, "kv_heads")),
                                ("v", KV_HEADS * HEAD_DIM, (0, "kv_heads")), ("o", HIDDEN, (None, None))):  # fmt: skip
            self.tensors[f"{prefix}.self_attn.{name}_proj.bias"] = Placed("BF16", (rows,), *cut)

    def module(self, name, rows, columns, cut, kind):
        """A linear layer that is cut along its outputs or inputs."""
        tensors = next((tensors for text, tensors in self.variant.by_module.items() if text in f"{name}."), self.variant.module)
        is_plain = re.search(self.variant.plain, name)
        self.add(f"{name}.", {"weight": "BF16 out in"} if is_plain else tensors, rows, columns, cut, kind)

    def add(self, prefix, tensors, rows=1, columns=1, cut=None, kind=None, leading=()):
        for ending, text in tensors.items():
            dtype, *axes = text.split()
            at = next((number for number, axis in enumerate(axes) if cut and cut in re.findall(r"\w+", axis)), None)
            shape = (*leading, *(length_of(axis, rows, columns) for axis in axes))
            self.tensors[prefix + ending] = Placed(dtype, shape) if at is None else Placed(dtype, shape, at + len(leading), kind)
