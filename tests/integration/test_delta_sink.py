"""Delta tables that Weir writes, read back by deltalake and by Spark, which share no code with it."""
import datetime as dt
import decimal
import json
import math
import shutil

import pyarrow as pa
import pytest
from deltalake import DeltaTable, write_deltalake

import delta_table

pytestmark = pytest.mark.filterwarnings("ignore")  # of pyspark

UTC = dt.timezone.utc
D = decimal.Decimal

PAYMENTS = """
version: 1
name: {name}
owner: payments@example.com
connections: {{ main: {{ type: kafka, brokers: ["{brokers}"] }} }}
sources:
  payments:
    type: kafka
    connection: main
    topics: [{topic}]
    max_records: {batch}
    format:
      type: json
      contract:
        name: payment
        version: 1
        fields:
          id: {{ type: int64, required: true, nullable: false }}
          city: {{ type: string }}
          amount: {{ type: "decimal(12,2)" }}
          at: {{ type: timestamp }}
sinks:
  lake: {{ from: payments, type: delta, path: lake{partition} }}
dead_letter: {{ type: delta, path: dead_{name} }}
checkpoint: {{ path: checkpoint_{name} }}
"""

CITIES = ["rome", "a/b=c d%é:#?", "..", "", None, "NULL", "__HIVE_DEFAULT_PARTITION__", "x" * 300, "it's \"q\"\n\t\\", "😀", " "]


def payment(i):
    at = dt.datetime(2026, 1, 1, tzinfo=UTC) + dt.timedelta(microseconds=i * 1_000_003)
    return {"id": i, "city": CITIES[i % len(CITIES)], "amount": f"{i}.{i % 100:02d}", "at": at.isoformat()}


def wanted(i, city_of=lambda city: city):
    made = payment(i)
    return (i, city_of(made["city"]), D(made["amount"]), dt.datetime.fromisoformat(made["at"]))


def as_tuple(row):
    at = row["at"] if row["at"].tzinfo else row["at"].replace(tzinfo=UTC)
    return (row["id"], row["city"], row["amount"], at)


def pipeline(weir, name, brokers, topic, batch=100, partition=""):
    file = weir.folder / f"{name}.yaml"
    file.write_text(PAYMENTS.format(name=name, brokers=brokers, topic=topic, batch=batch, partition=partition))
    return file


def raw(i):
    return json.dumps(payment(i)).replace(f'"{payment(i)["amount"]}"', payment(i)["amount"])


def key(row):
    return row[0]


def test_rows_from_kafka_as_deltalake_and_spark_read_them(kafka, broker, topic, weir, spark):
    kafka.produce(topic, [raw(i) for i in range(1500)] + ["{", '{"city": "x"}'])
    file = pipeline(weir, "payments", broker.bootstrap, topic)
    weir.run_once(file)
    kafka.produce(topic, [raw(i) for i in range(1500, 2000)])
    weir.run_once(file)
    want = [wanted(i) for i in range(2000)]
    lake = weir.folder / "lake"
    assert sorted(map(as_tuple, delta_table.rows(lake)), key=key) == want
    assert sorted(map(as_tuple, delta_table.spark_rows(spark, lake)), key=key) == want
    codes = sorted(row["code"] for row in delta_table.rows(weir.folder / "dead_payments"))
    assert codes == ["JSON_PARSE_ERROR", "MISSING_FIELD"]
    assert sorted(r["code"] for r in delta_table.spark_rows(spark, weir.folder / "dead_payments")) == codes


def test_hostile_partition_values(kafka, broker, topic, weir, spark):
    kafka.produce(topic, [raw(i) for i in range(200)])
    weir.run_once(pipeline(weir, "parts", broker.bootstrap, topic, partition=", partition_by: [city]"))
    want = [wanted(i, lambda city: city or None) for i in range(200)]   # the empty text is null
    lake = weir.folder / "lake"
    assert sorted(map(as_tuple, delta_table.rows(lake)), key=key) == want
    assert sorted(map(as_tuple, delta_table.spark_rows(spark, lake)), key=key) == want
    frame = spark.read.format("delta").load(str(lake))
    for city in filter(None, CITIES):
        assert frame.where(frame.city == city).count() == sum(1 for row in want if row[1] == city)
    assert frame.where("city IS NULL").count() == sum(1 for row in want if row[1] is None)
    assert not any("" in add["partitionValues"].values() for add in delta_table.adds(lake))


