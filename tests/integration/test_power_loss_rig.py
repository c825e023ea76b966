"""The power loss rig takes back what was not synced, and nothing else: small programs, killed, beside what must be left."""
import subprocess
import sys
import textwrap

import pytest

from power_loss import PowerLoss

PROGRAM = """
import os, signal, sys
os.chdir(sys.argv[1])
def put(name, data, sync=False, how=os.O_WRONLY | os.O_CREAT | os.O_APPEND, at=None):
    fd = os.open(name, how, 0o644)
    os.write(fd, data) if at is None else os.pwrite(fd, data, at)
    if sync: os.fsync(fd)
    os.close(fd)
def sync(name):
    fd = os.open(name, os.O_RDONLY)
    os.fsync(fd)
    os.close(fd)
{body}
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def lab(tmp_path):
    class Lab:
        folder = tmp_path / "data of the test"
        loss = PowerLoss(folder, tmp_path / "scratch of it")

        def run(self, body):
            done = subprocess.run([sys.executable, "-c", PROGRAM.format(body=textwrap.dedent(body)), self.folder],
                                  env=self.loss.env(), capture_output=True, text=True)
            assert done.returncode == -9, done.stderr
            self.loss.strike()
            return {str(p.relative_to(self.folder)): p.read_bytes() if p.is_file() else None
                    for p in sorted(self.folder.rglob("*"))}
    return Lab()


def test_a_file_needs_its_own_sync_and_its_directorys(lab):
    assert lab.run("""
        put("both", b"synced", sync=True)
        put("only name", b"x")
        sync(".")
        put("only file", b"x", sync=True)
        put("neither", b"x")
        put("both", b" and more")
    """) == {"both": b"synced", "only name": b""}


def test_what_was_there_before_is_durable(lab):
    (lab.folder / "old").write_bytes(b"old")
    (lab.folder / "gone").write_bytes(b"back")
    assert lab.run("""
        put("old", b" and new")
        os.unlink("gone")
    """) == {"old": b"old", "gone": b"back"}


def test_replaced_and_cut_bytes_come_back(lab):
    (lab.folder / "a").write_bytes(b"0123456789")
    (lab.folder / "b").write_bytes(b"0123456789")
    (lab.folder / "c").write_bytes(b"0123456789")
    assert lab.run("""
        put("a", b"xx", at=2, how=os.O_WRONLY)
        put("a", b"yyyy", at=1, how=os.O_WRONLY)
        os.ftruncate(os.open("a", os.O_WRONLY), 8)
        put("b", b"zz", at=0, how=os.O_WRONLY, sync=True)
        put("b", b"!!", at=9, how=os.O_WRONLY)
        put("c", b"new", how=os.O_WRONLY | os.O_TRUNC)
    """) == {"a": b"0123456789", "b": b"zz23456789", "c": b"0123456789"}


def test_renames_links_and_removals_wait_for_the_directory(lab):
    (lab.folder / "final").write_bytes(b"first")
    assert lab.run("""
        put("part", b"second", sync=True)
        os.rename("part", "final")
        os.link("final", "other")
    """) == {"final": b"first"}
    assert lab.run("""
        put("part", b"second", sync=True)
        os.rename("part", "final")
        os.link("final", "other")
        sync(".")
        os.unlink("final")
        os.rename("other", "third")
    """) == {"final": b"second", "other": b"second"}


def test_a_rename_between_directories_needs_both(lab):
    assert lab.run("""
        os.mkdir("aside"); os.mkdir("shown")
        put("aside/f", b"x", sync=True); put("aside/g", b"y", sync=True)
        sync("aside"); sync("shown"); sync(".")
        os.rename("aside/f", "shown/f")
        sync("shown")
        os.rename("aside/g", "shown/g")
        sync("aside")
    """) == {"aside": None, "shown": None, "shown/f": b"x"}     # g: neither name was durable, as POSIX allows


def test_directories_that_were_not_synced_go_with_all_they_hold(lab):
    assert lab.run("""
        os.makedirs("a/b")
        put("a/b/f", b"x", sync=True)
        sync("a/b"); sync("a")
    """) == {}
    assert lab.run("""
        os.makedirs("a/b")
        put("a/b/f", b"x", sync=True)
        sync("a/b"); sync("a"); sync(".")
        os.unlink("a/b/f"); os.rmdir("a/b"); os.rmdir("a")
    """) == {"a": None, "a/b": None, "a/b/f": b"x"}


def test_a_second_loss_starts_from_the_first(lab):
    lab.run('put("f", b"1", sync=True); sync(".")')
    assert lab.run('put("f", b"2"); put("g", b"3")') == {"f": b"1"}
    assert lab.run('put("f", b"2", sync=True)') == {"f": b"12"}


def test_a_renamed_directory_keeps_what_was_synced_in_it(lab):
    assert lab.run("""
        os.mkdir("db.new")
        put("db.new/f", b"x", sync=True); sync("db.new"); sync(".")
        os.rename("db.new", "db")
        put("db/g", b"y", sync=True); sync("db")
    """) == {"db.new": None, "db.new/f": b"x", "db.new/g": b"y"}
    assert lab.run("""
        os.rename("db.new", "db"); sync(".")
        put("db/h", b"z", sync=True)
        os.unlink("db/f")
    """) == {"db": None, "db/f": b"x", "db/g": b"y"}


def test_a_directory_made_where_one_was_removed_is_another(lab):
    assert lab.run("""
        os.mkdir("a"); put("a/f", b"x", sync=True); sync("a"); sync(".")
        os.unlink("a/f"); os.rmdir("a")
        os.mkdir("a"); put("a/g", b"y", sync=True); sync("a")
    """) == {"a": None, "a/f": b"x"}
