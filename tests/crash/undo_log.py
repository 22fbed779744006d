"""Reads the logs that file_layer writes; what its records mean is described in file_layer/undo_log.hpp."""
import collections

FIELDS = {
    "write": "inode offset length size_before",
    "resize": "inode size_before size_after",
    "sync": "inode",
    "create": "directory name",
    "mkdir": "directory name",
    "unlink": "directory name inode backup",
    "rmdir": "directory name inode",
    "rename": "directory name inode to_directory to_name to_inode backup",
    "exchange": "directory name inode to_directory to_name to_inode",
}
TEXTS = ("name", "to_name", "backup")
RECORDS = {about: collections.namedtuple(about, f"time process old_bytes {fields}") for about, fields in FIELDS.items()}


def read_log(path):
    """The records of one process, without one that a kill has cut short."""
    data = path.read_bytes()
    at = 0
    while (end := data.find(b"\n", at)) >= 0:
        time, about, *values, length = data[at:end].decode().split("\t")
        at = end + 1 + int(length)
        if at > len(data):
            return
        values = [value if field in TEXTS else int(value) for field, value in zip(FIELDS[about].split(), values, strict=True)]
        yield RECORDS[about](int(time), path.stem, data[end + 1 : at], *values)


def read_logs(directory):
    """The records of all processes in the order of their times."""
    return sorted((record for path in directory.glob("*.log") for record in read_log(path)), key=lambda record: record.time)
