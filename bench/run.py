#!/usr/bin/env python3
"""Weir's jobs beside the raw drain of the same topic, in one run: `make bench`, or bench/run.sh [JOB...].

    bench job=A events_per_s=... drain_per_s=... ratio=... cpu_us=... rss_mb=...

A real broker on this machine holds the topic; it is filled once and kept. Each round measures the drain, then each job;
the figures are medians of the rounds. Speed is records of the topic over the wall time of the whole process, start and
end included, of the drain as of Weir. What a job wrote is counted against what Python says of the same records.

Environment: BENCH_RECORDS (10000000), BENCH_ROUNDS (3), BENCH_SEED (42), WEIR_BIN (build/release/weir).
"""
import json
import os
import platform
import shlex
import shutil
import statistics
import subprocess
import sys
import time
import zlib
from pathlib import Path

from deltalake import DeltaTable

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "tests" / "support"), str(ROOT / "tests" / "support" / "kafka")]

import broker_jars                                  # noqa: E402
import sink_files                                   # noqa: E402
from broker import Broker                           # noqa: E402
from kafka_client import KafkaClient                # noqa: E402
from measure import cpu_of, measure                 # noqa: E402
from rides_truth import check_windows, truth_of     # noqa: E402

RECORDS = int(os.environ.get("BENCH_RECORDS") or 10_000_000)
ROUNDS = int(os.environ.get("BENCH_ROUNDS") or 3)
SEED = int(os.environ.get("BENCH_SEED") or 42)
WEIR = Path(os.environ.get("WEIR_BIN") or ROOT / "build" / "release" / "weir")
TOOLS = ROOT / "build" / "release" / "bench"
SCRATCH = ROOT / "build" / "bench"
RESULTS = ROOT / "bench" / "results.json"
IDLE_DRAIN_PER_S = 1_000_000                        # a slower drain: something else had the machine
PARTITIONS = 4


def main():
    jobs = [job.upper() for job in sys.argv[1:]] or list(JOBS)
    if unknown := set(jobs) - set(JOBS):
        sys.exit(f"bench: no job {', '.join(sorted(unknown))}; there are {', '.join(JOBS)}")
    truth = expected_rows()
    broker = Broker(broker_jars.cache_dir() / "bench", full_speed=True).start()
    try:
        bench = Bench(broker)
        bench.fill()
        rounds = [bench.round(jobs, truth, number) for number in range(1, ROUNDS + 1)]
    finally:
        broker.stop()
        shutil.rmtree(SCRATCH, ignore_errors=True)
    report(jobs, rounds)


class Bench:
    def __init__(self, broker):
        self.broker, self.kafka = broker, KafkaClient(broker.bootstrap)
        self.topic = f"rides-{RECORDS}-{SEED}"

    def fill(self):
        """Once: a topic that holds all its records already is taken as it is."""
        if self.topic in self.kafka.admin.list_topics(timeout=10).topics:
            if sum(self.kafka.end_offsets(self.topic).values()) == RECORDS:
                return
            self.kafka.delete_topic(self.topic)
            time.sleep(2)
        print(f"bench: filling a topic with {RECORDS} records", flush=True)
        self.kafka.create_topic(self.topic, PARTITIONS)
        subprocess.run([TOOLS / "weir_bench_gen", self.broker.bootstrap, self.topic, str(RECORDS), str(SEED)], check=True)

    def round(self, jobs, truth, number):
        figures = {"drain": self.drain(number)}
        for job in jobs:
            figures[job] = self.job(job, truth, number)
        return figures

    def drain(self, number):
        figure, done = self.measured(number, "drain", [TOOLS / "weir_bench_drain", self.broker.bootstrap, self.topic], {})
        events = json.loads(done.out)["events"]
        assert events == RECORDS, f"the drain saw {events} records of {RECORDS}"
        return figure

    def job(self, job, truth, number):
        shutil.rmtree(SCRATCH, ignore_errors=True)
        out, out_topic = SCRATCH / job.lower(), f"bench-{job.lower()}-{os.getpid()}-{number}"
        out.mkdir(parents=True)
        self.kafka.create_topic(out_topic, PARTITIONS)
        env = {"BENCH_BROKER": self.broker.bootstrap, "BENCH_TOPIC": self.topic, "BENCH_OUT": str(out),
               "BENCH_OUT_TOPIC": out_topic}
        figure, _ = self.measured(number, job, weir_command(job), env)
        figure |= JOBS[job](self, truth, out, out_topic)
        self.kafka.delete_topic(out_topic)
        return figure

    def measured(self, number, label, command, env):
        with open(SCRATCH.parent / f"bench-{label}.log", "w") as log:
            broker_before = cpu_of(self.broker.pid)
            done = measure(command, env, log)
        if done.code != 0:
            sys.exit(f"bench: {shlex.join(map(str, command))} ended with {done.code}; its log is build/bench-{label}.log\n"
                     + Path(log.name).read_text()[-2000:])
        figure = {"events_per_s": RECORDS / done.wall_s, "cpu_us": done.cpu_s / RECORDS * 1e6, "rss_mb": done.rss_mb,
                  "wall_s": round(done.wall_s, 2), "broker_cpu_s": round(cpu_of(self.broker.pid) - broker_before, 2)}
        print(f"bench: round {number} {label}: {figure['events_per_s']:,.0f} events/s, {done.wall_s:.1f} s", flush=True)
        return figure, done

    def topic_rows(self, topic):
        """Committed records, by the raw drain: end offsets count the marks of transactions, too."""
        command = [TOOLS / "weir_bench_drain", self.broker.bootstrap, topic]
        return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)["events"]


