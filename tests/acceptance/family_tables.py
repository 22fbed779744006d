"""The models of tests/families, which its README.md describes."""
import json
import pathlib
import re

FOLDER = pathlib.Path(__file__).resolve().parents[1] / "families"
LAYERS, EXPERTS = 3, 4


class Line:
    """A tensor, or several that differ in their numbers of layers and experts."""

    def __init__(self, name, shape, cut, stage=None):
        self.name, self.cut = name, cut
        self.stage = int(stage) if stage and stage.isdigit() else stage
        self.shape = [int(size) for size in shape.split("x") if size != "-"]
        self.target = None


class Model:
    def __init__(self):
        self.config = {}
        self.lines = {}  # name: Line
        self.layers = LAYERS

    def tensors(self):
        """Yields (name, place, Line) of all tensors; a place is the number of a layer, "first", "last" or "all"."""
        for line in self.lines.values():
            layers, offset = [None], 0
            if match := re.search(r"\{layer(?:=(\d+)(?:-(\d+))?)?(?:\+(\d+))?\}", line.name):
                first = int(match[1] or 0)
                layers = range(first, int(match[2] or match[1] or LAYERS - 1) + 1)
                offset = int(match[3] or 0)
            for layer in layers:
                name = line.name if layer is None else line.name.replace(match[0], str(layer))
                place = line.stage or (None if layer is None else layer + offset)
                for expert in range(EXPERTS) if "{expert}" in name else [0]:
                    yield name.replace("{expert}", str(expert)), place, line


def read_models():
    """{name: Model} of all files."""
    models = {}
    for path in sorted(FOLDER.glob("*.txt")):
        texts, model = {}, None
        for row in path.read_text().splitlines():
            word, _, rest = row.partition(" ")
            if not row or word == "#":
                continue
            if word == "let":
                name, _, text = rest.partition(" ")
                texts[name] = re.sub(r"\$(\w+)", lambda match: texts[match[1]], text)
            elif word == "model":
                model = models[rest] = Model()
            elif word == "config":
                model.config = json.loads(re.sub(r"\$(\w+)", lambda match: texts[match[1]], rest))
            elif word == "undescribed":
                pass  # for described_tables_test
            elif word == "layers":
                model.layers = int(rest)
            elif word == "like":
                model.lines |= models[rest].lines
            elif word == "drop":
                model.lines = {name: line for name, line in model.lines.items() if rest not in name}
            elif word == "rename":
                before, after = (rest + " ").split(" ")[:2]
                model.lines = {name.replace(before, after): renamed(line, before, after) for name, line in model.lines.items()}
            elif rest.startswith("= "):
                model.lines[word] = Line(word, "-", ".", "last")
                model.lines[word].target = rest[2:]
            else:
                model.lines[word] = Line(word, *rest.split())
    return models


def renamed(line, before, after):
    copy = Line(line.name.replace(before, after), "-", line.cut, line.stage)
    copy.shape, copy.target = line.shape, line.target and line.target.replace(before, after)
    return copy


MODELS = read_models()
