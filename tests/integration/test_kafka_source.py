"""The Kafka source against a real broker: the cases of real clients' histories, each with the outcome that is promised."""
import time

import pytest
from confluent_kafka import Consumer, KafkaException

from broker import Broker
from kafka_client import KafkaClient, Record
from kafka_probe import Failed, Probe
from waiting import wait_until


@pytest.fixture
def one(kafka, topic_name):
    """A topic of one partition."""
    return kafka.create_topic(topic_name, partitions=1)


@pytest.fixture
def probe(broker, tmp_path):
    """Makes probes that are closed at the end."""
    made = []

    def make(**options):
        made.append(Probe(broker.bootstrap, log=tmp_path / "probe.log", **options))
        return made[-1]

    yield make
    for p in made:
        p.close()


def in_one(values, **extra):
    return [Record(v, partition=0, **extra) for v in values]


def values(records):
    return [r["value"] for r in records]


def offsets(records):
    return [r["offset"] for r in records]


def ranges(answer):
    return [(r["begin"], r["end"]) for r in answer["ranges"]]


# -- records ------------------------------------------------------------------------------------------------------------

def test_null_empty_and_present_are_three_things(kafka, one, probe):
    kafka.produce(one, [Record(None, key=b"k", partition=0), Record(b"", key=None, partition=0), Record(b"v", key=b"", partition=0)])
    records = probe(topics=[one]).open().fetch_some(3)
    assert [(r["key"], r["value"]) for r in records] == [("k", None), (None, ""), ("", "v")]


def test_headers_and_timestamps(kafka, one, probe):
    kafka.produce(one, [Record(b"v", partition=0, headers=[("h", b"1"), ("h", None), ("e", b"")], timestamp_ms=1_600_000_000_123),
                        Record(b"w", partition=0), Record(b"x", partition=0, headers=[("z", b"2")])])
    a, b, c = probe(topics=[one]).open().fetch_some(3)
    assert a["headers"] == [["h", "1"], ["h", None], ["e", ""]] and a["timestamp"] == 1_600_000_000_123_000
    assert b["headers"] == [] and abs(b["timestamp"] / 1e6 - time.time()) < 300
    assert c["headers"] == [["z", "2"]]


def test_records_come_in_order_of_topic_partition_offset(kafka, topic, topic_name, probe):
    other = kafka.create_topic("a-" + topic_name, partitions=2)
    kafka.produce(topic, [Record(str(i), partition=i % 4) for i in range(400)])
    kafka.produce(other, [Record(str(i), partition=i % 2) for i in range(100)])
    source = probe(topics=[topic, other]).open()
    seen = []
    wait_until(lambda: seen.append(source.fetch(wait_ms=200)) or sum(a["count"] for a in seen) == 500)
    for answer in seen:
        keys = [(r["topic"], r["partition"], r["offset"]) for r in answer["records"]]
        assert keys == sorted(keys)
    assert [r["topic"] for r in seen[-1]["ranges"]] == [other] * 2 + [topic] * 4      # all known partitions, sorted


def test_a_record_of_10_mb_and_zstd(kafka, topic_name, probe):
    topic = kafka.create_topic(topic_name, partitions=1, max_message_bytes=12_000_000)
    kafka.produce(topic, in_one([b"small", b"x" * 10_000_000, b"after"]), **{"message.max.bytes": 12_000_000})
    kafka.produce(topic, in_one([b"z" * 9_000_000]), **{"message.max.bytes": 12_000_000, "compression.type": "zstd"})
    records = probe(topics=[topic], queue_memory=1 << 20).open().fetch_some(4, bytes=1000)
    assert values(records) == ["small", 10_000_000, "after", 9_000_000]


@pytest.mark.parametrize("codec", ["gzip", "snappy", "lz4", "zstd"])
def test_every_compression(kafka, one, probe, codec):
    kafka.produce(one, in_one([f"value {i}" * 10 for i in range(1000)]), **{"compression.type": codec})
    assert values(probe(topics=[one]).open().fetch_some(1000)) == [f"value {i}" * 10 for i in range(1000)]


# -- transactions and holes ---------------------------------------------------------------------------------------------

