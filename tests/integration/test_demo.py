"""`weir demo`: ends by itself, balances its books, and leaves what it says it leaves."""
import subprocess

import duckdb
import pytest
from deltalake import DeltaTable

from weir_process import weir_binary


def demo(folder, seconds=3, **extra):
    return subprocess.run([weir_binary(), "demo", "--seconds", str(seconds), "--keep", folder], cwd=folder, text=True,
                          capture_output=True, timeout=120, **extra)


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "a demo's folder"
    made.mkdir()
    return made


def test_twice_in_a_row_in_a_folder_with_a_space(folder):
    for run in (1, 2):
        ended = demo(folder)
        assert ended.returncode == 0, ended.stdout + ended.stderr
        assert "Every row is accounted for" in ended.stdout
        assert "rows/s" in ended.stdout and "JSON_PARSE_ERROR" in ended.stdout
        assert len(list(folder.glob("weir-demo-*"))) == run


def test_the_tables_hold_what_the_screen_says(folder):
    ended = demo(folder)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    (made,) = folder.glob("weir-demo-*")
    lake, totals, dead = (DeltaTable(made / "data" / name).to_pyarrow_table()
                          for name in ("payments", "merchant_totals", "dead_letters"))
    rows, places, ids = duckdb.sql("""SELECT count(*), count(DISTINCT (_partition, _offset)), count(DISTINCT (payment_id, status))
                                      FROM lake""").fetchone()
    assert rows == places == ids > 0
    assert f"{rows:,}  rows out" in ended.stdout
    windows, wrong = duckdb.sql("""
        SELECT count(*), count(*) FILTER (WHERE payments <> n OR totals.amount <> sum)
        FROM totals FULL JOIN (SELECT time_bucket(INTERVAL 5 MINUTE, event_time) AS window_start, merchant_id, currency,
                                      count(*) AS n, sum(amount) AS sum FROM lake GROUP BY ALL)
             USING (window_start, merchant_id, currency)
        WHERE window_start <= (SELECT max(window_start) FROM totals)""").fetchone()
    assert windows == totals.num_rows > 0 and wrong == 0
    assert f"{windows:,} totals of closed windows" in ended.stdout
    codes = dict(duckdb.sql("SELECT code, count(*) FROM dead GROUP BY 1").fetchall())
    assert len(codes) == 12 and codes["LATE_RECORD"] > 0
    for code, count in codes.items():
        assert f"{count:,}  {code}" in ended.stdout


def test_a_folder_that_is_not_writable_is_named(folder):
    (folder / "file").write_text("")
    ended = subprocess.run([weir_binary(), "demo", "--keep", folder / "file"], capture_output=True, text=True, timeout=60)
    assert ended.returncode == 1
    assert str(folder / "file") in ended.stderr
