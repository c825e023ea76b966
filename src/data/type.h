#pragma once
// Describes the type of a column: what contracts name, and what SQL may give beyond that. One to one with DuckDB's
// logical types (duckdb.h, duckdb_type), which hold the values.
//
// Threads: plain values.

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"

namespace weir {

enum class TypeKind : std::uint8_t {
  boolean,
  int8,
  int16,
  int32,
  int64,
  int128,
  uint8,
  uint16,
  uint32,
  uint64,
  float32,
  float64,
  decimal,  // width and scale
  string,   // UTF-8
  json,     // UTF-8 text that is one JSON value; DuckDB's VARCHAR with alias JSON
  binary,
  date,           // days since 1970-01-01
  time,           // microseconds since midnight
  timestamp,      // microseconds UTC; DuckDB's TIMESTAMP WITH TIME ZONE
  timestamp_ntz,  // microseconds without a zone; DuckDB's TIMESTAMP
  interval,
  uuid,
  list,       // one child
  structure,  // named children
  map,        // two children: key, value
};

struct NamedType;

struct Type {
  TypeKind kind = TypeKind::string;
  std::uint8_t width = 0;  // decimal: digits in all, 1 to 38
  std::uint8_t scale = 0;  // decimal: digits after the point
  std::vector<NamedType> children;

  bool operator==(const Type&) const;
};

struct NamedType {
  std::string name;
  Type type;
  bool operator==(const NamedType&) const = default;
};

Type decimal_type(std::uint8_t width, std::uint8_t scale);
Type list_type(Type element);

// As a contract writes it: "int64", "decimal(12,2)", "list<string>", "struct<a: int32, b: string>".
std::string to_string(const Type& type);
// As DuckDB's SQL writes it: "BIGINT", "DECIMAL(12,2)", "VARCHAR[]", "STRUCT(\"a\" INTEGER)".
std::string to_sql(const Type& type);

}  // namespace weir
