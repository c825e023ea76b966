#include "delta/layout.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/check.h"
#include "base/uuid.h"
#include "delta/configuration.h"
#include "delta/protocol_rules.h"
#include "delta/table_schema.h"

namespace weir::delta {
namespace {

bool same_name(const std::string& a, const std::string& b) { return Schema({{a, {}, true}}).find(b).has_value(); }

bool is_listed(const std::vector<std::string>& names, const std::string& name) {
  return std::any_of(names.begin(), names.end(), [&](const std::string& one) { return same_name(one, name); });
}

// Whole numbers by how many bits they have; 0: none.
int integer_bits(TypeKind kind) {
  switch (kind) {
    case TypeKind::int8: return 8;
    case TypeKind::int16: return 16;
    case TypeKind::int32: return 32;
    case TypeKind::int64: return 64;
    default: return 0;
  }
}

// Whether `to` holds every value of `from`.
bool holds(const Type& to, const Type& from) {
  if (to == from) return true;
  if (integer_bits(to.kind) > 0 && integer_bits(from.kind) > 0) return integer_bits(to.kind) > integer_bits(from.kind);
  if (to.kind == TypeKind::float64) return from.kind == TypeKind::float32;
  if (to.kind == TypeKind::decimal && from.kind == TypeKind::decimal)
    return to.scale >= from.scale && to.width - to.scale >= from.width - from.scale;
  return false;
}

bool partitions(TypeKind kind) {
  return integer_bits(kind) > 0 || kind == TypeKind::boolean || kind == TypeKind::decimal || kind == TypeKind::string ||
         kind == TypeKind::json || kind == TypeKind::uuid || kind == TypeKind::date || kind == TypeKind::timestamp;
}

// A JSON column is text for others. A zero gets no sign: SQL knows one zero, but Spark looks for it in a file's dictionary by
// its bits, and finds no row.
std::string expression(const Column& column, const Type& to) {
  std::string value = quote_identifier(column.name);
  if (column.type.kind == TypeKind::float32 || column.type.kind == TypeKind::float64)
    value = fmt::format("CASE WHEN {0} = 0 THEN CAST(0 AS {1}) ELSE {0} END", value, to_sql(column.type));
  return column.type == to ? value : fmt::format("CAST({} AS {})", value, to_sql(to));
}

Status check_partitioning(const Metadata& table, const std::vector<std::string>& partition_by) {
  const auto& there = table.partition_columns;
  const bool same =
      there.size() == partition_by.size() && std::equal(there.begin(), there.end(), partition_by.begin(), same_name);
  if (same) return {};
  return fail(Fault::config,
              fmt::format("the table is partitioned by [{}], the sink by [{}]; write partition_by: [{}], or "
                          "another path",
                          fmt::join(there, ", "), fmt::join(partition_by, ", "), fmt::join(there, ", ")));
}

Status check_column(const Column& column, const TableColumn& there, bool partition) {
  const Type stored = *stored_type(column.type);
  if (!there.type || !holds(*there.type, stored) || (partition && *there.type != stored)) {
    const std::string remedy = there.type && !partition
                                   ? fmt::format("CAST it to {} in a select step", to_sql(*there.type))
                                   : std::string("give it that type in a select step");
    return fail(Fault::config, fmt::format("column '{}' is {} in the table and {} here; {}, or give it another name",
                                           there.name, there.type_text, type_text(stored), remedy));
  }
  if (there.strict)
    return fail(Fault::config,
                fmt::format("column '{}' of the table has parts that must not be null, which Weir does not "
                            "check; leave the column out, or write to another table",
                            there.name));
  return {};
}

// Types are checked one by one; what the table demands of every row is not ours to keep.
Status check_nullable(const TableSchema& schema) {
  for (const TableColumn& column : schema.columns)
    if (!column.nullable)
      return fail(Fault::config,
                  fmt::format("column '{0}' of the table must not be null, which Weir does not check; ALTER "
                              "TABLE ... ALTER COLUMN {0} DROP NOT NULL, or write to another table",
                              column.name));
  return {};
}

Schema stored_schema(const Schema& rows) {
  Schema out;
  for (const Column& column : rows.columns()) out.add({column.name, *stored_type(column.type), true});
  return out;
}

Error with_table(Error error) {
  if (error.fault == Fault::data) error.fault = Fault::config;
  return error;
}

}  // namespace

Status check_rows(const Schema& rows, const std::vector<std::string>& partition_by) {
  for (const Column& column : rows.columns()) {
    if (!stored_type(column.type))
      return fail(Fault::config, fmt::format("column '{}': a Delta table holds no {}; CAST it in a select step",
                                             column.name, to_string(column.type)));
    if (column.name.find_first_of(" ,;{}()\n\t=") != std::string::npos)
      return fail(Fault::config,
                  fmt::format("column '{}': a Delta table takes no name with a space or one of ,;{{}}()= in "
                              "it; name it anew in a select step",
                              column.name));
  }
  for (const std::string& name : partition_by) {
    const auto found = rows.find(name);
    if (!found)
      return fail(Fault::config, fmt::format("no column '{}' to partition by; there are: {}", name, to_string(rows)));
    const Column& column = rows.columns()[*found];
    if (!partitions(column.type.kind))
      return fail(Fault::config,
                  fmt::format("column '{}' is {}: a table is partitioned by texts, whole numbers, decimals, "
                              "booleans, dates and timestamps",
                              column.name, to_string(column.type)));
  }
  if (partition_by.size() >= rows.size())
    return fail(Fault::config, "no column is left for the files: partition by fewer");
  return {};
}

Result<Fit> fit(const Snapshot& table, const Schema& rows, const std::vector<std::string>& partition_by, bool merge) {
  Fit out;
  const Configuration configuration(table.metadata);
  out.layout.compression = configuration.compression();
  out.layout.indexed_columns = configuration.indexed_columns();
  if (!table.exists()) {
    for (const Column& column : rows.columns()) {
      const Type stored = *stored_type(column.type);
      if (!is_listed(partition_by, column.name))
        out.layout.columns.push_back({column.name, stored, expression(column, stored)});
    }
    for (const std::string& name : partition_by)
      out.layout.partition_columns.push_back(rows.columns()[*rows.find(name)].name);
    return out;
  }
  auto schema = parse_table_schema(table.metadata.schema);
  if (!schema) return fail(with_table(std::move(schema).error()));
  TRY(check_appendable(table.protocol, table.metadata, *schema));
  TRY(check_nullable(*schema));
  TRY(check_partitioning(table.metadata, partition_by));
  out.layout.partition_columns = table.metadata.partition_columns;
  for (const TableColumn& there : schema->columns) {
    const auto found = rows.find(there.name);
    if (!found) continue;
    const Column& column = rows.columns()[*found];
    const bool partition = is_listed(partition_by, there.name);
    TRY(check_column(column, there, partition));
    if (!partition) out.layout.columns.push_back({there.name, *there.type, expression(column, *there.type)});
  }
  for (const Column& column : rows.columns()) {
    if (schema->find(column.name) != nullptr) continue;
    const Type stored = *stored_type(column.type);
    if (!merge)
      return fail(Fault::config,
                  fmt::format("the table has no column '{}'; write schema: merge to add it, or leave it out in "
                              "a select step",
                              column.name));
    out.added.push_back({column.name, stored, true});
    out.layout.columns.push_back({column.name, stored, expression(column, stored)});
  }
  if (out.layout.columns.empty())
    return fail(Fault::config, "none of the columns is one of the table's; is this the right path?");
  return out;
}

Metadata new_metadata(const Schema& rows, const std::vector<std::string>& partition_by, std::int64_t now_ms) {
  Metadata out;
  out.id = mint_uuid();
  out.schema = schema_json(stored_schema(rows));
  for (const std::string& name : partition_by) out.partition_columns.push_back(rows.columns()[*rows.find(name)].name);
  out.created_time = now_ms;
  return out;
}

Result<Metadata> merged_metadata(Metadata table, const std::vector<Column>& added) {
  table.schema = TRY(add_columns(table.schema, added));
  return table;
}

}  // namespace weir::delta
