"""Delta tables as others read them: `deltalake` (delta-rs) and, where a test asks for it, Spark."""
import json
from pathlib import Path

from deltalake import DeltaTable, QueryBuilder


def rows(path) -> list[dict]:
    return DeltaTable(str(path)).to_pyarrow_table().to_pylist()


def sql(path, condition) -> int:
    """How many rows fulfil `condition`, as delta-rs' own SQL finds them, by its statistics."""
    result = QueryBuilder().register("t", DeltaTable(str(path))).execute(f"SELECT count(*) AS n FROM t WHERE {condition}")
    return result.read_all().column("n")[0].as_py()


def spark_rows(spark, path) -> list[dict]:
    return [row.asDict(recursive=True) for row in spark.read.format("delta").load(str(path)).collect()]


def commits(path) -> list[list[dict]]:
    """The actions of each commit that is there, in order of version."""
    files = sorted(p for p in (Path(path) / "_delta_log").glob("*.json") if p.stem.isdigit())
    return [[json.loads(line) for line in file.read_text().splitlines()] for file in files]


def adds(path) -> list[dict]:
    return [action["add"] for commit in commits(path) for action in commit if "add" in action]
