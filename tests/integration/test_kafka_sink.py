"""The Kafka sink against a real broker: what arrives, where, and what is refused."""
import json
import threading
import time
from collections import Counter

import pytest

from broker import Broker
from kafka_client import KafkaClient, Record
from kafka_probe import Failed, Probe
from waiting import wait_until


@pytest.fixture(params=["exactly_once", "at_least_once"])
def sink(broker, tmp_path, topic_name, request):
    made = []

    def make(**options):
        made.append(Probe(broker.bootstrap, log=tmp_path / "probe.log", pipeline=f"{topic_name}-{len(made)}",
                          guarantee=request.param, **options))
        made[-1].open_sink()
        return made[-1]

    yield make
    for p in made:
        p.close()


def test_values_keys_headers_and_nulls(kafka, topic, sink):
    s = sink(topic=topic, key="k", headers={"trace": "t", "n": "i"})
    answer = s.write(rows="""SELECT * FROM (VALUES (1, 'a', 'x', 0::UBIGINT), (2, '', NULL, 1::UBIGINT),
                                                           (3, NULL, '', 2::UBIGINT)) v(i, k, t, _src)""")
    assert answer["rows"] == 3 and answer["rejected"] == [] and answer["bytes"] > 0
    by_i = {json.loads(m.value())["i"]: m for m in kafka.read(topic)}
    assert [json.loads(by_i[i].value()) for i in (1, 2, 3)] == [
        {"i": 1, "k": "a", "t": "x"}, {"i": 2, "k": "", "t": None}, {"i": 3, "k": None, "t": ""}]
    assert [by_i[i].key() for i in (1, 2, 3)] == [b"a", b"", None]
    assert [sorted(by_i[i].headers()) for i in (1, 2, 3)] == [
        [("n", b"1"), ("trace", b"x")], [("n", b"2"), ("trace", None)], [("n", b"3"), ("trace", b"")]]


