"""safe_open gives what the package safetensors gives."""
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
