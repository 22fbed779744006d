"""Every program of the guide runs as it is printed, in a folder that has a model."""
import os
import pathlib
import re
import subprocess
import sys

import pytest
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

import tiny_llama

GUIDE = pathlib.Path(__file__).parents[2] / "src/python/README.md"
PROGRAMS = re.findall(r"^```python\n(.*?)^```$", GUIDE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


def write_tokenizer(folder):
    """A tokenizer of as many tokens as the model has."""
    tokenizer = Tokenizer(models.BPE(unk_token="?"))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.decoder = decoders.Metaspace()
    trainer = trainers.BpeTrainer(vocab_size=tiny_llama.VOCABULARY, limit_alphabet=60, special_tokens=["?"])
    tokenizer.train_from_iterator([GUIDE.read_text(encoding="utf-8")], trainer)
    assert tokenizer.get_vocab_size() == tiny_llama.VOCABULARY
    tokenizer.save(str(folder / "tokenizer.json"))


@pytest.mark.parametrize("number", range(len(PROGRAMS)))
def test_program(number, tmp_path):
    write_tokenizer(tiny_llama.write(tmp_path / "model"))
    subprocess.run([sys.executable, "-W", "error::UserWarning:__main__", "-c", PROGRAMS[number]], cwd=tmp_path, check=True)


def test_text_of_a_real_model(tmp_path):
    """SmolLM2-135M-Instruct (tools/smollm2.sh) knows what the program asks."""
    made = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache", "distload/models/smollm2-135m-instruct")
    if not (made / "tokenizer.json").exists():
        pytest.skip("tools/smollm2.sh has not made the model")
    (tmp_path / "model").symlink_to(made)
    (program,) = (program for program in PROGRAMS if "Tokenizer" in program)
    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, check=True, stdout=subprocess.PIPE, text=True)
    assert done.stdout.startswith("The capital of France is Paris.")
