"""What the jobs must write, by Python's JSON parser over the generator's lines, record by record; nothing of Weir's.

Which of the late rows still get into job B's windows hangs on where its batches were cut; no row else does. So its truth is
of all rows, and what it dead-lettered as late is added to what it wrote.
"""
import json
from datetime import datetime, timedelta, timezone

DELAY, WINDOW = timedelta(minutes=10), timedelta(minutes=1)      # of jobs/b.yaml


def truth_of(lines) -> dict:
    """`lines`: partition, tab, record."""
    truth = {"A": 0, "C": 0, "bad": 0, "distinct": 0}
    seen, groups, newest = set(), {}, {}
    for line in lines:
        partition, record = line.split(b"\t", 1)
        ride = parsed(record)
        if ride is None:
            truth["bad"] += 1
            continue
        if ride["fare"] > 0:
            truth["C"] += 1
            truth["A"] += ride["status"] == "completed"
        newest[partition] = max(newest.get(partition, ""), ride["event_time"])      # of one width: as text
        before = len(seen)
        seen.add(ride["event_id"])
        if len(seen) > before:
            add(groups, ride)
    truth["distinct"] = len(seen)
    truth["watermark"] = (datetime.fromisoformat(min(newest.values())) - DELAY).isoformat()
    truth["groups"] = groups
    return truth


def parsed(record):
    """The ride, or None where it breaks the contract."""
    try:
        ride = json.loads(record)
    except ValueError:
        return None
    good = isinstance(ride.get("fare"), float) and "event_time" in ride
    return ride if good else None


def add(groups, ride):
    group = groups.setdefault(f"{ride['city']} {ride['event_time'][:16]}", [0, 0])
    group[0] += 1
    group[1] += round(ride["fare"] * 100)


def check_windows(truth, rows, late_records) -> dict:
    """Fails unless job B's rows are right: each group once, closed by the last watermark, of all its rows but the late ones."""
    got, late = {}, {}
    for row in rows:
        start = utc(row["window_start"])
        assert utc(row["window_end"]) == start + WINDOW, row
        key = f"{row['city']} {start:%Y-%m-%dT%H:%M}"
        assert key not in got, f"the group {key} was written twice"
        assert abs(row["mean_fare"] - row["fares"] / row["rides"]) < 1e-9, row
        got[key] = [row["rides"], round(row["fares"] * 100)]
    for record in late_records:
        add(late, parsed(record))
    watermark, open_rows = utc(truth["watermark"]), 0
    for key, (rides, cents) in truth["groups"].items():
        missing = late.get(key, [0, 0])
        want = [rides - missing[0], cents - missing[1]]
        if utc(key.split()[1] + "Z") + WINDOW > watermark:
            assert key not in got and key not in late, f"the group {key} is not closed yet"
            open_rows += rides
        else:
            assert got.pop(key, [0, 0]) == want, f"the group {key} is not {want}"
    assert not got, f"groups of no input: {list(got)[:5]}"
    return {"late": sum(rides for rides, _ in late.values()), "open": open_rows}


def utc(text) -> datetime:
    return datetime.fromisoformat(text).astimezone(timezone.utc)
