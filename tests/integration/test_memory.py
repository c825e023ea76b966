"""`resources.memory` is kept to: state that is much larger than its share goes to disk, and the rows are right all the same."""
import json
import random
import threading

from sink_files import query

# `resources.memory` is 256 MiB; the debug build's own pages are more than a release's. In memory the state would add 70 MB.
PEAK_MAX_MB = 300
KEYS, EVERY = 1_200_000, 5                           # each fifth key of the second half brings a copy along
GROUPS = 100_000

PIPELINE = """version: 1
name: spilling
owner: rides@example.com
connections:
  main: {{ type: kafka, brokers: ["{brokers}"] }}
sources:
  rides:
    type: kafka
    connection: main
    topics: [{topic}]
    watermark: {{ column: at, delay: 2h }}
    format:
      type: json
      contract: {{ fields: {{ id: {{ type: int64, required: true }}, at: {{ type: timestamp, required: true }} }} }}
steps:
  - {{ name: once, dedup: {{ key: [id] }} }}
  - name: totals
    aggregate:
      window: {{ tumbling: 10m }}
      by: [{{ part: "id % {groups}" }}]
      select: {{ n: "count(*)", total: "sum(id)" }}
sinks:
  sums: {{ from: totals, type: file, format: parquet, path: sums }}
dead_letter: {{ type: file, format: parquet, path: dead }}
checkpoint: {{ path: checkpoint }}
resources: {{ memory: 256MiB }}
"""


def peak_mb(pid) -> int:
    with open(f"/proc/{pid}/status") as f:
        return next((int(line.split()[1]) >> 10 for line in f if line.startswith("VmHWM:")), 0)


def rides():
    """An hour of rides, near order; a copy comes long after its ride, when that is on disk. Then one that closes all windows."""
    draw = random.Random(7)
    minute = [i * 60 // KEYS for i in range(KEYS)]
    for i in range(KEYS):
        yield i, minute[i]
        if i >= KEYS // 2 and i % EVERY == 0:
            copy = draw.randrange(KEYS // 2)
            yield copy, minute[copy]
    yield KEYS, 60 * 24


def ride(i, minute):
    return json.dumps({"id": i, "at": f"2026-01-{1 + minute // 1440:02d}T{minute // 60 % 24:02d}:{minute % 60:02d}:00Z"})


def test_state_beyond_its_share_of_memory_is_on_disk_and_right(weir, kafka, broker, topic_name):
    topic = kafka.create_topic(topic_name, partitions=1)
    kafka.produce(topic, (ride(i, minute) for i, minute in rides()))
    (weir.folder / "p.yaml").write_text(PIPELINE.format(brokers=broker.bootstrap, topic=topic, groups=GROUPS))
    running = weir.start("run", "p.yaml", "--once", "--json")
    peak, done = [0], threading.Event()

    def watch():
        while not done.wait(0.1) and running.running():
            try:
                peak[0] = max(peak[0], peak_mb(running.pid))
            except OSError:
                return

    watcher = threading.Thread(target=watch)
    watcher.start()
    ended = running.wait(deadline_s=300).expect(0)
    done.set()
    watcher.join()

    committed = ended.log("batch committed")
    # 31 bytes a key of dedup, a hundred a group: four times what the two steps may hold here, 12 MiB each.
    assert max(int(line["state_rows"]) for line in committed) > KEYS
    assert query("SELECT count(*) FROM rows", weir.folder / "dead") == []
    windows, per_window = 6, KEYS // 6
    got = query("SELECT count(*), sum(n), sum(total), count(DISTINCT (window_start, part)) FROM rows", weir.folder / "sums")
    groups = windows * min(GROUPS, per_window)
    assert [tuple(map(int, row)) for row in got] == [(groups, KEYS, KEYS * (KEYS - 1) // 2, groups)]
    assert ended.summary()["dropped"] == sum(1 for _ in rides()) - KEYS - 1
    assert 0 < peak[0] < PEAK_MAX_MB, f"peak memory {peak[0]} MB"
    print(f"peak memory {peak[0]} MB")
