#!/usr/bin/env python3
"""Text in, text out: python3 generate.py RANKS MODEL TEXT [TOKENS]; needs the Python package `tokenizers`.

distload-infer, which is in the PATH, takes and gives numbers of tokens. RANKS divides the model's heads. MODEL is a Hugging Face directory with tokenizer.json; the text comes as it is, without a
template for chats: python3 generate.py 4 model "The capital of France is" 20
"""
import json
import pathlib
import subprocess
import sys
import tempfile

from tokenizers import Tokenizer


def generate(ranks, model, ids, count):
    """The `count` most likely tokens after those of `ids`, one after the other."""
    with tempfile.TemporaryDirectory() as work:
        report = pathlib.Path(work, "report.json")
        tokens = ",".join(map(str, ids))
        command = ["mpirun", "-np", ranks, "distload-infer", model, "--tokens", tokens, "--generate", count, "--report", str(report)]
        code = subprocess.run(command, stdout=subprocess.DEVNULL).returncode
        if code:
            sys.exit(code)  # the program has said why
        return json.loads(report.read_text())["generated"][0]


def main():
    if len(sys.argv) not in (4, 5):
        sys.exit(__doc__)
    ranks, model, text, count = (*sys.argv[1:], "20")[:4]
    tokenizer = Tokenizer.from_file(str(pathlib.Path(model, "tokenizer.json")))
    tokenizer.no_padding()
    ids = tokenizer.encode(text).ids
    print(tokenizer.decode(ids + generate(ranks, model, ids, count)))


if __name__ == "__main__":
    main()
