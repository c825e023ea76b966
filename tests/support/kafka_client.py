"""What tests do to a Kafka cluster: make topics, put records of every odd kind into them, read them back."""
import itertools
import time
from dataclasses import dataclass, field

from confluent_kafka import (OFFSET_BEGINNING, Consumer, ConsumerGroupTopicPartitions, IsolationLevel,
                             KafkaError, KafkaException, Producer, TopicPartition)
from confluent_kafka.admin import AdminClient, NewPartitions, NewTopic, OffsetSpec

from waiting import wait_until

_transactional_ids = itertools.count()


@dataclass
class Record:
    """A record to produce. None is null (a tombstone, or no key); b"" is empty; the two are not the same."""
    value: bytes | str | None
    key: bytes | str | None = None
    partition: int = -1                       # -1: by key
    headers: list[tuple[str, bytes | None]] = field(default_factory=list)
    timestamp_ms: int = 0                     # 0: now


class KafkaClient:
    """Talks to one cluster. `security` holds librdkafka properties for a secured listener."""

    def __init__(self, bootstrap: str, **security):
        self.bootstrap = bootstrap
        self.settings = {"bootstrap.servers": bootstrap, "log_level": 0, **security}   # a killed broker is no news
        self.admin = AdminClient(self.settings)
        self._producer = None

    # -- topics -----------------------------------------------------------------------------------------------------

    def create_topic(self, name, partitions=4, **config):
        settings = {key.replace("_", "."): str(value) for key, value in config.items()}
        self._done(self.admin.create_topics([NewTopic(name, partitions, 1, config=settings)]))
        self._wait_for_leaders(name, partitions)
        return name

    def delete_topic(self, name):
        self._done(self.admin.delete_topics([name]))

    def add_partitions(self, name, total):
        self._done(self.admin.create_partitions([NewPartitions(name, total)]))
        self._wait_for_leaders(name, total)

    def delete_records(self, name, partition, before_offset):
        """Moves the start of a partition: what lies before `before_offset` is gone, as by retention."""
        self._done(self.admin.delete_records([TopicPartition(name, partition, before_offset)]))

    def partitions(self, name) -> list[int]:
        return sorted(self.admin.list_topics(name, timeout=10).topics[name].partitions)

    def _wait_for_leaders(self, name, partitions):
        """The controller's word comes before the broker's: a client that asks at once may hear of no such topic."""
        def led():
            found = self.admin.list_topics(name, timeout=10).topics[name]
            return found.error is None and sum(p.leader >= 0 for p in found.partitions.values()) == partitions
        wait_until(led, 20, f"topic {name} has leaders")

    def end_offsets(self, name, isolation=IsolationLevel.READ_UNCOMMITTED) -> dict[int, int]:
        ask = {TopicPartition(name, p): OffsetSpec.latest() for p in self.partitions(name)}
        end = time.monotonic() + 10
        while True:
            answers = self.admin.list_offsets(ask, isolation_level=isolation)
            try:
                return {tp.partition: f.result(10).offset for tp, f in answers.items()}
            except KafkaException as error:          # a broker that has only just started may not lead all of them yet
                if not error.args[0].retriable() and error.args[0].code() != KafkaError.UNKNOWN_LEADER_EPOCH \
                        or time.monotonic() > end:
                    raise
                time.sleep(0.2)

    def group_offsets(self, group, name) -> dict[int, int]:
        """What the group has committed, which is where outside tools see it."""
        asked = ConsumerGroupTopicPartitions(group, [TopicPartition(name, p) for p in self.partitions(name)])
        answer = self.admin.list_consumer_group_offsets([asked])[group].result(10)
        return {tp.partition: tp.offset for tp in answer.topic_partitions}

    # -- producing --------------------------------------------------------------------------------------------------

    def produce(self, topic, records, **settings):
        """Sends records (Record, bytes or str) and waits for every acknowledgement; the order in a partition is kept."""
        if settings or self._producer is None:
            producer = Producer({**self.settings, "linger.ms": 5, "enable.idempotence": True, **settings})
            if not settings:
                self._producer = producer
        else:
            producer = self._producer
        self._send(producer, topic, records)
        left = producer.flush(30)
        assert left == 0, f"{left} records to {topic} were not acknowledged"

    def produce_transaction(self, topic, records, commit=True, **settings):
        """One transaction of its own transactional id; `commit=False` aborts it after the records are on the log."""
        with self.transaction(topic, **settings) as t:
            t.send(records)
            t.end(commit)

    def transaction(self, topic, **settings) -> "OpenTransaction":
        """For tests that need an open one: `t = client.transaction(topic)`, `t.send(...)`, later `t.end(commit)`."""
        return OpenTransaction(self, topic, settings)

    def _send(self, producer, topic, records, errors=None):
        failed = [] if errors is None else errors

        def acknowledged(error, _message):
            if error is not None:
                failed.append(error)

        for r in records:
            r = r if isinstance(r, Record) else Record(r)
            while True:
                try:
                    producer.produce(topic, value=r.value, key=r.key, partition=r.partition, headers=r.headers or None,
                                     timestamp=r.timestamp_ms, on_delivery=acknowledged)
                    break
                except BufferError:
                    producer.poll(0.1)
            producer.poll(0)
        if errors is None:
            producer.flush(30)
            assert not failed, f"producing to {topic} failed: {failed[0]}"

    # -- reading ----------------------------------------------------------------------------------------------------

    def read(self, topic, committed=True, deadline_s=30):
        """All messages from the start to the present end, by partition, then offset."""
        consumer = Consumer({**self.settings, "group.id": "reader", "enable.auto.commit": False,
                             "enable.partition.eof": True, "auto.offset.reset": "error", "fetch.wait.max.ms": 10,
                             "isolation.level": "read_committed" if committed else "read_uncommitted"})
        todo = set(self.partitions(topic))
        consumer.assign([TopicPartition(topic, p, OFFSET_BEGINNING) for p in todo])
        messages, end = [], time.monotonic() + deadline_s
        while todo:
            assert time.monotonic() < end, f"{topic}: partitions {todo} not at their end within {deadline_s} s"
            for m in consumer.consume(10_000, timeout=0.1):      # waits for all 10,000 or the time
                if m.error() is None:
                    messages.append(m)
                elif m.error().code() == KafkaError._PARTITION_EOF:
                    todo.discard(m.partition())
                else:
                    raise AssertionError(f"reading {topic}: {m.error()}")
        consumer.close()
        return sorted(messages, key=lambda m: (m.partition(), m.offset()))

    @staticmethod
    def _done(futures):
        for f in futures.values():
            f.result(30)


class OpenTransaction:
    """A transaction that the test ends when it likes. Left without end(), it is aborted."""

    def __init__(self, client, topic, settings):
        self.client, self.topic, self.open = client, topic, True
        self.producer = Producer({**client.settings, "transactional.id": f"test-{id(client)}-{next(_transactional_ids)}",
                                  "transaction.timeout.ms": 60_000, **settings})
        self.producer.init_transactions(30)
        self.producer.begin_transaction()

    def send(self, records):
        self.client._send(self.producer, self.topic, records)

    def end(self, commit=True):
        self.open = False
        if commit:
            self.producer.commit_transaction(30)
        else:
            self.producer.abort_transaction(30)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.open:
            self.end(commit=False)
