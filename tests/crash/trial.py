"""One pipeline of the kill tests on its own topic, and its outputs beside the truth."""
from collections import Counter
from pathlib import Path

import payments
import sink_files


class Trial:
    """Files go to `data`: the sinks' folders and the checkpoint, nothing else."""

    def __init__(self, weir, kafka, broker, topic, batch_records=200, guarantee="exactly_once"):
        self.weir, self.kafka, self.topic, self.guarantee = weir, kafka, topic, guarantee
        self.copy = kafka.create_topic(topic + "-copy", partitions=2)
        self.data = Path(weir.folder) / "data"
        (weir.folder / "payment.yaml").write_text(payments.CONTRACT)
        self.file = weir.folder / "kill.yaml"
        self.file.write_text(payments.PIPELINE.format(bootstrap=broker.bootstrap, topic=topic, copy_topic=self.copy,
                                                      batch_records=batch_records, guarantee=guarantee))

    def outcome(self):
        """(the truth that the raw input tells, each output compared with it)"""
        truth = payments.expected(self.kafka.read(self.topic, deadline_s=60))
        rows = Counter((i, p, o, c) for i, (p, o, c) in truth.rows.items())
        dead = Counter((p, o, code) for (p, o), code in truth.dead.items())
        lake = Counter(sink_files.query("SELECT payment_id, _partition, _offset, cents FROM rows", self.data / "lake"))
        letters = Counter(sink_files.query('SELECT "partition", "offset", code FROM rows', self.data / "dead"))
        copied = Counter(m.key().decode() for m in self.kafka.read(self.copy, deadline_s=60))
        return truth, [compare("lake", rows, lake), compare("dead letters", dead, letters),
                       compare(f"copy ({self.guarantee})", Counter(truth.rows.keys()), copied)]


def compare(what, want: Counter, got: Counter):
    lost, doubled = want - got, Counter({k: n - 1 for k, n in got.items() if n > 1})
    foreign = [k for k in got if k not in want]
    return {"what": what, "expected": want.total(), "got": got.total(), "lost": lost.total(), "doubled": doubled.total(),
            "foreign": len(foreign), "examples": [*lost][:3] + [*doubled][:3] + foreign[:3]}


def check(results, copy_may_double=False):
    """Each output holds each row once; the copy, where it is at least once, that or more often."""
    for r in results:
        doubled = 0 if copy_may_double and r is results[2] else r["doubled"]
        assert (r["lost"], doubled, r["foreign"]) == (0, 0, 0), r
