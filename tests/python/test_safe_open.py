"""safe_open gives what the package safetensors gives."""
import json
import struct

import pytest
import safetensors
import torch

import distload
import tiny_llama

NAME = "model.layers.0.mlp.down_proj.weight"


@pytest.fixture(scope="module", params=["safetensors", "folder", "hdf5"])
def path(request, llama, tmp_path_factory):
    """The same tensors in three forms."""
    if request.param == "safetensors":
        return llama / "model.safetensors"
    if request.param == "folder":
        return llama
    return distload.save(distload.load(llama), tmp_path_factory.mktemp("saved"))["path"]


def test_tensors(llama, path):
    with distload.safe_open(path) as ours, safetensors.safe_open(llama / "model.safetensors", "pt") as theirs:
        assert ours.keys() == sorted(theirs.keys())
        for name in ours.keys():
            assert torch.equal(ours.get_tensor(name), theirs.get_tensor(name))
        with pytest.raises(KeyError):
            ours.get_tensor("missing")


@pytest.mark.parametrize("index", [
    (slice(None),), (slice(3, 9),), (slice(-5, None), slice(7, 8)), (4,), (4, slice(2, 30)), (slice(10, 20), -1), (Ellipsis, slice(0, 3)), (slice(5, 5),),
], ids=str)
def test_slices(llama, path, index):
    with distload.safe_open(path) as ours, safetensors.safe_open(llama / "model.safetensors", "pt") as theirs:
        mine, other = ours.get_slice(NAME), theirs.get_slice(NAME)
        assert mine.get_shape() == other.get_shape()
        assert mine.get_dtype() == other.get_dtype()
        expected = theirs.get_tensor(NAME)[index]
        assert torch.equal(mine[index], expected)


def test_numpy(tmp_path):
    from safetensors.torch import save_file

    tensors = {"a": torch.randn(5, 7), "b": torch.arange(9)}
    save_file(tensors, tmp_path / "model.safetensors", metadata={"format": "pt"})
    with distload.safe_open(tmp_path / "model.safetensors", framework="np") as opened:
        assert opened.metadata() == {"format": "pt"}
        for name, tensor in tensors.items():
            assert (opened.get_tensor(name) == tensor.numpy()).all()
        assert opened.get_slice("a")[2, 3:].shape == (4,)
        for wrong in ((9, 0), (0, 0, 0), (slice(0, 4, 2),), (Ellipsis, Ellipsis)):
            with pytest.raises(IndexError):
                opened.get_slice("a")[wrong]


@pytest.mark.parametrize("dtype", [torch.float8_e4m3fn, torch.float8_e5m2, torch.float16, torch.int8, torch.uint16, torch.bool, torch.float64, torch.complex64])
def test_types(tmp_path, dtype):
    from safetensors.torch import save_file

    tensor = (torch.randn(6, 8) * 3).to(dtype)
    save_file({"t": tensor}, tmp_path / "model.safetensors")
    with distload.safe_open(tmp_path / "model.safetensors") as opened:
        got = opened.get_tensor("t")
        assert got.dtype == dtype
        assert torch.equal(got.view(torch.uint8), tensor.view(torch.uint8))
        assert torch.equal(opened.get_slice("t")[2:4].view(torch.uint8), tensor[2:4].view(torch.uint8))


def test_slices_read_what_they_need(llama):
    assert tiny_llama.VOCABULARY == distload.safe_open(llama).get_slice("lm_head.weight").get_shape()[0]


@pytest.fixture
def small(tmp_path):
    """A file of types smaller than a byte, and its tensors as bytes."""
    rows = {"F4": torch.arange(32, dtype=torch.uint8).view(4, 8), "F6_E2M3": torch.arange(24, dtype=torch.uint8).view(2, 12)}
    shapes = {"F4": [4, 16], "F6_E2M3": [2, 16]}
    header, at = {}, 0
    for dtype, tensor in rows.items():
        header[dtype] = {"dtype": dtype, "shape": shapes[dtype], "data_offsets": [at, at + tensor.numel()]}
        at += tensor.numel()
    text = json.dumps(header).encode()
    content = b"".join(tensor.numpy().tobytes() for tensor in rows.values())
    (tmp_path / "model.safetensors").write_bytes(struct.pack("<Q", len(text)) + text + content)
    return tmp_path / "model.safetensors", rows


def test_types_smaller_than_a_byte(small):
    path, rows = small
    with distload.safe_open(path) as ours, safetensors.safe_open(path, "pt") as theirs:
        for dtype in rows:
            assert ours.get_slice(dtype).get_shape() == theirs.get_slice(dtype).get_shape()
            assert ours.get_slice(dtype).get_dtype() == dtype
        four = ours.get_tensor("F4")
        assert four.dtype == theirs.get_tensor("F4").dtype
        assert torch.equal(four.view(torch.uint8), theirs.get_tensor("F4").view(torch.uint8))
        assert torch.equal(ours.get_slice("F4")[1:3, 8:].view(torch.uint8), rows["F4"][1:3, 4:])
        assert torch.equal(ours.get_slice("F4")[2].view(torch.uint8), rows["F4"][2])
        assert torch.equal(ours.get_tensor("F6_E2M3"), rows["F6_E2M3"])
        assert torch.equal(ours.get_slice("F6_E2M3")[:, 4:12], rows["F6_E2M3"][:, 3:9])
        for dtype, index in (("F4", (0, slice(1, 3))), ("F4", (0, 2)), ("F6_E2M3", (0, slice(0, 6)))):
            with pytest.raises(IndexError, match="inside a byte"):
                ours.get_slice(dtype)[index]
