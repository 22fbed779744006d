"""The rule files against another source: witness.py FOLDER [MODEL...]. For every test model and each of 2 and 4 ranks, the elements that the
rank gets by the rules are those that vLLM's own model class takes of the checkpoint, but for the differences of differences.py.
"""
import concurrent.futures
import json
import multiprocessing
import pathlib
import shutil
import subprocess
import sys
import time
import traceback

import torch

import differences
import engine
import layers
import models

SIZES = (2, 4)  # how many ranks


def in_boxes(shape, boxes):
    """A tensor of bool: which elements lie in boxes."""
    inside = torch.zeros(shape, dtype=torch.bool)
    for begin, sizes in boxes:
        inside[tuple(slice(first, first + size) for first, size in zip(begin, sizes))] = True
    return inside


def difference(ours, theirs):
    """What differs, by differences.py, or None. Of tensors of bool: which elements a rank takes."""
    if torch.equal(ours, theirs):
        return None
    if not theirs.any():
        return differences.NOT_LOADED
    if ours.all():
        return differences.ENGINE_CUTS
    return differences.RULES_CUT if theirs.all() else differences.OTHERWISE


def compare(name, folder, rules):
    """compare_ranks; an error names the model."""
    try:
        return compare_ranks(name, folder, rules)
    except Exception:  # of classes that cannot be sent between processes
        raise RuntimeError(f"{name}: {traceback.format_exc()}") from None


def compare_ranks(name, folder, rules):
    """(who took the tensors, how many there are, how many all ranks take alike, {(tensor, what differs): details})."""
    tensors = engine.tensors_of(folder / "models" / name)
    differing, compared = {}, set()
    for size in models.sizes(name):
        for rank in range(size):
            if name in layers.FAMILIES:
                who, captured = layers.capture(name, tensors, rank, size)
            else:
                arguments = models.ARGUMENTS.get(name, {})
                who, captured = engine.capture(folder / "engine" / name, tensors, rank, size, **arguments)
            taken = in_boxes_of(captured, tensors)
            if name in models.PREDICTING:
                _, predicting = engine.capture(folder / "engine" / name / "predicting", tensors, rank, size, predicts=True, **arguments)
                further = in_boxes_of(predicting, tensors)
                taken = {tensor: inside if inside.any() else further[tensor] for tensor, inside in taken.items()}
            if name in layers.INSTEAD:
                by_hand = in_boxes_of(layers.capture(name, tensors, rank, size)[1], tensors)
                taken |= {tensor: inside for tensor, inside in by_hand.items() if inside.any()}
            for tensor, (shape, _) in tensors.items():
                ours = in_boxes(shape, rules[size][name][rank].get(tensor, []))
                what = difference(ours, taken[tensor])
                if what:
                    details = f"rank {rank} of {size}: {span(ours)} by the rules, {span(taken[tensor])} by {who}"
                    if tensor in captured.whole:
                        details += f" ({captured.whole[tensor][:200]})"
                    differing.setdefault((tensor, what), details)
                elif ours.any():
                    compared.add(tensor)
    return who, len(tensors), len(compared - {tensor for tensor, _ in differing}), differing


def in_boxes_of(captured, tensors):
    boxes = {name: [] for name in tensors}
    for parts in captured.parts.values():
        for part in parts:
            boxes[part.tensor].append((part.begin, part.sizes))
    return {name: in_boxes(shape, boxes[name]) for name, (shape, _) in tensors.items()}


def span(taken):
    """In words: how many elements, and between which places of each axis."""
    if not taken.any():
        return "nothing"
    places = torch.nonzero(taken)
    axes = zip(places.min(0).values.tolist(), places.max(0).values.tolist())
    return f"{int(taken.sum())} elements of " + " x ".join(f"{first}:{last + 1}" for first, last in axes)


def rules_of(folder):
    """{ranks: {model: [{tensor: boxes} of each rank]}}."""
    rules = {}
    for size in SIZES:
        result = folder / f"rules-{size}.json"
        command = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(size), pathlib.Path(__file__).with_name("rules_ranks.py")]
        subprocess.run([sys.executable, *command, folder / "models", result], check=True)
        rules[size] = json.loads(result.read_text())
    return rules


def main():
    folder, chosen = pathlib.Path(sys.argv[1]), sys.argv[2:]
    shutil.rmtree(folder, ignore_errors=True)
    names, write = models.test_models()
    names = chosen or names
    started = time.monotonic()
    for name in names:
        write(name, folder / "models" / name)
    rules = rules_of(folder)
    for name in names:
        models.write_config(name, folder / "models" / name, folder / "engine" / name)
    wrong, used, sources, total, same = [], set(), set(), 0, 0
    with concurrent.futures.ProcessPoolExecutor(2, multiprocessing.get_context("fork")) as processes:
        results = {name: processes.submit(compare, name, folder, rules) for name in names}
        for name, result in results.items():
            if result.exception():
                wrong.append(str(result.exception()))
                continue
            who, count, alike, differing = result.result()
            sources.add(who)
            total, same = total + count, same + alike
            if not alike:
                wrong.append(f"{name}: no tensor is taken alike by {who}")
            for (tensor, what), details in differing.items():
                number = differences.reason_for(name, tensor, what)
                if number is None:
                    wrong.append(f"{name}: {tensor}: {what}: {details}")
                else:
                    used.add(number)
    if not chosen:
        wrong += [f"no difference is left that this explains: {entry}" for number, entry in enumerate(differences.KNOWN) if number not in used]
    print(*wrong, sep="\n")
    print(f"{len(names)} models, {len(sources)} sources, {time.monotonic() - started:.0f} s: {same} of {total} tensors are taken alike by all ranks")
    print(f"{len(wrong)} errors")
    shutil.rmtree(folder)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
