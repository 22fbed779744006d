"""What notebooks show: well-formed HTML, in which names are no markup."""
import html
import json
from html.parser import HTMLParser

import pytest
import torch
from safetensors.torch import save_file

import distload

VOID = {"meta", "br", "wbr", "input"}


class Parsed(HTMLParser):
    """The elements and the text of a document. Raises AssertionError if elements are not closed in their order."""

    def __init__(self, text):
        super().__init__()
        self.opened = []
        self.names = []
        self.texts = []
        self.attributes = {}
        self.feed(text)
        self.close()
        assert not self.opened, self.opened

    def handle_starttag(self, tag, attrs):
        self.names.append(tag)
        self.attributes.setdefault(tag, []).append(dict(attrs))
        if tag not in VOID:
            self.opened.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.names.append(tag)

    def handle_endtag(self, tag):
        if tag not in VOID:
            assert self.opened.pop() == tag

    def handle_data(self, data):
        self.texts.append(data)


def test_inspection(llama, tmp_path, tensors):
    seen = distload.inspect(llama)
    assert seen == json.loads(json.dumps(seen))
    parsed = Parsed(seen._repr_html_())
    assert set(tensors) <= set(parsed.texts)
    assert {"llama", "101 x 64", "74,688", "none"} <= set(parsed.texts)
    assert any("no checksums" in text for text in parsed.texts)
    assert "21 tensors" in repr(seen)
    distload.save(distload.load(llama), tmp_path, step=3)
    parsed = Parsed(distload.inspect(tmp_path, verify=True)._repr_html_())
    assert any(text.startswith("verified: ") for text in parsed.texts)


def test_damage_is_shown(llama, tmp_path):
    saved = distload.save(distload.load(llama), tmp_path, step=3)
    extent = distload.inspect(tmp_path, extents=True)["tensors"][0]["extents"][0]
    with open(saved["path"], "r+b") as file:
        file.seek(extent["offset_bytes"])
        file.write(b"\x7f\x7f")
    seen = distload.inspect(tmp_path, verify=True)
    assert seen["health"]["damaged_blocks"]
    texts = Parsed(seen._repr_html_()).texts
    assert seen["health"]["damaged_blocks"][0]["reason"] in texts
    assert any(text.startswith("damaged: ") for text in texts)


def test_names_are_no_markup(tmp_path):
    name = "<script src=x>&amp;"
    save_file({name: torch.zeros(2, 3)}, tmp_path / "model.safetensors")
    parsed = Parsed(distload.inspect(tmp_path / "model.safetensors")._repr_html_())
    assert "script" not in parsed.names
    assert name in "".join(parsed.texts)


def test_many_rows_are_counted(tmp_path):
    save_file({f"t{number:04}": torch.zeros(1) for number in range(300)}, tmp_path / "model.safetensors")
    parsed = Parsed(distload.inspect(tmp_path / "model.safetensors")._repr_html_())
    assert "t0199" in parsed.texts
    assert "t0200" not in parsed.texts
    assert "and 100 more" in parsed.texts


def test_model_and_plan(llama, tensors):
    parsed = Parsed(distload.load(llama)._repr_html_())
    assert set(tensors) <= set(parsed.texts)
    assert {"vocab_parallel, axis 0", "replicated"} <= set(parsed.texts)
    plan = distload.plan(llama)
    assert "".join(Parsed(plan._repr_html_()).texts) == str(plan)


def test_page(llama, tmp_path):
    page = distload.inspect_page(llama, tensor_parallel=2, data_parallel=2)
    (frame,) = Parsed(page._repr_html_()).attributes["iframe"]
    assert frame["srcdoc"] == page.html
    assert frame["sandbox"] == "allow-scripts"
    parsed = Parsed(page.html)
    assert "4 ranks: 2 tensor × 1 pipeline × 2 data" in html.unescape(page.html)
    assert {"html", "main", "svg"} <= set(parsed.names)
    page.save(tmp_path / "page.html")
    assert (tmp_path / "page.html").read_text(encoding="utf-8") == page.html
    with pytest.raises(distload.ConfigError):
        distload.inspect_page(llama, tensor_parallel=7)
