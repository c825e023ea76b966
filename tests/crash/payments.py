"""The workload of the kill tests: payment events with ids that occur once, some of them unfit, and the truth about them.

The truth is told twice and never by Weir: `expected` looks at the raw bytes that the topic holds, with Python's own JSON
parser; the numbers it gives must also agree with what the feeder meant each record to be.
"""
import json
import random
import threading
import time
from collections import Counter
from dataclasses import dataclass

from kafka_client import Record

PARTITIONS = 4
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
name: kill-test
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
    format: {{type: json, contract: payment.yaml}}
    metadata: [partition, offset]
steps:
  - name: known
    from: payments
    expect:
      positive_amount: {{check: "amount > 0", on_fail: dead_letter, owner: payments@example.com}}
  - {{name: big, filter: "amount >= 10"}}
  - {{name: in_cents, select: {{"*": true, cents: "CAST(amount * 100 AS BIGINT)"}}}}
sinks:
  lake: {{from: in_cents, type: file, format: parquet, path: data/lake}}
  copy: {{from: in_cents, type: kafka, connection: main, topic: {copy_topic}, key: payment_id, guarantee: {guarantee}}}
dead_letter: {{type: file, format: parquet, path: data/dead}}
trigger: as_fast_as_possible
checkpoint: {{path: data/checkpoint}}
"""


def make_value(rng: random.Random, number: int) -> tuple[str, bytes | None]:
    """(what it is meant to be, the record's value)"""
    event = {"payment_id": f"p{number:09d}", "merchant": f"m{rng.randrange(50)}",
             "amount": rng.randrange(1000, 1_000_000) / 100, "event_time": f"2026-01-01T00:{number // 60 % 60:02d}:{number % 60:02d}Z"}
    kind = rng.choices(["good", "small", "cut", "text_amount", "no_id", "not_positive", "null", "bad_utf8"],
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


@dataclass
class Truth:
    rows: dict[str, tuple[int, int, int]]        # payment_id -> (partition, offset, cents)
    dead: dict[tuple[int, int], str]             # (partition, offset) -> code
    filtered: int


def judge(value: bytes | None):
    """('row', id, cents), ('dead', code) or ('filtered',), from the bytes alone."""
    if value is None:
        return "dead", "NULL_VALUE"
    try:
        text = value.decode()
    except UnicodeDecodeError:
        return "dead", "INVALID_UTF8"
    try:
        event = json.loads(text)
    except ValueError:
        return "dead", "JSON_PARSE_ERROR"
    if "payment_id" not in event:
        return "dead", "MISSING_FIELD"
    if isinstance(event["amount"], str):
        return "dead", "TYPE_MISMATCH"
    cents = round(event["amount"] * 100)
    if cents <= 0:
        return "dead", "EXPECTATION_FAILED"
    return ("row", event["payment_id"], cents) if cents >= 1000 else ("filtered",)


def expected(messages) -> Truth:
    truth = Truth({}, {}, 0)
    for m in messages:
        what, *rest = judge(m.value())
        if what == "row":
            assert rest[0] not in truth.rows, "the workload made an id twice"
            truth.rows[rest[0]] = (m.partition(), m.offset(), rest[1])
        elif what == "dead":
            truth.dead[m.partition(), m.offset()] = rest[0]
        else:
            truth.filtered += 1
    return truth


class Feeder:
    """Sends events at a steady pace from a thread of its own, so that a kill at any moment finds work in flight."""

    def __init__(self, kafka, topic, records_per_second, seed):
        self.kafka, self.topic, self.pace = kafka, topic, records_per_second
        self.rng, self.sent, self.kinds = random.Random(seed), 0, Counter()
        self.stopping, self.error = threading.Event(), None
        self.thread = threading.Thread(target=self._run, daemon=True)

    def send(self, count):
        records = []
        for _ in range(count):
            kind, value = make_value(self.rng, self.sent)
            records.append(Record(value, partition=self.rng.randrange(PARTITIONS)))
            self.kinds[kind] += 1
            self.sent += 1
        self.kafka.produce(self.topic, records)

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
