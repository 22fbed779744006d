"""Which elements each rank gets by the rule files: torchrun rules_ranks.py FOLDER RESULT. RESULT is {model: [{tensor: boxes} of each rank]}."""
import json
import pathlib
import sys

import distload
from distload._group import group_of


def main():
    folder, result = map(pathlib.Path, sys.argv[1:])
    group = group_of(None)
    boxes = {}
    for path in sorted(folder.iterdir()):
        model = distload.load(path, tensor_parallel=group.size, uneven="allow", unexpected="ignore")
        boxes[path.name] = {name: [(begin, sizes) for begin, sizes, _ in model.pieces(name)] for name in model}
    ranks = [json.loads(text) for text in group.all_gather_text(json.dumps(boxes))]
    if group.rank == 0:
        result.write_text(json.dumps({name: [rank[name] for rank in ranks] for name in boxes}))
    group.barrier()


if __name__ == "__main__":
    main()
