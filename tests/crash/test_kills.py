"""kill -9 at every named crash point and at random moments, over the whole job: dedup to a Delta table, windows to a Kafka
topic, rows to files, dead letters to a Delta table. No row is lost and none is doubled, in any of them.

WEIR_CRASH_ALL=1 (make crash) takes the 1st, 2nd and 5th pass of each point and 300 random moments instead of one pass and
100. WEIR_CRASH_SEED=N repeats a run's choices (where a kill falls also depends on the machine).
"""
import os
import random
import time

import pytest

import payments
from killer import Killer
from trial import Trial
from truth import check

ALL = os.environ.get("WEIR_CRASH_ALL") == "1"
SEED = int(os.environ.get("WEIR_CRASH_SEED") or random.randrange(1 << 30))
HITS = (1, 2, 5) if ALL else (1,)
RANDOM_KILLS = 300 if ALL else 100
WANTED = {"wait": 10, "read": 10, "plan": 10, "run": 10, "write": 10, "commit": 10, "recovery": 20}
REPORT_KILLS = 10                      # by name: it lasts microseconds, too short to be met from outside
AIMED_AT_MOST = 40                     # tries for a phase that the random kills have missed
RECORDS_PER_SECOND = 500

# A kill that leaves a batch open, and one of the next start while it runs that batch again, state and all.
REPLAYS = [("write.before_first", "decode.after"), ("file_sink.after_link", "run.after"), ("delta_sink.after_link", "write.between_sinks"),
           ("kafka_sink.offsets_sent", "kafka_sink.begun"), ("kafka_sink.after_commit", "write.after_last"),
           ("write.after_last", "commit.before"), ("commit.before", "commit.after")]


def kill_everywhere(killer, points):
    missed = []
    for point in points:
        for hit in HITS:
            if point.startswith("recover."):
                killer.at_point("delta_sink.after_link")     # leaves a plan without a commit
                hit = 1                                      # passed once a start
            elif point.startswith("report."):
                hit = max(hit, 2)
            if not killer.at_point(point, hit):
                missed.append(f"{point}:{hit}")
    missed += [f"{second} while {first} is replayed" for first, second in REPLAYS * len(HITS)
               if not kill_in_replay(killer, first, second)]
    for _ in range(REPORT_KILLS):
        if not killer.at_point("report.after_offsets", killer.rng.randrange(1, 5)):
            missed.append("report.after_offsets")
    for _ in range(RANDOM_KILLS):
        killer.at_random(longest_s=1.5)
    for phase, wanted in WANTED.items():
        tries = 0
        while killer.outside_kills(phase) < wanted and tries < AIMED_AT_MOST:
            killer.in_phase(phase)
            tries += 1
    return missed


def kill_in_replay(killer, first, second) -> bool:
    """Three starts in a row die over one batch."""
    return killer.at_point(first) and killer.at_point(second) and killer.kills[-1].replaying \
        and killer.at_point("recover.plan_read")


def print_table(killer, results, seconds):
    table = killer.by_phase()
    print(f"\nkills by phase ({len(killer.kills)} in {seconds:.0f} s, seed {SEED}; replaying: the kill met a batch that was run again)")
    print(f"  {'phase':<10}{'named':>8}{'random':>8}{'aimed':>8}{'total':>8}{'replaying':>11}")
    for phase in ("start", "recovery", "wait", "read", "plan", "run", "write", "commit", "report"):
        row = table[phase]
        total = row["named"] + row["random"] + row["aimed"]
        print(f"  {phase:<10}{row['named']:>8}{row['random']:>8}{row['aimed']:>8}{total:>8}{row['replaying']:>11}")
    print_results(results)


def print_results(results):
    print("result")
    for r in results:
        print(f"  {r['what']}: {r['expected']} rows expected, {r['got']} there: {r['lost']} lost, {r['doubled']} doubled, "
              f"{r['foreign']} foreign")


def check_workload(feeder, truth):
    """What was sent is what the oracle saw: the two know each other only by the topic's bytes."""
    kinds = feeder.kinds
    assert len(truth.lake) == kinds["good"] + kinds["end"] and truth.filtered == kinds["small"]
    assert truth.duplicates == kinds["again"] > 0 and truth.open_rows == kinds["end"]
    assert sum(code == "LATE_RECORD" for code in truth.dead.values()) == kinds["late"] > 0
    assert kinds.total() == len(truth.lake) + truth.duplicates + truth.filtered + len(truth.dead)


@pytest.fixture
def points(weir):
    found = weir("crash-points").expect(0).out.split()
    assert len(found) > 10, "the crash points are compiled into test builds only: build the debug preset"
    return found


@pytest.mark.timeout(3600 if ALL else 900)
def test_kill_9_loses_and_doubles_nothing(weir, kafka, broker, topic, points, capsys):
    trial = Trial(weir, kafka, broker, topic, trigger="{every: 150ms}")      # so that there is a wait to be killed in
    killer = Killer(weir, trial.file, SEED)
    began = time.monotonic()
    feeder = payments.Feeder(kafka, topic, RECORDS_PER_SECOND, SEED)
    trial.warm_up(feeder)
    with feeder:
        missed = kill_everywhere(killer, points)
    feeder.close_windows()
    weir.run_once(trial.file, deadline_s=300)
    truth, results = trial.outcome()
    with capsys.disabled():
        print_table(killer, results, time.monotonic() - began)

    assert not missed, f"crash points that were never reached: {missed}"
    check_workload(feeder, truth)
    check(results)
    for phase, wanted in WANTED.items():
        assert killer.outside_kills(phase) >= wanted, f"too few kills in phase {phase}"
    assert sum(kill.phase == "report" for kill in killer.kills) >= REPORT_KILLS

    weir.run_once(trial.file)                                # what is done stays done
    assert trial.outcome()[1] == results


# Passes of the second batch of a start: the first one has the rows, the second only closes their windows. The batch of rows
# opens no transaction, as no window closes; raw, lake and totals are written by each.
WITHOUT_ROWS = ["plan.before_write:2", "plan.after_write:2", "decode.after:2", "run.after:2", "write.between_sinks:4",
                "kafka_sink.begun:1", "kafka_sink.mid_send:1", "kafka_sink.offsets_sent:1", "kafka_sink.after_commit:1",
                "write.after_last:2", "commit.before:2", "commit.after:2", "report.after_offsets:2"]


def test_a_kill_in_a_batch_without_rows_closes_each_window_once(weir, kafka, broker, topic, capsys):
    trial = Trial(weir, kafka, broker, topic)
    feeder = payments.Feeder(kafka, topic, 0, SEED)
    killer = Killer(weir, trial.file, SEED)
    trial.warm_up(feeder)
    feeder.may_be_late = False
    for point in WITHOUT_ROWS:
        name, hit = point.split(":")
        feeder.skip(seconds=3600)                            # all windows of the round before will close, and no other
        sent = feeder.kinds.total()
        feeder.send(120)
        assert killer.at_point(name, int(hit)), f"{point} was never reached"
        assert killer.kills[-1].rows_committed == feeder.kinds.total() - sent, f"{point} was not in the batch without rows"
        if name not in ("plan.before_write", "commit.after", "report.after_offsets"):
            assert killer.at_point("run.after") and killer.kills[-1].replaying    # and once more while it is run again
        weir.run_once(trial.file)
    feeder.close_windows()
    weir.run_once(trial.file)
    truth, results = trial.outcome()
    with capsys.disabled():
        print(f"\n{len(killer.kills)} kills in batches without rows")
        print_results(results)
    assert truth.open_rows == feeder.kinds["end"]
    check(results)
