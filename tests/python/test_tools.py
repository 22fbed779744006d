"""Plans, inspection, verification, saves, and cutting tensors."""
import pytest
import torch

import distload
import tiny_llama
from distload import _save


def test_saves_with_the_same_settings_share_a_saver(llama, tmp_path):
    model = distload.load(llama, engine="direct")
    before = len(_save._savers)
    for step in range(1, 6):
        pending = distload.save_async(model, tmp_path, step=step, keep=2)
        assert len(list(tmp_path.glob("*.partial"))) <= 1
    assert pending.wait()["step"] == 5
    assert sorted(path.name for path in tmp_path.glob("*.h5")) == ["model-step-4.h5", "model-step-5.h5"]
    assert len(_save._savers) == before + 1


def test_plan(llama):
    plan = distload.plan(llama)
    assert plan.fits
    assert plan.report["bytes"]["checkpoint"] == sum(tensor.nbytes for tensor in tiny_llama.tensors().values())
    assert "predicted load" in str(plan)
    assert len(distload.plan(llama, tensors=True).report["tensors"]) == len(tiny_llama.tensors())
    assert not distload.plan(llama, memory_limit="16 KiB", engine="direct").fits


def test_inspect_and_verify(llama, tmp_path, tensors):
    seen = distload.inspect(llama)
    assert {tensor["name"] for tensor in seen["tensors"]} == set(tensors)
    with pytest.raises(distload.NothingToCompare):
        distload.verify(llama)
    distload.save(distload.load(llama), tmp_path, step=3)
    assert distload.inspect(tmp_path)["checkpoint"]["step"] == 3
    assert distload.verify(tmp_path)["checkpoints"][0]["exit_code"] == 0


@pytest.mark.parametrize("form", ["hdf5", "safetensors"])
@pytest.mark.parametrize("background", [False, True])
def test_what_is_saved_loads_again(llama, tensors, tmp_path, form, background):
    model = distload.load(llama)
    if background:
        saved = distload.save_async(model, tmp_path, step=7, format=form).wait()
    else:
        saved = distload.save(model, tmp_path, step=7, format=form)
    assert saved["step"] == 7
    assert saved["checkpoint_bytes"] == sum(tensor.nbytes for tensor in tensors.values())
    again = distload.load(saved["path"])
    for name, whole in tensors.items():
        assert torch.equal(torch.from_dlpack(again[name]), whole), name


def test_a_background_save_keeps_what_the_model_was(llama, tensors, tmp_path):
    model = distload.load(llama, engine="direct")
    pending = distload.save_async(model, tmp_path, step=1)
    torch.from_dlpack(model["lm_head.weight"]).zero_()
    pending.wait()
    assert torch.equal(torch.from_dlpack(distload.load(tmp_path)["lm_head.weight"]), tensors["lm_head.weight"])
    second = distload.save_async(model, tmp_path, step=2).wait()
    assert second["step"] == 2


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16, torch.int64, torch.uint8, torch.bool])
def test_shards_join_to_the_tensor(dtype):
    whole = (torch.randn(24, 10) * 20).to(dtype)
    for partition, cut in (
        (distload.Partition("column_parallel", 0, [(24, 2)]), lambda rank: whole.chunk(4, 0)[rank]),
        (distload.Partition("column_parallel", 0, [(16, 2), (8, 2)]), lambda rank: torch.cat([whole[:16].chunk(4)[rank], whole[16:].chunk(4)[rank]])),
        (distload.Partition("replicated"), lambda rank: whole),
    ):
        shards = [distload.shard(whole, partition, rank, 4) for rank in range(4)]
        for rank, shard in enumerate(shards):
            assert torch.equal(shard, cut(rank))
        assert torch.equal(distload.unshard(shards, partition, whole.shape), whole)
    with pytest.raises(distload.ConfigError):
        distload.shard(whole, distload.Partition("column_parallel", 0, [(24, 2)]), 0, 5)
    with pytest.raises(distload.ConfigError, match="contiguous"):
        distload.shard(whole.T, distload.Partition("replicated"), 0, 1)


def test_the_partition_of_a_loaded_parameter_cuts_its_tensor(llama, tensors):
    model = distload.load(llama)
    for name, whole in tensors.items():
        partition = model.partition(name)
        for rank in range(4):
            assert torch.equal(distload.shard(whole, partition, rank, 4), tiny_llama.shard(name, whole, rank, 4)), name