def test_several_writers_in_one_table(kafka, broker, topic, weir, spark):
    """Two pipelines and deltalake take turns; then the log is cut to its newest checkpoint."""
    lake = weir.folder / "lake"
    files = [pipeline(weir, name, broker.bootstrap, topic, batch=60) for name in ("one", "two")]
    total = 0
    for turn in range(4):
        kafka.produce(topic, [raw(i) for i in range(total, total + 200)])
        total += 200
        running = [weir.start("run", file, "--once", "--json") for file in files]
        for process in running:
            process.wait(120).expect(0)
        write_deltalake(str(lake), pa.table({"id": pa.array([-1 - turn], pa.int64()), "city": ["deltalake"]}), mode="append",
                        schema_mode="merge")
    want = sorted([wanted(i) for i in range(total)] * 2, key=key)
    version = DeltaTable(str(lake)).version()
    assert version == len(delta_table.commits(lake)) - 1

    def check():
        for read in (delta_table.rows(lake), delta_table.spark_rows(spark, lake)):
            assert sorted(row["id"] for row in read if row["id"] < 0) == [-4, -3, -2, -1]
            assert sorted((as_tuple(row) for row in read if row["id"] >= 0), key=key) == want

    check()
    checkpoints = sorted((lake / "_delta_log").glob("*.checkpoint.parquet"))
    assert checkpoints
    newest = int(checkpoints[-1].name[:20])
    for number in range(newest):
        (lake / "_delta_log" / f"{number:020}.json").unlink()
    spark.catalog.clearCache()
    cut = weir.folder / "cut"           # another path, so that Spark remembers nothing
    shutil.copytree(lake, cut)
    for read in (delta_table.rows(cut), delta_table.spark_rows(spark, cut)):
        assert len(read) == len(want) + 4
    weir.run_once(files[0])             # and Weir goes on from there
    check_again = delta_table.rows(lake)
    assert len(check_again) == len(want) + 4


VALUES = """
version: 1
name: values
owner: values@example.com
sources: { made: { type: rate, rows_per_second: 1000, rows: 8, partitions: 1 } }
steps:
  - name: odd
    from: made
    select:
      i: "value"
      v: "CASE value WHEN 0 THEN CAST('nan' AS DOUBLE) WHEN 1 THEN CAST('inf' AS DOUBLE) WHEN 2 THEN CAST('-inf' AS DOUBLE) WHEN 3 THEN -0.0::DOUBLE WHEN 4 THEN NULL ELSE value + 0.1::DOUBLE END"
      z: "CASE WHEN value % 2 = 0 THEN -0.0::DOUBLE ELSE 0.0::DOUBLE END"
      ts: "CASE WHEN value = 0 THEN CAST('1960-01-01 00:00:00.000001+00' AS TIMESTAMPTZ) ELSE CAST('2026-01-01 00:00:00.999999+00' AS TIMESTAMPTZ) END"
      d: "CAST(value AS DECIMAL(38,10)) + CAST('9007199254740993.0000000001' AS DECIMAL(38,10))"
      s: "repeat(CASE WHEN value % 2 = 0 THEN '\\U0001F600' ELSE 'z' END, 40) || CAST(value AS VARCHAR)"
      n: "CAST(NULL AS INTEGER)"
      b: "value = 3"
      bin: "CAST('x' AS BLOB)"
      day: "CAST('1969-12-31' AS DATE)"
      st: "{'x': value, 'y': [value, NULL]}"
sinks:
  out: { from: odd, type: delta, path: values }
checkpoint: { path: checkpoint }
"""

