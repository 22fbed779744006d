#!/usr/bin/env python3
"""Runs distload-infer on real models, and compares it with transformers: check_real.py MODELS_DIRECTORY

all-MiniLM-L6-v2 (tools/fetch_model.sh) at 1 to 4 ranks: the last hidden state. SmolLM2-135M-Instruct (tools/smollm2.sh) at 1 and 3 ranks: logits
and 64 greedy tokens. Each has the same bits at any number of ranks. Needs transformers: run by tests/transformers/with_transformers.sh. Exits with 1
if something is wrong, with 77 without one of the models.
"""
import pathlib
import sys
import time

import numpy as np
import torch
import transformers

from infer_runs import SKIPPED, Checks, differs, parse_arguments

transformers.utils.logging.disable_progress_bar()

SENTENCES = ["Any checkpoint onto any topology, in less time than a reader needs.", "A model that says the same on any number of ranks is right."]
QUESTION = [{"role": "user", "content": "Explain in a few sentences why the sky is blue."}]
GENERATED = 64


def load(loader, directory):
    return loader.from_pretrained(directory, dtype=torch.float32, attn_implementation="eager").eval()


def tokens_of_sentences(directory):
    """As many tokens of each sentence as the shortest one has."""
    ids = transformers.AutoTokenizer.from_pretrained(directory)(SENTENCES)["input_ids"]
    return torch.tensor([sentence[: min(map(len, ids))] for sentence in ids])


def tokens_of_question(directory):
    tokenizer = transformers.AutoTokenizer.from_pretrained(directory)
    return tokenizer(tokenizer.apply_chat_template(QUESTION, tokenize=False, add_generation_prompt=True), return_tensors="pt")["input_ids"]


def encode(directory, tokens):
    """The last hidden state, and no generated tokens."""
    with torch.no_grad():
        return load(transformers.AutoModel, directory)(tokens).last_hidden_state.numpy(), None


def generate(directory, tokens):
    """Logits of the prompt, and the greedy tokens; goes on after the end of the answer."""
    model, cache, prompt, generated = load(transformers.AutoModelForCausalLM, directory), None, None, []
    with torch.no_grad():
        for _ in range(GENERATED):
            result = model(tokens, past_key_values=cache, use_cache=True)
            prompt = result.logits.numpy() if prompt is None else prompt
            cache, tokens = result.past_key_values, result.logits[:, -1:].argmax(dim=-1)
            generated.append(int(tokens))
    return prompt, generated


MODELS = {
    "all-minilm-l6-v2": ((1, 2, 3, 4), tokens_of_sentences, encode),
    "smollm2-135m-instruct": ((1, 3), tokens_of_question, generate),
}


def check(checks, directory, numbers_of_ranks, tokens_of, compute):
    tokens = tokens_of(directory)
    ids, file = checks.work / "tokens.npy", checks.work / "logits.npy"
    np.save(ids, tokens.numpy())
    wanted, generated = compute(directory, tokens)
    bits = None
    for ranks in numbers_of_ranks:
        begin = time.monotonic()
        run = checks.infer(ranks, directory, ids, "--logits", file, *(["--generate", GENERATED] if generated else []))
        differences = run.failure
        if not differences:
            differences = [f"logits: {how}" for how in [differs(np.load(file), wanted)] if how]
            if generated and run.report["generated"] != [generated]:
                differences.append(f"generated {run.report['generated']} instead of {generated}")
            bits = bits or run.report["logits"]["xxh3"]
            if run.report["logits"]["xxh3"] != bits or not run.report["exact"]:
                differences.append(f"logits {run.report['logits']['xxh3']} instead of {bits}, exact is {run.report['exact']}")
        checks.note(f"{directory.name}, tensor {ranks}", begin, differences)


def main():
    arguments = parse_arguments(__doc__, directory={"type": pathlib.Path})
    missing = [name for name in MODELS if not (arguments.directory / name / "config.json").exists()]
    if missing:
        print(f"there is no {' or '.join(missing)} in {arguments.directory}; tools/fetch_model.sh and tools/smollm2.sh make them")
        return SKIPPED
    checks = Checks(arguments)
    for name, (numbers_of_ranks, tokens_of, compute) in MODELS.items():
        check(checks, arguments.directory / name, numbers_of_ranks, tokens_of, compute)
    return checks.end()


if __name__ == "__main__":
    sys.exit(main())
