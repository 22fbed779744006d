"""Progress functions, and bars of tqdm."""
import io
import sys

import pytest
import tqdm.auto

import distload


@pytest.fixture
def bars(monkeypatch):
    """The bars that are made, as (their last description, bytes, whole, closed), and what they write."""
    made = []
    written = io.StringIO()

    class Bar(tqdm.auto.tqdm):
        def __init__(self, **options):
            super().__init__(file=written, mininterval=0, **options)
            made.append(self)

    monkeypatch.setattr(tqdm.auto, "tqdm", Bar)
    return made, written


def test_a_bar_for_each_call(llama, tmp_path, bars):
    made, written = bars
    model = distload.load(llama, engine="direct", progress="tqdm")
    assert len(made) == 1
    assert made[0].n == made[0].total > 100_000
    assert made[0].desc == "done"
    model.reload(progress="tqdm")
    assert len(made) == 2
    distload.save(model, tmp_path, step=1, progress="tqdm")
    assert len(made) == 3
    distload.save_async(model, tmp_path, step=2, progress="tqdm").wait()
    assert len(made) == 4
    assert all(bar.disable for bar in made)  # closed
    text = written.getvalue()
    assert "read" in text and "save" in text and "100%" in text


def test_every_save_has_its_own_function(llama, tmp_path):
    model = distload.load(llama)
    seen = {1: [], 2: []}
    for step, events in seen.items():
        distload.save(model, tmp_path, step=step, progress=lambda *event, events=events: events.append(event[0]))
        assert events[-1] == "done"
    counts = {step: len(events) for step, events in seen.items()}
    distload.save(model, tmp_path, step=3)
    assert counts == {step: len(events) for step, events in seen.items()}


def test_what_is_no_progress(llama, monkeypatch):
    for progress in ("bar", 3):
        with pytest.raises(distload.ConfigError, match="progress is"):
            distload.load(llama, progress=progress)
    monkeypatch.setitem(sys.modules, "tqdm.auto", None)
    with pytest.raises(distload.ConfigError, match="cannot be imported"):
        distload.load(llama, progress="tqdm")
