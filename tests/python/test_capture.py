"""Capture: what an engine's loading functions take of a checkpoint is found, read alone, and put where they would put it."""
import numpy
import pytest
import torch
from safetensors.torch import save_file
from torch import nn

import distload
import parallel_layers
from distload import _core, _fill
from distload._boxes import View, parts_of
from distload._group import group_of
from distload._recorder import record


def by_hand(load_weights, tensors):
    load_weights(iter(sorted(tensors.items())))


@pytest.mark.parametrize("size", [1, 2, 4, 8])
def test_parallel_layers(llama, tensors, size):
    for rank in {0, size // 2, size - 1}:
        expected = parallel_layers.Llama(rank, size)
        by_hand(expected.load_weights, tensors)
        got = parallel_layers.Llama(rank, size)
        captured = distload.capture(got.load_weights, got, llama)
        assert not captured.whole and not captured.unused
        for name, param in expected.named_parameters():
            assert torch.equal(param, got.get_parameter(name)), name


class Loads(nn.Module):
    """A module of one parameter, and a function that copies into it."""

    def __init__(self, shape, load, dtype=torch.float32):
        super().__init__()
        self.weight = nn.Parameter(torch.full(shape, -1.0).to(dtype), requires_grad=False)
        self.load = load

    def load_weights(self, weights):
        for name, tensor in weights:
            self.load(self.weight.data, tensor, name)


CASES = {
    "transposed": ((6, 4), lambda param, t, _: param.copy_(t.t()), {"t": (4, 6)}),
    "permuted": ((5, 2, 3), lambda param, t, _: param.copy_(t.permute(2, 0, 1)), {"t": (2, 3, 5)}),
    "narrow of a transposed one": ((2, 3), lambda param, t, _: param.copy_(t.t().narrow(0, 3, 2)[:, 1:4]), {"t": (4, 6)}),
    "heads": ((2, 3, 7), lambda param, t, _: param.copy_(t.view(4, 3, 7)[1:3]), {"t": (12, 7)}),
    "every second head": ((2, 3, 7), lambda param, t, _: param.copy_(t.view(4, 3, 7)[::2]), {"t": (12, 7)}),
    "interleaved": ((12, 5), lambda param, t, _: param.copy_(t.view(6, 2, 5).transpose(0, 1).reshape(12, 5)), {"t": (12, 5)}),
    "unbind": ((3, 4), lambda param, t, _: [param[i].copy_(part) for i, part in enumerate(t.unbind(0))], {"t": (3, 4)}),
    "split along the last axis": ((4, 3), lambda param, t, _: param.copy_(t.split([5, 3, 2], dim=-1)[1]), {"t": (4, 10)}),
    "joined": ((4, 5), lambda param, t, _: param.copy_(torch.cat([t[2:4], t[:2]], dim=0)), {"t": (6, 5)}),
    "joined along the last axis": ((3, 8), lambda param, t, _: param.copy_(torch.cat([t[:, 4:8], t[:, :4]], dim=1)), {"t": (3, 8)}),
    "stacked": ((2, 3, 4), lambda param, t, _: param.copy_(torch.stack([t[3:], t[:3]])), {"t": (6, 4)}),
    "flat": ((24,), lambda param, t, _: param.copy_(t.flatten()), {"t": (4, 6)}),
    "unflattened": ((4, 6), lambda param, t, _: param.copy_(t.view(4, 6)), {"t": (24,)}),
    "a cast": ((4, 6), lambda param, t, _: param.copy_(t.to(torch.float16)), {"t": (4, 6)}),
    "a cast, and a part of it": ((2, 6), lambda param, t, _: param.copy_(t.to(torch.float64)[1:3]), {"t": (4, 6)}),
    "a copy, transposed": ((6, 2), lambda param, t, _: param.copy_(t.t().contiguous()[:, 1:3]), {"t": (4, 6)}),
    "one axis more": ((1, 4, 6), lambda param, t, _: param.copy_(t.unsqueeze(0)), {"t": (4, 6)}),
    "two parts to one place": ((2, 6), lambda param, t, _: [param.copy_(t[0:2]), param.copy_(t[1:3])], {"t": (4, 6)}),
    "a part over another one": ((3, 6), lambda param, t, _: [param[0:2].copy_(t[2:4]), param[1:3].copy_(t[0:2])], {"t": (4, 6)}),
    "columns beside columns": ((4, 4), lambda param, t, _: [param[:, 2:].copy_(t[:, :2]), param[:, :2].copy_(t[:, 3:5])], {"t": (4, 6)}),
    "nothing of a tensor": ((2, 6), lambda param, t, _: [param[:0].copy_(t[2:2]), param.copy_(t[1:3])], {"t": (4, 6)}),
    "one axis less": ((4, 6), lambda param, t, _: param.copy_(t.squeeze(1)), {"t": (4, 1, 6)}),
    "experts": ((3, 8, 5), lambda param, t, name: param[int(name[1]), 4:].copy_(t), {f"e{i}": (4, 5) for i in range(3)}),
    "an expert": ((4, 5), lambda param, t, _: param.copy_(t[2]), {"t": (3, 4, 5)}),
    "a column of the parameter": ((4, 6), lambda param, t, _: param[:, 2].copy_(t), {"t": (4,)}),
    "a diagonal block": ((6, 6), lambda param, t, _: param[2:4, 3:6].copy_(t[1:3, :3]), {"t": (4, 6)}),
    "repeated": ((4, 6), lambda param, t, _: param.copy_(t), {"t": (6,)}),
    "twice": ((4, 6), lambda param, t, _: (param[:2].copy_(t), param[2:].copy_(t)), {"t": (2, 6)}),
    "empty": ((4, 6), lambda param, t, _: param[:0].copy_(t[:0]), {"t": (4, 6)}),
    "a part of joined ones": ((3, 5), lambda param, t, _: param.copy_(torch.cat([t[4:], t[:4]])[1:4]), {"t": (6, 5)}),
    "joined along the last axis, a part": ((3, 4), lambda param, t, _: param.copy_(torch.cat([t[:, 4:8], t[:, :4]], dim=-1)[:, 2:6]), {"t": (3, 8)}),
    "joined of joined ones": ((5, 4), lambda param, t, _: param.copy_(torch.cat([torch.cat([t[2:3], t[0:2]])[1:], t[3:6]])), {"t": (6, 4)}),
    "stacked, one of them": ((3, 4), lambda param, t, _: param.copy_(torch.stack([t[3:], t[:3]])[1]), {"t": (6, 4)}),
    "joined, transposed": ((4, 6), lambda param, t, _: param.copy_(torch.cat([t[3:], t[:3]]).t()), {"t": (6, 4)}),
    "a rest that is filled": ((6, 4), lambda param, t, _: (param[:4].copy_(t), param[4:].fill_(5)), {"t": (4, 4)}),
    "a number": ((1,), lambda param, t, _: param.copy_(t), {"t": ()}),
}


@pytest.mark.parametrize("case", CASES)
def test_operations(case, tmp_path):
    shape, load, sources = CASES[case]
    tensors = {name: torch.randn(size) for name, size in sources.items()}
    save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, tmp_path / "model.safetensors")
    expected, got = Loads(shape, load), Loads(shape, load)
    by_hand(expected.load_weights, tensors)
    captured = distload.capture(got.load_weights, got, tmp_path / "model.safetensors")
    assert not captured.whole
    assert torch.equal(expected.weight, got.weight)


