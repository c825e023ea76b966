#include "scenarios/runner/delta_reader.h"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>

#include "base/json.h"
#include "sql/session.h"

namespace weir::scenario {
namespace {

struct TableLog {
  std::map<std::string, Json> files;         // the partition values of each
  std::map<std::string, std::string> types;  // of the columns, as SQL casts to them
};

std::string sql_type(const std::string& spark) {
  static const std::map<std::string, std::string> names = {{"string", "VARCHAR"},  {"long", "BIGINT"},
                                                           {"integer", "INTEGER"}, {"boolean", "BOOLEAN"},
                                                           {"date", "DATE"},       {"timestamp", "TIMESTAMPTZ"}};
  const auto found = names.find(spark);
  return found == names.end() ? spark : found->second;  // decimal(10,2) is SQL, too
}

TableLog read_log(const std::string& path) {
  TableLog out;
  for (int version = 0;; ++version) {
    char name[32];
    std::snprintf(name, sizeof name, "%020d.json", version);
    std::ifstream in(std::filesystem::path(path) / "_delta_log" / name);
    if (!in) return out;
    for (std::string line; std::getline(in, line);) {
      const Json action = Json::parse(line);
      if (action.contains("add")) out.files[action["add"]["path"]] = action["add"]["partitionValues"];
      if (action.contains("remove")) out.files.erase(action["remove"]["path"].get<std::string>());
      if (!action.contains("metaData")) continue;
      const Json schema = Json::parse(action["metaData"]["schemaString"].get<std::string>());
      for (const Json& field : schema["fields"])
        if (field["type"].is_string()) out.types[field["name"]] = sql_type(field["type"]);
    }
  }
}

}  // namespace

std::vector<std::string> read_delta_rows(const std::string& path) {
  const TableLog log = read_log(path);
  std::string sql;
  for (const auto& [file, values] : log.files) {
    sql += sql.empty() ? "SELECT *" : " UNION ALL BY NAME SELECT *";
    for (const auto& [column, value] : values.items())
      sql += ", CAST(" + (value.is_null() ? "NULL" : quote_literal(value.get<std::string>())) + " AS " +
             log.types.at(column) + ") AS " + quote_identifier(column);
    const std::string full = (std::filesystem::path(path) / file).string();
    sql += " FROM read_parquet(" + quote_literal(full) + ", hive_partitioning = false)";
  }
  std::vector<std::string> rows;
  if (sql.empty()) return rows;
  const auto session = Session::open(SessionKind::io, {}).value();
  const Batch batch = session->run("SELECT CAST(to_json(whole_row) AS VARCHAR) FROM (" + sql + ") whole_row").value();
  for (const auto& chunk : batch.chunks()) {
    auto* lines = static_cast<duckdb_string_t*>(duckdb_vector_get_data(chunk->column(0)));
    for (std::size_t i = 0; i < chunk->rows(); ++i)
      rows.emplace_back(duckdb_string_t_data(&lines[i]), duckdb_string_t_length(lines[i]));
  }
  std::sort(rows.begin(), rows.end());
  return rows;
}

}  // namespace weir::scenario
