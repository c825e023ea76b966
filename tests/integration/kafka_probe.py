"""Drives tests/integration/kafka/kafka_probe.cc: a KafkaSource or a KafkaSink whose every call a test makes by itself."""
import json
import os
import subprocess
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

    def __init__(self, bootstrap, log=None, **options):
        self.log = open(log, "ab") if log else None
        self.process = subprocess.Popen([probe_binary()], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.log, text=True)
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
