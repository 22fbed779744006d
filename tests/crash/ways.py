"""The ways to save that the crash tests go through."""
import collections

Way = collections.namedtuple("Way", "name format engine is_async")

WAYS = (
    Way("HDF5, direct", "hdf5", "direct", False),
    Way("HDF5, collective", "hdf5", "collective", False),
    Way("HDF5, async", "hdf5", "auto", True),
    Way("safetensors", "safetensors", "auto", False),
    Way("safetensors, async", "safetensors", "auto", True),
)


def options_of(way):
    return ["--format", way.format, "--engine", way.engine, *["--async"] * way.is_async]
