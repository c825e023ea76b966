#pragma once
// Says how a batch becomes a file of each format: DuckDB's COPY statement, the ending of the name, and which types and
// options the format takes.
//
//   Parquet     types as they are; timestamps INT64 microseconds, adjusted to UTC
//   JSON lines  timestamps RFC 3339, binary base64, NaN and infinities as strings; inside nested values all three stand
//               as DuckDB writes them
//   CSV         the same, nested values as JSON; null is empty, the empty string is ""
//
// Threads: plain functions.

#include <string>

#include "base/result.h"
#include "config/sink_spec.h"
#include "data/schema.h"

namespace weir {

// "parquet", "json", "csv", with ".gz" or ".zst" behind where text is compressed.
std::string file_extension(const FileSinkSpec& spec);

// Fault::config where the compression is unknown to the format, or a column's type has no place in it.
Status check_format(const FileSinkSpec& spec, const Schema& schema);

// Columns of `schema` that go into a file: the visible ones that are no partition columns.
Schema file_schema(const FileSinkSpec& spec, const Schema& schema);

// COPY of `input` to `path`.
std::string copy_statement(const FileSinkSpec& spec, const Schema& schema, const std::string& path);

}  // namespace weir
