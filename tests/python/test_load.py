"""Loading on one rank: values, memory, lifetimes."""
import gc
import os

import numpy
import pytest
import torch
from safetensors.torch import save_file

import distload
import tiny_llama


def resident_bytes():
    with open("/proc/self/statm", encoding="ascii") as statm:
        return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def test_is_a_mapping_of_all_tensors(llama, tensors):
    model = distload.load(llama)
    assert set(model) == set(tensors)
    assert len(model) == len(tensors)
    assert "model.norm.weight" in model
    assert "model.norm.bias" not in model
    with pytest.raises(KeyError):
        model["model.norm.bias"]
    for name, whole in tensors.items():
        assert torch.equal(torch.from_dlpack(model[name]), tiny_llama.shard(name, whole, 0, 1)), name


@pytest.mark.parametrize("engine", ["auto", "direct", "buffered", "mmap", "collective"])
def test_every_engine(llama, tensors, engine):
    model = distload.load(llama, engine=engine)
    assert engine in ("auto", model.engine[0])
    for name, whole in tensors.items():
        assert torch.equal(torch.from_dlpack(model[name]), whole), name


def test_casts(llama, tensors):
    model = distload.load(llama, dtype=torch.float32)
    for name, whole in tensors.items():
        assert torch.equal(torch.from_dlpack(model[name]), whole.float()), name
        assert numpy.array_equal(numpy.from_dlpack(model[name]), whole.float().numpy()), name


def test_tensors_share_the_memory_of_the_model(llama):
    model = distload.load(llama, engine="direct")
    name = "model.layers.0.mlp.up_proj.weight"
    tensor = torch.from_dlpack(model[name])
    assert tensor.data_ptr() == model[name].data_ptr == torch.from_dlpack(model[name]).data_ptr()
    tensor[0, 0] = 7
    assert torch.from_dlpack(model[name])[0, 0] == 7
    assert model[name].shape == (tiny_llama.INTERMEDIATE, tiny_llama.HIDDEN)
    assert model[name].dtype == "BF16"


def test_a_tensor_outlives_its_model(llama, tensors):
    model = distload.load(llama, engine="direct")
    name = "model.layers.1.self_attn.q_proj.weight"
    kept = torch.from_dlpack(model[name])
    capsule = model[name].__dlpack__(max_version=(1, 0))
    del model
    gc.collect()
    others = [distload.load(llama, engine="direct") for _ in range(3)]
    assert torch.equal(kept, tensors[name])
    del capsule, others
    assert torch.equal(kept, tensors[name])


def test_mapped_memory_is_read_only(tmp_path):
    # As one range of a page-aligned file, in a type that numpy has.
    names = [f"t{i}" for i in range(4)]
    save_file({name: torch.arange(1 << 18, dtype=torch.int32) for name in names}, tmp_path / "model.safetensors")
    (tmp_path / "rules.yaml").write_text("rules:\n  - {match: \"t*\", partition: replicated, stage: all}\n")
    model = distload.load(tmp_path / "model.safetensors", engine="mmap", rules=str(tmp_path / "rules.yaml"))
    mapped = [name for name in model if model[name].read_only]
    assert mapped
    array = numpy.from_dlpack(model[mapped[0]])
    assert not array.flags.writeable
    assert array[77] == 77
    own = distload.load(tmp_path / "model.safetensors", engine="direct", rules=str(tmp_path / "rules.yaml"))
    assert numpy.from_dlpack(own[mapped[0]]).flags.writeable


def test_loading_a_thousand_times_does_not_grow(llama):
    def cycle():
        model = distload.load(llama, engine="direct")
        tensor = torch.from_dlpack(model["lm_head.weight"])
        del model
        return tensor.sum()

    for _ in range(100):
        cycle()
    before = resident_bytes()
    for _ in range(1000):
        cycle()
    assert resident_bytes() - before < 4 << 20


def test_reload_changes_tensors_that_are_in_use(llama, tmp_path):
    for step, seed in ((1, 0), (2, 5)):
        model = distload.load(tiny_llama.write(tmp_path / f"source-{step}", seed))
        distload.save(model, tmp_path / "steps", step=step)
    model = distload.load(tmp_path / "steps", step=1, engine="direct")
    kept = {name: torch.from_dlpack(model[name]) for name in model}
    for name, whole in tiny_llama.tensors(0).items():
        assert torch.equal(kept[name], whole)
    model.reload()
    assert model.step == 2
    for name, whole in tiny_llama.tensors(5).items():
        assert torch.equal(kept[name], whole)
    model.reload(step=1)
    assert torch.equal(kept["lm_head.weight"], tiny_llama.tensors(0)["lm_head.weight"])


def test_configuration_as_file_dict_and_arguments(llama, tmp_path):
    path = tmp_path / "config.yaml"
    path.write_text(f"checkpoint: {{path: {llama}}}\nload: {{engine: buffered}}\n")
    assert distload.load(path).engine[0] == "buffered"
    assert distload.load(path, engine="direct").engine[0] == "direct"
    assert distload.load({"checkpoint": {"path": str(llama)}, "load": {"engine": "mmap"}}).engine[0] == "mmap"
    assert distload.load(llama, load={"engine": "buffered", "staging": "32 MiB"}).engine[0] == "buffered"


def test_progress_and_times(llama):
    events = []
    model = distload.load(llama, progress=lambda phase, done, total, seconds: events.append((phase, done, total, seconds)))
    assert events[-1][0] == "done"
    assert {"open", "plan", "read"} <= {event[0] for event in events}
    assert 0 < model.times["total"] < 60
    report = model.report(tensors=True)
    assert report["schema"] == "distload-report-1"
    assert {tensor["name"] for tensor in report["tensors"]} == set(model)


def test_device_is_checked(llama):
    distload.load(llama, device="cpu")
    with pytest.raises(distload.ConfigError, match="loads to 'cpu'"):
        distload.load(llama, device="cuda")


def test_redistributing_splits_what_is_fused(llama, tensors, tmp_path):
    """Fused by the load, or as it is stored; and the reverse."""
    fused = distload.load(llama, fuse=["qkv"], engine="direct")
    stored = distload.load(distload.save(fused, tmp_path, step=1)["path"], engine="direct")
    for model in (fused, stored):
        assert "model.layers.0.self_attn.qkv_proj.weight" in model
        split = model.redistribute(split=["qkv"])
        assert set(split) == set(tensors)
        for name, whole in tensors.items():
            assert torch.equal(torch.from_dlpack(split[name]), whole), name
        assert set(split.redistribute()) == set(tensors)
        assert set(split.redistribute(fuse=["qkv"])) == set(model)
