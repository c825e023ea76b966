"""One pipeline of the kill tests on its own topic, and its outputs beside the truth."""
import json
from collections import Counter
from datetime import datetime
from pathlib import Path

import delta_table
import payments
import sink_files
import truth as oracle


class Trial:
    """Files go to `data`: the sinks' folders, the tables and the checkpoint, nothing else.

    With `copy`, a second Kafka sink that is only at least once takes the rows, duplicates and all.
    """

    def __init__(self, weir, kafka, broker, topic, batch_records=200, copy=False, trigger="as_fast_as_possible"):
        self.weir, self.kafka, self.topic = weir, kafka, topic
        self.totals = kafka.create_topic(topic + "-totals", partitions=2)
        self.copy = kafka.create_topic(topic + "-copy", partitions=2) if copy else None
        self.data = Path(weir.folder) / "data"
        (weir.folder / "payment.yaml").write_text(payments.CONTRACT)
        self.file = weir.folder / "kill.yaml"
        text = payments.PIPELINE.replace("dead_letter: {{", payments.COPY + "dead_letter: {{") if copy else payments.PIPELINE
        self.file.write_text(text.format(bootstrap=broker.bootstrap, topic=topic, totals_topic=self.totals, copy_topic=self.copy,
                                         batch_records=batch_records, trigger=trigger))

    def warm_up(self, feeder):
        """Afterwards there is a watermark, so that rows of years ago are late for certain."""
        for _ in range(2):
            feeder.send(1000)
            self.weir.run_once(self.file)
        feeder.may_be_late = True

    def outcome(self):
        """(the truth that the raw input tells, each output compared with it)"""
        truth = oracle.expected(self.kafka.read(self.topic, deadline_s=60))
        outputs = {"raw": sink_files.query("SELECT _partition, _offset, payment_id, cents FROM rows", self.data / "raw"),
                   "lake": table_rows(self.data / "lake", "payment_id", "_partition", "_offset", "cents"),
                   "totals": [total(m) for m in self.kafka.read(self.totals, deadline_s=60)],
                   "dead letters": table_rows(self.data / "dead", "partition", "offset", "code")}
        if self.copy:
            outputs["copy"] = [m.key().decode() for m in self.kafka.read(self.copy, deadline_s=60)]
        want = oracle.wanted(truth)
        return truth, [oracle.compare(name, want[name], Counter(rows)) for name, rows in outputs.items()]


def total(message):
    row = json.loads(message.value())
    assert message.key().decode() == row["merchant"]
    return datetime.fromisoformat(row["window_start"].replace("Z", "+00:00")), row["merchant"], row["payments"], int(row["cents"])


def table_rows(path, *columns):
    """As delta-rs reads the table; one that is not there has no rows."""
    if not (path / "_delta_log").exists():
        return []
    return [tuple(row[c] for c in columns) for row in delta_table.rows(path)]