def test_an_aborted_tail_ends_an_available_now_run(kafka, one, probe):
    kafka.produce_transaction(one, in_one("abc"))
    kafka.produce_transaction(one, in_one("xyz"), commit=False)
    source = probe(topics=[one]).open()
    end = source.call("end")["end"]
    assert end[0]["next"] == 8                       # three records, a marker, three aborted records, a marker
    answers = []
    wait_until(lambda: answers.append(source.fetch(wait_ms=200, until=end)) or answers[-1]["reached"])
    assert [v for a in answers for v in values(a["records"])] == ["a", "b", "c"]
    assert ranges(answers[-1])[0][1] == 3            # the last record's offset plus one, not the marker's


def test_empty_aborted_transactions_hide_nothing(kafka, one, probe):
    for i in range(5):
        kafka.produce_transaction(one, in_one([f"kept {i}"]))
        kafka.produce_transaction(one, in_one(["gone"]), commit=False)
        kafka.produce_transaction(one, [], commit=False)
        kafka.produce_transaction(one, [])
    assert values(probe(topics=[one]).open().fetch_some(5)) == [f"kept {i}" for i in range(5)]


def test_an_open_transaction_holds_the_end_back(kafka, one, probe):
    kafka.produce(one, in_one(["before"]))
    with kafka.transaction(one) as t:
        t.send(in_one(["inside"]))
        kafka.produce(one, in_one(["behind"]))
        source = probe(topics=[one]).open()
        end = source.call("end")["end"]
        assert end[0]["next"] == 1
        answers = []
        wait_until(lambda: answers.append(source.fetch(wait_ms=200, until=end)) or answers[-1]["reached"])
        assert [v for a in answers for v in values(a["records"])] == ["before"]
        t.end(commit=True)
    assert values(source.fetch_some(2)) == ["inside", "behind"]


def test_a_batch_that_ends_on_a_marker_is_read_again_exactly(kafka, one, probe):
    kafka.produce_transaction(one, in_one("ab"))
    kafka.produce_transaction(one, in_one("xx"), commit=False)
    kafka.produce_transaction(one, in_one("cd"))
    first = probe(topics=[one]).open()
    batches = [first.fetch(wait_ms=5000, records=2), first.fetch(wait_ms=5000, records=1)]
    assert [ranges(b) for b in batches] == [[(0, 2)], [(2, 7)]]
    for batch in batches:
        again = probe(topics=[one]).open(None if batch is batches[0] else [{"topic": one, "partition": 0, "next": 2}])
        replay = again.call("read", ranges=batch["ranges"])
        assert replay["records"] == batch["records"] and replay["ranges"] == batch["ranges"]
        rest = values(again.fetch_some(4 - batches[0]["count"] - (0 if batch is batches[0] else 1)))
        assert rest == (["c", "d"] if batch is batches[0] else ["d"])


def test_a_compacted_hole_is_no_loss(kafka, topic_name, probe):
    topic = kafka.create_topic(topic_name, partitions=1, cleanup_policy="compact", segment_ms=100,
                               min_cleanable_dirty_ratio=0.01, max_compaction_lag_ms=100)
    for i in range(6):
        kafka.produce(topic, [Record(f"{i}-{j}", key=f"k{j % 2}", partition=0) for j in range(20)])
        time.sleep(0.2)

    def compacted():
        kafka.produce(topic, [Record("tick", key="tick", partition=0)])      # rolls the segment
        return len([m for m in kafka.read(topic) if m.key() != b"tick"]) < 40
    wait_until(compacted, 60, "the log cleaner has run")
    present = [m.offset() for m in kafka.read(topic)]
    source = probe(topics=[topic]).open([{"topic": topic, "partition": 0, "next": 3}])
    # A range that begins and ends in holes gives what is left in it, then goes on behind it.
    replay = source.call("read", ranges=[{"topic": topic, "partition": 0, "begin": 3, "end": 90}])
    assert offsets(replay["records"]) == [o for o in present if 3 <= o < 90]
    assert offsets(source.fetch_some(len([o for o in present if o >= 90]))) == [o for o in present if o >= 90]
    assert len(present) < 40 + 60 and 0 not in present


# -- limits -------------------------------------------------------------------------------------------------------------