@pytest.mark.parametrize("load", [
    lambda param, t, _: param.copy_(t * 2),
    lambda param, t, _: param.copy_(t[torch.tensor([1, 0, 3, 2])]),
    lambda param, t, _: param.fill_(t.sum().item()),
    lambda param, t, _: param.copy_(torch.zeros(4, 6).copy_(t)),
    lambda param, t, _: (param.copy_(t), param.mul_(2)),
    lambda param, t, _: (param.copy_(t), param[0].copy_(param[1].clone())),
], ids=["arithmetic", "an index", "a value", "by way of another tensor", "the parameter scaled", "the parameter read"])
def test_what_is_not_known_falls_back(load, tmp_path):
    tensors = {"a": torch.randn(4, 6), "b": torch.randn(4, 6)}
    save_file(tensors, tmp_path / "model.safetensors")

    def of(param, tensor, name):
        (load if name == "a" else lambda p, t, _: p.copy_(t))(param[0] if name == "a" else param[1], tensor, name)

    expected, got = Loads((2, 4, 6), of), Loads((2, 4, 6), of)
    by_hand(expected.load_weights, tensors)
    with pytest.warns(UserWarning, match="a is loaded as a whole"):
        captured = distload.capture(got.load_weights, got, tmp_path / "model.safetensors")
    assert list(captured.whole) == ["a"]
    assert torch.equal(expected.weight, got.weight)


