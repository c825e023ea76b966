"""Takes a directory back to what a power loss would have left of it: only what was synced.

    loss = PowerLoss(folder, scratch)          # scratch: same file system, outside the folder
    program = Popen(..., env=loss.env())       # journal.c is preloaded into it
    ... kill the program ...
    loss.strike()                              # and start it again, with loss.env() once more

The model is the strict one of POSIX: a file's bytes are durable after fsync or fdatasync of the file, a name (made, renamed,
linked, removed) after fsync of its directory. Nothing else survives, though a real file system would often keep more.
"""
import hashlib
import os
import shutil
import subprocess
import tempfile
import urllib.parse
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

SOURCE = Path(__file__).resolve().parent / "journal.c"


@dataclass
class Bytes:
    """What is durable of one file: its length, and the old bytes of what was replaced since, oldest first."""
    size: int
    undo: list[tuple[int, str]] = field(default_factory=list)


class PowerLoss:
    def __init__(self, folder, scratch):
        self.folder, self.scratch = Path(folder).resolve(), Path(scratch).resolve()
        self.journal = self.scratch / "journal"
        assert not self.journal.is_relative_to(self.folder), "the journal must be outside the watched folder"
        self.folder.mkdir(parents=True, exist_ok=True)
        self.scratch.mkdir(parents=True, exist_ok=True)
        self.library = build()
        self.restart()

    def env(self) -> dict[str, str]:
        return {"LD_PRELOAD": str(self.library), "WEIR_POWERLOSS_DIR": str(self.folder),
                "WEIR_POWERLOSS_JOURNAL": str(self.journal)}

    def restart(self):
        """Forgets the journal: all that is there now counts as durable."""
        shutil.rmtree(self.journal, ignore_errors=True)
        self.journal.mkdir()

    def strike(self) -> dict[str, int]:
        """Undoes what was not synced. Returns counts of what was undone."""
        story, tree = read(self.journal / "journal"), Tree(self.folder)
        done = {"names": story.restore_names(tree), "files_cut": 0, "bytes_restored": 0}
        for inode, durable in story.files.items():
            for path in (self.journal / f"ino-{inode}", tree.files.get(inode)):
                if path and path.exists():
                    restore_bytes(path, durable, self.journal, done)
                    break
        rebuilt = self.scratch / "rebuilt"
        shutil.rmtree(rebuilt, ignore_errors=True)
        tree.write(tree.root, rebuilt, self.journal)
        for old in self.folder.iterdir():
            shutil.rmtree(old) if old.is_dir() and not old.is_symlink() else old.unlink()
        for new in rebuilt.iterdir():
            new.rename(self.folder / new.name)
        self.restart()
        return done


class Tree:
    """The watched directory as it lies there, by inodes: names can be set back, and the result written anew."""

    def __init__(self, folder: Path):
        self.root = folder.stat().st_ino
        self.names: dict[int, dict[str, int]] = defaultdict(dict)      # directory -> name -> inode
        self.files: dict[int, Path] = {}
        for parent, folders, files in os.walk(folder):
            inside = self.names[os.stat(parent).st_ino]
            for name in folders + files:
                path = Path(parent) / name
                inside[name] = path.lstat().st_ino
                if name in files:
                    self.files.setdefault(inside[name], path)

    def write(self, inode: int, target: Path, journal: Path):
        target.mkdir()
        for name, child in self.names[inode].items():
            kept = journal / f"ino-{child}"
            source = kept if kept.exists() else self.files.get(child)
            if source:
                os.link(source, target / name)
            else:
                self.write(child, target / name, journal)


def build() -> Path:
    """In the system's folder for temporary files: LD_PRELOAD splits at spaces, and ours may have one."""
    folder = Path(tempfile.gettempdir()) / f"weir-power-loss-{os.getuid()}"
    library = folder / f"journal-{hashlib.sha256(SOURCE.read_bytes()).hexdigest()[:16]}.so"
    if not library.exists():
        folder.mkdir(mode=0o700, exist_ok=True)
        assert folder.stat().st_uid == os.getuid(), f"{folder} belongs to another user"
        part = library.with_suffix(f".{os.getpid()}")
        subprocess.run(["cc", "-std=gnu11", "-O1", "-g", "-Wall", "-Wextra", "-Werror", "-Wno-format-truncation", "-shared",
                        "-fPIC", "-o", str(part), str(SOURCE), "-ldl"], check=True)
        part.rename(library)
    return library


@dataclass
class Story:
    """What the journal tells. Directories and files are known by their inodes; a name stands for one, or for None."""
    now: dict[int, dict[str, int | None]] = field(default_factory=lambda: defaultdict(dict))
    durable: dict[int, dict[str, int | None]] = field(default_factory=lambda: defaultdict(dict))
    files: dict[int, Bytes] = field(default_factory=dict)

    def restore_names(self, tree: Tree) -> int:
        undone = 0
        for folder, names in self.durable.items():
            for name, inode in names.items():
                undone += tree.names[folder].get(name) != inode
                tree.names[folder].pop(name, None)
                if inode is not None:
                    tree.names[folder][name] = inode
        return undone


def read(journal: Path) -> Story:
    story, syncing = Story(), {}
    for line in journal.read_text().split("\n")[:-1] if journal.exists() else []:
        kind, *parts = line.split("\t")
        if kind in "NE":
            folder, name, inode = int(parts[0]), urllib.parse.unquote(parts[1]), int(parts[2]) or None
            if kind == "E":
                story.now[folder][name] = inode
            else:
                story.now[folder].setdefault(name, inode)
                story.durable[folder].setdefault(name, inode)
        elif kind == "W":
            story.files[int(parts[0])].undo.append((int(parts[1]), parts[2]))
        else:
            first, rest = int(parts[0]), [int(p) for p in parts[1:]]
            if kind == "C":
                story.files[first] = Bytes(0)
            elif kind == "F":
                story.files.setdefault(first, Bytes(rest[0]))
            elif kind == "s":
                known = story.files.get(rest[0])
                syncing[first, rest[0]] = (rest[1], len(known.undo) if known else 0)
            elif kind == "S":
                size, replaced = syncing.pop((first, rest[0]))
                known = story.files.setdefault(rest[0], Bytes(size))
                known.size, known.undo = size, known.undo[replaced:]
            elif kind == "d":
                syncing[first, rest[0]] = dict(story.now[rest[0]])
            elif kind == "D":
                story.durable[rest[0]].update(syncing.pop((first, rest[0])))
            else:
                raise RuntimeError(f"not a line of the journal: {line}")
    return story


def restore_bytes(path: Path, durable: Bytes, journal: Path, done):
    with open(path, "r+b") as file:
        for offset, saved in reversed(durable.undo):
            old = (journal / saved).read_bytes()
            file.seek(offset)
            file.write(old)
            done["bytes_restored"] += len(old)
        file.flush()
        size = os.fstat(file.fileno()).st_size
        if size > durable.size:
            file.truncate(durable.size)
            done["files_cut"] += 1
        elif size < durable.size:
            raise RuntimeError(f"{path} has {size} bytes of {durable.size} that were synced")
