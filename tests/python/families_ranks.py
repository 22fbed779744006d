"""Every family on several ranks: mpirun or torchrun python families_ranks.py FOLDER. What a rank holds is what safetensors' own slices give.

The boxes are those that the model says; tests/acceptance computes independently which they must be. Models come from tests/acceptance/make_family.py.
"""
import importlib.util
import pathlib
import shutil
import subprocess
import sys

import safetensors
import torch

import distload
from distload._group import group_of
from distload._torch import as_torch

ACCEPTANCE = pathlib.Path(__file__).parents[1] / "acceptance"


def families():
    sys.path.insert(0, str(ACCEPTANCE))
    spec = importlib.util.spec_from_file_location("make_family", ACCEPTANCE / "make_family.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return sorted({**module.FAMILIES, **module.MODELS})


def load(path, ranks):
    """On all ranks as tensor-parallel as the model can be."""
    any_cut = {"uneven": "allow", "unexpected": "ignore"}  # one model has layers for which it needs rules of its own
    for config in ({"tensor_parallel": ranks}, {"tensor_parallel": ranks, **any_cut}, {"tensor_parallel": ranks // 2, **any_cut}, any_cut):
        try:
            return distload.load(path, **config)
        except distload.ConfigError:
            if config is any_cut:
                raise
    raise AssertionError


def check(model, path):
    with safetensors.safe_open(path / "model.safetensors", "pt") as file:
        for name in model:
            held = as_torch(model[name])
            expected = torch.zeros_like(held)
            for begin, sizes, offset in model.pieces(name):
                box = tuple(slice(first, first + size) for first, size in zip(begin, sizes))
                into = tuple(slice(first, first + size) for first, size in zip(offset, sizes))
                part = file.get_slice(name)[box] if box else file.get_tensor(name)
                expected[into] = part
            assert torch.equal(held.view(torch.uint8), expected.view(torch.uint8)) if held.dim() else torch.equal(held, expected), name


def main():
    folder = pathlib.Path(sys.argv[1])
    group = group_of(None)
    names = families()
    if group.rank == 0:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        for name in names:
            subprocess.run([sys.executable, ACCEPTANCE / "make_family.py", name, folder / name], check=True, stdout=subprocess.DEVNULL)
    group.barrier()
    cut = 0
    for name in names:
        model = load(folder / name, group.size)
        check(model, folder / name)
        cut += model.topology["tensor_parallel"] > 1
    assert group.size == 1 or cut > 0.9 * len(names), (cut, len(names))
    print(f"rank {group.rank} of {group.size}: {len(names)} models of families are right, {cut} of them cut", flush=True)
    group.barrier()
    if group.rank == 0:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
