"""The Kafka sink exactly once: who reads committed records sees each row once, whatever happens to weir, Kafka or the network.

The oracle reads the topic twice: committed records are the rows; the raw log also holds what was aborted.
"""
import json
import random
import shutil
import signal
import time
from collections import Counter

import pytest
from confluent_kafka import ConsumerGroupTopicPartitions, IsolationLevel, Producer, TopicPartition

from broker import Broker
from kafka_client import KafkaClient
from kafka_probe import Failed, Probe
from kafka_proxy import END_TXN, TXN_OFFSET_COMMIT, proxied_broker
from waiting import wait_until


def rows(n, count=100):
    return f"SELECT i, i::UBIGINT AS _src FROM range({n * count}, {n * count + count}) r(i)"


def seen(kafka, topic, committed=True):
    return Counter(json.loads(m.value())["i"] for m in kafka.read(topic, committed=committed, deadline_s=60))


def once(batches, count=100):
    return Counter(range(count, batches * count + count))


@pytest.fixture
def sink(broker, topic, topic_name, tmp_path):
    """Makes sinks of one name on one topic; each is a start of its own."""
    made = []

    def make(writer="w1", epoch=1):
        probe = Probe(broker.bootstrap, log=tmp_path / "probe.log", pipeline=topic_name, topic=topic)
        made.append(probe)
        return probe.open_sink(writer=writer, epoch=epoch)

    yield make
    for probe in made:
        probe.kill()


def test_a_repeat_is_skipped_also_after_a_restart(kafka, topic, sink):
    s = sink()
    assert s.call("landed") == {}
    assert s.write(rows(1), number=1, plan=11)["repeated"] is False
    assert s.write(rows(1), number=1, plan=11)["repeated"] is True
    s.write(rows(2), number=5, plan=55)                       # batches without rows leave no trace
    again = sink(epoch=2)
    assert again.call("landed") == {"writer": "w1", "epoch": 2, "number": 5, "plan": 55}
    assert again.write(rows(2), number=5, plan=55)["repeated"] is True
    again.write(rows(3), number=6, plan=66)
    assert seen(kafka, topic) == seen(kafka, topic, committed=False) == once(3)


def test_people_see_the_batch_as_the_offset_of_a_group(kafka, topic, topic_name, sink):
    sink().write(rows(1), number=12)
    assert kafka.group_offsets(f"weir.{topic_name}.probe", topic)[0] == 12


def test_what_another_wrote_stops_us(kafka, topic, sink):
    s = sink()
    s.write(rows(1), number=7, plan=77)
    with pytest.raises(Failed, match="another writer owns this: batch 7 is here already, from another plan") as failed:
        s.write(rows(1), number=7, plan=78)
    assert failed.value.fault == "config"
    with pytest.raises(Failed, match="another writer owns this: batch 7 is here already, ours is 6"):
        s.write(rows(1), number=6, plan=66)
    with pytest.raises(Failed, match="another writer owns this: checkpoint w1 wrote batch 7 under this name, ours is w2.*"
                                     "delete consumer group weir[.]") as failed:
        sink(writer="w2")
    assert failed.value.fault == "config"
    s.write(rows(2), number=8)                                # and the attempts did us no harm
    assert seen(kafka, topic) == once(2)


def test_the_newest_start_of_a_checkpoint_owns_the_topic(kafka, topic, sink):
    old, new = sink(epoch=3), sink(epoch=4)
    with pytest.raises(Failed, match="epoch 4 of this checkpoint has it, ours is 3; a copy") as failed:
        old.write_patiently(rows(1), number=1)
    assert failed.value.fault == "config"
    new.write_patiently(rows(1), number=1)
    with pytest.raises(Failed, match="epoch 4 of this checkpoint"):
        sink(epoch=3)
    assert seen(kafka, topic) == seen(kafka, topic, committed=False) == once(1)


def test_a_start_that_wrote_nothing_owns_nothing(kafka, topic, sink):
    trial = sink(writer="trial")
    real = sink(writer="real")
    real.write(rows(1), number=1)
    with pytest.raises(Failed, match="checkpoint real wrote batch 1 under this name, ours is trial"):
        trial.write_patiently(rows(2), number=1)
    assert seen(kafka, topic) == once(1)


