"""kill -9 at every named crash point and at random moments: no row is lost and none is doubled, in any output: files, dead
letters, and a Kafka topic as readers of committed records see it.

WEIR_CRASH_ALL=1 (make crash) takes the 1st, 2nd and 5th pass of each point and 200 random moments instead of one pass and
50. WEIR_CRASH_SEED=N repeats a run's choices (where a kill falls also depends on the machine).
"""
import os
import random
import time

import pytest

import payments
from killer import Killer
from trial import Trial, check

ALL = os.environ.get("WEIR_CRASH_ALL") == "1"
SEED = int(os.environ.get("WEIR_CRASH_SEED") or random.randrange(1 << 30))
HITS = (1, 2, 5) if ALL else (1,)
RANDOM_KILLS = 200 if ALL else 50
WANTED = {"plan": 5, "read": 5, "run": 5, "write": 5, "commit": 5, "recovery": 10}
AIMED_AT_MOST = 30                     # tries for a phase that the random kills have missed
RECORDS_PER_SECOND = 2000


def kill_everywhere(killer, points):
    missed = []
    for point in points:
        for hit in HITS:
            if point.startswith("recover."):
                killer.at_point("file_sink.after_link")      # leaves a plan without a commit, and files to roll forward
                hit = 1                                      # passed once a start
            elif point.startswith("report."):
                hit = max(hit, 2)
            if not killer.at_point(point, hit):
                missed.append(f"{point}:{hit}")
    for _ in range(RANDOM_KILLS):
        killer.at_random(longest_s=1.5)
    for phase, wanted in WANTED.items():
        tries = 0
        while killer.outside_kills(phase) < wanted and tries < AIMED_AT_MOST:
            killer.in_phase(phase)
            tries += 1
    return missed


def print_table(killer, results, seconds):
    table = killer.by_phase()
    print(f"\nkills by phase ({len(killer.kills)} in {seconds:.0f} s, seed {SEED})")
    print(f"  {'phase':<10}{'named':>8}{'random':>8}{'aimed':>8}{'total':>8}")
    for phase in ("start", "recovery", "wait", "read", "plan", "run", "write", "commit", "report"):
        row = table[phase]
        print(f"  {phase:<10}{row['named']:>8}{row['random']:>8}{row['aimed']:>8}{sum(row.values()):>8}")
    print("result")
    for r in results:
        print(f"  {r['what']}: {r['expected']} rows expected, {r['got']} there: {r['lost']} lost, {r['doubled']} doubled, "
              f"{r['foreign']} foreign")


@pytest.mark.timeout(3600 if ALL else 900)
def test_kill_9_loses_and_doubles_nothing(weir, kafka, broker, topic, capsys):
    trial = Trial(weir, kafka, broker, topic)
    points = [p for p in weir("crash-points").expect(0).out.split() if not p.startswith("delta_sink.")]   # it has no such sink
    assert len(points) > 10, "the crash points are compiled into test builds only: build the debug preset"
    killer = Killer(weir, trial.file, SEED)
    began = time.monotonic()
    with payments.Feeder(kafka, topic, RECORDS_PER_SECOND, SEED) as feeder:
        missed = kill_everywhere(killer, points)
    weir.run_once(trial.file, deadline_s=300)
    truth, results = trial.outcome()
    with capsys.disabled():
        print_table(killer, results, time.monotonic() - began)

    assert not missed, f"crash points that were never reached: {missed}"
    assert feeder.kinds["good"] == len(truth.rows) and feeder.kinds["small"] == truth.filtered
    assert feeder.sent == len(truth.rows) + len(truth.dead) + truth.filtered
    check(results)
    for phase, wanted in WANTED.items():
        assert killer.outside_kills(phase) >= wanted, f"too few kills in phase {phase}"

    weir.run_once(trial.file)                                # what is done stays done
    assert trial.outcome()[1] == results
