#!/usr/bin/env python3
"""Checks the file layer and power_loss.py with small writers that make one change each.

Usage: file_layer_test.py FILE_LAYER
"""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

import power_loss

LAYER = sys.argv.pop(1)

BEGIN = """
import os, shutil, sys
os.chdir(sys.argv[1])
def put(path, text, offset=0, sync=True, flags=os.O_CREAT):
    fd = os.open(path, os.O_RDWR | flags, 0o644)
    os.pwrite(fd, text, offset)
    if sync: os.fsync(fd)
    os.close(fd)
def sync(path):
    fd = os.open(path, os.O_RDONLY)
    os.fsync(fd)
    os.close(fd)
"""


class FileLayer(unittest.TestCase):
    def setUp(self):
        self.work = pathlib.Path(tempfile.mkdtemp(prefix="file-layer-"))
        self.addCleanup(shutil.rmtree, self.work)
        self.root, self.log = self.work / "root", self.work / "log"
        self.root.mkdir()
        self.log.mkdir()

    def run_script(self, script, rank=0, **environment):
        layer = {"LD_PRELOAD": LAYER, "FILE_LAYER_ROOT": str(self.root), "FILE_LAYER_LOG": str(self.log), "OMPI_COMM_WORLD_RANK": str(rank)}
        return subprocess.run(
            [sys.executable, "-c", BEGIN + script, self.root], env=os.environ | layer | environment, text=True, stderr=subprocess.PIPE, check=False
        )

    def tree(self):
        return {str(path.relative_to(self.root)): path.read_bytes() if path.is_file() else None for path in self.root.rglob("*")}

    def lose(self, lost, *scripts):
        """What is left after scripts, each a process of its own with the rank of its place."""
        for rank, script in enumerate(scripts):
            done = self.run_script(script, rank, FILE_LAYER_RECORD="1")
            self.assertEqual(done.returncode, 0, done.stderr)
        power_loss.lose_power(self.log, self.root, lost)
        return self.tree()

    def given(self, **files):
        for name, content in files.items():
            (self.root / name).write_bytes(content)

    def test_what_was_synced_stays(self):
        self.assertEqual(self.lose("all", "put('a', b'new'); sync('.')"), {"a": b"new"})

    def test_names_go_without_a_sync_of_the_directory(self):
        for lost, left in (("all", {}), ("names", {}), ("data", {"a": b"new"})):
            with self.subTest(lost):
                self.assertEqual(self.lose(lost, "put('a', b'new')"), left)

    def test_data_go_without_a_sync_of_the_file(self):
        self.assertEqual(self.lose("all", "put('a', b'new', sync=False); sync('.')"), {"a": b""})

    def test_old_bytes_and_size_come_back(self):
        self.given(a=b"0123456789")
        self.assertEqual(self.lose("all", "put('a', b'xx', 3, sync=False); put('a', b'yyyy', 8, sync=False)"), {"a": b"0123456789"})

    def test_a_truncated_file_comes_back(self):
        self.given(a=b"0123456789")
        self.assertEqual(self.lose("all", "put('a', b'xx', sync=False, flags=os.O_TRUNC)"), {"a": b"0123456789"})

    def test_space_that_was_taken_goes(self):
        self.given(a=b"abc")
        self.assertEqual(self.lose("all", "fd = os.open('a', os.O_RDWR); os.posix_fallocate(fd, 0, 9); os.ftruncate(fd, 7)"), {"a": b"abc"})

    def test_each_process_syncs_its_own_bytes(self):
        first = "put('a', b'........'); sync('.')"
        left = self.lose("all", first, "put('a', b'xx', 2, sync=False)", "put('a', b'yy', 5)")
        self.assertEqual(left, {"a": b".....yy."})

    def test_nothing_comes_back_over_what_lasts(self):
        first = "put('a', b'........'); sync('.')"
        self.assertEqual(self.lose("all", first, "put('a', b'xxxx', 2, sync=False)", "put('a', b'yy', 3)"), {"a": b"...yy..."})

    def test_renames_are_taken_back(self):
        self.given(a=b"old", b=b"other")
        self.assertEqual(self.lose("names", "os.rename('a', 'b')"), {"a": b"old", "b": b"other"})

    def test_a_synced_rename_stays(self):
        self.given(a=b"old")
        self.assertEqual(self.lose("all", "put('t', b'new'); os.rename('t', 'a'); sync('.')"), {"a": b"new"})

    def test_a_rename_of_what_was_not_synced_leaves_nothing(self):
        self.given(a=b"old")
        self.assertEqual(self.lose("data", "put('t', b'new', sync=False); os.rename('t', 'a'); sync('.')"), {"a": b""})

    def test_removed_trees_come_back(self):
        (self.root / "d/e").mkdir(parents=True)
        self.given(**{"d/x": b"1", "d/e/y": b"2"})
        before = self.tree()
        self.assertEqual(self.lose("all", "os.rename('d', 'f'); shutil.rmtree('f')"), before)

    def test_a_file_with_the_inode_of_a_removed_directory_is_another(self):
        (self.root / "d").mkdir()
        self.given(**{"d/x": b"old"})
        self.assertEqual(self.lose("all", "shutil.rmtree('d'); put('a', b'new'); os.rename('a', 'b')"), {"d": None, "d/x": b"old"})

    def test_exchanged_directories_come_back(self):
        self.given(seen=b"")
        (self.root / "d").mkdir()
        self.given(**{"d/x": b"old"})
        script = """
import ctypes
os.mkdir('t'); put('t/x', b'new'); sync('t')
assert ctypes.CDLL(None).renameat2(-100, b't', -100, b'd', 2) == 0
"""
        self.assertEqual(self.lose("all", script + "shutil.rmtree('t')"), {"seen": b"", "d": None, "d/x": b"old"})
        shutil.rmtree(self.log)
        self.log.mkdir()
        self.assertEqual(self.lose("all", script + "sync('.'); shutil.rmtree('t'); sync('.')"), {"seen": b"", "d": None, "d/x": b"new"})

    def test_copies_are_writes(self):
        self.given(a=b"0123456789", b=b"..........")
        self.assertEqual(self.lose("all", "os.copy_file_range(os.open('a', 0), os.open('b', os.O_RDWR), 4, 2, 3)")["b"], b"..........")

    def test_a_sync_that_fails_counts_for_nothing(self):
        done = self.run_script("put('a', b'new')", FILE_LAYER_RECORD="1", FILE_LAYER_FAIL="fsync:1")
        self.assertIn("Input/output error", done.stderr)
        self.assertTrue((self.log / "failed-0").exists())
        power_loss.lose_power(self.log, self.root, "data")
        self.assertEqual(self.tree(), {"a": b""})

    def test_the_call_that_is_meant_fails(self):
        calls = {
            "write": "os.pwrite(fd, b'x', 0)",
            "fsync": "os.fsync(fd)",
            "rename": "os.rename('a', 'b')",
            "create": "os.open('c', os.O_CREAT | os.O_RDWR)",
            "allocate": "os.ftruncate(fd, 3)",
            "mkdir": "os.mkdir('d')",
            "copy": "os.copy_file_range(fd, fd, 1, 0, 1)",
        }
        for kind, call in calls.items():
            for number in (1, 2):
                with self.subTest(kind, number=number):
                    self.given(a=b"x", b=b"x")
                    done = self.run_script(
                        f"fd = os.open('a', os.O_RDWR)\nfor count in range(2):\n    print(count, file=sys.stderr)\n    {call}",
                        rank=3,
                        FILE_LAYER_FAIL=f"{kind}:{number}:ENOSPC",
                        FILE_LAYER_RANK="3",
                    )
                    self.assertIn("No space left", done.stderr)
                    self.assertIn(str(number - 1), done.stderr.split("Traceback")[0].split()[-1])

    def test_other_ranks_do_not_fail(self):
        self.assertEqual(self.run_script("put('a', b'new')", FILE_LAYER_FAIL="write:1", FILE_LAYER_RANK="1").returncode, 0)
        self.assertFalse(list(self.log.iterdir()))


if __name__ == "__main__":
    unittest.main()
