"""Reads what a file sink has committed, the way an outside reader may: by its manifests, and by what lies there.

The commit of batch N by a writer's sink is the manifest `_weir/<writer>.<sink>/N.json`; what no manifest names is
not there yet. Once weir has ended by itself, both ways must see the same files.
"""
import json
from pathlib import Path

import duckdb

OURS = "_weir"


def manifests(folder: Path) -> dict[tuple[str, int], dict]:
    """(writer.sink, N) -> manifest, in order of N."""
    found = {}
    for path in sorted((Path(folder) / OURS).glob("*/*.json")):
        if path.stem.isdigit():
            found[path.parent.name, int(path.stem)] = json.loads(path.read_text())
    return dict(sorted(found.items(), key=lambda item: (item[0][0], item[0][1])))


def named_files(manifest: dict) -> list[str]:
    """The relative paths that a manifest commits."""
    return [entry if isinstance(entry, str) else entry["path"] for entry in manifest["files"]]


def committed_files(folder: Path) -> list[Path]:
    return [Path(folder) / name for manifest in manifests(folder).values() for name in named_files(manifest)]


def visible_files(folder: Path, extension="parquet") -> list[Path]:
    """What a reader finds that knows nothing of manifests and, as all do, skips names that start with _ or a dot."""
    folder = Path(folder)
    return sorted(p for p in folder.rglob(f"*.{extension}")
                  if not any(part.startswith(("_", ".")) for part in p.relative_to(folder).parts))


def settled_files(folder: Path, extension="parquet") -> list[Path]:
    """The committed files, after checking that they are exactly the visible ones and that none is named twice."""
    committed = committed_files(folder)
    assert len(committed) == len(set(committed)), f"a file is committed twice in {folder}"
    missing = set(committed) - set(visible_files(folder, extension))
    extra = set(visible_files(folder, extension)) - set(committed)
    assert not missing, f"committed but not there: {sorted(map(str, missing))[:5]}"
    assert not extra, f"there but not committed: {sorted(map(str, extra))[:5]}"
    return sorted(committed)


READERS = {"parquet": "read_parquet(?, union_by_name = true, hive_partitioning = {hive})",
           "json": "read_json(?, format = 'newline_delimited', union_by_name = true, hive_partitioning = {hive})",
           "csv": "read_csv(?, union_by_name = true, hive_partitioning = {hive})"}


def query(sql: str, folder: Path, extension="parquet", hive=False) -> list[tuple]:
    """Runs `sql` over the committed rows, which it calls `rows`. An empty sink has no columns to ask for: returns []."""
    files = [str(f) for f in settled_files(folder, extension)]
    if not files:
        return []
    with duckdb.connect() as db:
        db.execute("SET TimeZone = 'UTC'")
        reader = READERS[extension].format(hive=str(hive).lower())
        return db.execute(f"WITH rows AS (SELECT * FROM {reader}) {sql}", [files]).fetchall()
