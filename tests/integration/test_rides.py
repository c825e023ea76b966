"""The three ride pipelines of pipelines/rides over a real broker, against a model in Python over the raw input."""
import json
import random
import re
import shutil
from collections import defaultdict
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
from kafka_client import Record

RIDES = Path(__file__).resolve().parents[2] / "pipelines" / "rides"
START = datetime(2026, 3, 1, 8, tzinfo=timezone.utc)
DELAY = timedelta(minutes=10)
CITIES = ["Rome", "Oslo", "Lyon", "Kyiv"]


def ride(chance, number, minute):
    """Up to two minutes out of order: never late under a delay of ten."""
    at = START + timedelta(minutes=minute) - timedelta(seconds=chance.randrange(120), microseconds=chance.randrange(10**6))
    status = chance.choice(["REQUESTED", "REQUESTED", "STARTED", "COMPLETED", "COMPLETED", "CANCELLED"])
    made = {"ride_id": f"r{number}", "city": chance.choice(CITIES), "status": status, "rider_id": f"u{chance.randrange(40)}"}
    made["driver_id"] = None if status == "REQUESTED" else f"d{chance.randrange(15)}"
    made["fare"] = Decimal(chance.randrange(300, 9000)) / 100 if status == "COMPLETED" else None
    made["event_time"] = at.isoformat().replace("+00:00", "Z")
    return made


def text(made):
    return json.dumps(made, default=lambda value: float(value) if isinstance(value, Decimal) else str(value))


class Input:
    """Four partitions in rounds; one record in fifty breaks the contract."""

    def __init__(self):
        self.good = [[] for _ in range(4)]
        self.bad = 0

    def round(self, chance, first, count, minutes):
        records = [[] for _ in range(4)]
        for i in range(count):
            made = ride(chance, first + i, minutes[0] + (minutes[1] - minutes[0]) * i / count)
            partition = chance.randrange(4)
            if chance.random() < 0.02:
                records[partition].append(text(made | {"status": "LOST"}) if chance.random() < 0.5 else text(made)[:-9])
                self.bad += 1
            else:
                records[partition].append(text(made))
                self.good[partition].append(made | {"at": datetime.fromisoformat(made["event_time"].replace("Z", "+00:00"))})
        return records

    def watermark(self):
        return min(max(one["at"] for one in part) for part in self.good) - DELAY

    def by_window(self, minutes, *columns):
        groups = defaultdict(list)
        for one in (one for part in self.good for one in part):
            start = START + (one["at"] - START) // timedelta(minutes=minutes) * timedelta(minutes=minutes)
            groups[(start, *(one[name] for name in columns))].append(one)
        return groups


@pytest.fixture(scope="module")
def played(kafka, broker, tmp_path_factory):
    """Input in three rounds; each pipeline runs after each of them, as after a stop of a night."""
    folder = tmp_path_factory.mktemp("ride analytics")
    shutil.copytree(RIDES, folder / "rides")
    from weir_process import Weir

    weir = Weir(folder)
    topic, cities = kafka.create_topic("rides-in", partitions=4), kafka.create_topic("rides-cities", partitions=2)
    environment = {"KAFKA_BROKERS": broker.bootstrap, "RIDES_TOPIC": topic, "CITY_RIDES_TOPIC": cities}
    chance, made, shown = random.Random(20260301), Input(), ""
    for first, minutes in ((0, (0, 21)), (700, (21, 44)), (1400, (44, 75)), (2100, (75, 76))):
        for partition, records in enumerate(made.round(chance, first, 700, minutes)):
            kafka.produce(topic, [Record(one, partition=partition) for one in records])
        for name in ("city_rides", "surge", "driver_metrics"):
            ended = weir("run", f"rides/{name}.yaml", "--once", env=environment, deadline_s=120).expect(0)
            shown += ended.out if name == "surge" else ""
    yield made, kafka.read(cities), shown, folder / "rides" / "data"
    weir.stop_all()


def moment(text_):
    return datetime.fromisoformat(text_.replace("Z", "+00:00"))


def test_city_rides_updates_end_as_the_model_says(played):
    made, messages, _, _ = played
    rows = {}
    for message in sorted(messages, key=lambda one: (one.partition(), one.offset())):
        row = json.loads(message.value())
        assert message.key().decode() == row["city"]
        rows[moment(row["window_start"]), row["city"]] = row
    groups = made.by_window(5, "city")
    assert rows.keys() == groups.keys()
    for key, members in groups.items():
        done = [one["fare"] for one in members if one["status"] == "COMPLETED"]
        drivers = len({one["driver_id"] for one in members} - {None})
        row = rows[key]
        assert (row["rides"], row["completed"]) == (len(members), len(done))
        assert row["completion_rate"] == pytest.approx(len(done) / len(members))
        assert row["average_fare"] == (pytest.approx(float(sum(done) / len(done))) if done else None)
        assert abs(row["active_drivers"] - drivers) <= 1


def test_surge_is_shown_where_requests_outnumber_drivers(played):
    made, _, shown, _ = played
    expected = set()
    for (start, city), members in made.by_window(5, "city").items():
        requests = sum(one["status"] == "REQUESTED" for one in members)
        drivers = len({one["driver_id"] for one in members if one["status"] == "STARTED"})
        if not requests and not drivers:
            continue
        times = 3.0 if drivers == 0 else 2.0 if requests >= 3 * drivers else 1.5 if requests > drivers else 1.0
        if times > 1:
            expected.add((start.strftime("%H:%M"), city, requests, drivers, times))
    # Updates of a window before its last one are on the terminal, too.
    cells = [re.split(r"\s*[|│]\s*|\s{2,}", line.strip().strip("|│")) for line in shown.splitlines()]
    found = set()
    for row in cells:
        row = [cell for cell in row if cell]
        if len(row) == 5 and row[1] in CITIES:
            found.add((row[0][11:16], row[1], int(row[2]), int(row[3]), float(row[4])))
    assert expected and expected <= found


def test_driver_metrics_are_the_closed_windows_each_once(played):
    made, _, _, data = played
    closed = {}
    for (start, driver), members in made.by_window(15, "driver_id").items():
        done = [one for one in members if one["status"] == "COMPLETED"]
        if done and start + timedelta(minutes=15) <= made.watermark():
            fares = [one["fare"] for one in done]
            closed[start, driver] = (len(done), len({one["rider_id"] for one in done}), sum(fares), max(fares))
    duckdb.sql("SET TimeZone = 'UTC'")
    rows = duckdb.sql(
        f"SELECT epoch(window_start), driver_id, rides, riders, earned, best_fare FROM '{data}/driver_metrics/rows/**/*.parquet'"
    ).fetchall()
    got = {(datetime.fromtimestamp(row[0], timezone.utc), row[1]): tuple(row[2:]) for row in rows}
    assert len(rows) == len(got) and got == closed and len({start for start, _ in got}) >= 4


def test_what_breaks_the_contract_is_kept_by_each_pipeline(played):
    made, _, _, data = played
    for name in ("city_rides", "surge", "driver_metrics"):
        codes = dict(duckdb.sql(f"SELECT code, count(*) FROM '{data}/{name}/dead_letters/*.parquet' GROUP BY 1").fetchall())
        assert sum(codes.values()) == made.bad and set(codes) == {"VALUE_NOT_ALLOWED", "JSON_PARSE_ERROR"}
