"""Models of transformers on one rank: they are as transformers' own from_pretrained makes them, whatever the checkpoint has."""
import json
import subprocess
import sys

import pytest
import torch
import transformers
from safetensors.torch import load_file, save_file
from transformers import AutoModel, AutoModelForCausalLM, AutoModelForImageTextToText, AutoModelForSequenceClassification

import distload

SIZES = dict(hidden_size=64, intermediate_size=96, num_attention_heads=8, num_key_value_heads=4, num_hidden_layers=2, vocab_size=104)
VISION = transformers.Qwen2VLConfig(
    text_config=dict(SIZES, rope_parameters=dict(rope_type="default", rope_theta=10000.0, mrope_section=[1, 1, 2])),
    vision_config=dict(embed_dim=32, hidden_size=64, depth=2, num_heads=4, in_channels=3, mlp_ratio=2),
    image_token_id=100, video_token_id=101, vision_start_token_id=102, vision_end_token_id=103,
)
EMBEDDING, HEAD = "model.embed_tokens.weight", "lm_head.weight"
EXPERT = "model.layers.1.block_sparse_moe.experts.2.w1.weight"


def llama(tied=False):
    return transformers.LlamaConfig(**SIZES, tie_word_embeddings=tied)


def mixtral():
    return transformers.MixtralConfig(**SIZES, num_local_experts=4)


def write(folder, config, auto_class=AutoModelForCausalLM, edit=None):
    """A checkpoint of random values, whose tensors `edit` has changed."""
    torch.manual_seed(1)
    model = auto_class.from_config(config)
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.05)
    model.save_pretrained(folder)
    if edit:
        tensors = load_file(folder / "model.safetensors")
        edit(tensors)
        save_file(tensors, folder / "model.safetensors", {"format": "pt"})
    return folder


def edit_config(folder, edit):
    described = json.loads((folder / "config.json").read_text())
    edit(described)
    (folder / "config.json").write_text(json.dumps(described))


