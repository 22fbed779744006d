"""Loaders by hand, in the style of vLLM's parallel layers, for test models that vLLM does not serve; from the models' published code."""
import re

import torch

from distload._recorder import record

# Each function gives the views that a rank copies to its parameter, one after the other along axis 0.


def column(tensor, rank, size):
    rows = tensor.shape[0] // size
    return [tensor.narrow(0, rank * rows, rows)]


def row(tensor, rank, size):
    return [tensor.chunk(size, dim=1)[rank]]


def vocabulary(tensor, rank, size):
    rows = -(-tensor.shape[0] // size)
    return [tensor[rank * rows : (rank + 1) * rows]]


def whole(tensor, rank, size):
    return [tensor]


def experts_halves(tensor, rank, size):
    """Of [experts, gate and up, in]."""
    return [half.chunk(size, dim=1)[rank] for half in tensor.chunk(2, dim=1)]


def experts_inputs(tensor, rank, size):
    """Of [experts, out, in]."""
    return [tensor.chunk(size, dim=2)[rank]]


def columns(*parts):
    """Several matrices one after the other: (rows, column or whole) of each."""

    def views(tensor, rank, size):
        matrices = tensor.split([rows for rows, _ in parts])
        return [view for matrix, (_, kind) in zip(matrices, parts) for view in kind(matrix, rank, size)]

    return views


# Which tensors are what; the first that fits counts, others are whole.
_DECODER = [
    (r"\.(q|k|v|gate|up)_proj\.weight$", column),
    (r"\.(o|down)_proj\.weight$", row),
    (r"(embed_tokens|lm_head)\.weight$", vocabulary),
]
_ENCODER = [
    (r"\.(query|key|value)(_proj)?\.(weight|bias)$|\.[qkv]_(lin|proj)\.(weight|bias)$|\.attn\.[qkv]\.(weight|bias)$", column),
    (r"\.(intermediate\.dense|ffn\.lin1|fc1|gate_proj|up_proj)\.(weight|bias)$", column),
    (r"\.layer\.\d+\.(attention\.)?output\.dense\.weight$|\.(out_lin|lin2|attn\.o|o_proj|fc2|down_proj)\.weight$", row),
    (r"word_embeddings\.weight$|^(cls\.predictions|lm_head|vocab_projector|generator_lm_head)\.bias$", vocabulary),
]
# Of Mistral's own files. Its attention has scales for every head.
_MISTRAL = [
    (r"\.indexer\.", whole),
    (r"\.(wq|wk|wv|wkv_b|w1|w3|w_in|ssmax_scaling\.[bs])(\.weight)?$", column),
    (r"\.(wo|w2|w_out)\.weight$", row),
    (r"^(tok_embeddings|output)\.weight$", vocabulary),
]
# The state-space layer has one group, which every rank needs.
_BAMBA = [
    (r"\.mamba\.in_proj\.weight$", columns((192, column), (192, column), (5, whole), (5, whole), (8, column))),
    (r"\.mamba\.conv1d\.(weight|bias)$", columns((192, column), (5, whole), (5, whole))),
    (r"\.mamba\.(A_log|D|dt_bias|norm\.weight)$", column),
    (r"\.mamba\.out_proj\.weight$", row),
]
# A bias for every head and distance, [distances, heads].
_T5 = [
    (r"\.(q|k|v|wi_\d)\.weight$", column),
    (r"\.(o|wo|relative_attention_bias)\.weight$", row),
    (r"^shared\.weight$", vocabulary),
]
FAMILIES = {
    "baichuan": [(r"\.W_pack\.weight$", columns((96, column), (96, column), (96, column))), *_DECODER],
    "bamba": [*_BAMBA, *_DECODER],
    "deberta_v2": _ENCODER,
    "distilbert": _ENCODER,
    "divisible": _DECODER,
    "electra": _ENCODER,
    "electra_generator": _ENCODER,
    "mistral_large4": _MISTRAL,
    "mixtral_params": _MISTRAL,
    "mpnet": [(r"\.relative_attention_bias\.weight$", row), *_ENCODER],
    "nomic_bert_renamed": _ENCODER,
    "t5": _T5,
    "t5gemma": _DECODER,
    "vit": _ENCODER,
    "vit_renamed": _ENCODER,
}
# Tensors of models that vLLM serves, which its class does not load, or cuts otherwise and gathers the outputs.
INSTEAD = {
    "glm": [(r"\.gate_up_proj\.weight$", columns((48, column), (48, column)))],
    "internlm2": [(r"\.wqkv\.weight$", column)],  # by groups of queries with their key and value
    "kimi_linear": [(r"\.0\.block_sparse_moe\.(gate|up)_proj\.weight$", column), (r"\.0\.block_sparse_moe\.down_proj\.weight$", row)],
    "minimax_m3_vl": [
        (r"\.shared_experts\.(gate|up)_proj\.weight$", column),
        (r"\.shared_experts\.down_proj\.weight$", row),
        (r"\.self_attn\.index_[qk]_(proj|norm)\.weight$", whole),
    ],
    "mistral4": [(r"\.experts\.gate_up_proj$", experts_halves), (r"\.experts\.down_proj$", experts_inputs)],
    "nemotron_h_biases": [(r"\.shared_experts\.up_proj\.bias$", column), (r"\.shared_experts\.down_proj\.bias$", whole)],
}


def capture(name, tensors, rank, size):
    """("layers by hand", Captured) of a test model on rank `rank` of `size`: of all tensors, or those of INSTEAD."""
    table = FAMILIES.get(name) or INSTEAD[name]
    if name in INSTEAD:
        tensors = {tensor: form for tensor, form in tensors.items() if any(re.search(pattern, tensor) for pattern, _ in table)}

    def views_of(tensor_name, tensor):
        return next((views for pattern, views in table if re.search(pattern, tensor_name)), whole)(tensor, rank, size)

    def load(weights):
        for tensor_name, tensor in weights:
            begin = 0
            for view in views_of(tensor_name, tensor):
                parameters[tensor_name][begin : begin + view.shape[0]].copy_(view)
                begin += view.shape[0]

    parameters = {}
    for tensor_name, (shape, dtype) in tensors.items():
        views = views_of(tensor_name, torch.empty(shape, dtype=dtype, device="meta"))
        parameters[tensor_name] = torch.empty((sum(view.shape[0] for view in views), *views[0].shape[1:]), dtype=dtype)
    return "layers by hand", record(load, parameters, tensors)