def test_an_offset_that_is_not_ours_stops_us(kafka, topic, topic_name, sink):
    asked = ConsumerGroupTopicPartitions(f"weir.{topic_name}.probe", [TopicPartition(topic, 0, 5)])
    for f in kafka.admin.alter_consumer_group_offsets([asked]).values():
        f.result(10)
    with pytest.raises(Failed, match="is not what this Weir writes") as failed:
        sink()
    assert failed.value.fault == "config"


def test_a_commit_whose_answer_is_lost_is_found(kafka, topic, sink):
    s = sink()
    s.call("arm", point="kafka_sink.committed")
    assert s.write(rows(1), number=1)["rows"] == 100           # it was there
    s.write(rows(2), number=2)
    assert seen(kafka, topic) == seen(kafka, topic, committed=False) == once(2)


def test_a_commit_that_never_came_is_sent_again(kafka, topic, sink):
    s = sink()
    s.call("arm", point="kafka_sink.commit")
    with pytest.raises(Failed, match="the transaction was not committed, it is sent again") as failed:
        s.write(rows(1), number=1)
    assert failed.value.fault == "external" and failed.value.retry
    assert s.write(rows(1), number=1)["repeated"] is False
    assert seen(kafka, topic) == once(1)
    assert seen(kafka, topic, committed=False) == Counter({i: 2 for i in range(100, 200)})


def test_a_fenced_producer_looks_up_and_goes_on(kafka, topic, topic_name, sink):
    """Somebody took the transactional id and went: no batch of another is there, so the name is still ours."""
    s = sink()
    s.write(rows(1), number=1)
    stranger = Producer({**kafka.settings, "transactional.id": f"weir.{topic_name}.probe"})
    stranger.init_transactions(30)
    with pytest.raises(Failed, match="another producer took over, or a transaction took too long") as failed:
        s.write(rows(2), number=2)
    assert failed.value.fault == "external" and failed.value.retry
    assert s.write(rows(2), number=2)["repeated"] is False
    assert seen(kafka, topic) == once(2)


@pytest.mark.parametrize("pattern", ["lose_request", "lose_answer", "late"])
def test_the_network_loses_or_delays_the_end_of_transactions(tmp_path, pattern):
    """Real doubt: the request is lost, or only its answer, or it arrives after its producer was given up."""
    node, proxy = proxied_broker(tmp_path / "broker", die_with_parent=True)
    kafka = KafkaClient(node.bootstrap)
    topic = kafka.create_topic("t", partitions=2)
    batches = 8
    with Probe(node.bootstrap, log=tmp_path / "probe.log", topic=topic, timeout_ms=1000) as s:
        s.open_sink()
        for n in range(1, batches + 1):
            if n % 2 == 0:
                proxy.rules[END_TXN] = 2.5 if pattern == "late" else pattern
            try:
                s.write(rows(n), number=n, plan=n)
            except Failed as error:
                assert error.fault == "external" and error.retry and pattern != "lose_answer", error
            proxy.rules.clear()
            s.write_patiently(rows(n), number=n, plan=n)
        time.sleep(3 if pattern == "late" else 0)              # the last late request is there now
        s.write_patiently(rows(batches + 1), number=batches + 1)
    doubts = (tmp_path / "probe.log").read_text().count("gave no clear answer to a commit")
    assert proxy.met[END_TXN] >= batches // 2 and doubts >= batches // 2
    assert seen(kafka, topic) == once(batches + 1)
    assert kafka.end_offsets(topic, IsolationLevel.READ_COMMITTED) == kafka.end_offsets(topic)
    node.kill()
    proxy.close()


def test_a_transaction_that_kafka_gives_up_is_sent_again(tmp_path):
    """The offsets of the batch take longer than transaction.timeout.ms: the coordinator aborts what is open."""
    node, proxy = proxied_broker(tmp_path / "broker", die_with_parent=True,
                                 properties=["transaction.abort.timed.out.transaction.cleanup.interval.ms=500"])
    kafka = KafkaClient(node.bootstrap)
    topic = kafka.create_topic("t", partitions=1)
    with Probe(node.bootstrap, log=tmp_path / "probe.log", topic=topic, timeout_ms=1000) as s:
        s.open_sink()
        s.write(rows(1), number=1)
        proxy.rules[END_TXN] = 14.0                            # transaction.timeout.ms is 11 s
        proxy.rules[TXN_OFFSET_COMMIT] = 0.0
        with pytest.raises(Failed) as failed:
            s.write(rows(2), number=2)
        assert failed.value.fault == "external" and failed.value.retry
        proxy.rules.clear()
        s.write_patiently(rows(2), number=2)
    assert proxy.met[TXN_OFFSET_COMMIT] >= 1
    assert seen(kafka, topic) == once(2)
    node.kill()
    proxy.close()


