"""weir-spark over a real broker: a source, a window, every kind of sink, dead letters, and a second run that goes on."""

import json
import os
import sys
from pathlib import Path

import duckdb
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "spark"))

PIPELINE = """version: 1
name: spark-rides
owner: rides@example.com
connections: {{ main: {{ type: kafka, brokers: ["{brokers}"] }} }}
sources:
  rides:
    type: kafka
    connection: main
    topics: [{topic}]
    max_records: 50
    watermark: {{ column: t, delay: 0s, across: max }}
    format: {{ type: json, contract: {{ name: ride, fields: {{ id: {{ type: int64, required: true }}, city: {{ type: string }},
      fare: {{ type: "decimal(10,2)" }}, t: {{ type: timestamp }} }} }} }}
    metadata: [partition]
steps:
  - {{ name: paid, filter: "fare > 0" }}
  - {{ name: cities, aggregate: {{ window: {{ tumbling: 1m }}, by: [city], select: {{ n: "count(*)", s: "sum(fare)" }}, late: drop }} }}
sinks:
  rows: {{ from: paid, type: file, format: parquet, path: rows, partition_by: [city] }}
  lines: {{ from: paid, type: file, format: json, path: lines }}
  table: {{ from: cities, type: delta, path: table }}
  topic: {{ from: cities, type: kafka, connection: main, topic: {out}, key: city, guarantee: at_least_once }}
dead_letter: {{ type: delta, path: dead }}
trigger: available_now
checkpoint: {{ path: state }}
"""


@pytest.fixture(scope="module")
def session(tmp_path_factory):
    import delta_jars
    import kafka_jars
    from weir_spark.session import start

    os.environ.pop("SPARK_HOME", None)
    os.environ |= {"SPARK_LOCAL_IP": "127.0.0.1", "PYSPARK_PYTHON": sys.executable}
    scratch = tmp_path_factory.mktemp("weir spark")
    made = start(
        "weir-spark test",
        {
            "spark.master": "local[2]",
            "spark.driver.extraClassPath": f"{delta_jars.libs()}/*:{kafka_jars.libs()}/*",
            "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
            "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
            "spark.driver.host": "127.0.0.1",
            "spark.driver.extraJavaOptions": "-Duser.timezone=UTC -XX:+UseSerialGC -XX:TieredStopAtLevel=1",
            "spark.ui.enabled": "false",
            "spark.ui.showConsoleProgress": "false",
            "spark.sql.shuffle.partitions": "1",
            "spark.databricks.delta.snapshotPartitions": "1",
            "spark.sql.warehouse.dir": str(scratch / "warehouse"),
            "spark.local.dir": str(scratch / "local"),
        },
    )
    made.sparkContext.setLogLevel("ERROR")
    yield made
    made.stop()


def ride(number: int) -> str:
    at = f"2026-01-01T00:{number // 60:02}:{number % 60:02}Z"
    return json.dumps(
        {"id": number, "city": "ab"[number % 2], "fare": number / 4, "t": at}
    )


@pytest.mark.filterwarnings("ignore")
@pytest.mark.timeout(900)
def test_a_pipeline_runs_and_goes_on_where_it_was(
    session, kafka, broker, topic, topic_name, workdir
):
    from weir_spark.read import read_pipeline
    from weir_spark.run import run

    out = kafka.create_topic("out-" + topic_name, partitions=1)
    file = workdir / "p.yaml"
    file.write_text(PIPELINE.format(brokers=broker.bootstrap, topic=topic, out=out))
    kafka.produce(topic, [ride(n) for n in range(150)] + ["{", '{"city":"a"}'])
    run(session, read_pipeline(file))
    kafka.produce(topic, [ride(n) for n in range(150, 240)])
    run(session, read_pipeline(file))

    def rows(sql: str) -> list[tuple]:
        return duckdb.sql(sql).fetchall()

    for reader in (
        f"read_parquet('{workdir}/rows/*/*.parquet')",
        f"read_json('{workdir}/lines/*.json')",
    ):
        assert rows(f"SELECT count(*), count(DISTINCT id), sum(id) FROM {reader}") == [
            (239, 239, sum(range(240)))
        ], reader
    codes = (
        session.read.format("delta")
        .load(str(workdir / "dead"))
        .groupBy("code")
        .count()
        .collect()
    )
    assert {row["code"]: row["count"] for row in codes} == {
        "JSON_PARSE_ERROR": 1,
        "MISSING_FIELD": 1,
    }
    closed = {
        (minute, city): sum(
            n for n in range(minute * 60, minute * 60 + 60) if "ab"[n % 2] == city
        )
        / 4
        for minute in range(3)
        for city in "ab"
    }
    table = session.read.format("delta").load(str(workdir / "table")).collect()
    assert {
        (row["window_start"].minute, row["city"]): float(row["s"]) for row in table
    } == closed and len(table) == 6
    messages = [
        (one.key().decode(), json.loads(one.value())) for one in kafka.read(out)
    ]
    assert {
        (int(row["window_start"][14:16]), row["city"]): row["s"] for _, row in messages
    } == closed
    assert (
        all(
            key == row["city"] and row["window_start"].endswith("Z")
            for key, row in messages
        )
        and len(messages) == 6
    )
