"""`weir run` as the engineer on call meets it: it ends, stops, goes on, and says what to do when something is wrong."""
import json
import os
import subprocess
import time

import pytest

from sink_files import query
from waiting import wait_until

PIPELINE = """version: 1
name: {name}
owner: rides@example.com
connections:
  main: {{ type: kafka, brokers: ["{brokers}"] }}
sources:
  rides:
    type: kafka
    connection: main
    topics: [{topic}]
    start: {start}
    max_records: {max_records}
    format:
      type: json
      contract: {{ name: ride, fields: {{ id: {{ type: int64, required: true, nullable: false }} }} }}
steps:
  - {{ name: big, filter: "{condition}" }}
sinks:
  lake: {{ from: big, type: file, format: parquet, path: {path} }}
dead_letter: {{ type: file, format: parquet, path: dead }}
trigger: {trigger}
checkpoint: {{ path: {checkpoint} }}
"""


@pytest.fixture
def pipeline(weir, broker, topic):
    """Writes p.yaml; what is not named has a default."""
    def write(**changes):
        values = {"name": "rides", "brokers": broker.bootstrap, "topic": topic, "start": "earliest", "max_records": 1000,
                  "condition": "id >= 0", "path": "lake", "trigger": "as_fast_as_possible", "checkpoint": "checkpoint"}
        (weir.folder / "p.yaml").write_text(PIPELINE.format(**{**values, **changes}))
        return "p.yaml"
    return write


def rows(numbers):
    return [json.dumps({"id": i}) for i in numbers]


def ids(weir, folder="lake"):
    return sorted(row[0] for row in query("SELECT id FROM rows", weir.folder / folder))


def test_once_goes_on_where_the_last_run_ended(weir, kafka, topic, pipeline):
    kafka.produce(topic, rows(range(2500)))
    file = pipeline()
    assert weir.run_once(file).summary()["batches"] >= 3
    kafka.produce(topic, rows(range(2500, 2600)))
    assert weir.run_once(file).summary()["rows_in"] == 100
    assert ids(weir) == list(range(2600))


def test_the_once_trigger_takes_all_in_one_batch(weir, kafka, topic, pipeline):
    kafka.produce(topic, rows(range(2500)))
    ended = weir("run", pipeline(trigger="once"), "--json").expect(0)
    assert ended.summary() == {"batches": 1, "rows_in": 2500, "rows_out": 2500, "dead_letters": 0, "dropped": 0}


def test_sigterm_ends_after_the_batch_and_nothing_is_lost(weir, kafka, topic, pipeline):
    file = pipeline(trigger="{ every: 200ms }")
    running = weir.start("run", file, "--json")
    kafka.produce(topic, rows(range(500)))
    running.wait_output('"batch committed"')
    running.terminate(deadline_s=15).expect(0)
    weir.run_once(file)
    assert ids(weir) == list(range(500))


def test_start_latest_is_durable_before_the_first_row(weir, kafka, topic, pipeline):
    kafka.produce(topic, rows(range(10)))
    file = pipeline(start="latest")
    assert weir.run_once(file).summary()["rows_in"] == 0
    kafka.produce(topic, rows(range(10, 20)))
    assert weir.run_once(file).summary()["rows_in"] == 10
    assert ids(weir) == list(range(10, 20))


def test_a_broker_that_is_away_is_named_within_ten_seconds(weir, pipeline):
    file = pipeline(brokers="127.0.0.1:1")
    begin = time.monotonic()
    ended = weir("run", file, "--once").expect(1)
    assert time.monotonic() - begin < 12
    assert "main" in ended.err and "127.0.0.1:1" in ended.err


def test_a_missing_topic_is_named(weir, pipeline, topic_name):
    ended = weir("run", pipeline(topic="missing-" + topic_name), "--once").expect(1)
    assert "missing-" + topic_name in ended.err


def test_a_wrong_file_is_told_with_places(weir, pipeline):
    file = pipeline()
    text = (weir.folder / file).read_text()
    (weir.folder / file).write_text(text.replace("filter:", "filtre:").replace("max_records: 1000", "max_records: many"))
    ended = weir("run", file).expect(2)
    assert "p.yaml:12:18: sources.rides.max_records:" in ended.err
    assert "filtre" in ended.err and "filter" in ended.err


def test_a_checkpoint_of_another_pipeline_is_refused(weir, kafka, topic, pipeline):
    kafka.produce(topic, rows(range(5)))
    weir.run_once(pipeline())
    ended = weir("run", pipeline(name="other"), "--once").expect(1)
    assert "rides" in ended.err and "other" in ended.err and "checkpoint" in ended.err
    weir.run_once(pipeline())


def test_a_second_daemon_is_refused_within_a_second(weir, kafka, topic, pipeline):
    file = pipeline(trigger="{ every: 200ms }")
    first = weir.start("run", file, "--json")
    kafka.produce(topic, rows(range(5)))
    first.wait_output('"batch committed"')
    begin = time.monotonic()
    ended = weir("run", file).expect(1)
    assert time.monotonic() - begin < 2  # the process's own start included, on a busy machine
    assert f"pid {first.pid}" in ended.err
    first.terminate().expect(0)


def test_a_full_disk_is_waited_out_and_nothing_is_lost(weir, kafka, topic, pipeline):
    if os.geteuid() != 0:
        pytest.skip("mounting a small disk needs root")
    disk = weir.folder / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(disk)], capture_output=True)
    if mounted.returncode != 0:
        pytest.skip("mount is not allowed here")
    try:
        (disk / "ballast").write_bytes(b"x" * 200_000)
        numbers = [i * 2654435761 % 2**32 for i in range(20_000)]  # nothing that compresses
        kafka.produce(topic, rows(numbers))
        running = weir.start("run", pipeline(path="disk/lake", max_records=100_000), "--once", "--json")
        running.wait_output("nothing was lost")
        assert "free space" in running.err
        (disk / "ballast").unlink()
        running.wait(60)
        assert running.process.returncode == 0, running.err[-2000:]
        assert ids(weir, "disk/lake") == sorted(numbers)
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)


@pytest.mark.parametrize("point, finished_as", [("plan.after_write", "new"), ("file_sink.after_link", "old"), ("commit.before", "old")])
def test_an_open_batch_of_an_earlier_version_of_the_file(weir, kafka, topic, pipeline, point, finished_as):
    """Planned anew when no sink holds it; finished under the version that began it when one does."""
    kafka.produce(topic, rows(range(100)))
    killed = weir("run", pipeline(condition="id < 50"), "--once", env={"WEIR_CRASH": point + ":1"})
    assert killed.code == -9
    weir.run_once(pipeline(condition="id >= 50"))
    assert ids(weir) == (list(range(50, 100)) if finished_as == "new" else list(range(50)))
    kafka.produce(topic, rows(range(100, 110)))
    weir.run_once(pipeline(condition="id >= 50"))
    assert ids(weir)[-10:] == list(range(100, 110))


def test_without_a_checkpoint_nothing_is_left_behind(weir):
    (weir.folder / "rate.yaml").write_text(
        "version: 1\nname: r\nowner: a@example.com\nsources: { r: { type: rate, rows_per_second: 1000, rows: 10 } }\n"
        "sinks: { o: { from: r, type: console } }\n")
    weir("run", "rate.yaml", "--once").expect(0)
    assert {p.name for p in weir.folder.iterdir() if p.is_dir() or p.suffix == ""} == set()