def test_a_killed_weir_blocks_readers_no_longer_than_its_timeout(tmp_path):
    node = Broker(tmp_path / "broker", die_with_parent=True,
                  properties=["transaction.abort.timed.out.transaction.cleanup.interval.ms=500"]).start()
    kafka = KafkaClient(node.bootstrap)
    topic = kafka.create_topic("t", partitions=1)
    s = Probe(node.bootstrap, log=tmp_path / "probe.log", topic=topic, timeout_ms=1000, env={"WEIR_CRASH": "kafka_sink.offsets_sent"})
    s.open_sink()
    with pytest.raises(AssertionError, match="exit code -9"):
        s.call("write", rows=rows(1), number=1)
    s.kill()
    assert kafka.end_offsets(topic, IsolationLevel.READ_COMMITTED) == {0: 0}, "the transaction is still open"
    wait_until(lambda: kafka.end_offsets(topic, IsolationLevel.READ_COMMITTED) == kafka.end_offsets(topic), 20, "it is aborted")
    assert seen(kafka, topic) == Counter() and seen(kafka, topic, committed=False) == once(1)
    with Probe(node.bootstrap, log=tmp_path / "probe.log", topic=topic) as again:
        again.open_sink(epoch=2)
        again.write(rows(1), number=1)
    assert seen(kafka, topic) == once(1)
    node.kill()


def test_kills_of_the_broker_and_of_the_sink_at_random(tmp_path):
    node = Broker(tmp_path / "broker", die_with_parent=True).start()
    kafka = KafkaClient(node.bootstrap)
    topic = kafka.create_topic("t", partitions=2)
    rng, number, epoch, kills = random.Random(4), 1, 1, 0
    points = ["before_send", "begun", "mid_send", "after_flush", "offsets_sent", "after_commit"]
    while number <= 40:
        point = rng.choice(points)
        s = Probe(node.bootstrap, log=tmp_path / "probe.log", topic=topic, timeout_ms=5000,
                  env={"WEIR_CRASH": f"kafka_sink.{point}:{rng.randrange(1, 5)}"})
        s.open_sink(epoch=epoch)
        epoch += 1
        try:
            while number <= 40:
                s.write_patiently(rows(number), number=number, plan=number)
                number += 1
        except AssertionError:
            kills += 1
        s.kill()
        if rng.random() < 0.2:
            node.kill()
            node.start()
    assert kills >= 8
    assert seen(kafka, topic) == once(40)
    node.kill()


PIPELINE = """version: 1
name: {name}
owner: rides@example.com
connections:
  main: {{ type: kafka, brokers: ["{brokers}"] }}
sources:
  rides:
    type: kafka
    connection: main
    topics: [{source}]
    max_records: 50
    format: {{ type: json, contract: {{ fields: {{ id: {{ type: int64, required: true, nullable: false }}, pad: {{ type: string }} }} }} }}
sinks:
  out: {{ from: rides, type: kafka, connection: main, topic: {sink} }}
dead_letter: {{ type: kafka, connection: main, topic: {dead} }}
trigger: {{ every: 50ms }}
checkpoint: {{ path: {checkpoint} }}
"""


class Pipeline:
    """From topic to topic, exactly once, for rows and for dead letters."""

    def __init__(self, weir, kafka, broker, topic, topic_name):
        self.weir, self.kafka, self.source, self.sent = weir, kafka, topic, 0
        self.sink = kafka.create_topic("out-" + topic_name, partitions=2, max_message_bytes=20_000)
        self.dead = kafka.create_topic("dead-" + topic_name, partitions=1)
        self.names = dict(name=topic_name[:60], brokers=broker.bootstrap, source=topic, sink=self.sink, dead=self.dead)
        self.write("p.yaml", "checkpoint")

    def write(self, file, checkpoint):
        (self.weir.folder / file).write_text(PIPELINE.format(**self.names, checkpoint=checkpoint))

    def send(self, count):
        self.kafka.produce(self.source, [json.dumps({"id": self.sent + i}) for i in range(count)])
        self.sent += count

    def ids(self, committed=True):
        return Counter(json.loads(m.value())["id"] for m in self.kafka.read(self.sink, committed=committed))

    def check(self):
        assert self.ids() == Counter(range(self.sent))


