"""Problems of a file are told by file, place and field, all at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from weir_spark.cli import main
from weir_spark.problem import Problem, Problems
from weir_spark.read import read_pipeline, unaccepted

GOOD = """version: 1
name: rides
connections: { main: { type: kafka, brokers: ["${env:BROKERS:-a:9092}"] } }
sources:
  rides:
    type: kafka
    connection: main
    topics: [rides]
    watermark: { column: t, delay: 1m }
    format: { type: json, contract: { fields: { t: { type: timestamp }, v: { type: int64 } } } }
steps:
  - { name: totals, aggregate: { window: { tumbling: 5m }, by: [], select: { n: "count(*)" } } }
sinks:
  out: { from: totals, type: kafka, connection: main, topic: out }
checkpoint: { path: state }
"""


def written(folder: Path, text: str, name: str = "p.yaml") -> Path:
    file = folder / name
    file.write_text(text, encoding="utf-8")
    return file


def problems(folder: Path, text: str) -> list[str]:
    with pytest.raises((Problem, Problems)) as caught:
        read_pipeline(written(folder, text))
    found = caught.value.problems if isinstance(caught.value, Problems) else [caught.value]
    return [str(one).replace(f"{folder}/", "") for one in found]


def test_a_whole_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BROKERS", "b:9093")
    pipeline = read_pipeline(written(tmp_path, GOOD))
    assert pipeline.sources["rides"].options["kafka.bootstrap.servers"] == "b:9093"
    assert pipeline.steps["totals"].inputs == ("rides",)
    assert [name for name, _ in pipeline.weaker] == ["across-max", "late-rows", "at-least-once"]
    assert unaccepted(pipeline, {"across-max", "late-rows", "at-least-once"}) == []


def test_includes_bring_connections(tmp_path: Path) -> None:
    written(tmp_path, 'connections: { main: { type: kafka, brokers: ["c:1"] } }\n', "shared.yaml")
    line = next(line for line in GOOD.splitlines(True) if line.startswith("connections"))
    pipeline = read_pipeline(written(tmp_path, GOOD.replace(line, "include: [shared.yaml]\n")))
    assert pipeline.sources["rides"].options["kafka.bootstrap.servers"] == "c:1"


@pytest.mark.parametrize(
    ("old", "new", "wanted"),
    [
        ("topics:", "topic:", "p.yaml:6:5: sources.rides: a kafka source has either topics or topic_pattern"),
        ("delay: 1m", "delay: 1", "p.yaml:9:36: sources.rides.watermark.delay: expected a duration"),
        ("delay: 1m", "delay: 1m, idle_after: 1m", "sources.rides.watermark.idle_after: cannot be done on Spark"),
        ("int64", "int63", "sources.rides.format.contract.fields.v.type: unknown type 'int63'"),
        ("tumbling: 5m", "tumbling: 5m, time_zone: Europe/Berlin", "cannot be done on Spark: windows aligned to a time"),
        ("connection: main, topic", "connection: min, topic", "sinks.out.connection: there is no connection 'min'"),
        ("from: totals", "from: total", "sinks.out: there is no source or step 'total'; there are rides, totals"),
        ("topic: out }", "topic: out, guarantee: exactly_once }", "Spark's Kafka sink has no transactions"),
        ("name: rides\n", "name: rides\nname: rides\n", "p.yaml:3:7: name: the key is there twice"),
        ("version: 1", "version: 1\nchekpoint: 1", "p.yaml:2:12: chekpoint: unknown key 'chekpoint'"),
        ("${env:BROKERS:-a:9092}", "${env:NO_SUCH_NAME}", "the environment variable NO_SUCH_NAME is not set"),
    ],
)
def test_problems_have_their_place(tmp_path: Path, old: str, new: str, wanted: str) -> None:
    assert old in GOOD
    assert any(wanted in one for one in problems(tmp_path, GOOD.replace(old, new)))


def test_every_problem_at_once(tmp_path: Path) -> None:
    text = GOOD.replace("delay: 1m", "delay: x").replace("topic: out", "topic: out, compresion: lz4")
    assert len(problems(tmp_path, text)) == 2


def test_a_weaker_promise_needs_a_yes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = written(tmp_path, GOOD)
    assert main(["run", str(file), "--accept", "late-rows"]) == 3
    told = capsys.readouterr().err
    assert "--accept across-max" in told and "--accept at-least-once" in told and "--accept late-rows" not in told


def test_a_wrong_file_is_exit_code_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(written(tmp_path, "name: x\n"))]) == 2
    assert "the key 'sources' is missing" in capsys.readouterr().err
