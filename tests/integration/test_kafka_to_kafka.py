"""A whole pipeline from Kafka to Kafka: what the binary makes of the Kafka sink, for rows and for dead letters."""
import json

PIPELINE = """version: 1
name: big-rides
owner: rides@example.com
connections:
  main: {{ type: kafka, brokers: ["{brokers}"] }}
sources:
  rides:
    type: kafka
    connection: main
    topics: [{source}]
    format:
      type: json
      contract:
        name: ride
        version: 1
        fields: {{ id: {{ type: int64, required: true, nullable: false }}, city: {{ type: string }} }}
steps:
  - {{ name: big, filter: "id >= 100" }}
sinks:
  out: {{ from: big, type: kafka, connection: main, topic: {sink}, key: city, headers: {{ id: id }} }}
dead_letter: {{ type: kafka, connection: main, topic: {dead} }}
trigger: {{ every: 200ms }}
checkpoint: {{ path: checkpoint }}
"""


def test_rows_and_dead_letters_reach_their_topics(kafka, broker, topic, topic_name, weir):
    sink = kafka.create_topic("out-" + topic_name, partitions=2)
    dead = kafka.create_topic("dead-" + topic_name, partitions=1, max_message_bytes=500_000)
    kafka.produce(topic, [json.dumps({"id": i, "city": f"c{i % 7}"}) for i in range(1000)] + ["{", "null"])
    (weir.folder / "p.yaml").write_text(PIPELINE.format(brokers=broker.bootstrap, source=topic, sink=sink, dead=dead))
    weir("run", "p.yaml", "--once", deadline_s=40).expect(0)
    rows = kafka.read(sink)
    assert sorted(json.loads(m.value())["id"] for m in rows) == list(range(100, 1000))
    assert all(m.key().decode() == json.loads(m.value())["city"] for m in rows)
    assert all(m.headers() == [("id", str(json.loads(m.value())["id"]).encode())] for m in rows)
    assert {m.partition() for m in rows} == {0, 1}
    letters = [json.loads(m.value()) for m in kafka.read(dead)]
    assert [letter["code"] for letter in letters].count("JSON_PARSE_ERROR") >= 1 and len(letters) == 2
    # A second run has nothing left to do, and outside tools see where this one ended.
    weir("run", "p.yaml", "--once", deadline_s=40).expect(0)
    assert len(kafka.read(sink)) == 900
    assert kafka.group_offsets("weir-big-rides", topic) == kafka.end_offsets(topic)


def test_a_missing_topic_of_the_sink_is_named_before_any_work(kafka, broker, topic, topic_name, weir):
    kafka.produce(topic, ['{"id": 100, "city": "x"}'])
    (weir.folder / "p.yaml").write_text(PIPELINE.format(brokers=broker.bootstrap, source=topic, sink="no-" + topic_name, dead=topic))
    ended = weir("run", "p.yaml", "--once").expect(1)
    assert f"sinks.out (no-{topic_name}): the topic does not exist" in ended.err + ended.out