@pytest.fixture
def pipeline(weir, kafka, broker, topic, topic_name):
    return Pipeline(weir, kafka, broker, topic, topic_name)


def test_explain_says_so(weir, pipeline):
    assert "sink out, from rides: exactly once" in weir("explain", "p.yaml").expect(0).out


def test_a_zombie_commits_nothing(weir, pipeline):
    """weir is stopped; a copy of its checkpoint takes over; the first one wakes up, with a batch in its hands."""
    pipeline.send(500)
    zombie = weir.start("run", "p.yaml")
    wait_until(lambda: pipeline.ids().total() >= 200, 30, "rows arrive")
    zombie.process.send_signal(signal.SIGSTOP)
    shutil.copytree(weir.folder / "checkpoint", weir.folder / "copy", ignore=shutil.ignore_patterns("LOCK"))
    pipeline.write("heir.yaml", "copy")
    heir = weir.start("run", "heir.yaml")
    pipeline.send(300)
    wait_until(lambda: pipeline.ids().total() == 800, 30, "the heir has all")
    zombie.process.send_signal(signal.SIGCONT)
    pipeline.send(300)
    ended = zombie.wait(60)
    assert ended.code == 1 and "another writer owns this" in ended.out + ended.err
    wait_until(lambda: pipeline.ids().total() == 1100, 30, "the heir goes on")
    heir.terminate()
    pipeline.check()


def test_another_checkpoint_under_the_same_name_is_refused(weir, pipeline):
    pipeline.send(100)
    weir.run_once("p.yaml")
    pipeline.write("other.yaml", "elsewhere")
    ended = weir("run", "other.yaml", "--once").expect(1)
    assert "another writer owns this" in ended.out + ended.err and "delete consumer group" in ended.out + ended.err
    pipeline.check()


def test_a_sink_that_lost_its_memory_is_told(weir, kafka, pipeline):
    pipeline.send(100)
    weir.run_once("p.yaml")
    weir.run_once("p.yaml")                                    # nothing to do, and nothing is forgotten
    for f in kafka.admin.delete_consumer_groups([f"weir.{pipeline.names['name']}.out"]).values():
        f.result(10)
    ended = weir("run", "p.yaml", "--once").expect(1)
    assert "the sink lost its memory" in ended.out + ended.err and "offsets.retention.minutes" in ended.out + ended.err
    pipeline.check()


def test_the_guarantee_can_change_over_a_restart(weir, kafka, pipeline):
    text = (weir.folder / "p.yaml").read_text()
    for guarantee in ("at_least_once", "exactly_once", "at_least_once", "exactly_once"):
        (weir.folder / "p.yaml").write_text(text.replace("type: kafka, connection: main, topic: out",
                                                         f"type: kafka, connection: main, guarantee: {guarantee}, topic: out"))
        pipeline.send(120)
        weir.run_once("p.yaml")
    pipeline.check()


@pytest.mark.parametrize("point", ["kafka_sink.before_send:2", "kafka_sink.after_flush", "kafka_sink.after_commit"])
def test_a_refused_row_is_in_the_plan_before_the_others_are_stored(weir, kafka, pipeline, point):
    pipeline.send(40)
    kafka.produce(pipeline.source, [json.dumps({"id": 40, "pad": "".join(random.choices("abcdefgh0123456789", k=60_000))})])
    killed = weir("run", "p.yaml", "--once", env={"WEIR_CRASH": point})
    assert killed.code == -signal.SIGKILL
    weir.run_once("p.yaml")
    pipeline.check()
    letters = [json.loads(m.value()) for m in kafka.read(pipeline.dead)]
    assert [letter["code"] for letter in letters] == ["SINK_REJECTED"]


def test_doubtful_commits_of_a_whole_pipeline(weir, pipeline):
    for point in ("kafka_sink.commit", "kafka_sink.committed"):
        pipeline.send(200)
        ended = weir("run", "p.yaml", "--once", env={"WEIR_FAULT": f"{point}:3"}).expect(0)
        assert "no clear answer to a commit" in ended.out + ended.err
    pipeline.check()
    assert pipeline.ids(committed=False).total() > pipeline.sent
