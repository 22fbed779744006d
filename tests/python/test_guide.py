"""Every program of the guide runs as it is printed, in a folder that has a model."""
import pathlib
import re
import subprocess
import sys

import pytest

import tiny_llama

GUIDE = pathlib.Path(__file__).parents[2] / "src/python/README.md"
PROGRAMS = re.findall(r"^```python\n(.*?)^```$", GUIDE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("number", range(len(PROGRAMS)))
def test_program(number, tmp_path):
    tiny_llama.write(tmp_path / "model")
    subprocess.run([sys.executable, "-W", "error::UserWarning:__main__", "-c", PROGRAMS[number]], cwd=tmp_path, check=True)
