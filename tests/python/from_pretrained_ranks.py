"""Models of transformers on several ranks: torchrun from_pretrained_ranks.py FOLDER. They are those of transformers' own on one rank.

Their checkpoints are as models are published, which is mostly as transformers saves them: expert by expert, fused, transposed, under other names.
"""
import warnings

import torch
import torch.distributed as dist
import transformers
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM, AutoModelForImageTextToText
from transformers.conversion_mapping import register_checkpoint_conversion_mapping
from transformers.core_model_loading import ConversionOps, Interleave, WeightConverter

import distload
import torch_ranks

SIZES = dict(hidden_size=64, intermediate_size=96, num_attention_heads=8, num_key_value_heads=4, num_hidden_layers=2, vocab_size=104)
EXPERTS = dict(moe_intermediate_size=32, num_experts=4, num_experts_per_tok=2)
ROPE = dict(rope_type="default", rope_theta=10000.0)
MARKS = dict(vision_start_token_id=102, vision_end_token_id=103, image_token_id=100, video_token_id=101)
TEXT = {
    "llama": transformers.LlamaConfig(**SIZES, tie_word_embeddings=False),
    # The ranks' parts are not of one size.
    "uneven": transformers.LlamaConfig(**{**SIZES, "vocab_size": 101, "intermediate_size": 98}, tie_word_embeddings=True),
    "qwen3": transformers.Qwen3Config(**SIZES, head_dim=16, tie_word_embeddings=True),
    "gemma3": transformers.Gemma3TextConfig(**SIZES, head_dim=16),
    "mixtral": transformers.MixtralConfig(**SIZES, num_local_experts=4),
    "qwen2_moe": transformers.Qwen2MoeConfig(**SIZES, **EXPERTS, shared_expert_intermediate_size=48),
    "qwen3_moe": transformers.Qwen3MoeConfig(**SIZES, **EXPERTS, head_dim=16),
    "gpt_oss": transformers.GptOssConfig(**SIZES, num_local_experts=4, num_experts_per_tok=2, head_dim=16),
    "deepseek_v3": transformers.DeepseekV3Config(
        **{**SIZES, "num_key_value_heads": 8}, moe_intermediate_size=32, n_routed_experts=8, n_group=2, topk_group=1, num_experts_per_tok=2,
        q_lora_rank=16, kv_lora_rank=16, qk_rope_head_dim=8, qk_nope_head_dim=8, v_head_dim=8, first_k_dense_replace=1,
    ),
    # Fused query, key, value and gate, which are divided and then cut.
    "hrm_text": transformers.HrmTextConfig(**SIZES, head_dim=16, num_layers_per_stack=2, use_cache=False),
}
VISION = {
    "qwen2_vl": transformers.Qwen2VLConfig(
        text_config=dict(SIZES, rope_parameters=dict(ROPE, mrope_section=[1, 1, 2])),
        vision_config=dict(embed_dim=32, hidden_size=64, depth=2, num_heads=4, in_channels=3, mlp_ratio=2), **MARKS,
    ),
    # Transposed experts, which transformers recognises by their shape.
    "qwen3_vl_moe": transformers.Qwen3VLMoeConfig(
        text_config=dict(SIZES, **{**EXPERTS, "moe_intermediate_size": 48}, head_dim=16, rope_parameters=dict(ROPE, mrope_section=[2, 3, 3])),
        vision_config=dict(hidden_size=32, depth=2, num_heads=4, intermediate_size=32, out_hidden_size=64, deepstack_visual_indexes=[0]), **MARKS,
    ),
    # Experts of one list that become two parameters.
    "ernie4_5_vl_moe": transformers.Ernie4_5_VLMoeConfig(
        text_config=dict(
            SIZES, moe_intermediate_size=[32, 32], moe_num_experts=4, moe_k=2, head_dim=16,
            rope_parameters=dict(ROPE, mrope_section=[2, 2, 4]),
        ),
        vision_config=dict(hidden_size=32, depth=2, num_heads=4, intermediate_size=32),
    ),
}
CONFIGS = {**TEXT, **VISION}
LARGE = transformers.MixtralConfig(**{**SIZES, "hidden_size": 512, "intermediate_size": 768}, num_local_experts=4)


def auto_class(name):
    return AutoModelForImageTextToText if name in VISION else AutoModelForCausalLM


def write_models(folder):
    transformers.utils.logging.disable_progress_bar()
    for name, config in CONFIGS.items():
        torch.manual_seed(1)
        model = auto_class(name).from_config(config)
        for parameter in model.parameters():  # transformers begins biases and norms with zeros and ones
            torch.nn.init.normal_(parameter, std=0.05)
        model.save_pretrained(folder / name)
    path = folder / "qwen3_vl_moe" / "model.safetensors"
    tensors = load_file(path)
    save_file({name: one.mT.contiguous() if ".experts." in name else one for name, one in tensors.items()}, path, {"format": "pt"})
    AutoModelForCausalLM.from_config(LARGE).save_pretrained(folder / "large")


