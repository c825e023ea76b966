#pragma once
// Translates between our schemas and the one in a table's metaData: Spark's JSON of a struct type.
//
//   bool boolean, int8 byte, int16 short, int32 integer, int64 long, float, double, decimal(p,s), string, binary, date,
//   timestamp, list array, struct, map; json and uuid are kept as string. The other types have no place in a table.
//
// Threads: plain values. Errors: Fault::data for a text that is no such schema.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "data/schema.h"

namespace weir::delta {

// A column as a table has it.
struct TableColumn {
  std::string name;
  std::optional<Type> type;  // nullopt: Weir does not write this one
  std::string type_text;     // as the table says it, for messages
  bool nullable = true;
  bool strict = false;           // something within its type must not be null
  std::string unsupported = {};  // a rule on it that its writers must keep: "a generated column"; empty: none
};

struct TableSchema {
  std::vector<TableColumn> columns;
  const TableColumn* find(std::string_view name) const;  // without regard to case
};

Result<TableSchema> parse_table_schema(std::string_view json);

// The type that a value is stored as; nullopt where a table has none for it.
std::optional<Type> stored_type(const Type& type);
// A stored type as Spark names it: "long", "array<string>"; for messages.
std::string type_text(const Type& type);

// All nullable. The types are stored ones.
std::string schema_json(const Schema& schema);
// The same text with columns behind those it has.
Result<std::string> add_columns(std::string_view json, const std::vector<Column>& columns);

}  // namespace weir::delta
