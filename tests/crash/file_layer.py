"""How a job is started under the file layer."""
import shutil


def recorded(layer, root, log):
    """The environment of ranks whose file operations below `root` are recorded in the new directory `log`."""
    shutil.rmtree(log, ignore_errors=True)
    log.mkdir(parents=True)
    return {"LD_PRELOAD": layer, "FILE_LAYER_ROOT": root, "FILE_LAYER_LOG": log, "FILE_LAYER_RECORD": "1"}


def failing(layer, root, log, rank, failure):
    """The environment of ranks of which one fails as `failure` says: kind:k[:errno name]."""
    shutil.rmtree(log, ignore_errors=True)
    log.mkdir(parents=True)
    return {"LD_PRELOAD": layer, "FILE_LAYER_ROOT": root, "FILE_LAYER_LOG": log, "FILE_LAYER_RANK": rank, "FILE_LAYER_FAIL": failure}


def has_failed(log):
    return any(log.glob("failed-*"))
