#!/usr/bin/env python3
"""Compares names and shapes of the models of tests/families with the files that transformers writes for their config.json. It writes the names of
releases where it has others in memory.

Usage: check_tables.py [MODEL...]; all by default. Exits with 1 and a list of differences if a model is described otherwise.
"""
import pathlib
import struct
import sys
import tempfile
import json

import torch
import transformers

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "acceptance"))
from family_tables import MODELS  # noqa: E402

# Models that transformers does not write: their code is in their releases, or their names are those of older files or of transformers' memory.
OTHERS = ["internlm2", "internlm3", "baichuan", "chatglm", "kimi_k2", "nomic_bert_renamed", "vit_renamed", "granitemoe_renamed", "olmoe_together",
          "qwen2_vl_renamed", "ministral3_renamed", "glm4_moe", "qwen3_vl_moe", "kimi_k25", "glm_moe_dsa", "gemma4_text", "qwen3_next",
          "qwen3_5_moe", "qwen3_5", "deepseek_v4_published", "mistral_params", "mistral_params_tied", "mixtral_params",
          "mistral_large3_params", "nemotron_h_mtp", "kimi_linear_released", "deepseek_v3_released", "gemma3_released"]  # fmt: skip
CLASSES = {"llama_bare": "AutoModel", "llama_classifier": "AutoModelForSequenceClassification", "distilbert": "AutoModelForMaskedLM",
           "xlm_roberta": "AutoModelForMaskedLM", "camembert": "AutoModelForMaskedLM", "bert_bare": "AutoModel",
           "mpnet": "AutoModelForMaskedLM", "electra": "AutoModelForPreTraining", "electra_generator": "AutoModelForMaskedLM",
           "deberta_v2": "AutoModelForMaskedLM", "modernbert": "AutoModelForMaskedLM", "nomic_bert": "AutoModel", "vit": "AutoModelForImageClassification",
           "clip": "AutoModel", "siglip": "AutoModel", "whisper": "AutoModelForSpeechSeq2Seq", "t5gemma": "AutoModelForSeq2SeqLM"}  # fmt: skip
# Config keys that a test needs and that say nothing of names and shapes of the weights which are described.
EXTRA = {"max_position_embeddings": 32, "pad_token_id": 0, "bos_token_id": 0, "eos_token_id": 0, "num_experts_per_tok": 2, "n_group": 1, "topk_group": 1,
         "max_source_positions": 32, "max_target_positions": 32}  # fmt: skip


def written(name, config, folder):
    """{name: shape} of what transformers writes."""
    if "text_config" in config:
        config["text_config"] = EXTRA | config["text_config"]
    config = transformers.AutoConfig.for_model(**(EXTRA | config))
    loader = CLASSES.get(name, "AutoModelForImageTextToText" if getattr(config, "vision_config", None) else "AutoModelForCausalLM")
    model = getattr(transformers, loader).from_config(config, dtype=torch.float32)
    model.save_pretrained(folder, max_shard_size="10GB")
    with open(f"{folder}/model.safetensors", "rb") as file:
        header = json.loads(file.read(struct.unpack("<Q", file.read(8))[0]))
    return {tensor: entry["shape"] for tensor, entry in header.items() if tensor != "__metadata__"}


def main():
    transformers.utils.logging.set_verbosity_error()
    different = 0
    for name in sys.argv[1:] or sorted(set(MODELS) - set(OTHERS)):
        described = {tensor: line.shape for tensor, _, line in MODELS[name].tensors() if not line.target}
        with tempfile.TemporaryDirectory() as folder:
            try:
                stored = written(name, dict(MODELS[name].config), folder)
            except Exception as error:  # noqa: BLE001: every model is reported
                print(f"{name}: {type(error).__name__}: {str(error)[:300]}")
                different += 1
                continue
        found = [f"{tensor} {described.get(tensor)} is {stored.get(tensor)}" for tensor in sorted(described.keys() | stored.keys())
                 if described.get(tensor) != stored.get(tensor)]  # fmt: skip
        print(f"{name}: {len(described)} tensors, {len(found)} differences")
        for line in found[:8]:
            print("   ", line)
        different += bool(found)
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main())
