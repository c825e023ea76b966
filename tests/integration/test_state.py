"""State over a changed file, as the engineer on call meets it: refused by name, with a way out that works."""
import json

import pytest

from sink_files import query

PIPELINE = """version: 1
name: stateful
owner: rides@example.com
connections:
  main: {{ type: kafka, brokers: ["{brokers}"] }}
sources:
  rides:
    type: kafka
    connection: main
    topics: [{topic}]
    watermark: {{ column: at, delay: {delay} }}
    format:
      type: json
      contract: {{ fields: {{ id: {{ type: int64, required: true }}, city: {{ type: string }}, at: {{ type: timestamp, required: true }} }} }}
steps:
  - {{ name: once, dedup: {{ {dedup} }}{state} }}
  - {{ name: totals, aggregate: {{ window: {{ tumbling: {window} }}, by: [city], select: {{ n: "{select}" }} }}{state} }}
sinks:
  lake: {{ from: once, type: file, format: parquet, path: lake }}
  sums: {{ from: totals, type: file, format: parquet, path: sums }}
dead_letter: {{ type: file, format: parquet, path: dead }}
checkpoint: {{ path: checkpoint }}
"""


@pytest.fixture
def topic(kafka, topic_name):
    """Of one partition: another one without records would hold the watermark."""
    return kafka.create_topic(topic_name, partitions=1)


def write(weir, broker, topic, **changes):
    values = {"brokers": broker.bootstrap, "topic": topic, "delay": "1h", "dedup": "key: [id]", "window": "5m",
              "select": "count(*)", "state": ""}
    (weir.folder / "p.yaml").write_text(PIPELINE.format(**{**values, **changes}))
    return "p.yaml"


def ride(i, minute=0):
    return json.dumps({"id": i, "city": "x", "at": f"2026-01-01T{minute // 60:02d}:{minute % 60:02d}:00Z"})


def test_changed_state_is_refused_by_field_and_reset_begins_anew(weir, kafka, broker, topic):
    kafka.produce(topic, [ride(i) for i in (1, 2, 2, 3)])
    weir.run_once(write(weir, broker, topic))
    for changes, field in [({"dedup": "key: [id, city]"}, "steps.once.dedup.key"),
                           ({"window": "10m"}, "steps.totals.aggregate.window"),
                           ({"select": "sum(id)"}, "steps.totals.aggregate.select")]:
        ended = weir("run", write(weir, broker, topic, **changes), "--once").expect(1)
        assert field in ended.err and "state: reset" in ended.err and "new name" in ended.err, ended.err

    kafka.produce(topic, [ride(3), ride(4)])                       # refused runs took nothing
    changed = {"dedup": "key: [id, city]", "window": "10m", "state": ", state: reset"}
    ended = weir("run", write(weir, broker, topic, **changed), "--once", "--json").expect(0)
    assert [line["step"] for line in ended.log("state forgotten, as `state: reset` says")] == ["once", "totals"]
    assert sorted(r[0] for r in query("SELECT id FROM rows", weir.folder / "lake")) == [1, 2, 3, 3, 4]

    kafka.produce(topic, [ride(3), ride(5, minute=120), ride(6, minute=240)])
    ended = weir("run", write(weir, broker, topic, **changed), "--once", "--json").expect(0)
    assert not ended.log("state forgotten, as `state: reset` says"), "what fits is not forgotten again"
    assert sorted(r[0] for r in query("SELECT id FROM rows", weir.folder / "lake")) == [1, 2, 3, 3, 4, 5, 6]
    rows = query("SELECT city, n FROM rows ORDER BY window_start", weir.folder / "sums")
    assert [tuple(r) for r in rows] == [("x", 2), ("x", 1)]       # 3 and 4, as counted after the reset; then 5


def test_a_wider_delay_is_no_other_state(weir, kafka, broker, topic):
    kafka.produce(topic, [ride(i) for i in (1, 2)])
    weir.run_once(write(weir, broker, topic))
    kafka.produce(topic, [ride(2), ride(3)])
    weir.run_once(write(weir, broker, topic, delay="3h"))
    assert sorted(r[0] for r in query("SELECT id FROM rows", weir.folder / "lake")) == [1, 2, 3]


def test_state_is_empty_when_the_watermark_has_passed_all(weir, kafka, broker, topic):
    kafka.produce(topic, [ride(i, minute=i % 60) for i in range(3000)])
    weir.run_once(write(weir, broker, topic, delay="1m"))
    kafka.produce(topic, [ride(9000 + i, minute=600 + i) for i in range(3)])
    ended = weir("run", write(weir, broker, topic, delay="1m"), "--once", "--json").expect(0)
    last = ended.log("batch committed")[-1]
    assert last["state_rows"] == "4", last                         # three keys within the delay, one open window
    assert last["watermark"] == "2026-01-01T10:01:00.000000Z"
