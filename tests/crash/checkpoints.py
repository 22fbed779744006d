"""The names in a directory of checkpoints."""
import re

NAME = re.compile(r"model-step-(\d+)(\.h5)?(\.partial|\.replaced)?")
UNFINISHED = (".partial", ".replaced")


def step_of(name):
    return int(NAME.fullmatch(name)[1])


def names(directory, finished):
    """Of the checkpoints, or of what saves leave while they are under way."""
    if not directory.exists():
        return set()
    return {path.name for path in directory.iterdir() if path.name.endswith(UNFINISHED) != finished}
