"""Models of transformers on several ranks: torchrun from_pretrained_ranks.py FOLDER. Their logits are those of transformers' own on one rank."""
import torch
import torch.distributed as dist
import transformers
from transformers import AutoModelForCausalLM

import distload
import torch_ranks

SIZES = dict(hidden_size=64, intermediate_size=96, num_attention_heads=8, num_key_value_heads=4, num_hidden_layers=2, vocab_size=104)
CONFIGS = {
    "llama": transformers.LlamaConfig(**SIZES, tie_word_embeddings=False),
    "qwen3": transformers.Qwen3Config(**SIZES, head_dim=16, tie_word_embeddings=True),
    "gemma3": transformers.Gemma3TextConfig(**SIZES, head_dim=16),
}


def write_models(folder):
    for name, config in CONFIGS.items():
        torch.manual_seed(1)
        AutoModelForCausalLM.from_config(config).save_pretrained(folder / name)


def main():
    folder, rank, size = torch_ranks.start(write_models)
    tokens = torch.arange(12).reshape(2, 6) * 7 % 104
    for name in CONFIGS:
        expected = AutoModelForCausalLM.from_pretrained(folder / name)
        saved = distload.save(distload.load(folder / name), folder / f"{name}-h5", name=name)["path"]
        for path in (folder / name, saved):
            model = distload.from_pretrained(AutoModelForCausalLM, path)
            with torch.no_grad():
                got = model(tokens).logits
                assert torch.allclose(got, expected(tokens).logits, atol=1e-4), (name, (got - expected(tokens).logits).abs().max())
            local = sum(p.to_local().numel() if hasattr(p, "to_local") else p.numel() for p in model.parameters())
            whole = sum(p.numel() for p in expected.parameters())
            assert size == 1 or local < 0.9 * whole, (name, local, whole)
    print(f"rank {rank} of {size}: {len(CONFIGS)} models compute as on one rank", flush=True)
    dist.destroy_process_group()


if __name__ == "__main__":
    main()
