"""The truth about the outputs, from the raw bytes that the topic holds, with Python's own JSON parser: never by Weir.

It does not know where weir cut its batches. It need not: which rows are late or first is certain in this workload, and
`expected` fails where it is not.
"""
import json
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timezone

from payments import DELAY, LATE, WINDOW, WITHIN

EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


@dataclass
class Truth:
    raw: dict[tuple[int, int], tuple[str, int]] = field(default_factory=dict)    # (partition, offset) -> payment_id, cents
    lake: dict[str, tuple[int, int, int]] = field(default_factory=dict)          # payment_id -> partition, offset, cents of the first
    totals: dict[tuple[datetime, str], tuple[int, int]] = field(default_factory=dict)   # closed (window, merchant) -> count, cents
    dead: dict[tuple[int, int], str] = field(default_factory=dict)               # (partition, offset) -> code
    filtered: int = 0
    duplicates: int = 0
    open_rows: int = 0                                                           # of windows that have not closed


def judge(value: bytes | None):
    """('dead', code), or ('fit' | 'small' | 'not_positive', the event), from the bytes alone."""
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
    event["cents"], event["at"] = cents, datetime.fromisoformat(event["event_time"].replace("Z", "+00:00"))
    return ("not_positive" if cents <= 0 else "small" if cents < 1000 else "fit"), event


def expected(messages) -> Truth:
    """`messages` come by partition, then offset. An id stays in its partition, so that its first row is certain."""
    truth, highest, kept, groups = Truth(), {}, {}, defaultdict(lambda: (0, 0))
    for m in messages:
        place = m.partition(), m.offset()
        what, event = judge(m.value())
        if what == "dead":
            truth.dead[place] = event
            continue
        at = event["at"]
        if at > LATE:
            assert at > highest.get(place[0], at) - DELAY, "the workload made a row that may be late"
        highest[place[0]] = max(at, highest.get(place[0], at))
        if what == "not_positive":
            truth.dead[place] = "EXPECTATION_FAILED"
        elif what == "small":
            truth.filtered += 1
        else:
            name, cents = event["payment_id"], event["cents"]
            truth.raw[place] = name, cents
            if at <= LATE:
                truth.dead[place] = "LATE_RECORD"
            elif name in kept:
                partition, first = kept[name]
                assert partition == place[0] and at - first <= WITHIN, "the workload made a duplicate that may be a first"
                truth.duplicates += 1
            else:
                kept[name] = place[0], at
                truth.lake[name] = (*place, cents)
                group = EPOCH + (at - EPOCH) // WINDOW * WINDOW, event["merchant"]
                groups[group] = groups[group][0] + 1, groups[group][1] + cents
    watermark = min(highest.values()) - DELAY if highest else EPOCH
    truth.totals = {group: sums for group, sums in groups.items() if group[0] + WINDOW <= watermark}
    truth.open_rows = sum(sums[0] for group, sums in groups.items() if group not in truth.totals)
    return truth


def wanted(truth: Truth) -> dict[str, Counter]:
    """What each output should hold, as `compare` compares it."""
    return {"raw": Counter((p, o, *row) for (p, o), row in truth.raw.items()),
            "lake": Counter((name, *row) for name, row in truth.lake.items()),
            "totals": Counter((*group, *sums) for group, sums in truth.totals.items()),
            "dead letters": Counter((p, o, code) for (p, o), code in truth.dead.items()),
            "copy": Counter(name for name, _ in truth.raw.values())}


def compare(what, want: Counter, got: Counter):
    lost, doubled = want - got, Counter({k: n - want.get(k, 1) for k, n in got.items() if n > want.get(k, 1)})
    foreign = [k for k in got if k not in want]
    return {"what": what, "expected": want.total(), "got": got.total(), "lost": lost.total(), "doubled": doubled.total(),
            "foreign": len(foreign), "examples": [*lost][:3] + [*doubled][:3] + foreign[:3]}


def check(results, may_double=()):
    """Each output holds each row once; one that is at least once, that or more often."""
    for r in results:
        doubled = 0 if r["what"] in may_double else r["doubled"]
        assert (r["lost"], doubled, r["foreign"]) == (0, 0, 0), r