def check(name, model, expected):
    tensors = expected.state_dict()
    assert model.state_dict().keys() == tensors.keys(), name
    local = 0
    for tensor_name, tensor in model.state_dict().items():
        whole = tensor.full_tensor() if hasattr(tensor, "full_tensor") else tensor
        assert torch.equal(whole, tensors[tensor_name]), (name, tensor_name)
        local += tensor.to_local().numel() if hasattr(tensor, "to_local") else tensor.numel()
    assert dist.get_world_size() == 1 or local < sum(tensor.numel() for tensor in tensors.values()), (name, local)
    tokens = torch.arange(12).reshape(2, 6) * 7 % 97
    with torch.no_grad():
        difference = (model(tokens).logits - expected(tokens).logits).abs().max()
    assert difference < 1e-4, (name, difference)


class Doubled(ConversionOps):
    """A conversion that computes, which boxes cannot describe."""

    def convert(self, input_dict, source_patterns, target_patterns, **kwargs):
        return {target_patterns[0]: 2 * next(iter(input_dict.values()))[0]}


def check_whole_tensors(folder):
    """What a conversion computes with, and what it makes of too many boxes, is loaded as a whole."""
    config = transformers.LlamaConfig(**{**SIZES, "vocab_size": 16400}, tie_word_embeddings=False)
    if dist.get_rank() == 0:
        AutoModelForCausalLM.from_config(config).save_pretrained(folder / "computed")
    dist.barrier()
    register_checkpoint_conversion_mapping("LlamaForCausalLM", [
        WeightConverter("mlp.up_proj.weight", "mlp.up_proj.weight", operations=[Doubled()]),
        WeightConverter("embed_tokens.weight", "embed_tokens.weight", operations=[Interleave(dim=0)]),
    ])
    expected = AutoModelForCausalLM.from_pretrained(folder / "computed")
    for batch_bytes in (1 << 30, 1000):
        with warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter("always")
            model = distload.from_pretrained(AutoModelForCausalLM, folder / "computed", batch_bytes=batch_bytes)
        texts = sorted(str(warning.message) for warning in warned if "loaded as a whole" in str(warning.message))
        names = ["embed_tokens.weight", "layers.0.mlp.up_proj.weight", "layers.1.mlp.up_proj.weight"]
        assert [text.split()[1] for text in texts] == ["model." + name for name in names], texts
        assert "00 parts" in texts[0] and "aten.mul" in texts[1], texts
        check("computed", model, expected)


def check_without_plan(folder):
    """A model that transformers has no plan for is refused, unless every rank has all of it."""
    if dist.get_rank() == 0:
        config = transformers.GPT2Config(n_embd=64, n_layer=1, n_head=4, vocab_size=104)
        AutoModelForCausalLM.from_config(config).save_pretrained(folder / "gpt2")
    dist.barrier()
    try:
        distload.from_pretrained(AutoModelForCausalLM, folder / "gpt2")
    except distload.ConfigError as error:
        assert "has no `tp_plan`" in str(error), error
    else:
        raise AssertionError("a model without a plan was cut")
    expected = AutoModelForCausalLM.from_pretrained(folder / "gpt2").state_dict()
    for name, tensor in distload.from_pretrained(AutoModelForCausalLM, folder / "gpt2", tp_size=1).state_dict().items():
        assert torch.equal(tensor, expected[name]), name


def check_bytes(folder):
    """Every byte of the file is read once by the ranks together."""
    before = torch_ranks.bytes_read()
    distload.from_pretrained(AutoModelForCausalLM, folder / "large", engine="direct")
    read = torch.tensor([torch_ranks.bytes_read() - before])
    dist.all_reduce(read)
    ratio = read.item() / sum(file.stat().st_size for file in (folder / "large").glob("*.safetensors"))
    assert 0.98 < ratio < 1.05, ratio
    if dist.get_rank() == 0:
        print(f"read {ratio:.3f} times the bytes of the file", flush=True)


def main():
    transformers.utils.logging.disable_progress_bar()
    folder, rank, size = torch_ranks.start(write_models)
    for name in CONFIGS:
        expected = auto_class(name).from_pretrained(folder / name)
        check(name, distload.from_pretrained(auto_class(name), folder / name), expected)
        if name in ("llama", "qwen3", "gemma3", "mixtral"):
            saved = distload.save(distload.load(folder / name), folder / f"{name}-h5", name=name)["path"]
            check(name, distload.from_pretrained(auto_class(name), saved), expected)
    for other in ({"dtype": torch.float32}, {"tp_size": 1}):  # on one rank alone
        try:
            distload.from_pretrained(AutoModelForCausalLM, folder / "llama", **(other if rank == size - 1 else {}))
        except distload.ConfigError as error:
            assert "other arguments" in str(error), error
        else:
            raise AssertionError("ranks with other arguments made a model together")
    check_bytes(folder)
    check_whole_tensors(folder)
    check_without_plan(folder)
    print(f"rank {rank} of {size}: {len(CONFIGS)} models are as on one rank", flush=True)
    dist.destroy_process_group()


if __name__ == "__main__":
    main()
