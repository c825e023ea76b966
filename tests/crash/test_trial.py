"""What judges the kill tests can see what it must see."""
import random
from collections import Counter
from datetime import datetime, timedelta, timezone

import pytest

import payments
from truth import Truth, check, compare, expected, wanted

W0 = datetime(2026, 1, 1, tzinfo=timezone.utc)


class Message:
    def __init__(self, partition, offset, value):
        self.partition, self.offset, self.value = lambda: partition, lambda: offset, lambda: value


TRUTH = Truth(raw={(0, 1): ("a", 1000), (0, 2): ("b", 2000), (0, 3): ("a", 1000)}, lake={"a": (0, 1, 1000), "b": (0, 2, 2000)},
              totals={(W0, "m1"): (2, 3000)}, dead={(0, 9): "NULL_VALUE"})
GOOD = {"raw": [(0, 1, "a", 1000), (0, 2, "b", 2000), (0, 3, "a", 1000)], "lake": [("a", 0, 1, 1000), ("b", 0, 2, 2000)],
        "totals": [(W0, "m1", 2, 3000)], "dead letters": [(0, 9, "NULL_VALUE")], "copy": ["a", "b", "a"]}


def results_of(**outputs):
    return [compare(name, want, Counter(outputs.get(name.replace(" ", "_"), GOOD[name]))) for name, want in wanted(TRUTH).items()]


def test_a_right_output_passes_and_only_a_copy_at_least_once_may_double():
    check(results_of())
    check(results_of(copy=["a", "b", "a", "b"]), may_double=("copy",))
    with pytest.raises(AssertionError):
        check(results_of(copy=["a", "b", "a", "b"]))


@pytest.mark.parametrize("wrong", [
    {"raw": GOOD["raw"][:2]}, {"raw": GOOD["raw"] * 2}, {"lake": GOOD["lake"][:1]}, {"lake": [*GOOD["lake"], GOOD["lake"][0]]},
    {"lake": [("a", 0, 3, 1000), GOOD["lake"][1]]}, {"lake": [*GOOD["lake"], ("c", 0, 4, 1000)]},
    {"totals": []}, {"totals": GOOD["totals"] * 2}, {"totals": [(W0, "m1", 1, 1000)]}, {"totals": [(W0, "m1", 1, 1000), (W0, "m1", 1, 2000)]},
    {"totals": [*GOOD["totals"], (W0 + payments.WINDOW, "m1", 1, 5)]}, {"dead_letters": []}, {"dead_letters": GOOD["dead letters"] * 2},
    {"dead_letters": [(0, 9, "TYPE_MISMATCH")]}, {"copy": ["a", "b"]}, {"copy": ["a", "b", "a", "c"]}])
def test_a_lost_doubled_or_changed_row_is_seen(wrong):
    with pytest.raises(AssertionError):
        check(results_of(**wrong), may_double=("copy",))


def event(name="p1", merchant="m1", amount="12.34", at="2026-01-01T00:00:00.000000Z"):
    return f'{{"payment_id": "{name}", "merchant": "{merchant}", "amount": {amount}, "event_time": "{at}"}}'.encode()


def test_the_truth_is_read_from_the_bytes():
    values = [event(), event("p2", amount="9.99"), event("p3", amount="-1.00"), event(amount='"ten"'), event()[:20], None,
              event().replace(b"m1", b"\xff"), event().replace(b"payment_id", b"other"), event("p4", at="2020-01-01T00:00:00.000000Z")]
    truth = expected(Message(0, i, v) for i, v in enumerate(values))
    assert truth.lake == {"p1": (0, 0, 1234)} and truth.filtered == 1 and truth.raw == {(0, 0): ("p1", 1234), (0, 8): ("p4", 1234)}
    assert [truth.dead[0, i] for i in range(2, 9)] == ["EXPECTATION_FAILED", "TYPE_MISMATCH", "JSON_PARSE_ERROR", "NULL_VALUE",
                                                       "INVALID_UTF8", "MISSING_FIELD", "LATE_RECORD"]


def test_the_first_of_an_id_counts_and_windows_close_where_all_partitions_have_passed():
    rows = [(0, event("a")), (0, event("b", at="2026-01-01T00:00:29.999999Z")), (0, event("a")),
            (0, event("c", at="2026-01-01T00:00:30.000000Z")), (1, event("d", "m2", "10.00", at="2026-01-01T00:00:10.000000Z"))]

    def truth_at(seconds):
        ends = [(p, event(f"end{p}", at=payments.text_of(W0 + timedelta(seconds=60 + seconds + p)))) for p in (0, 1)]
        return expected(Message(p, i, v) for i, (p, v) in enumerate(sorted(rows + ends, key=lambda r: r[0])))

    assert truth_at(29).totals == {}
    truth = truth_at(30)                                     # partition 0 holds: one more second of partition 1 is nothing
    assert truth.totals == {(W0, "m1"): (2, 2468), (W0, "m2"): (1, 1000)} and truth.duplicates == 1
    assert truth.lake["a"] == (0, 0, 1234) and len(truth.lake) == 6 and truth.open_rows == 3


@pytest.mark.parametrize("rows", [
    [(0, event("a")), (1, event("a"))],                                                                # which is the first?
    [(0, event("a")), (0, event("b", at="2026-01-01T00:00:30.000000Z")), (0, event("a", at="2026-01-01T00:01:00.000001Z"))],
    [(0, event("a", at="2026-01-01T00:01:00.000000Z")), (0, event("b"))]])                             # late by luck
def test_the_oracle_refuses_a_workload_that_it_cannot_be_sure_of(rows):
    with pytest.raises(AssertionError, match="the workload made"):
        expected(Message(p, i, v) for i, (p, v) in enumerate(rows))


def test_the_workload_is_what_its_feeder_counts():
    class Topic:
        rows = []

        def produce(self, _topic, records):
            self.rows += [(r.partition, r.value) for r in records]

    feeder = payments.Feeder(Topic(), "t", 0, random.randrange(1 << 30))
    feeder.send(2000)
    feeder.may_be_late = True
    feeder.send(2000)
    feeder.close_windows()
    truth = expected(Message(p, i, v) for i, (p, v) in enumerate(sorted(Topic.rows, key=lambda r: r[0])))
    assert truth.duplicates == feeder.kinds["again"] > 200 and len(truth.lake) == feeder.kinds["good"] + 4
