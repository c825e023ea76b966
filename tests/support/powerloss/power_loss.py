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
        story = read(self.journal / "journal")
        done = {"names": 0, "files_cut": 0, "bytes_restored": 0}
        keep_inodes(story, self.journal)
        for inode, durable in story.files.items():
            path = self.journal / f"ino-{inode}"
            if path.exists():
                restore_bytes(path, durable, self.journal, done)
        restore_names(story, self.journal, done)
        self.restart()
        return done


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
    """What the journal tells. A name is (dir, name); it stands for an inode, or for None."""
    now: dict[str, dict[str, int | None]] = field(default_factory=lambda: defaultdict(dict))
    durable: dict[str, dict[str, int | None]] = field(default_factory=lambda: defaultdict(dict))
    files: dict[int, Bytes] = field(default_factory=dict)
    opened: set[tuple[str, str]] = field(default_factory=set)


def read(journal: Path) -> Story:
    story, syncing = Story(), {}
    for line in journal.read_text().split("\n")[:-1] if journal.exists() else []:
        kind, *parts = line.split("\t")
        parts = [urllib.parse.unquote(p) for p in parts]
        if kind == "N":
            folder, name, inode = parts[0], parts[1], int(parts[2]) or None
            story.now[folder].setdefault(name, inode)
            story.durable[folder].setdefault(name, inode)
        elif kind == "E":
            story.now[parts[0]][parts[1]] = int(parts[2]) or None
        elif kind == "C":
            story.files[int(parts[0])] = Bytes(0)
        elif kind == "F":
            story.files.setdefault(int(parts[0]), Bytes(int(parts[1])))
            story.opened.add((parts[2], parts[3]))
        elif kind == "W":
            story.files[int(parts[0])].undo.append((int(parts[1]), parts[2]))
        elif kind == "s":
            known = story.files.get(int(parts[1]))
            syncing[parts[0], parts[1]] = (int(parts[2]), len(known.undo) if known else 0)
        elif kind == "S":
            size, replaced = syncing.pop((parts[0], parts[1]))
            known = story.files.setdefault(int(parts[1]), Bytes(size))
            known.size, known.undo = size, known.undo[replaced:]
        elif kind == "d":
            syncing[parts[0], parts[1]] = dict(story.now[parts[1]])
        elif kind == "D":
            story.durable[parts[1]].update(syncing.pop((parts[0], parts[1])))
        else:
            raise RuntimeError(f"the power loss journal could not follow: {line}")
    return story


def keep_inodes(story: Story, journal: Path):
    """A second name in the journal's folder for every file that a name stands for, so that none is lost in the shuffle."""
    changed = {(folder, name) for folder, names in story.now.items() for name in names}
    for folder, name in changed | story.opened:
        path = Path(folder) / name
        if path.is_file() and not path.is_symlink():
            kept = journal / f"ino-{path.stat().st_ino}"
            if not kept.exists():
                os.link(path, kept)


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


def restore_names(story: Story, journal: Path, done):
    inode_of = lambda path: path.lstat().st_ino if os.path.lexists(path) else None      # noqa: E731
    for folder in sorted(story.durable):                       # parents first
        for name, inode in story.durable[folder].items():
            path = Path(folder) / name
            if not path.parent.is_dir() or inode_of(path) == inode:
                continue
            done["names"] += 1
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            elif os.path.lexists(path):
                path.unlink()
            if inode is not None:
                kept = journal / f"ino-{inode}"
                if kept.exists():
                    os.link(kept, path)
                else:
                    path.mkdir()                               # only folders have no second name
