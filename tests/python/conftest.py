"""Models for the tests of one process."""
import pytest

import tiny_llama


@pytest.fixture(scope="session")
def llama(tmp_path_factory):
    """The folder of a model."""
    return tiny_llama.write(tmp_path_factory.mktemp("models") / "llama")


@pytest.fixture(scope="session")
def tensors():
    """What is in it."""
    return tiny_llama.tensors()
