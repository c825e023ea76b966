"""Runs the scenarios on Apache Spark and says where its rows differ from Weir's: `make parity`.

run.py [--at-least N] [PATTERN...]      a pattern is part of a scenario's name, as windows/ or dedup
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
import time
import traceback
from collections import Counter, defaultdict
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

os.environ["TZ"] = "UTC"
time.tzset()
_ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [
    str(_ROOT / "spark"),
    str(_ROOT / "tests" / "support"),
    str(_ROOT / "tests" / "support" / "spark"),
]

from compare import difference
from pyspark.sql import SparkSession
from replay import Outcome, play
from scenario import SKIPS, Scenario, read
from weir_spark.problem import Problem, Problems

# Differences that need no mark in a scenario, because each is the same everywhere and is looked for by itself.
LATE = "late rows are counted by Spark's operator, and not kept as dead letters"


class Result:
    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self.kind = "equal"  # equal | deliberate | skipped | refused | different
        self.reason = ""
        self.lines: list[str] = []
        self.seconds = 0.0


def judge(scenario: Scenario, outcome: Outcome, result: Result) -> None:
    if bool(scenario.error) != bool(outcome.error):
        result.lines.append(
            f"error: wanted '{scenario.error}', got '{outcome.error[-1500:]}'"
        )
    want = dict(scenario.want)
    letters = want.get("dead_letter", [])
    late = [letter for letter in letters if letter.get("code") == "LATE_RECORD"]
    if late and not scenario.because:
        want["dead_letter"] = [
            letter for letter in letters if letter.get("code") != "LATE_RECORD"
        ]
        result.kind, result.reason = "deliberate", LATE
    count = len(late) + scenario.dropped.get("LATE_RECORD", 0)
    # Spark counts after its partial aggregation: rows of one group and batch are one there.
    if not scenario.because and (outcome.late > count or (count and not outcome.late)):
        result.lines.append(f"late: wanted {count} rows, Spark dropped {outcome.late}")
    for sink in {*want, *outcome.rows}:
        result.lines += difference(sink, want.get(sink, []), outcome.rows.get(sink, []))
    if result.lines:
        result.kind = "different"
    elif scenario.because:
        result.kind, result.reason = "deliberate", scenario.because


def run_one(spark: SparkSession, scenario: Scenario) -> Result:
    result = Result(scenario)
    if scenario.skip:
        result.kind, result.reason = (
            "skipped",
            f"{scenario.skip}: {SKIPS[scenario.skip]}",
        )
        return result
    folder = Path(tempfile.mkdtemp(prefix="weir-parity-"))
    began = time.monotonic()
    try:
        judge(scenario, play(spark, scenario, folder), result)
    except (Problem, Problems) as refused:
        first = refused.problems[0] if isinstance(refused, Problems) else refused
        if "cannot be done on Spark" in first.message:
            result.kind, result.reason = (
                "refused",
                first.message.removeprefix("cannot be done on Spark: "),
            )
        else:
            result.kind, result.lines = "different", [str(refused)]
    except Exception:  # noqa: BLE001 - one scenario's failure is that scenario's
        result.kind, result.lines = "different", [traceback.format_exc()[-3000:]]
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    result.seconds = time.monotonic() - began
    return result


def table(results: list[Result]) -> None:
    groups: dict[str, list[Result]] = defaultdict(list)
    for result in results:
        groups[result.kind].append(result)
    on_spark = len(groups["equal"]) + len(groups["deliberate"])
    print(
        f"\n{len(results)} scenarios, {on_spark} run on Spark: {len(groups['equal'])} equal, "
        f"{len(groups['deliberate'])} differ on purpose, {len(groups['different'])} differ"
    )
    for kind, title in (
        ("deliberate", "differ on purpose"),
        ("skipped", "not run"),
        ("refused", "refused by weir-spark"),
    ):
        print(f"\n{title}:")
        for reason, count in Counter(one.reason for one in groups[kind]).most_common():
            names = ", ".join(
                one.scenario.name for one in groups[kind] if one.reason == reason
            )
            print(f"  {count:3}  {reason}\n         {names}")
    for result in groups["different"]:
        print(f"\nDIFFERENT {result.scenario.name}")
        for line in result.lines:
            print("   ", line.replace("\n", "\n    "))


def session(scratch: Path) -> SparkSession:
    from weir_spark.session import start

    os.environ.pop("SPARK_HOME", None)
    os.environ["SPARK_LOCAL_IP"] = "127.0.0.1"
    os.environ["PYSPARK_PYTHON"] = sys.executable
    spark = start(
        "weir parity",
        {
            "spark.master": "local[2]",
            "spark.driver.host": "127.0.0.1",
            "spark.driver.memory": "2g",
            "spark.driver.extraJavaOptions": "-Duser.timezone=UTC -XX:+UseSerialGC -XX:TieredStopAtLevel=1",
            "spark.ui.enabled": "false",
            "spark.ui.showConsoleProgress": "false",
            "spark.sql.shuffle.partitions": "1",
            "spark.default.parallelism": "1",
            "spark.sql.adaptive.enabled": "false",
            "spark.sql.codegen.wholeStage": "false",  # small batches: compiling them costs more than it gives
            "spark.sql.codegen.factoryMode": "NO_CODEGEN",
            "spark.sql.streaming.numRecentProgressUpdates": "1000",
            "spark.sql.streaming.pollingDelay": "1ms",
            "spark.sql.warehouse.dir": str(scratch / "warehouse"),
            "spark.local.dir": str(scratch / "local"),
            "spark.scheduler.mode": "FAIR",
        },
    )
    spark.sparkContext.setLogLevel("OFF")
    return spark


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("patterns", nargs="*")
    parser.add_argument(
        "--at-least", type=int, default=0, help="fail if fewer scenarios ran on Spark"
    )
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    files = sorted((_ROOT / "tests" / "scenarios").glob("*/*.yaml"))
    scenarios = [
        one
        for one in map(read, files)
        if not options.patterns or any(p in one.name for p in options.patterns)
    ]
    scratch = Path(tempfile.mkdtemp(prefix="weir-parity-spark-"))
    began = time.monotonic()
    spark = session(scratch)
    results = []
    try:
        with ThreadPoolExecutor(options.threads) as pool:
            for result in pool.map(lambda one: run_one(spark, one), scenarios):
                print(
                    f"{result.kind:10} {result.seconds:6.1f} s  {result.scenario.name}",
                    flush=True,
                )
                results.append(result)
                if result.kind == "different":
                    print("   ", "\n    ".join(result.lines)[:1500], flush=True)
    finally:
        spark.stop()
        shutil.rmtree(scratch, ignore_errors=True)
    table(results)
    print(f"\n{time.monotonic() - began:.0f} s")
    ran = sum(one.kind in ("equal", "deliberate") for one in results)
    if ran < options.at_least:
        print(f"only {ran} scenarios ran on Spark, at least {options.at_least} should")
        return 1
    return 1 if any(one.kind == "different" for one in results) else 0


if __name__ == "__main__":
    sys.exit(main())