def test_limits_share_out_fairly_and_lose_nothing(kafka, topic, probe):
    kafka.produce(topic, [Record(str(i), partition=0 if i % 10 else i // 10 % 4) for i in range(20_000)])
    source = probe(topics=[topic]).open()
    wait_until(lambda: source.fetch(records=0) and sum(l["age_us"] is not None for l in source.call("lag")["lag"]) == 4)
    counts, seen = [], []
    while len(seen) < 20_000:
        answer = source.fetch(wait_ms=1000, records=1000)
        per = [r["end"] - r["begin"] for r in answer["ranges"]]
        counts.append(per)
        seen += [(r["partition"], r["offset"]) for r in answer["records"]]
        assert answer["count"] <= 1000
        assert sum(per) == answer["count"]
    assert counts[0] == [499, 167, 167, 167] or min(counts[0]) == 250, counts[0]
    assert len(set(seen)) == 20_000


def test_bytes_and_one_record_larger_than_all_limits(kafka, topic, probe):
    kafka.produce(topic, [Record(b"x" * 1000, partition=i % 4) for i in range(400)])
    source = probe(topics=[topic]).open()
    seen = 0
    while seen < 400:
        answer = source.fetch(wait_ms=2000, bytes=10_500)
        assert 0 < answer["count"] <= 10
        seen += answer["count"]
    kafka.produce(topic, [Record(b"y" * 50_000, partition=1)])
    assert source.fetch(wait_ms=5000, bytes=10)["count"] == 1


def test_rates(kafka, topic, probe):
    kafka.produce(topic, [Record(str(i), partition=i % 4) for i in range(8000)])
    source = probe(topics=[topic], records_per_second=1000).open()
    begin, total = time.monotonic(), 0
    while time.monotonic() - begin < 3:
        total += source.fetch(wait_ms=100)["count"]
    assert 2000 <= total <= 4500
    source = probe(topics=[topic], per_partition=100).open()
    begin, per = time.monotonic(), [0] * 4
    while time.monotonic() - begin < 3:
        for i, (b, e) in enumerate(ranges(source.fetch(wait_ms=100))):
            per[i] += e - b
    assert all(200 <= n <= 450 for n in per), per


# -- start --------------------------------------------------------------------------------------------------------------

def test_start(kafka, one, probe):
    kafka.produce(one, [Record(str(i), partition=0, timestamp_ms=1_600_000_000_000 + i * 1000) for i in range(10)])
    assert offsets(probe(topics=[one], start="earliest").open().fetch_some(10)) == list(range(10))
    assert offsets(probe(topics=[one], start=1_600_000_003_000_000).open().fetch_some(7)) == list(range(3, 10))
    assert offsets(probe(topics=[one], start=1_600_000_002_000_001).open().fetch_some(7)) == list(range(3, 10))
    assert offsets(probe(topics=[one], start={one: {"0": 8}}).open().fetch_some(2)) == [8, 9]
    latest = probe(topics=[one], start="latest").open()
    assert latest.fetch(wait_ms=300)["count"] == 0
    later = probe(topics=[one], start=1_900_000_000_000_000).open()
    kafka.produce(one, in_one(["new"]))
    assert values(latest.fetch_some(1)) == ["new"] and values(later.fetch_some(1)) == ["new"]
    with pytest.raises(Failed, match="start.*does not exist") as failed:
        probe(topics=[one], start={one: {"7": 0}}).open()
    assert failed.value.fault == "config"


def test_a_checkpoint_wins_over_start_and_over_the_group(kafka, one, probe):
    kafka.produce(one, in_one("abcdef"))
    source = probe(topics=[one], start="latest").open([{"topic": one, "partition": 0, "next": 4}])
    assert values(source.fetch_some(2)) == ["e", "f"]
    source.call("report", position=source.position())

    def told():
        try:
            return kafka.group_offsets("weir-probe", one).get(0) == 6
        except KafkaException:              # the coordinator is still loading
            return False
    wait_until(told, 20, "the group's offsets")
    assert values(probe(topics=[one]).open([{"topic": one, "partition": 0, "next": 1}]).fetch_some(5)) == list("bcdef")


def test_partitions_added_while_running_begin_at_their_first_record(kafka, one, probe):
    kafka.produce(one, in_one("a"))
    source = probe(topics=[one], start="latest", properties={"topic.metadata.refresh.interval.ms": "300"}).open()
    assert source.fetch(wait_ms=200)["count"] == 0
    kafka.add_partitions(one, 4)
    kafka.produce(one, [Record(f"p{p}-{i}", partition=p) for p in (1, 2, 3) for i in range(10)], **{"linger.ms": 1})
    assert sorted(values(source.fetch_some(30))) == sorted(f"p{p}-{i}" for p in (1, 2, 3) for i in range(10))
    # And after a restart, too: what the checkpoint does not know begins at its first record.
    again = probe(topics=[one], start="latest").open([{"topic": one, "partition": 0, "next": 1}])
    assert len(again.fetch_some(30)) == 30


def test_a_pattern_takes_topics_as_they_come(kafka, topic_name, probe):
    a = kafka.create_topic(topic_name + "-eu", partitions=1)
    kafka.create_topic("not-" + topic_name + "-eu", partitions=1)
    kafka.produce(a, in_one("a"))
    source = probe(pattern=topic_name + "-[a-z]+", start="latest", properties={"topic.metadata.refresh.interval.ms": "300"}).open()
    b = kafka.create_topic(topic_name + "-us", partitions=1)
    kafka.produce(b, in_one("b"))
    records = source.fetch_some(1)
    assert [(r["topic"], r["value"]) for r in records] == [(b, "b")]
    assert sorted({r["topic"] for r in source.fetch()["ranges"]}) == [a, b]


# -- losses -------------------------------------------------------------------------------------------------------------

def test_retention_that_overtakes_a_checkpoint(kafka, one, probe):
    kafka.produce(one, in_one([str(i) for i in range(10)]))
    kafka.delete_records(one, 0, 7)
    position = [{"topic": one, "partition": 0, "next": 3}]
    with pytest.raises(Failed, match=f"{one}/0: records are lost: offsets 3 to 6 .*retention.*on_data_loss: continue") as failed:
        probe(topics=[one]).open(position)
    assert failed.value.fault == "config"
    source = probe(topics=[one], on_data_loss="continue").open(position)
    assert offsets(source.fetch_some(3)) == [7, 8, 9]
    assert source.call("losses")["losses"] == 1
    # Offsets before the first record are no loss where nothing was read yet.
    assert offsets(probe(topics=[one]).open().fetch_some(3)) == [7, 8, 9]


def test_a_mark_of_a_transaction_that_was_deleted_counts_as_a_loss_and_says_that_it_may_be_none(kafka, one, probe):
    kafka.produce_transaction(one, in_one(["0", "1", "2"]))
    wait_until(lambda: kafka.end_offsets(one)[0] == 4)                        # offset 3 is the mark of its commit
    kafka.delete_records(one, 0, 4)
    position = [{"topic": one, "partition": 0, "next": 3}]
    with pytest.raises(Failed, match="offsets 3 to 3 were deleted .* marks of transactions only, Kafka does not say"):
        probe(topics=[one]).open(position)
    source = probe(topics=[one], on_data_loss="continue").open(position)
    assert source.call("losses")["losses"] == 1


def test_retention_that_overtakes_a_running_source(kafka, one, probe):
    def overtaken(**options):
        topic = kafka.create_topic(one + "-" + options.get("on_data_loss", "fail"), partitions=1)
        source = probe(topics=[topic], queue_memory=1, **options).open()     # a small queue: the rest is still in the broker
        kafka.produce(topic, in_one([b"x" * 1000 for _ in range(20_000)]))
        first = source.fetch(wait_ms=5000, records=10)
        assert first["count"] == 10
        time.sleep(0.5)
        kafka.delete_records(topic, 0, 19_990)
        return topic, source

    topic, source = overtaken(on_data_loss="continue")
    seen = list(range(10))
    wait_until(lambda: seen.extend(offsets(source.fetch(wait_ms=200)["records"])) or seen[-1] == 19_999)
    hole = [b for a, b in zip(seen, seen[1:]) if b != a + 1]
    assert hole == [19_990] and source.call("losses")["losses"] == 1          # one hole, and it was counted
    topic, source = overtaken()
    with pytest.raises(Failed, match=f"{topic}/0: records are lost: offsets .* to 19989 were deleted") as failed:
        for _ in range(50):
            source.fetch(wait_ms=200)
    assert failed.value.fault == "config"


def test_a_partition_that_ends_before_the_checkpoint(kafka, one, probe):
    kafka.produce(one, in_one("abc"))
    position = [{"topic": one, "partition": 0, "next": 100}]
    with pytest.raises(Failed, match="next offset is 100, but the partition ends at 3"):
        probe(topics=[one]).open(position)
    assert values(probe(topics=[one], on_data_loss="continue").open(position).fetch_some(3)) == ["a", "b", "c"]


def test_a_topic_made_anew_is_noticed_at_a_start_and_while_running(kafka, one, probe):
    fast = {"topic.metadata.refresh.interval.ms": "300"}
    kafka.produce(one, in_one("abc"))
    running = probe(topics=[one], properties=fast).open()
    on = probe(topics=[one], properties=fast, on_data_loss="continue").open()
    assert values(running.fetch_some(3)) == values(on.fetch_some(3)) == ["a", "b", "c"]
    position = running.position()
    assert position[0]["id"]
    kafka.delete_topic(one)
    wait_until(lambda: one not in kafka.admin.list_topics().topics, 20, "the topic is gone")
    kafka.create_topic(one, partitions=1)
    kafka.produce(one, in_one("vwxyz"))
    with pytest.raises(Failed, match=f"{one}/0: records are lost: the topic was deleted and made anew") as failed:
        probe(topics=[one]).open(position)
    assert failed.value.fault == "config"

    def fail():
        try:
            running.fetch(wait_ms=200)
        except Failed as error:
            return error if error.fault == "config" else None
    assert "made anew" in str(wait_until(fail, 20, "the running source notices"))
    seen = []

    def all_of_it():
        try:
            seen.extend(values(on.fetch(wait_ms=200)["records"]))
        except Failed as error:
            assert error.fault == "external", error
        return seen[-5:] == list("vwxyz")
    wait_until(all_of_it, 20, "the new topic from its first record")
    assert on.call("losses")["losses"] >= 1


def test_a_deleted_topic(kafka, one, probe):
    kafka.produce(one, in_one("abc"))
    source = probe(topics=[one], properties={"topic.metadata.refresh.interval.ms": "300"}).open()
    source.fetch_some(3)
    position = source.position()
    kafka.delete_topic(one)

    def fail():
        try:
            source.fetch(wait_ms=200)
        except Failed as error:
            return error if error.fault == "config" else None
    assert "the topic was deleted; records from offset 3" in str(wait_until(fail, 20, "the running source notices"))
    with pytest.raises(Failed, match="deleted") as failed:
        probe(topics=[one]).open(position)
    assert failed.value.fault == "config"


def test_a_plan_whose_records_are_gone(kafka, one, probe):
    kafka.produce(one, in_one([str(i) for i in range(10)]))
    plan = probe(topics=[one]).open().fetch(wait_ms=5000, records=6)["ranges"]
    assert plan[0]["end"] == 6
    kafka.delete_records(one, 0, 4)
    with pytest.raises(Failed, match="offsets 0 to 3 were deleted") as failed:
        probe(topics=[one]).open().call("read", ranges=plan)
    assert failed.value.fault == "config"
    source = probe(topics=[one], on_data_loss="continue").open()
    assert offsets(source.call("read", ranges=plan)["records"]) == [4, 5]
    assert offsets(source.fetch_some(4)) == [6, 7, 8, 9]


def test_a_batch_that_cannot_be_decompressed_stops_by_name(kafka, topic_name, probe):
    """A small request that grows beyond receive.message.max.bytes: never skipped, never taken into memory."""
    topic = kafka.create_topic(topic_name, partitions=1, max_message_bytes=12_000_000)
    kafka.produce(topic, in_one(["before"]))
    kafka.produce(topic, in_one([b"\0" * 150_000_000]), **{"compression.type": "zstd", "message.max.bytes": 200_000_000,
                                                            "batch.size": 200_000_000})
    kafka.produce(topic, in_one(["behind"]))
    source = probe(topics=[topic]).open()
    assert values(source.fetch_some(1)) == ["before"]
    faults = []
    while "config" not in faults:
        try:
            assert source.fetch(wait_ms=1000)["count"] == 0
        except Failed as error:
            faults.append(error.fault)
            assert f"{topic}/0: the record batch behind offset 1 cannot be read" in str(error)
    assert faults == ["external", "external", "config"]
    roomy = probe(topics=[topic], properties={"receive.message.max.bytes": "400000000"}).open()
    assert values(roomy.fetch_some(3)) == ["before", 150_000_000, "behind"]


# -- the broker and others ----------------------------------------------------------------------------------------------

def test_a_broker_killed_and_restarted_under_the_source(tmp_path):
    node = Broker(tmp_path / "broker", die_with_parent=True).start()
    client = KafkaClient(node.bootstrap)
    client.create_topic("t", partitions=2)
    total = 60_000
    client.produce("t", [Record(f"{i}".ljust(500), partition=i % 2) for i in range(total)])
    seen, told = [], 0
    with Probe(node.bootstrap, log=tmp_path / "probe.log", topics=["t"], queue_memory=1 << 20) as source:
        source.open()

        def read(count, deadline_s):
            nonlocal told
            end = time.monotonic() + deadline_s
            while len(seen) < count and time.monotonic() < end:
                try:
                    answer = source.fetch(wait_ms=100, records=2000)
                    seen.extend((r["partition"], r["offset"]) for r in answer["records"])
                except Failed as error:
                    assert error.fault == "external" and error.retry, error
                    told += 1
            return len(seen) >= count

        assert read(10_000, 30)
        node.kill()
        assert not read(total, 5) and told > 0              # what was there already, then an error that says so
        node.start()
        assert read(30_000, 20)                             # by itself
        node.restart()
        assert read(total, 30)
    assert sorted(seen) == [(p, o) for p in range(2) for o in range(total // 2)]
    # A replay survives the same: the runner asks again.
    ranges = [{"topic": "t", "partition": p, "begin": 100, "end": 20_000} for p in range(2)]
    with Probe(node.bootstrap, log=tmp_path / "probe.log", topics=["t"], queue_memory=1 << 20) as source:
        source.open()
        node.kill()
        with pytest.raises(Failed) as failed:
            source.call("read", ranges=ranges, show=False)
        assert failed.value.fault == "external" and failed.value.retry
        node.start()

        def replayed():
            try:
                return source.call("read", ranges=ranges)
            except Failed as error:
                assert error.fault == "external"
        replay = wait_until(replayed, 30, "the replay succeeds")
        assert [(r["partition"], r["offset"]) for r in replay["records"]] == [(p, o) for p in range(2) for o in range(100, 20_000)]
        assert source.fetch(wait_ms=5000, records=2)["records"][0]["offset"] == 20_000
    node.kill()


def test_rebalances_of_the_group_touch_nothing(kafka, topic, broker, probe):
    """Others may join the group whose offsets we write: our partitions and offsets are our own."""
    kafka.produce(topic, [Record(str(i), partition=i % 4) for i in range(4000)])
    source = probe(topics=[topic]).open()
    seen = []
    for _ in range(5):
        others = [Consumer({"bootstrap.servers": broker.bootstrap, "group.id": "weir-probe", "session.timeout.ms": 6000}) for _ in range(2)]
        for other in others:
            other.subscribe([topic])
            other.poll(0.3)
        seen += source.fetch(wait_ms=500, records=500)["records"]
        source.call("report", position=source.position())   # refused while the group has members: only logged
        for other in others:
            other.close()
    while len(seen) < 4000:
        seen += source.fetch(wait_ms=500)["records"]
    assert len({(r["partition"], r["offset"]) for r in seen}) == len(seen) == 4000


# -- lag ----------------------------------------------------------------------------------------------------------------

def test_lag_and_age(kafka, one, probe):
    kafka.produce_transaction(one, in_one("abcde", timestamp_ms=int(time.time() * 1000) - 60_000))
    source = probe(topics=[one]).open()
    assert source.fetch(wait_ms=5000, records=2)["count"] == 2
    (lag,) = source.call("lag")["lag"]
    assert lag["records"] == 4 and 59e6 < lag["age_us"] < 120e6               # three records and a marker
    source.fetch_some(3)

    def nothing_left():
        source.fetch(wait_ms=300)
        (left,) = source.call("lag")["lag"]
        return left["records"] == 0 and left["age_us"] == 0
    wait_until(nothing_left, 15, "no lag: the marker is no record")