def check(auto_class, folder, **arguments):
    """That the model is transformers' own; and the model."""
    expected = auto_class.from_pretrained(folder, **arguments)
    model = distload.from_pretrained(auto_class, folder, **arguments)
    assert type(model) is type(expected)
    assert not model.training
    for members in ("named_parameters", "named_buffers"):
        found, wanted = (dict(getattr(one, members)(remove_duplicate=False)) for one in (model, expected))
        assert found.keys() == wanted.keys()
        for name, tensor in wanted.items():
            assert found[name].dtype == tensor.dtype, name
            assert found[name].requires_grad == tensor.requires_grad, name
            assert torch.equal(found[name], tensor), name
    tied = [(one.get_parameter(a) is one.get_parameter(b)) for one in (model, expected) for a, b in one.all_tied_weights_keys.items()]
    assert tied[: len(tied) // 2] == tied[len(tied) // 2 :]
    assert model.config.to_dict() == expected.config.to_dict()
    if model.can_generate():
        assert model.generation_config.to_dict() == expected.generation_config.to_dict()
    return model


@pytest.mark.parametrize("auto_class", [AutoModelForCausalLM, AutoModel, transformers.LlamaForCausalLM, transformers.LlamaModel])
@pytest.mark.parametrize("dtype", [None, torch.bfloat16, torch.float16])
def test_classes_and_types(tmp_path, auto_class, dtype):
    check(auto_class, write(tmp_path, llama()), **({"dtype": dtype} if dtype else {}))


@pytest.mark.parametrize("auto_class", [AutoModelForCausalLM, AutoModel])
def test_a_base_model_has_no_prefix(tmp_path, auto_class):
    check(auto_class, write(tmp_path, llama(tied=True), AutoModel))


def double_head(tensors):
    tensors[HEAD] = 2 * tensors[EMBEDDING]


def copy_head(tensors):
    tensors[HEAD] = tensors[EMBEDDING].clone()


def rename_embedding(tensors):
    tensors[HEAD] = tensors.pop(EMBEDDING)


@pytest.mark.parametrize("edit", [None, copy_head, double_head, rename_embedding])
def test_tied_weights(tmp_path, edit):
    model = check(AutoModelForCausalLM, write(tmp_path, llama(tied=True), edit=edit))
    assert (model.lm_head.weight is model.model.embed_tokens.weight) == (edit is not double_head)


@pytest.mark.parametrize("config", [mixtral(), transformers.T5Config(d_model=64, d_ff=96, num_heads=8, num_layers=2, vocab_size=104, d_kv=8)])
def test_modules_of_their_own_type(tmp_path, config):
    auto_class = transformers.AutoModelForSeq2SeqLM if config.is_encoder_decoder else AutoModelForCausalLM
    check(auto_class, write(tmp_path, config, auto_class), dtype=torch.float16)


def test_the_type_of_a_checkpoint_whose_config_has_none(tmp_path):
    folder = write(tmp_path, llama(), edit=lambda tensors: tensors.update({name: one.bfloat16() for name, one in tensors.items()}))
    edit_config(folder, lambda described: described.pop("dtype"))
    assert check(AutoModelForCausalLM, folder).dtype == torch.bfloat16


def test_old_names_and_parts_of_a_vision_language_model(tmp_path):
    def rename(tensors):
        for name in list(tensors):
            tensors[name.replace("model.language_model.", "model.").replace("model.visual.", "visual.")] = tensors.pop(name)

    folder = write(tmp_path, VISION, AutoModelForImageTextToText, rename)
    for auto_class in (AutoModelForImageTextToText, AutoModel):
        check(auto_class, folder)


def test_saves_what_it_was_loaded_from(tmp_path):
    folder = write(tmp_path / "model", mixtral())
    distload.from_pretrained(AutoModelForCausalLM, folder).save_pretrained(tmp_path / "again")
    tensors, again = (load_file(path / "model.safetensors") for path in (folder, tmp_path / "again"))
    assert EXPERT in tensors
    assert tensors.keys() == again.keys()
    for name, tensor in tensors.items():
        assert torch.equal(tensor, again[name]), name


def test_loads_what_distload_has_saved(tmp_path):
    folder = write(tmp_path / "model", mixtral())
    saved = distload.save(distload.load(folder), tmp_path / "saved")["path"]
    expected = AutoModelForCausalLM.from_pretrained(folder).state_dict()
    for name, tensor in distload.from_pretrained(AutoModelForCausalLM, saved).state_dict().items():
        assert torch.equal(tensor, expected[name]), name


@pytest.mark.parametrize(
    "config, auto_class, edit, expected",
    [
        (llama(), AutoModelForCausalLM, lambda tensors: tensors.pop(HEAD), f"no tensors for {HEAD}"),
        (llama(), AutoModelForSequenceClassification, None, "no tensors for score.weight"),
        (llama(), AutoModelForCausalLM, lambda tensors: tensors.update({HEAD: torch.ones(4, 64)}), "of shape (4, 64)"),
        (llama(), AutoModelForImageTextToText, None, "no class for LlamaConfig"),
        (mixtral(), AutoModelForCausalLM, lambda tensors: tensors.pop(EXPERT), "cannot make model.layers.1.mlp.experts.gate_up_proj"),
    ],
)
def test_refuses_what_is_not_a_checkpoint_of_the_model(tmp_path, config, auto_class, edit, expected):
    folder = write(tmp_path, config, edit=edit)
    with pytest.raises(distload.ConfigError) as raised:
        distload.from_pretrained(auto_class, folder)
    assert expected in str(raised.value)


@pytest.mark.parametrize(
    "edit, arguments, expected",
    [
        (lambda described: described.update(quantization_config={"quant_method": "fp8"}), {}, "is quantized"),
        (lambda described: described.update(quantization_config=None), {"tp_size": 2}, "tp_size is 2"),
    ],
)
def test_refuses_what_it_cannot_do(tmp_path, edit, arguments, expected):
    folder = write(tmp_path, llama())
    edit_config(folder, edit)
    with pytest.raises(distload.ConfigError, match=expected):
        distload.from_pretrained(AutoModelForCausalLM, folder, **arguments)


def test_joins_the_ranks_that_torchrun_has_started(tmp_path):
    folder = write(tmp_path / "model", llama())
    program = tmp_path / "program.py"
    program.write_text(f"""
import distload
from transformers import AutoModelForCausalLM
weight = distload.from_pretrained(AutoModelForCausalLM, {str(folder)!r}).model.layers[0].mlp.up_proj.weight
assert (weight.shape[0], weight.to_local().shape[0]) == (96, 48)
""")
    subprocess.run([sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", program], check=True, timeout=120)