def count_rows(folder):
    rows = sink_files.query("SELECT count(*) FROM rows", folder)
    return rows[0][0] if rows else 0


def check_counts(job, rows, truth, out):
    got, want = {"rows": rows, "dead": count_rows(out / "dead")}, {"rows": truth[job], "dead": truth["bad"]}
    assert got == want, f"job {job} wrote {got}, but the input says {want}"
    return {}


def check_b(bench, truth, out, topic):
    """Returns how many rows were late, and how many are in windows that are still open."""
    dead = "SELECT {} FROM rows WHERE code {} 'LATE_RECORD'"
    bad = sink_files.query(dead.format("count(*)", "<>"), out / "dead")[0][0]
    assert bad == truth["bad"], f"job B wrote {bad} dead letters that are not late, but the input says {truth['bad']}"
    late = [bytes(value) for value, in sink_files.query(dead.format("value", "="), out / "dead")]
    return check_windows(truth, [json.loads(m.value()) for m in bench.kafka.read(topic)], late)


# What a job wrote, asked of readers that are not Weir's and held against the truth.
JOBS = {
    "A": lambda bench, truth, out, topic: check_counts("A", count_rows(out / "rides"), truth, out),
    "A-DELTA": lambda bench, truth, out, topic: check_counts(
        "A", DeltaTable(str(out / "rides")).to_pyarrow_dataset().count_rows(), truth, out),
    "B": check_b,
    "C": lambda bench, truth, out, topic: check_counts("C", bench.topic_rows(topic), truth, out),
}


def weir_command(job):
    return [WEIR, "run", ROOT / "bench" / "jobs" / f"{job.lower()}.yaml", "--once", "--quiet"]


def expected_rows():
    """Kept: it takes minutes."""
    text = (ROOT / "bench" / "rides_truth.py").read_bytes()
    kept = broker_jars.cache_dir() / f"bench-truth-{RECORDS}-{SEED}-{zlib.crc32(text):08x}.json"
    if kept.exists():
        return json.loads(kept.read_text())
    print("bench: counting what the jobs must write", flush=True)
    with subprocess.Popen([TOOLS / "weir_bench_gen", "-", "-", str(RECORDS), str(SEED)], stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL) as events:
        truth = truth_of(events.stdout)
    assert events.returncode == 0
    kept.parent.mkdir(parents=True, exist_ok=True)
    kept.write_text(json.dumps(truth))
    return truth


def report(jobs, rounds):
    def median(label, name):
        return statistics.median(figures[label][name] for figures in rounds)

    drain_per_s, rows = median("drain", "events_per_s"), []
    if drain_per_s < IDLE_DRAIN_PER_S:
        print(f"bench: the machine was busy: the drain did {drain_per_s:,.0f}/s, below {IDLE_DRAIN_PER_S:,}/s")
    for job in jobs:
        row = {"job": job, "events_per_s": round(median(job, "events_per_s")), "drain_per_s": round(drain_per_s),
               "ratio": round(median(job, "events_per_s") / drain_per_s, 3), "cpu_us": round(median(job, "cpu_us"), 2),
               "rss_mb": median(job, "rss_mb")}
        print("bench " + " ".join(f"{name}={value}" for name, value in row.items()))
        row["command"] = shlex.join(os.path.relpath(part, ROOT) if isinstance(part, Path) else part
                                    for part in weir_command(job))
        rows.append(row)
    RESULTS.write_text(json.dumps({
        "commit": commit(), "command": shlex.join(["bench/run.sh", *sys.argv[1:]]),
        "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), "cores": os.cpu_count(), "machine": platform.machine(),
        "records": RECORDS, "seed": SEED, "busy": drain_per_s < IDLE_DRAIN_PER_S,
        "drain_cpu_us": round(median("drain", "cpu_us"), 2), "results": rows, "rounds": rounds}, indent=1) + "\n")


def commit():
    """The commit that was measured; "+" after it: the tree had changes of its own."""
    def git(*arguments):
        return subprocess.run(["git", "-C", ROOT, *arguments], capture_output=True, text=True).stdout.strip()
    changed = git("status", "--porcelain", "--untracked-files=no", "--", ".", ":!bench/results.json")
    return (git("rev-parse", "--short=12", "HEAD") or "unknown") + ("+" if changed else "")


if __name__ == "__main__":
    main()
