"""The one table of what Spark does not do as Weir does. `docs/spark.md` shows it; `weir-spark differences` prints it.

A refusal ends the run with its reason. A weaker promise is refused, too, until the user accepts it by name
(`--accept NAME`), because the pipeline then means something else than its file says.
"""

from __future__ import annotations

from dataclasses import dataclass

from weir_spark.document import Value
from weir_spark.problem import Problem


@dataclass(frozen=True)
class Refusal:
    what: str
    reason: str


REFUSED: dict[str, Refusal] = {
    "source_type": Refusal("this type of source", "weir-spark reads kafka and rate"),
    "sink_type": Refusal("this type of sink", "weir-spark writes kafka, file, delta and console"),
    "step": Refusal("this kind of step", "it has no form on Spark yet"),
    "within": Refusal(
        "dedup `within` other than the watermark's delay",
        "Spark's dropDuplicatesWithinWatermark remembers a key for just that delay",
    ),
    "event_time": Refusal("this step without a watermark on its source", "Spark would keep its state for ever"),
    "time_zone": Refusal("windows aligned to a time zone", "Spark's windows have a fixed length from the epoch on"),
    "ttl": Refusal("`ttl` of running totals", "Spark keeps a group without a window for ever"),
    "totals_append": Refusal("running totals in append mode", "a total is never final; use mode: update or complete"),
    "session_update": Refusal("session windows in update mode", "Spark gives a session only when it is closed"),
    "after_update": Refusal("a stateful step after mode update or complete", "its rows come again and again"),
    "complete_time": Refusal("mode complete of this aggregate", "Spark gives all rows each batch and never forgets any"),
    "max_future": Refusal("`max_future`", "it needs Weir's clock of the batch, which a replay reads again"),
    "idle_after": Refusal("`idle_after`", "Spark's watermark is led by the newest row of all partitions: nothing waits"),
    "rate_limit": Refusal("`rate` of a source", "Spark limits the records of a batch (max_records), not a speed"),
    "topic_pattern_start": Refusal("offsets per partition with topic_pattern", "Spark takes them for named topics only"),
    "properties": Refusal("`properties` of a connection", "they are librdkafka's; Spark has Kafka's Java client"),
    "oauth": Refusal("mechanism OAUTHBEARER", "the Java client takes its settings in another form, by class names"),
    "exactly_once": Refusal("`guarantee: exactly_once` of a Kafka sink", "Spark's Kafka sink has no transactions"),
    "roll_size": Refusal("`roll.size`", "Spark limits the rows of a file, not its bytes; use roll.rows"),
    "update_sink": Refusal("rows of mode update or complete in this sink", "a file or Delta sink only appends"),
    "function": Refusal("this function", "no function of Spark is known to give the same result"),
    "distinct": Refusal("DISTINCT in this aggregate", "Spark's streams have none; count(DISTINCT one column) is a set"),
    "syntax": Refusal("this expression", "it has no form in Spark SQL"),
    "double_text": Refusal("text made from a double", "the two engines write doubles differently (1e+308 and 1.0E308)"),
    "trigger": Refusal("this trigger", "Spark has none like it"),
    "continuous": Refusal("trigger continuous", "Spark's continuous processing has no foreachBatch, which dead letters need"),
}

WEAKER: dict[str, Refusal] = {
    "late-rows": Refusal(
        "late rows as dead letters",
        "Spark drops late rows inside its operator: they are counted (numRowsDroppedByWatermark) and not kept",
    ),
    "across-max": Refusal(
        "a watermark that waits for the slowest partition",
        "Spark's is led by the newest row of all partitions, as `across: max`: a partition behind it loses its rows",
    ),
    "at-least-once": Refusal(
        "exactly once into Kafka", "Spark's Kafka sink has no transactions: a batch that is sent again is there twice"
    ),
    "batch-order": Refusal(
        "the first of equal keys within one batch",
        "Spark shuffles rows before it looks: of rows that come in one batch any may be the one that is kept",
    ),
}


def refuse(name: str, value: Value, detail: str = "") -> Problem:
    refusal = REFUSED[name]
    what = f"{refusal.what} ({detail})" if detail else refusal.what
    return value.wrong(f"cannot be done on Spark: {what}: {refusal.reason}")
