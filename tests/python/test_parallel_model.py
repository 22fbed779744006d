"""Computing on one rank: logits, tokens, lifetimes."""
import gc
import json

import numpy
import pytest
import torch
import transformers

import distload
import tiny_llama
from test_load import resident_bytes

IDS = [[5, 17, 100, 0], [3, 3, 99, 42]]


@pytest.fixture
def computing(llama):
    return distload.ParallelModel(distload.load(llama, engine="direct"))


def test_logits_are_those_of_transformers(llama, computing):
    expected = transformers.AutoModelForCausalLM.from_pretrained(llama, dtype=torch.float32, attn_implementation="eager").eval()
    with torch.no_grad():
        wanted = expected(torch.tensor(IDS)).logits
        mask = torch.ones(2, 4, dtype=torch.int64)
        choice = {"max_new_tokens": 5, "do_sample": False, "eos_token_id": None, "pad_token_id": 0}
        tokens = expected.generate(torch.tensor(IDS), attention_mask=mask, **choice)[:, 4:]
    logits = torch.from_dlpack(computing.forward(IDS))
    assert logits.dtype == torch.float32
    assert logits.shape == (2, 4, tiny_llama.VOCABULARY)
    assert (logits - wanted).abs().max() < 1e-4 * wanted.abs().max()
    assert computing.generate(IDS, 5) == tokens.tolist()
    assert computing.is_decoder


def test_an_encoder_has_hidden_states(tmp_path):
    torch.manual_seed(3)
    config = transformers.BertConfig(vocab_size=60, hidden_size=32, num_hidden_layers=2, num_attention_heads=4, intermediate_size=48, max_position_embeddings=16)
    expected = transformers.BertModel(config, add_pooling_layer=False).eval()
    expected.save_pretrained(tmp_path)
    computing = distload.ParallelModel(distload.load(tmp_path))
    assert not computing.is_decoder
    with torch.no_grad():
        wanted = expected(torch.tensor([[7, 8, 9]])).last_hidden_state
    states = torch.from_dlpack(computing.forward([7, 8, 9]))
    assert states.shape == (1, 3, 32)
    assert (states - wanted).abs().max() < 1e-4 * wanted.abs().max()
    with pytest.raises(distload.ConfigError, match="encoder"):
        computing.generate([7, 8, 9], 1)
    with pytest.raises(distload.ConfigError, match="16 positions"):
        computing.forward(list(range(17)))


@pytest.mark.parametrize("ids", [IDS[0], [IDS[0]], tuple(IDS[0]), numpy.array(IDS[0]), torch.tensor([IDS[0]], dtype=torch.int32)])
def test_forms_of_ids(computing, ids):
    assert numpy.from_dlpack(computing.forward(ids)).shape == (1, 4, tiny_llama.VOCABULARY)
    assert computing.hash(ids) == computing.hash([IDS[0]])


@pytest.mark.parametrize(
    ("ids", "message"),
    [([], "not 0"), ([[1], [2, 3]], "one length"), ([1.5], "integer"), (["1"], "integer"), (7, "not iterable"), ([1 << 70], "64-bit"),
     ([-1], "vocabulary"), ([[[1]]], "integer")],
)
def test_what_is_no_ids(computing, ids, message):
    with pytest.raises(distload.ConfigError, match=message):
        computing.forward(ids)


def test_no_number_of_tokens(computing):
    assert computing.generate(IDS, 0) == [[], []]
    for count in (-1, 1 << 32, 2.0):
        with pytest.raises(distload.ConfigError, match="count"):
            computing.generate(IDS, count)


def test_logits_outlive_all(computing):
    logits = torch.from_dlpack(computing.forward(IDS))
    kept = logits.clone()
    computing.close()
    del computing
    gc.collect()
    assert torch.equal(logits, kept)


def test_it_keeps_its_model_until_it_is_closed(llama):
    model = distload.load(llama, engine="direct")
    with distload.ParallelModel(model) as computing:
        expected = computing.hash(IDS)
        with pytest.raises(distload.ConfigError, match="in use"):
            model.redistribute(in_place=True)
        del model
        gc.collect()
        others = [distload.load(llama, engine="direct") for _ in range(3)]
        assert computing.hash(IDS) == expected
        del others
    calls = lambda: computing.forward(IDS), lambda: computing.generate(IDS, 1), lambda: computing.is_decoder, lambda: computing.inexact_layers
    for call in calls:
        with pytest.raises(distload.ConfigError, match="closed"):
            call()
    computing.close()


def test_reload_changes_the_results(llama, tmp_path, computing):
    other = tiny_llama.write(tmp_path / "other", seed=5)
    model = distload.load(llama, engine="direct")
    computing = distload.ParallelModel(model)
    before = computing.hash(IDS)
    model.reload(other)
    after = distload.ParallelModel(distload.load(other)).hash(IDS)
    assert computing.hash(IDS) == after != before
    computing.self_test(IDS, after)
    with pytest.raises(distload.CorruptData, match=after):
        computing.self_test(IDS, before)
    with pytest.raises(distload.ConfigError, match="no hash"):
        computing.self_test(IDS, "what?")
    described = json.loads((other / "config.json").read_text())
    (other / "config.json").write_text(json.dumps(described | {"rope_theta": 5e5}))
    model.reload(other)
    with pytest.raises(distload.ConfigError, match="another config.json"):
        computing.forward(IDS)
    assert distload.ParallelModel(model).hash(IDS) != after


def test_memory_for_activations_is_checked(llama):
    model = distload.load(llama, engine="direct", memory_limit="1 MiB")
    with pytest.raises(distload.OutOfBudget, match="activations of 1 x 3 tokens"):
        distload.ParallelModel(model).forward([1, 2, 3])


def test_families_and_numbers(llama, tmp_path):
    assert "llama" in distload.computed_families()
    model = distload.load(llama, engine="direct")
    model.check_numbers()
    torch.from_dlpack(model["model.norm.weight"])[3] = float("nan")
    with pytest.raises(distload.CorruptData, match="model.norm.weight"):
        model.check_numbers()
    (tiny_llama.write(tmp_path / "unknown") / "config.json").write_text(json.dumps({"model_type": "llama"}))
    with pytest.raises(distload.ConfigError):
        distload.ParallelModel(distload.load(tmp_path / "unknown"))


def test_making_them_does_not_grow(llama):
    model = distload.load(llama, engine="direct")

    def cycle():
        with distload.ParallelModel(model) as computing:
            return computing.hash(IDS)

    for _ in range(50):
        cycle()
    before = resident_bytes()
    for _ in range(300):
        cycle()
    assert resident_bytes() - before < 4 << 20
