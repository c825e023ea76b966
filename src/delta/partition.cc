#include "delta/partition.h"

#include <algorithm>
#include <map>
#include <string_view>

#include <fmt/format.h>

#include "base/check.h"
#include "data/schema.h"

namespace weir::delta {
namespace {

// The text of a value, or null; a value outside the years that the text has room for gives "".
std::string text_expression(const Column& column) {
  const std::string name = quote_identifier(column.name);
  switch (column.type.kind) {
    case TypeKind::date:
      return fmt::format(
          "CASE WHEN {0} IS NULL THEN NULL WHEN isfinite({0}) AND year({0}) BETWEEN 1 AND 9999 THEN "
          "CAST({0} AS VARCHAR) ELSE '' END",
          name);
    case TypeKind::timestamp:
      return fmt::format(
          "CASE WHEN {0} IS NULL THEN NULL WHEN isfinite({0}) AND year({0}) BETWEEN 1 AND 9999 THEN "
          "strftime({0}, '%Y-%m-%dT%H:%M:%S.%fZ') ELSE '' END",
          name);
    case TypeKind::string: return fmt::format("nullif({}, '')", name);
    case TypeKind::json:
    case TypeKind::uuid: return fmt::format("nullif(CAST({} AS VARCHAR), '')", name);
    default: return fmt::format("CAST({} AS VARCHAR)", name);
  }
}

Result<Batch> texts_of(Session& io, const Batch& rows, const std::vector<std::string>& columns) {
  std::string sql;
  for (const std::string& name : columns) {
    const auto found = rows.schema().find(name);
    CHECK(found.has_value(), "the rows have the partition column");
    sql += (sql.empty() ? "SELECT " : ", ") + text_expression(rows.schema().columns()[*found]);
  }
  Query query = TRY(io.prepare(sql + " FROM input", {{"input", rows.schema()}}));
  return query.run(rows);
}

std::optional<std::string> text_at(const Chunk& chunk, std::size_t column, std::size_t row) {
  duckdb_vector vector = chunk.column(column);
  if (!is_valid(duckdb_vector_get_validity(vector), row)) return std::nullopt;
  auto* const data = static_cast<duckdb_string_t*>(duckdb_vector_get_data(vector));
  return std::string(duckdb_string_t_data(&data[row]), duckdb_string_t_length(data[row]));
}

bool is_plain(std::string_view text) {
  return !text.empty() && text.size() <= 100 && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
           c == '.';
  });
}

}  // namespace

Result<PartitionParts> split(Session& io, const Batch& rows, const std::vector<std::string>& columns) {
  PartitionParts out;
  if (columns.empty()) {
    out.parts.push_back({{}, rows});
    return out;
  }
  const Batch texts = TRY(texts_of(io, rows, columns));
  std::map<PartitionValues, std::vector<std::uint64_t>> groups;
  std::uint64_t row = 0;
  for (const auto& chunk : texts.chunks()) {
    for (std::size_t i = 0; i < chunk->rows(); ++i, ++row) {
      PartitionValues values;
      const std::string* bad = nullptr;
      for (std::size_t c = 0; c < columns.size(); ++c) {
        values.push_back(text_at(*chunk, c, i));
        if (values.back() == "") bad = &columns[c];
      }
      if (bad != nullptr) {
        out.refused.push_back({row, *bad, "a partition value must be of the years 1 to 9999"});
        continue;
      }
      auto found = groups.find(values);
      if (found == groups.end()) {
        if (groups.size() == partitions_max) {
          out.refused.push_back(
              {row, columns.front(), fmt::format("more than {} partitions in one batch", partitions_max)});
          continue;
        }
        found = groups.emplace(std::move(values), std::vector<std::uint64_t>{}).first;
      }
      found->second.push_back(row);
    }
  }
  for (const auto& [values, picked] : groups) out.parts.push_back({values, take_rows(rows, picked)});
  return out;
}

std::string plain_directory(const std::vector<std::string>& columns, const PartitionValues& values) {
  std::string out;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const std::string value = values[i].value_or("__HIVE_DEFAULT_PARTITION__");
    if (!is_plain(columns[i]) || !is_plain(value) || columns[i].starts_with('_') || columns[i].starts_with('.'))
      return {};
    out += (i == 0 ? "" : "/") + columns[i] + "=" + value;
  }
  return out;
}

}  // namespace weir::delta
