"""What judges the kill tests can see what it must see."""
from collections import Counter

import pytest

import payments
from trial import check, compare


class Message:
    def __init__(self, partition, offset, value):
        self.partition, self.offset, self.value = lambda: partition, lambda: offset, lambda: value


def results_of(lake, dead=((0, 9, "NULL_VALUE"),), copy=("a", "b")):
    want = Counter([("a", 0, 1, 1000), ("b", 0, 2, 2000)])
    return [compare("lake", want, Counter(lake)), compare("dead", Counter([(0, 9, "NULL_VALUE")]), Counter(dead)),
            compare("copy", Counter("ab"), Counter(copy))]


GOOD = [("a", 0, 1, 1000), ("b", 0, 2, 2000)]


def test_a_right_output_passes_and_only_a_copy_at_least_once_may_double():
    check(results_of(GOOD))
    check(results_of(GOOD, copy=("a", "b", "b")), copy_may_double=True)
    with pytest.raises(AssertionError):
        check(results_of(GOOD, copy=("a", "b", "b")))


@pytest.mark.parametrize("wrong", [
    {"lake": GOOD[:1]}, {"lake": GOOD + GOOD[:1]}, {"lake": [*GOOD, ("c", 0, 3, 1000)]}, {"lake": [GOOD[0], ("b", 0, 2, 2001)]},
    {"lake": GOOD, "dead": []}, {"lake": GOOD, "dead": [(0, 9, "NULL_VALUE")] * 2}, {"lake": GOOD, "dead": [(0, 9, "TYPE_MISMATCH")]},
    {"lake": GOOD, "copy": "a"}, {"lake": GOOD, "copy": "abc"}])
def test_a_lost_doubled_or_changed_row_is_seen(wrong):
    with pytest.raises(AssertionError):
        check(results_of(**wrong), copy_may_double=True)


def test_the_truth_is_read_from_the_bytes():
    event = b'{"payment_id": "p1", "merchant": "m1", "amount": %s, "event_time": "2026-01-01T00:00:00Z"}'
    values = [event % b"12.34", event % b"9.99", event % b"-1.00", event % b'"ten"', event[:20], None, event.replace(b"m1", b"\xff"),
              event.replace(b"payment_id", b"other") % b"12.00"]
    truth = payments.expected(Message(0, i, v) for i, v in enumerate(values))
    assert truth.rows == {"p1": (0, 0, 1234)} and truth.filtered == 1
    assert [truth.dead[0, i] for i in range(2, 8)] == ["EXPECTATION_FAILED", "TYPE_MISMATCH", "JSON_PARSE_ERROR", "NULL_VALUE",
                                                       "INVALID_UTF8", "MISSING_FIELD"]
