"""h5py with parallel HDF5: every rank reads its hyperslab of each dataset, independently or collectively. Elements are not converted."""
import h5py
import numpy


def load(job):
    transfer = h5py.h5p.create(h5py.h5p.DATASET_XFER)
    transfer.set_dxpl_mpio(h5py.h5fd.MPIO_COLLECTIVE if job.options["collective"] else h5py.h5fd.MPIO_INDEPENDENT)
    shards = {}
    with h5py.File(job.checkpoint, "r", driver="mpio", comm=job.comm) as file:
        for tensor in job.tensors:
            dataset = file["tensors"][tensor.name].id
            stored = dataset.get_type()
            shard = numpy.empty(job.shard_shape(tensor), f"V{stored.get_size()}")
            selection = dataset.get_space()
            selection.select_hyperslab(tuple(index.start or 0 for index in job.slices(tensor)), shard.shape)
            dataset.read(h5py.h5s.create_simple(shard.shape), selection, shard, stored, transfer)
            shards[tensor.name] = shard
    return shards