def murmur2(data: bytes) -> int:
    """As in Java's org.apache.kafka.common.utils.Utils, written down again."""
    m, mask = 0x5bd1e995, 0xffffffff
    h = (0x9747b28c ^ len(data)) & mask
    for i in range(0, len(data) // 4 * 4, 4):
        k = int.from_bytes(data[i:i + 4], "little") * m & mask
        k = (k ^ k >> 24) * m & mask
        h = (h * m & mask) ^ k
    tail = data[len(data) // 4 * 4:]
    if tail:
        h = (h ^ int.from_bytes(tail, "little")) * m & mask
    h = (h ^ h >> 13) * m & mask
    return h ^ h >> 15


def test_keys_go_where_javas_clients_put_them_and_keep_their_order(kafka, topic, sink):
    s = sink(topic=topic, key="k")
    for n in range(3):
        s.write(number=n + 1, rows=f"SELECT i, 'key-' || (i % 97) AS k, i::UBIGINT AS _src FROM range({n * 10000}, {n * 10000 + 10000}) r(i)")
    messages = kafka.read(topic)
    assert len(messages) == 30_000
    assert all(m.partition() == (murmur2(m.key()) & 0x7fffffff) % 4 for m in messages)
    order = {}
    for m in messages:
        i = json.loads(m.value())["i"]
        assert order.get(m.key(), -1) < i
        order[m.key()] = i


def test_rows_without_a_key_use_all_partitions(kafka, topic, sink):
    """A partition is drawn again every few milliseconds, so a single batch may miss one."""
    s = sink(topic=topic)
    for n in range(40):
        s.write(number=n + 1, rows=f"SELECT i, i::UBIGINT AS _src FROM range({n * 1000}, {n * 1000 + 1000}) r(i)")
    messages = kafka.read(topic)
    assert sorted(json.loads(m.value())["i"] for m in messages) == list(range(40_000))
    assert len({m.partition() for m in messages}) == 4


@pytest.mark.parametrize("codec", ["none", "gzip", "snappy", "lz4", "zstd"])
def test_compression(kafka, topic, sink, codec):
    sink(topic=topic, compression=codec).write(rows="SELECT i, i::UBIGINT AS _src FROM range(0, 1000) r(i)")
    assert len(kafka.read(topic)) == 1000


def test_a_row_that_is_too_large_is_rejected_alone(kafka, topic_name, sink):
    topic = kafka.create_topic(topic_name, partitions=2, max_message_bytes=20_000)
    s = sink(topic=topic, compression="none")
    answer = s.write(rows="""SELECT i, repeat('x', CASE WHEN i IN (7, 500) THEN 30000 ELSE 100 END) AS pad,
                                            (1000 + i)::UBIGINT AS _src FROM range(0, 1000) r(i)""")
    assert answer["rows"] == 998
    assert [(r["src"], r["code"], r["step"]) for r in answer["rejected"]] == [(1007, "SINK_REJECTED", "probe"), (1500, "SINK_REJECTED", "probe")]
    assert f"more than max.message.bytes of topic {topic}" in answer["rejected"][0]["message"]
    assert len(kafka.read(topic)) == 998
    # What compresses below the topic's limit is taken.
    answer = sink(topic=topic, compression="zstd").write(rows="SELECT 1 AS i, repeat('x', 2000000) AS pad, 0::UBIGINT AS _src")
    assert answer["rows"] == 1


def test_a_compacted_topic_takes_no_row_without_a_key(kafka, topic_name, sink):
    topic = kafka.create_topic(topic_name, partitions=1, cleanup_policy="compact")
    answer = sink(topic=topic, key="k").write(rows="""SELECT i, CASE WHEN i % 10 = 3 THEN NULL ELSE 'k' || i END AS k,
                                                                     i::UBIGINT AS _src FROM range(0, 50) r(i)""")
    assert answer["rows"] == 45 and sorted(r["src"] for r in answer["rejected"]) == [3, 13, 23, 33, 43]
    assert sorted(json.loads(m.value())["i"] for m in kafka.read(topic)) == [i for i in range(50) if i % 10 != 3]


def test_removed_rows_become_tombstones(kafka, topic, sink):
    sink(topic=topic, key="k").write(rows="""SELECT * FROM (VALUES (1, 'a', 0::UBIGINT, 0::UTINYINT),
                                                                           (2, 'a', 1::UBIGINT, 2::UTINYINT)) v(i, k, _src, _op)""")
    first, second = kafka.read(topic)
    assert (json.loads(first.value()), second.value(), second.key()) == ({"i": 1, "k": "a"}, None, b"a")


def test_verify_says_what_is_wrong(kafka, topic, topic_name, sink):
    rows = "SELECT 1 AS i, 'k' AS k, 0::UBIGINT AS _src"
    sink(topic=topic, key="k").call("verify_sink", rows=rows)
    with pytest.raises(Failed, match=r"key names a column that is not there: nope \(there are: i int32, k string\)") as failed:
        sink(topic=topic, key="nope").call("verify_sink", rows=rows)
    assert failed.value.fault == "config"
    with pytest.raises(Failed, match="headers.h names a column"):
        sink(topic=topic, headers={"h": "nope"}).call("verify_sink", rows=rows)
    with pytest.raises(Failed, match=f"sinks.probe .no-{topic_name}.: the topic does not exist") as failed:
        sink(topic="no-" + topic_name).call("verify_sink", rows=rows)
    assert failed.value.fault == "config"


def test_a_topic_that_goes_away_is_an_error(kafka, topic_name, sink):
    with pytest.raises(Failed) as failed:
        sink(topic="no-" + topic_name, timeout_ms=3000).write(rows="SELECT 1 AS i, 0::UBIGINT AS _src")
    assert failed.value.fault == "config" and "does not exist" in str(failed.value)


@pytest.mark.parametrize("guarantee", ["exactly_once", "at_least_once"])
def test_a_broker_that_dies_under_the_sink(tmp_path, guarantee):
    """No row is lost; what was sent twice, at least once only, is a repeat of a batch that failed. The sink recovers by itself."""
    node = Broker(tmp_path / "broker", die_with_parent=True).start()
    kafka = KafkaClient(node.bootstrap)
    topic = kafka.create_topic("t", partitions=2)
    kafka.produce(topic, [Record("{\"i\": -1}", partition=0)])
    batches, repeats, stop = [], set(), threading.Event()

    def write(sink):
        while not stop.is_set() or len(batches) < 5:
            n = len(batches) + 1
            try:
                answer = sink.write(number=n, rows=f"SELECT i, i::UBIGINT AS _src FROM range({n * 1000}, {n * 1000 + 1000}) r(i)")
                assert answer["rows"] == 1000
                batches.append(n)
                time.sleep(0.05)  # a bounded number of rows to read back, however long a broker takes to come up
            except Failed as error:
                assert error.fault == "external" and error.retry, error
                repeats.add(n)

    with Probe(node.bootstrap, log=tmp_path / "probe.log", topic=topic, timeout_ms=4000, guarantee=guarantee) as sink:
        sink.open_sink()
        writer = threading.Thread(target=write, args=[sink])
        writer.start()
        for pause, down in ((0.3, 0.2), (1, 6), (1, 0.2)):
            time.sleep(pause)
            node.kill()
            time.sleep(down)
            node.start()
            so_far = len(batches)
            wait_until(lambda: len(batches) > so_far + 2, 20, "the sink goes on by itself")
        stop.set()
        writer.join()
    seen = [json.loads(m.value())["i"] for m in wait_until(lambda: kafka.read(topic), 30, "the topic is read")]
    assert set(seen) == {-1} | set(range(1000, len(batches) * 1000 + 1000))
    twice = {i // 1000 for i, count in Counter(seen).items() if count > 1}
    assert repeats and twice <= (repeats if guarantee == "at_least_once" else set())
    node.kill()
