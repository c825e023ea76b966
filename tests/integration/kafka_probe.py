"""Drives tests/integration/kafka/kafka_probe.cc: a KafkaSource or a KafkaSink whose every call a test makes by itself."""
import json
import os
import subprocess
import time
from pathlib import Path


class Failed(Exception):
    """A call that answered with an Error. `fault` is config, data, external or internal."""

    def __init__(self, answer):
        super().__init__(answer["error"])
        self.fault, self.retry = answer["fault"], answer.get("retry")


def probe_binary() -> Path:
    weir = Path(os.environ.get("WEIR_BIN") or Path(__file__).resolve().parents[2] / "build/debug/weir")
    return weir.parent / "tests/weir_kafka_probe"


class Probe:
    """`Probe(brokers, topics=[...], **options)` makes a source, with `topic="..."` a sink; the options are those of kafka_probe.cc."""

    def __init__(self, bootstrap, log=None, env=None, **options):
        self.log = open(log, "ab") if log else None
        self.process = subprocess.Popen([probe_binary()], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.log, text=True,
                                        env={**os.environ, **(env or {})})
        try:
            self.call("make" if "topic" not in options else "make_sink", brokers=[bootstrap], **options)
        except Exception:
            self.kill()
            raise

    def call(self, verb, **arguments):
        self.process.stdin.write(json.dumps({"do": verb, **arguments}) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise AssertionError(f"the probe ended during {verb}: exit code {self.process.wait()}")
        answer = json.loads(line)
        if "fault" in answer:
            raise Failed(answer)
        return answer

    def write(self, rows, **arguments):
        """Writes a batch as the runner does: rows that the sink refuses before it stores anything are left out, and said."""
        rejected = []
        while True:
            left_out = f" WHERE _src NOT IN ({', '.join(str(r['src']) for r in rejected)})" if rejected else ""
            answer = self.call("write", rows=f"SELECT * FROM ({rows}){left_out}", **arguments)
            rejected += answer["rejected"]
            if answer["stored"]:
                return {**answer, "rejected": rejected}

    def open_sink(self, deadline_s=30, **arguments):
        """Opens and claims the sink, as a start of the runner does, also on a broker that has only just started."""
        for verb in ("open_sink", "claim"):
            self.patiently(deadline_s, lambda: self.call(verb, **arguments))
        return self

    def write_patiently(self, rows, deadline_s=30, **arguments):
        """Sends the held output again while the fault is external, as the runner does."""
        return self.patiently(deadline_s, lambda: self.write(rows, **arguments))

    @staticmethod
    def patiently(deadline_s, attempt):
        end = time.monotonic() + deadline_s
        while True:
            try:
                return attempt()
            except Failed as error:
                if error.fault != "external" or not error.retry or time.monotonic() > end:
                    raise
                time.sleep(0.1)

    def open(self, position=None):
        self.call("open", position=position)
        return self

    def fetch(self, wait_ms=0, **limits):
        return self.call("fetch", wait_ms=wait_ms, **limits)

    def fetch_some(self, count, deadline_s=20, **limits):
        """Fetches until `count` records came, as the runner would over several batches; returns them and the last ranges."""
        records, waited = [], 0
        while len(records) < count and waited < deadline_s:
            answer = self.fetch(wait_ms=500, **limits)
            waited += 0.5 if answer["count"] == 0 else 0
            records += answer["records"]
        assert len(records) == count, f"{len(records)} records instead of {count}"
        return records

    def position(self):
        """Where the source stands: an empty fetch tells."""
        return [{"topic": r["topic"], "partition": r["partition"], "next": r["end"], "id": r["id"]}
                for r in self.fetch(records=0)["ranges"]]

    def close(self):
        self.process.stdin.close()
        code = self.process.wait(30)
        self.process.stdout.close()
        if self.log:
            self.log.close()
        assert code == 0, f"the probe ended with {code}"

    def kill(self):
        self.process.kill()
        self.process.communicate()
        if self.log:
            self.log.close()

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        if kind is None:
            self.close()
        else:
            self.kill()