def test_what_is_kept_falls_back(tmp_path):
    save_file({"t": torch.randn(4, 6)}, tmp_path / "model.safetensors")

    class Replaces(nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = nn.Parameter(torch.zeros(4, 6), requires_grad=False)

        def load_weights(self, weights):
            for _, tensor in weights:
                self.weight = nn.Parameter(tensor[:2], requires_grad=False)

    model = Replaces()
    with pytest.warns(UserWarning, match="t is loaded as a whole, because of the tensor is kept"):
        distload.capture(model.load_weights, model, tmp_path / "model.safetensors")
    with distload.safe_open(tmp_path / "model.safetensors") as opened:
        assert torch.equal(model.weight, opened.get_slice("t")[:2])


def test_tensors_may_be_collected_first(llama, tensors):
    expected, got = parallel_layers.Llama(1, 2), parallel_layers.Llama(1, 2)
    by_hand(expected.load_weights, tensors)
    captured = distload.capture(lambda weights: got.load_weights(dict(weights).items()), got, llama)
    assert not captured.whole
    for name, param in expected.named_parameters():
        assert torch.equal(param, got.get_parameter(name)), name


def test_what_is_written_twice_ends_as_it_would(tmp_path):
    """Whole tensors are loaded in their turn."""
    tensors = {name: torch.randn(4, 6) for name in "abcd"}
    save_file(tensors, tmp_path / "model.safetensors")
    for odd in "abcd":
        load = lambda param, t, name, odd=odd: param["abcd".index(name) :].copy_((t * 2 if name == odd else t)["abcd".index(name) :])  # noqa: E731
        expected, got = Loads((4, 6), load), Loads((4, 6), load)
        by_hand(expected.load_weights, tensors)
        with pytest.warns(UserWarning):
            captured = distload.capture(got.load_weights, got, tmp_path / "model.safetensors")
        assert odd in captured.whole
        assert torch.equal(expected.weight, got.weight)


def test_pairs_fall_back_together(tmp_path):
    tensors = {"a": torch.randn(4, 6), "s": torch.randn(4, 6)}
    save_file(tensors, tmp_path / "model.safetensors")

    class Pairs(Loads):
        def load_weights(self, weights):
            there = dict(weights)
            if there:
                self.weight.data.copy_(there["a"] * there["s"])

    got = Pairs((4, 6), None)
    with pytest.warns(UserWarning):
        distload.capture(got.load_weights, got, tmp_path / "model.safetensors")
    assert torch.equal(got.weight, tensors["a"] * tensors["s"])


def test_layers_are_filled_in_place(llama, tensors, monkeypatch):
    def staged(*_):
        raise AssertionError("a box was not loaded to its place")

    monkeypatch.setattr(_fill, "_staged", staged)
    expected, got = parallel_layers.Llama(1, 4), parallel_layers.Llama(1, 4)
    by_hand(expected.load_weights, tensors)
    distload.capture(got.load_weights, got, llama, batch_bytes=10_000)
    for name, param in expected.named_parameters():
        assert torch.equal(param, got.get_parameter(name)), name


class Swallows(nn.Module):
    """Goes another way where something raises; keeps what it has made."""

    def __init__(self, load):
        super().__init__()
        self.weight = nn.Parameter(torch.full((4, 6), -1.0), requires_grad=False)
        self.kept = {}
        self.load = load

    def load_weights(self, weights):
        self.load(self, dict(weights))


def other_way(module, weights):
    try:
        module.weight.copy_(weights["t"] * 2)
    except Exception:  # as engines try several formats
        module.weight.copy_(weights["t"])


def other_number(module, weights):
    try:
        number = float(weights["t"][0, 0])
    except Exception:
        number = 1.0
    module.weight.fill_(number)


def other_tensor(module, weights):
    module.weight.copy_(weights["t"] * weights["u"])


SWALLOWED = {
    "another way": (other_way, lambda t, _: t * 2),
    "another number": (other_number, lambda t, _: t[0, 0].expand(4, 6)),
    "a dict of which a tensor is computed with": (other_tensor, lambda t, u: t * u),
}


@pytest.mark.parametrize("case", SWALLOWED)
@pytest.mark.filterwarnings("ignore:capture")
def test_what_the_engine_swallows_is_known(case, tmp_path):
    load, expected = SWALLOWED[case]
    tensors = {name: torch.randn(4, 6) for name in "tu"}
    save_file(tensors, tmp_path / "model.safetensors")
    module = Swallows(load)
    distload.capture(module.load_weights, module, tmp_path)
    assert torch.equal(module.weight, expected(tensors["t"], tensors["u"]))


KEPT = {
    "a copy as a parameter": lambda module, t: setattr(module, "own", nn.Parameter(t[:2].clone(), requires_grad=False)),
    "a join as a buffer": lambda module, t: module.register_buffer("own", torch.cat([t, t])),
    "a cast in a dict": lambda module, t: module.kept.update(own=t.to(torch.bfloat16)),
    "itself in a dict": lambda module, t: module.kept.update(own=t),
}


@pytest.mark.parametrize("case", KEPT)
@pytest.mark.filterwarnings("ignore:capture")
def test_what_is_made_and_kept_falls_back(case, tmp_path):
    save_file({"t": torch.randn(4, 6)}, tmp_path / "model.safetensors")
    module = Swallows(lambda module, weights: KEPT[case](module, weights["t"]))
    captured = distload.capture(module.load_weights, module, tmp_path)
    assert list(captured.whole) == ["t"]
    assert (module.kept.get("own") if module.kept else module.own).device.type == "cpu"


@pytest.mark.parametrize("batch_bytes", [0, -5, "1 MiB"])
def test_sizes_of_batches_are_checked(llama, tensors, batch_bytes):
    module = parallel_layers.Llama(0, 1)
    with pytest.raises(distload.ConfigError, match="batch_bytes is"):
        distload.capture(module.load_weights, module, llama, batch_bytes=batch_bytes)


def test_memory_of_others_is_checked(llama):
    reader = _core.Reader.open(group_of(None), str(llama), [])
    name, shape = "lm_head.weight", [101, 64]
    request = (name, shape, [(name, [0, 0], shape, [0, 0])])
    with pytest.raises(distload.ConfigError, match="a tensor is needed for each request"):
        reader.load_into([request], [])
    with pytest.raises(distload.ConfigError, match="has 12928 B, its memory 25856 B"):
        reader.load_into([request], [torch.empty(shape)])
    with pytest.raises(distload.ConfigError, match="without gaps"):
        reader.load_into([request], [torch.empty(64, 101, dtype=torch.bfloat16).t()])
    fixed = numpy.zeros(shape, dtype=numpy.uint16)
    fixed.flags.writeable = False
    with pytest.raises((distload.ConfigError, BufferError), match="read.?only"):
        reader.load_into([request], [fixed])


def test_the_last_copy_counts_in_any_order(tmp_path):
    tensors = {name: torch.randn(4, 6) for name in "ab"}
    save_file(tensors, tmp_path / "model.safetensors")

    class Reversed(Loads):
        def load_weights(self, weights):
            for _, tensor in reversed(list(weights)):
                self.weight.data.copy_(tensor)

    got = Reversed((4, 6), None)
    with pytest.warns(UserWarning):
        distload.capture(got.load_weights, got, tmp_path / "model.safetensors")
    assert torch.equal(got.weight, tensors["a"])


@pytest.mark.parametrize("load", [
    lambda param, t, _: param.view(torch.uint8).copy_(t.view(torch.uint8)),
    lambda param, t, _: param.copy_(t.view(torch.int32)),
], ids=["bytes of both", "another type"])
def test_views_of_bytes_fall_back(load, tmp_path):
    tensors = {"t": torch.randn(4, 6)}
    save_file(tensors, tmp_path / "model.safetensors")
    expected, got = Loads((4, 6), load), Loads((4, 6), load)
    by_hand(expected.load_weights, tensors)
    with pytest.warns(UserWarning, match="bytes in another type"):
        distload.capture(got.load_weights, got, tmp_path / "model.safetensors")
    assert torch.equal(expected.weight, got.weight)


def test_parameters_may_share_a_buffer(tmp_path):
    tensors = {"p": torch.randn(4, 6), "q": torch.randn(4, 6)}
    save_file(tensors, tmp_path / "model.safetensors")
    buffer = torch.zeros(60)
    model = nn.Module()
    model.p = nn.Parameter(buffer[:24].view(4, 6), requires_grad=False)
    model.q = nn.Parameter(buffer[30:54].view(4, 6), requires_grad=False)

    def load_weights(weights):
        for name, tensor in weights:
            model.get_parameter(name).data.copy_(tensor)

    captured = distload.capture(load_weights, model, tmp_path / "model.safetensors")
    assert not captured.whole
    assert torch.equal(model.p, tensors["p"]) and torch.equal(model.q, tensors["q"])


def test_nothing_else_is_read(tmp_path):
    """A quarter of one of eight tensors: the others are not asked for."""
    save_file({f"t{i}": torch.randn(64, 16) for i in range(8)}, tmp_path / "model.safetensors")
    model = Loads((16, 16), lambda param, t, name: param.copy_(t[16:32]) if name == "t3" else None)
    captured = distload.capture(model.load_weights, model, tmp_path / "model.safetensors")
    assert [(part.tensor, part.begin, part.sizes) for part in captured.parts["weight"]] == [("t3", (16, 0), (16, 16))]
    assert captured.unused == [f"t{i}" for i in range(8) if i != 3]


def test_an_error_of_the_engine_is_raised(tmp_path):
    save_file({"t": torch.randn(4)}, tmp_path / "model.safetensors")

    def load(param, tensor, name):
        raise KeyError(name)

    model = Loads((4,), load)
    with pytest.raises(KeyError), pytest.warns(UserWarning):
        distload.capture(model.load_weights, model, tmp_path / "model.safetensors")


def test_boxes_of_views():
    shape = (8, 6)
    whole = View("t", shape, 0, shape, (6, 1))
    assert [(p.begin, p.sizes, p.target_begin) for p in parts_of(whole, whole)] == [((0, 0), (8, 6), (0, 0))]
    rows = View("t", shape, 12, (2, 2, 6), (12, 6, 1))  # rows 2 and 3, 4 and 5
    into = View("p", (4, 6), 0, (2, 2, 6), (12, 6, 1))
    assert [(p.begin, p.sizes, p.target_begin) for p in parts_of(rows, into)] == [((2, 0), (4, 6), (0, 0))]


def test_loading_functions_run_without_memory(tensors):
    described = {name: (tuple(tensor.shape), tensor.dtype) for name, tensor in tensors.items()}
    model = parallel_layers.Llama(1, 2)
    captured = record(model.load_weights, {name: param.detach() for name, param in model.named_parameters()}, described)
    assert torch.isnan(model.get_parameter("lm_head.weight")[:-1]).all()  # only the padding has been written
    down = captured.parts["layers.0.down_proj.weight"]
    assert [(part.begin, part.sizes) for part in down] == [((0, 48), (64, 48))]
