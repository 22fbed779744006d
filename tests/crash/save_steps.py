"""The named steps of a save, from the header that lists them, and where each of them exists."""
import pathlib
import re

HEADER = pathlib.Path(__file__).resolve().parents[2] / "src/save/save_steps.hpp"
ONLY_IN_HDF5 = {"save_hashes", "save_mark", "save_stamp"}
REPLACING = "save_remove"  # only where there is something of that name
OF_RANK_0 = {"save_hashes", "save_mark", "save_stamp", "save_sync_commit", "save_check", "save_rename", "save_sync_directory", "save_remove"}


def save_steps():
    return re.findall(r'^ *"(save_\w+)",', HEADER.read_text(), re.MULTILINE)


def exists(step, way):
    return way.format == "hdf5" or step not in ONLY_IN_HDF5
