"""DuckDB's type names as Spark's."""

from __future__ import annotations

from sqlglot import exp

from weir_spark.sql_functions import Refused

INTEGERS = ("tinyint", "smallint", "int", "bigint")
_T = exp.DataType.Type
_SCALARS = {
    _T.BOOLEAN: "boolean", _T.TINYINT: "tinyint", _T.SMALLINT: "smallint", _T.INT: "int", _T.BIGINT: "bigint",
    _T.INT128: "decimal(38,0)", _T.UTINYINT: "smallint", _T.USMALLINT: "int", _T.UINT: "bigint",
    _T.UBIGINT: "decimal(20,0)", _T.FLOAT: "float", _T.DOUBLE: "double", _T.TEXT: "string", _T.VARCHAR: "string",
    _T.DATE: "date", _T.TIMESTAMP: "timestamp", _T.TIMESTAMPNTZ: "timestamp", _T.TIMESTAMPTZ: "timestamp",
    _T.TIMESTAMPLTZ: "timestamp", _T.VARBINARY: "binary", _T.BINARY: "binary",
}  # fmt: skip


def spark_type(node: exp.DataType) -> str:
    if node.this == _T.DECIMAL:
        digits = [int(str(one.this)) for one in node.expressions] or [18, 3]
        return f"decimal({digits[0]},{digits[1] if len(digits) > 1 else 0})"
    if node.this not in _SCALARS:
        raise Refused("syntax", f"the type {node.sql(dialect='duckdb')}")
    return _SCALARS[node.this]
