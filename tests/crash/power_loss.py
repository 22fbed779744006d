#!/usr/bin/env python3
"""Power loss: turns a directory into what storage could hold if the power had gone when its writers ended.

Every change that file_layer has recorded and that no sync has made lasting is taken back, newest first. A sync of a file makes lasting
what the same process has written to it: on a file system of many machines each knows only its own bytes. A sync of a directory makes
lasting the names in it, whoever changed them.

Usage: power_loss.py LOG_DIRECTORY ROOT all|data|names        what is lost of that which was not synced
"""
import bisect
import os
import pathlib
import shutil
import sys

from undo_log import read_logs

LOST = {"all": (True, True), "data": (True, False), "names": (False, True)}
DATA = ("write", "resize")


class Ranges:
    """Byte ranges that are lasting and not to be touched."""

    def __init__(self):
        self.ranges = []

    def add(self, begin, end):
        bisect.insort(self.ranges, (begin, end))

    @property
    def end(self):
        return max((end for _, end in self.ranges), default=0)

    def gaps(self, begin, end):
        """The parts of [begin, end) in none of the ranges."""
        for covered, until in self.ranges:
            if covered >= end:
                break
            if covered > begin:
                yield begin, covered
            begin = max(begin, until)
        if begin < end:
            yield begin, end


class Syncs:
    """When what was made lasting."""

    def __init__(self, records):
        self.of_file, self.of_directory = {}, {}
        for record in records:
            if type(record).__name__ == "sync":
                self.of_file[record.process, record.inode] = record.time
                self.of_directory[record.inode] = max(record.time, self.of_directory.get(record.inode, 0))

    def cover(self, record):
        if type(record).__name__ in DATA:
            return record.time < self.of_file.get((record.process, record.inode), 0)
        directories = {record.directory, getattr(record, "to_directory", record.directory)}
        return any(record.time < self.of_directory.get(inode, 0) for inode in directories)


class Undo:
    """Takes records back. Called in the reverse order, it finds everything where it was right after the call in question, or, if the
    process died before that, right before."""

    def __init__(self, log, root):
        self.log = log
        self.root = root
        self.lasting = {}  # by inode
        self.again = {}  # inode that a directory had -> the one it has now

    def inode_now(self, inode):
        """The number that the file or directory has now; None for a directory that is gone and whose number another one has got here."""
        return self.again.get(inode, None if inode in self.again.values() else inode)

    def make_again(self, path, inode):
        path.mkdir()
        self.again[inode] = path.stat().st_ino

    def path_of(self, inode):
        """Where that file or directory is now, perhaps only as a backup; None if nowhere."""
        inode = self.inode_now(inode)
        for path in (self.root, *self.root.rglob("*"), *self.log.glob("*.kept")):
            if path.lstat().st_ino == inode:
                return path
        return None

    def named(self, directory, name):
        parent = self.path_of(directory)
        return parent and parent / name

    def has(self, path, inode):
        return os.path.lexists(path) and path.lstat().st_ino == self.inode_now(inode)

    def keep(self, record):
        """A lasting change of data: nothing older may come back over it."""
        ranges = self.lasting.setdefault(record.inode, Ranges())
        if type(record).__name__ == "write":
            ranges.add(record.offset, record.offset + record.length)
        else:
            ranges.add(record.size_after, record.size_after)

    def put_back(self, record, begin, end, size):
        """The old bytes of [begin, end) and the old size."""
        path = self.path_of(record.inode)
        if path is None:
            return
        lasting = self.lasting.get(record.inode, Ranges())
        with open(path, "r+b") as file:
            for start, stop in lasting.gaps(begin, end):
                file.seek(start)
                file.write(record.old_bytes[start - begin : stop - begin].ljust(stop - start, b"\0"))
            file.truncate(max(size, lasting.end))

    def write(self, record):
        self.put_back(record, record.offset, min(record.offset + record.length, record.size_before), record.size_before)

    def resize(self, record):
        self.put_back(record, record.size_after, record.size_before, record.size_before)

    def create(self, record):
        path = self.named(record.directory, record.name)
        if path is not None:
            path.unlink(missing_ok=True)

    def mkdir(self, record):
        path = self.named(record.directory, record.name)
        if path is not None:
            shutil.rmtree(path, ignore_errors=True)

    def unlink(self, record):
        path = self.named(record.directory, record.name)
        if path is not None and not os.path.lexists(path):
            os.link(self.log / record.backup, path)

    def rmdir(self, record):
        path = self.named(record.directory, record.name)
        if path is not None and not path.exists():
            self.make_again(path, record.inode)

    def rename(self, record):
        source, target = self.named(record.directory, record.name), self.named(record.to_directory, record.to_name)
        if source is None or target is None or not self.has(target, record.inode):
            return
        os.rename(target, source)
        if record.backup != "-":
            os.link(self.log / record.backup, target)
        elif record.to_inode:
            self.make_again(target, record.to_inode)

    def exchange(self, record):
        source, target = self.named(record.directory, record.name), self.named(record.to_directory, record.to_name)
        if source is None or target is None or not self.has(target, record.inode):
            return
        between = source.with_name(source.name + ".exchanged")
        os.rename(source, between)
        os.rename(target, source)
        os.rename(between, target)


def lose_power(log, root, lost):
    """Rewrites `root`; `lost` is one of LOST."""
    records = read_logs(log)
    syncs = Syncs(records)
    undo = Undo(log, root)
    data, names = LOST[lost]
    for record in reversed(records):
        about = type(record).__name__
        if about == "sync":
            continue
        if not syncs.cover(record):
            if data if about in DATA else names:
                getattr(undo, about)(record)
        elif about in DATA:
            undo.keep(record)


def main():
    log, root, lost = sys.argv[1:]
    lose_power(pathlib.Path(log), pathlib.Path(root), lost)


if __name__ == "__main__":
    main()
