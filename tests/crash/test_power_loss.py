"""Power losses: weir is killed and all that it had not synced is gone: of files, Delta tables and the checkpoint. Every batch
that it had acknowledged is there.

The canary: a build that leaves out the sync of the commit (WEIR_TEST_NO_COMMIT_SYNC=1, test builds only) must fail.
"""
import os
import random

import pytest

import payments
from killer import Killer
from power_loss import PowerLoss
from trial import Trial
from truth import check

SEED = int(os.environ.get("WEIR_CRASH_SEED") or 7)
LOSSES = 16
PLACES = ("file_sink.", "delta_sink.", "kafka_sink.", "plan.", "commit.")


@pytest.mark.timeout(600)
def test_a_power_loss_at_any_moment_loses_and_doubles_nothing(weir, kafka, broker, topic, tmp_path):
    trial = Trial(weir, kafka, broker, topic)
    feeder = payments.Feeder(kafka, topic, 800, SEED)
    trial.warm_up(feeder)
    loss = PowerLoss(trial.data, tmp_path / "power loss")
    killer = Killer(weir, trial.file, SEED, loss.env())
    rng, undone = random.Random(SEED), 0
    points = [p for p in weir("crash-points").expect(0).out.split() if p.startswith(PLACES)]
    with feeder:
        for _ in range(LOSSES):
            if rng.random() < 0.5:
                assert killer.at_point(rng.choice(points), rng.randrange(1, 4))
            else:
                killer.at_random(longest_s=2.0)
            undone += sum(loss.strike().values())
    assert undone > 0, "nothing was ever unsynced: the rig does not see what weir writes"
    feeder.close_windows()
    weir.run_once(trial.file, deadline_s=300)
    truth, results = trial.outcome()
    assert truth.totals and truth.open_rows == feeder.kinds["end"]
    check(results)


def acknowledged_then_power_loss(trial, weir, kafka, tmp_path, **env):
    """Weir loses power right after it has reported its third batch; how many rows does the next run send again?

    Only a sink at least once can tell: the others skip what they have.
    """
    feeder = payments.Feeder(kafka, trial.topic, 0, SEED)
    feeder.send(2000)
    loss = PowerLoss(trial.data, tmp_path / "power loss")
    killer = Killer(weir, trial.file, SEED, {**loss.env(), **env})
    assert killer.at_point("report.after_offsets", 3)
    loss.strike()
    weir.run_once(trial.file, env=env, deadline_s=120)
    results = trial.outcome()[1]
    check(results, may_double=("copy",))
    return results[-1]["doubled"]


@pytest.fixture
def repeating(weir, kafka, broker, topic):
    return Trial(weir, kafka, broker, topic, copy=True)


def test_an_acknowledged_batch_survives_a_power_loss(repeating, weir, kafka, tmp_path):
    assert acknowledged_then_power_loss(repeating, weir, kafka, tmp_path) == 0


def test_a_build_without_the_sync_of_the_commit_forgets_it(repeating, weir, kafka, tmp_path):
    assert acknowledged_then_power_loss(repeating, weir, kafka, tmp_path, WEIR_TEST_NO_COMMIT_SYNC="1") > 0
