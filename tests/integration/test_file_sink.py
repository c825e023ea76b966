"""What a file sink writes, read by pyarrow: every type of a column as others see it."""
import datetime as dt
import decimal
import json

import pyarrow as pa
import pyarrow.parquet as pq

UTC = dt.timezone.utc
D = decimal.Decimal

# name, SQL, type in Parquet as pyarrow reads it, value
COLUMNS = [
    ("b", "value = 1", pa.bool_(), False),
    ("i8", "CAST(-128 AS TINYINT)", pa.int8(), -128),
    ("i16", "CAST(-32768 AS SMALLINT)", pa.int16(), -32768),
    ("i32", "CAST(-2147483648 AS INTEGER)", pa.int32(), -2147483648),
    ("i64", "CAST(9007199254740993 AS BIGINT)", pa.int64(), 9007199254740993),
    ("u8", "CAST(255 AS UTINYINT)", pa.uint8(), 255),
    ("u16", "CAST(65535 AS USMALLINT)", pa.uint16(), 65535),
    ("u32", "CAST(4294967295 AS UINTEGER)", pa.uint32(), 4294967295),
    ("u64", "CAST(18446744073709551615 AS UBIGINT)", pa.uint64(), 18446744073709551615),
    ("f32", "CAST(0.5 AS FLOAT)", pa.float32(), 0.5),
    ("f64", "CAST(0.1 AS DOUBLE)", pa.float64(), 0.1),
    ("dec", "CAST(12.34 AS DECIMAL(10,2))", pa.decimal128(10, 2), D("12.34")),
    ("wide", "CAST('9999999999999999999999999999.9999999999' AS DECIMAL(38,10))", pa.decimal128(38, 10),
     D("9999999999999999999999999999.9999999999")),
    ("s", "'é\"'", pa.string(), 'é"'),
    ("day", "CAST('1969-12-31' AS DATE)", pa.date32(), dt.date(1969, 12, 31)),
    ("t", "CAST('01:02:03.000004' AS TIME)", pa.time64("us"), dt.time(1, 2, 3, 4)),
    ("ts", '"timestamp"', pa.timestamp("us", tz="UTC"), dt.datetime(2026, 1, 1, tzinfo=UTC)),
    ("old", "CAST('1900-01-01 00:00:00.000001+00' AS TIMESTAMPTZ)", pa.timestamp("us", tz="UTC"),
     dt.datetime(1900, 1, 1, 0, 0, 0, 1, tzinfo=UTC)),
    ("ntz", "CAST('1960-01-01 00:00:00.000001' AS TIMESTAMP)", pa.timestamp("us"), dt.datetime(1960, 1, 1, 0, 0, 0, 1)),
    ("l", "[1, NULL]", pa.list_(pa.field("element", pa.int32())), [1, None]),
    ("st", "{'x': 1, 'y': 'z'}", pa.struct([("x", pa.int32()), ("y", pa.string())]), {"x": 1, "y": "z"}),
    ("nothing", "CAST(NULL AS VARCHAR)", pa.string(), None),
]


def pipeline(workdir, sink):
    select = ", ".join(f"{name}: {json.dumps(sql)}" for name, sql, _, _ in COLUMNS)
    (workdir / "types.yaml").write_text(f"""
version: 1
name: types
owner: types@example.com
sources: {{ made: {{ type: rate, rows_per_second: 1000, rows: 1 }} }}
steps:
  - {{ name: typed, from: made, select: {{ {select} }} }}
sinks:
  out: {{ from: typed, type: file, path: out, {sink} }}
dead_letter: {{ type: file, format: json, path: dead }}
checkpoint: {{ path: checkpoint }}
""")
    return workdir / "types.yaml"


def test_parquet_types_as_pyarrow_reads_them(weir, workdir):
    weir.run_once(pipeline(workdir, "format: parquet"))
    (path,) = (workdir / "out").glob("*.parquet")
    table = pq.read_table(path)
    assert {f.name: f.type for f in table.schema} == {name: arrow for name, _, arrow, _ in COLUMNS}
    assert table.to_pylist() == [{name: value for name, _, _, value in COLUMNS}]
    physical = {c.path: c for c in map(pq.ParquetFile(path).schema.column, range(len(pq.ParquetFile(path).schema.names)))}
    assert physical["ts"].physical_type == "INT64"
    assert json.loads(physical["ts"].logical_type.to_json()) == {
        "Type": "Timestamp", "isAdjustedToUTC": True, "timeUnit": "microseconds", "is_from_converted_type": False,
        "force_set_converted_type": False}


def test_json_lines_are_json(weir, workdir):
    weir.run_once(pipeline(workdir, "format: json"))
    (path,) = (workdir / "out").glob("*.json")
    (row,) = [json.loads(line, parse_float=D) for line in path.read_text().splitlines()]
    assert row["ts"] == "2026-01-01T00:00:00.000000Z"
    assert row["u64"] == 18446744073709551615
    assert row["wide"] == D("9999999999999999999999999999.9999999999")
    assert row["st"] == {"x": 1, "y": "z"} and row["l"] == [1, None] and row["nothing"] is None


def test_partitions_are_found_by_pyarrow(weir, workdir):
    weir.run_once(pipeline(workdir, "format: parquet, partition_by: [day, s]"))
    table = pq.read_table(workdir / "out")
    assert table.column("day").to_pylist() == ["1969-12-31"] and table.column("s").to_pylist() == ['é"']
