"""Reads what a file sink has committed, the way an outside reader may: by what lies there, checked against the manifests.

The commit of batch N by a writer's sink is the manifest `_weir/<writer>.<sink>/N.json`; the newest hundred stay. A file
is `<first 8 of the writer>-<N>-<i>.<extension>`. Once weir has ended by itself, every file that a manifest names is there,
and no file of those batches is there that none names.
"""
import json
import re
from pathlib import Path

import duckdb


def manifests(folder: Path) -> dict[tuple[str, int], dict]:
    """(writer.sink, N) -> manifest, in order of N."""
    found = {}
    for path in (Path(folder) / "_weir").glob("*/*.json"):
        if path.stem.isdigit():
            found[path.parent.name, int(path.stem)] = json.loads(path.read_text())
    return dict(sorted(found.items()))


def visible_files(folder: Path, extension="parquet") -> list[Path]:
    """What a reader finds that knows nothing of manifests and, as all do, skips names that start with _ or a dot."""
    folder = Path(folder)
    return sorted(p for p in folder.rglob(f"*.{extension}")
                  if not any(part.startswith(("_", ".")) for part in p.relative_to(folder).parts))


def settled_files(folder: Path, extension="parquet") -> list[Path]:
    """The visible files, after the checks of above."""
    kept = manifests(folder)
    named = [Path(folder) / entry["path"] for manifest in kept.values() for entry in manifest["files"]]
    assert len(named) == len(set(named)), f"a file is committed twice in {folder}"
    visible = visible_files(folder, extension)
    missing = set(named) - set(visible)
    assert not missing, f"committed but not there: {sorted(map(str, missing))[:5]}"
    oldest = {}
    for writer_and_sink, number in kept:
        writer = writer_and_sink[:8]
        oldest[writer] = min(number, oldest.get(writer, number))
    for path in set(visible) - set(named):
        name = re.match(r"([0-9a-f]{8})-(\d+)-\d+", path.name)
        old = name and name[1] in oldest and int(name[2]) < oldest[name[1]]
        assert old, f"there but not committed: {path}"
    return visible


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
