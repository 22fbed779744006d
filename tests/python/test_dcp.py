"""torch.distributed.checkpoint on one rank: views, names, and what files may hold."""
import pickle

import pytest
import torch
import torch.distributed.checkpoint as dcp
from safetensors.torch import save_file
from torch.distributed.checkpoint.api import CheckpointException

from distload.dcp import DistloadReader, DistloadWriter

pytestmark = pytest.mark.filterwarnings("ignore:torch.distributed")


@pytest.fixture
def numbers(tmp_path):
    tensors = {"f": torch.arange(6.0).view(2, 3), "c": torch.view_as_complex(torch.randn(2, 3, 2))}
    save_file({"f": tensors["f"]}, tmp_path / "model.safetensors")
    dcp.save(tensors, storage_writer=DistloadWriter(tmp_path / "saved"))
    return tmp_path, tensors


def test_negative_and_conjugate_views(numbers):
    folder, tensors = numbers
    state = {"f": torch._neg_view(torch.zeros(2, 3)), "c": torch.zeros(2, 3, dtype=torch.complex64).conj()}
    dcp.load(state, storage_reader=DistloadReader(folder / "saved"))
    assert torch.equal(state["f"].resolve_neg(), tensors["f"]) and torch.equal(state["c"].resolve_conj(), tensors["c"])
    dcp.save({"f": torch._neg_view(-tensors["f"]), "c": tensors["c"].conj()}, storage_writer=DistloadWriter(folder / "views"))
    again = {"f": torch.zeros(2, 3), "c": torch.zeros(2, 3, dtype=torch.complex64)}
    dcp.load(again, storage_reader=DistloadReader(folder / "views"))
    assert torch.equal(again["f"], tensors["f"]) and torch.equal(again["c"], tensors["c"].conj().resolve_conj())


@pytest.mark.parametrize("batch_bytes", [1, 1 << 20])
@pytest.mark.parametrize("view", [lambda: torch.zeros(1, 3).expand(2, 3), lambda: torch.zeros(6).as_strided((2, 3), (1, 1))])
def test_elements_in_one_place_are_refused(numbers, view, batch_bytes):
    with pytest.raises(CheckpointException, match="several elements in one place"):
        dcp.load({"f": view()}, storage_reader=DistloadReader(numbers[0], batch_bytes=batch_bytes))


@pytest.mark.parametrize("name", ["/a", "a/", "a/b", "..", ".", "", "a\0b", "w.__bytes__"])
def test_names_that_no_file_can_have_are_refused(name, tmp_path):
    with pytest.raises(CheckpointException, match="name"):
        dcp.save({name: torch.ones(2)}, storage_writer=DistloadWriter(tmp_path / "saved"))
    assert not list(tmp_path.glob("saved/*.h5*"))


class Ran(Exception):
    """The code of a file has run."""


class Code:
    def __reduce__(self):
        return raise_ran, ()


def raise_ran():
    raise Ran


def test_files_of_safetensors_run_no_code(tmp_path):
    code = torch.frombuffer(bytearray(pickle.dumps(Code())), dtype=torch.uint8)
    save_file({"step.__bytes__": code}, tmp_path / "model.safetensors")
    with pytest.raises(CheckpointException) as raised:
        dcp.load({"step": None}, storage_reader=DistloadReader(tmp_path))
    assert "Ran" not in str(raised.value) and "step" in str(raised.value)
    state = {"step.__bytes__": torch.zeros_like(code)}
    dcp.load(state, storage_reader=DistloadReader(tmp_path))
    assert torch.equal(state["step.__bytes__"], code)
