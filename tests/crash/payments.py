"""The workload of the kill tests: the whole job, and payment events with duplicates, late ones and unfit ones.

Every event's time follows its number, and a duplicate comes soon after its first in the same partition. So which row of an id
is the first, and that only rows of years ago are late, does not depend on where weir cuts its batches or is killed.
"""
import json
import random
import threading
import time
from collections import Counter, deque
from datetime import datetime, timedelta, timezone

from kafka_client import Record

PARTITIONS = 4
STEP = timedelta(milliseconds=100)           # of event time, from one event to the next
DELAY = WITHIN = timedelta(seconds=60)       # 600 events
WINDOW = timedelta(seconds=30)
AGAIN_AFTER = 200                            # events at most until a duplicate comes: 20 s of event time
BEGIN = datetime(2026, 1, 1, tzinfo=timezone.utc)
LATE = datetime(2020, 1, 1, tzinfo=timezone.utc)      # so old that they are late wherever there is a watermark at all
END = datetime(2030, 1, 1, tzinfo=timezone.utc)
CONTRACT = """\
name: payment
version: 1
owner: payments@example.com
fields:
  payment_id: {type: string, required: true, nullable: false}
  merchant: {type: string, required: true}
  amount: {type: "decimal(12,2)", required: true, nullable: false}
  event_time: {type: timestamp, required: true}
"""
PIPELINE = """\
version: 1
name: {topic}
owner: payments@example.com
connections:
  main: {{type: kafka, brokers: ["{bootstrap}"]}}
sources:
  payments:
    type: kafka
    connection: main
    topics: [{topic}]
    start: earliest
    max_records: {batch_records}
    watermark: {{column: event_time, delay: 60s}}
    format: {{type: json, contract: payment.yaml}}
    metadata: [partition, offset]
steps:
  - name: known
    from: payments
    expect:
      positive_amount: {{check: "amount > 0", on_fail: dead_letter, owner: payments@example.com}}
  - {{name: big, filter: "amount >= 10"}}
  - {{name: in_cents, select: {{"*": true, cents: "CAST(amount * 100 AS BIGINT)"}}}}
  - {{name: once, dedup: {{key: [payment_id], within: 60s}}}}
  - name: by_merchant
    aggregate: {{window: {{tumbling: 30s}}, by: [merchant], select: {{payments: "count(*)", cents: "sum(cents)"}}}}
sinks:
  raw: {{from: in_cents, type: file, format: parquet, path: data/raw}}
  lake: {{from: once, type: delta, path: data/lake}}
  totals: {{from: by_merchant, type: kafka, connection: main, topic: {totals_topic}, key: merchant}}
dead_letter: {{type: delta, path: data/dead}}
trigger: {trigger}
checkpoint: {{path: data/checkpoint}}
"""
COPY = "  copy: {{from: in_cents, type: kafka, connection: main, topic: {copy_topic}, key: payment_id, guarantee: at_least_once}}\n"


def text_of(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def make_value(rng: random.Random, number: int, late=False) -> tuple[str, bytes | None]:
    """(what it is meant to be, the record's value)"""
    moment = LATE if late else BEGIN + number * STEP
    event = {"payment_id": f"p{number:09d}", "merchant": f"m{rng.randrange(20)}",
             "amount": rng.randrange(1000, 1_000_000) / 100, "event_time": text_of(moment)}
    kind = "late" if late else rng.choices(["good", "small", "cut", "text_amount", "no_id", "not_positive", "null", "bad_utf8"],
                                           [80, 8, 3, 2, 2, 2, 2, 1])[0]
    if kind == "small":
        event["amount"] = rng.randrange(1, 1000) / 100
    elif kind == "text_amount":
        event["amount"] = "ten"
    elif kind == "no_id":
        del event["payment_id"]
    elif kind == "not_positive":
        event["amount"] = -event["amount"]
    elif kind == "null":
        return kind, None
    value = json.dumps(event).encode()
    if kind == "cut":
        value = value[:rng.randrange(1, len(value))]
    elif kind == "bad_utf8":
        value = value.replace(b'"m', b'"\xff', 1)
    return kind, value


class Feeder:
    """Sends events at a steady pace from a thread of its own, so that a kill at any moment finds work in flight."""

    def __init__(self, kafka, topic, records_per_second, seed):
        self.kafka, self.topic, self.pace = kafka, topic, records_per_second
        self.rng, self.sent, self.kinds = random.Random(seed), 0, Counter()
        self.again = deque()                 # (from this number on, partition, value)
        self.may_be_late = False             # only once there is a watermark
        self.stopping, self.error = threading.Event(), None
        self.thread = threading.Thread(target=self._run, daemon=True)

    def send(self, count):
        records = []
        for _ in range(count):
            late = self.may_be_late and self.rng.random() < 0.005
            kind, value = make_value(self.rng, self.sent, late)
            partition = self.rng.randrange(PARTITIONS)
            records.append(Record(value, partition=partition))
            self.kinds[kind] += 1
            self.sent += 1
            if kind == "good" and self.rng.random() < 0.1:
                due = self.sent + self.rng.randrange(AGAIN_AFTER // 2)
                self.again.append((max(due, self.again[-1][0] if self.again else 0), partition, value))
            while self.again and self.again[0][0] <= self.sent:
                _, partition, value = self.again.popleft()
                records.append(Record(value, partition=partition))
                self.kinds["again"] += 1
        self.kafka.produce(self.topic, records)

    def skip(self, seconds):
        """The events after this one are so much later; duplicates that have not come will not."""
        self.again.clear()
        self.sent += int(timedelta(seconds=seconds) / STEP)

    def close_windows(self):
        """A record far in the future in every partition: the watermark passes all that came before."""
        self.kafka.produce(self.topic, [
            Record(json.dumps({"payment_id": f"end-{p}", "merchant": "end", "amount": 10.0, "event_time": text_of(END)}).encode(),
                   partition=p) for p in range(PARTITIONS)])
        self.kinds["end"] += PARTITIONS

    def _run(self):
        try:
            while not self.stopping.is_set():
                began = time.monotonic()
                self.send(self.pace // 20)
                self.stopping.wait(max(0.0, 0.05 - (time.monotonic() - began)))
        except BaseException as error:
            self.error = error

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stopping.set()
        self.thread.join(30)
        if self.error:
            raise self.error
