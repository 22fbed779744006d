"""Parallel layers in the style of vLLM's: each parameter has a function that takes its part of a checkpoint's tensor."""
import torch
from torch import nn

import tiny_llama


def parameter(*shape, loader):
    made = nn.Parameter(torch.full(shape, float("nan"), dtype=torch.bfloat16), requires_grad=False)
    made.weight_loader = loader
    return made


class Rank:
    def __init__(self, rank, size):
        self.rank, self.size = rank, size


class ColumnParallel(nn.Module):
    def __init__(self, rank, rows, columns):
        super().__init__()
        self.rank = rank
        self.weight = parameter(rows // rank.size, columns, loader=self.load)

    def load(self, param, loaded):
        rows = param.data.shape[0]
        loaded = loaded.narrow(0, self.rank.rank * rows, rows)
        assert param.data.shape == loaded.shape
        param.data.copy_(loaded)


class RowParallel(nn.Module):
    def __init__(self, rank, rows, columns):
        super().__init__()
        self.rank = rank
        self.weight = parameter(rows, columns // rank.size, loader=self.load)

    def load(self, param, loaded):
        param.data.copy_(loaded.chunk(self.rank.size, dim=1)[self.rank.rank])


class MergedColumns(nn.Module):
    """Gate and up in one matrix."""

    def __init__(self, rank, sizes, columns):
        super().__init__()
        self.rank, self.sizes = rank, sizes
        self.weight = parameter(sum(sizes) // rank.size, columns, loader=self.load)

    def load(self, param, loaded, number):
        begin = sum(self.sizes[:number]) // self.rank.size
        rows = self.sizes[number] // self.rank.size
        into = param.data.narrow(0, begin, rows)
        into.copy_(loaded[self.rank.rank * rows : (self.rank.rank + 1) * rows])


class Qkv(nn.Module):
    """Query, key and value in one matrix; key and value heads may be on several ranks."""

    def __init__(self, rank, hidden, heads, kv_heads, head):
        super().__init__()
        self.rank, self.head = rank, head
        self.heads = heads // rank.size
        self.kv_heads = max(kv_heads // rank.size, 1)
        self.replicas = max(rank.size // kv_heads, 1)
        self.weight = parameter((self.heads + 2 * self.kv_heads) * head, hidden, loader=self.load)

    def load(self, param, loaded, which):
        rows = (self.heads if which == "q" else self.kv_heads) * self.head
        begin = {"q": 0, "k": self.heads, "v": self.heads + self.kv_heads}[which] * self.head
        rank = self.rank.rank if which == "q" else self.rank.rank // self.replicas
        param.data.narrow(0, begin, rows).copy_(loaded.narrow(0, rank * rows, rows))


class Vocabulary(nn.Module):
    def __init__(self, rank, rows, columns):
        super().__init__()
        self.rank = rank
        self.rows = -(-rows // rank.size)
        self.weight = parameter(self.rows, columns, loader=self.load)

    def load(self, param, loaded):
        begin = self.rank.rank * self.rows
        count = max(min(self.rows, loaded.shape[0] - begin), 0)
        param.data[:count].copy_(loaded[begin : begin + count])
        param.data[count:].fill_(0)


class Whole(nn.Module):
    def __init__(self, size):
        super().__init__()
        self.weight = parameter(size, loader=lambda param, loaded: param.data.copy_(loaded))


class Layer(nn.Module):
    def __init__(self, rank):
        super().__init__()
        self.qkv_proj = Qkv(rank, tiny_llama.HIDDEN, tiny_llama.HEADS, tiny_llama.KV_HEADS, tiny_llama.HEAD)
        self.o_proj = RowParallel(rank, tiny_llama.HIDDEN, tiny_llama.HEADS * tiny_llama.HEAD)
        self.gate_up_proj = MergedColumns(rank, [tiny_llama.INTERMEDIATE] * 2, tiny_llama.HIDDEN)
        self.down_proj = RowParallel(rank, tiny_llama.HIDDEN, tiny_llama.INTERMEDIATE)
        self.input_layernorm = Whole(tiny_llama.HIDDEN)
        self.post_attention_layernorm = Whole(tiny_llama.HIDDEN)


class Llama(nn.Module):
    """As an inference engine has it."""

    stacked = [("qkv_proj", "q_proj", "q"), ("qkv_proj", "k_proj", "k"), ("qkv_proj", "v_proj", "v"), ("gate_up_proj", "gate_proj", 0), ("gate_up_proj", "up_proj", 1)]

    def __init__(self, rank, size):
        super().__init__()
        rank = Rank(rank, size)
        self.embed_tokens = Vocabulary(rank, tiny_llama.VOCABULARY, tiny_llama.HIDDEN)
        self.lm_head = Vocabulary(rank, tiny_llama.VOCABULARY, tiny_llama.HIDDEN)
        self.norm = Whole(tiny_llama.HIDDEN)
        self.layers = nn.ModuleList(Layer(rank) for _ in range(tiny_llama.LAYERS))

    def load_weights(self, weights):
        params = dict(self.named_parameters())
        for name, loaded in weights:
            name = name.removeprefix("model.").replace("self_attn.", "").replace("mlp.", "")
            for ours, theirs, which in self.stacked:
                if theirs in name:
                    param = params[name.replace(theirs, ours)]
                    param.weight_loader(param, loaded, which)
                    break
            else:
                param = params[name]
                param.weight_loader(param, loaded)