# A predicate for both readers, and what Python thinks of it.
PREDICATES = [
    ("v > 100", lambda r: r["v"] is not None and (math.isnan(r["v"]) or r["v"] > 100)),
    ("v < 0", lambda r: r["v"] is not None and r["v"] < 0),
    ("v < 5", lambda r: r["v"] is not None and not math.isnan(r["v"]) and r["v"] < 5),
    ("v IS NULL", lambda r: r["v"] is None),
    ("i >= 7", lambda r: r["i"] >= 7),
    ("ts > TIMESTAMP '2026-01-01 00:00:00.9995'", lambda r: r["i"] > 0),
    ("ts < TIMESTAMP '1960-01-01 00:00:00.0005'", lambda r: r["i"] == 0),
    ("n IS NULL", lambda r: True),
    ("n IS NOT NULL", lambda r: False),
    ("day = DATE '1969-12-31'", lambda r: True),
]


def test_values_and_predicates(weir, spark):
    (weir.folder / "values.yaml").write_text(VALUES)
    weir.run_once(weir.folder / "values.yaml")
    path = weir.folder / "values"
    ours = sorted(delta_table.rows(path), key=lambda r: r["i"])
    theirs = sorted(delta_table.spark_rows(spark, path), key=lambda r: r["i"])
    assert [r["i"] for r in ours] == [r["i"] for r in theirs] == list(range(8))
    for rows in (ours, theirs):
        assert math.isnan(rows[0]["v"]) and rows[1]["v"] == math.inf and rows[2]["v"] == -math.inf and rows[4]["v"] is None
        assert math.copysign(1, rows[3]["v"]) == 1      # a zero loses its sign, or Spark would not find it
        assert rows[7]["d"] == D("9007199254741000.0000000001")
        assert rows[2]["s"] == "\U0001F600" * 40 + "2" and rows[3]["s"] == "z" * 40 + "3"
        assert rows[5]["st"] == {"x": 5, "y": [5, None]} and rows[3]["b"] is True and rows[2]["b"] is False
        assert bytes(rows[0]["bin"]) == b"x" and rows[0]["n"] is None and rows[0]["day"] == dt.date(1969, 12, 31)
        assert rows[0]["ts"].microsecond == 1 and rows[1]["ts"].microsecond == 999999
    frame = spark.read.format("delta").load(str(path))
    for condition, holds in PREDICATES:
        count = sum(1 for r in ours if holds(r))
        assert frame.where(condition).count() == count, condition
    for row in ours:        # each value is found by itself
        assert frame.where(frame.s == row["s"]).count() == 1
        assert frame.where(frame.d == row["d"]).count() == 1
        assert frame.where(frame.s >= row["s"]).count() == sum(1 for r in ours if r["s"].encode() >= row["s"].encode())
    assert frame.where("z = 0.0").count() == 8
    for condition in ("v < 0", "v IS NULL", "i >= 7", "n IS NULL", "day = DATE '1969-12-31'", "d > 9007199254740999"):
        assert delta_table.sql(path, condition) == frame.where(condition).count(), condition


def test_a_table_that_asks_more_of_its_writers_is_refused_by_name(weir, spark):
    path = weir.folder / "values"
    spark.sql(f"CREATE TABLE delta.`{path}` (i BIGINT, v DOUBLE) USING delta")
    spark.sql(f"ALTER TABLE delta.`{path}` ADD CONSTRAINT small CHECK (i < 100)")
    (weir.folder / "values.yaml").write_text(VALUES)
    ended = weir("run", weir.folder / "values.yaml", "--once")
    assert ended.code != 0
    assert "CHECK constraint 'small'" in ended.err and str(path) in ended.err
    assert DeltaTable(str(path)).version() == 1


def test_rows_are_added_to_a_table_that_spark_made(weir, spark):
    path = weir.folder / "values"
    spark.sql(f"CREATE TABLE delta.`{path}` (I BIGINT, extra STRING) USING delta")
    (weir.folder / "values.yaml").write_text(VALUES)
    weir.run_once(weir.folder / "values.yaml")
    rows = delta_table.spark_rows(spark, path)
    assert sorted(row["I"] for row in rows) == list(range(8))
    assert all(row["extra"] is None and row["day"] == dt.date(1969, 12, 31) for row in rows)
    assert DeltaTable(str(path)).metadata().id == spark.sql(f"DESCRIBE DETAIL delta.`{path}`").collect()[0]["id"]
