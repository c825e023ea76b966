#include "generated/oracle.h"

#include <algorithm>
#include <map>
#include <stdexcept>

#include <duckdb.h>
#include <fmt/format.h>

namespace weir::generated {
namespace {

class Database {
 public:
  Database() {
    if (duckdb_open(nullptr, &database_) != DuckDBSuccess || duckdb_connect(database_, &connection_) != DuckDBSuccess)
      throw std::runtime_error("DuckDB does not open");
    run("SET threads = 1");
    run("SET TimeZone = 'UTC'");
  }
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;
  ~Database() {
    duckdb_disconnect(&connection_);
    duckdb_close(&database_);
  }

  // The first column of each row as text.
  std::vector<std::string> run(const std::string& sql) {
    duckdb_result result;
    if (duckdb_query(connection_, sql.c_str(), &result) != DuckDBSuccess) {
      const std::string why = duckdb_result_error(&result);
      duckdb_destroy_result(&result);
      throw std::runtime_error(why + ", in " + sql);
    }
    std::vector<std::string> out;
    for (idx_t row = 0; duckdb_column_count(&result) > 0 && row < duckdb_row_count(&result); ++row) {
      char* text = duckdb_value_varchar(&result, 0, row);
      out.emplace_back(text == nullptr ? "" : text);
      duckdb_free(text);
    }
    duckdb_destroy_result(&result);
    return out;
  }

 private:
  duckdb_database database_ = nullptr;
  duckdb_connection connection_ = nullptr;
};

Database& database() {
  static Database one;
  return one;
}

void load(const Case& generated) {
  database().run(
      "CREATE OR REPLACE TABLE rows (n BIGINT, id BIGINT, k VARCHAR, v BIGINT, a DECIMAL(12,2), x DOUBLE, t "
      "TIMESTAMP)");
  std::string values;
  for (std::size_t n = 0; n < generated.rows.size(); ++n) {
    const Row& row = generated.rows[n];
    values += fmt::format("{}({}, {}, {}, {}, {}::DECIMAL(18,0) / 100, {}, make_timestamp({}))",
                          values.empty() ? "" : ", ", n, row.id, row.k ? "'" + *row.k + "'" : "NULL",
                          row.v ? std::to_string(*row.v) : "NULL", row.cents, row.x, row.t);
  }
  if (!values.empty()) database().run("INSERT INTO rows VALUES " + values);
}

// The watermark after all rows: of the slowest partition, or of the newest row.
std::optional<std::int64_t> last_watermark(const Case& generated) {
  std::map<std::int32_t, std::optional<std::int64_t>> newest;
  for (const auto& record : generated.records) newest[record.partition.value];
  for (const Row& row : generated.rows) {
    auto& time = newest[row.partition];
    time = std::max(time.value_or(row.t), row.t);
  }
  std::optional<std::int64_t> out;
  for (const auto& [partition, time] : newest) {
    if (!time) {
      if (generated.across_max) continue;
      return std::nullopt;  // nothing is known of it
    }
    out = !out ? *time : generated.across_max ? std::max(*out, *time) : std::min(*out, *time);
  }
  if (out) *out -= generated.delay;
  return out;
}

// Equal keys share a partition, so the order of arrival there decides. A row is a duplicate of any kept row of its key that is
// not further from it than `within`.
void dedup(const Case& generated) {
  const std::string key =
      fmt::format("concat_ws('|', {})", fmt::join(
                                            [&] {
                                              std::vector<std::string> parts;
                                              for (const std::string& column : generated.dedup_key)
                                                parts.push_back("coalesce(CAST(" + column + " AS VARCHAR), 'NULL')");
                                              return parts;
                                            }(),
                                            ", "));
  const std::int64_t within = generated.within.value_or(generated.delay);
  std::map<std::string, std::vector<std::int64_t>> kept;
  std::string gone;
  const auto keys = database().run("SELECT " + key + " FROM staged ORDER BY n");
  const auto numbers = database().run("SELECT CAST(n AS VARCHAR) FROM staged ORDER BY n");
  for (std::size_t i = 0; i < keys.size(); ++i) {
    const std::int64_t time = generated.rows[std::stoull(numbers[i])].t;
    auto& times = kept[keys[i]];
    const bool again =
        std::any_of(times.begin(), times.end(), [&](std::int64_t other) { return std::abs(time - other) <= within; });
    if (again) {
      gone += (gone.empty() ? "" : ", ") + numbers[i];
    } else {
      times.push_back(time);
    }
  }
  if (!gone.empty()) database().run("DELETE FROM staged WHERE n IN (" + gone + ")");
}

// Rows with the start and the end of their window: "ws", "we".
std::string placed_sql(const Window& window, const std::string& by) {
  switch (window.kind) {
    case Window::Kind::tumbling:
      return fmt::format(
          "SELECT *, epoch_us(t) - (((epoch_us(t) - {1}) % {0}) + {0}) % {0} AS ws, ws + {0} AS we FROM staged",
          window.length, window.offset);
    case Window::Kind::sliding:  // every window that may hold the row, of which those stay that do
      return fmt::format(
          "SELECT * FROM (SELECT *, unnest(range(0, {0} + {2}, {2})) AS back, epoch_us(t) - (((epoch_us(t) - {1}) % "
          "{2}) "
          "+ {2}) % {2} - back AS ws, ws + {0} AS we FROM staged) WHERE ws <= epoch_us(t) AND epoch_us(t) < we",
          window.length, window.offset, window.every);
    case Window::Kind::session:
      return fmt::format(
          "SELECT *, min(epoch_us(t)) OVER s AS ws, max(epoch_us(t)) OVER s + {0} AS we FROM (SELECT *, sum(first) "
          "OVER "
          "(PARTITION BY 1{1} ORDER BY t, n) AS session FROM (SELECT *, CASE WHEN epoch_us(t) - lag(epoch_us(t)) OVER "
          "(PARTITION BY 1{1} ORDER BY t, n) < {0} THEN 0 ELSE 1 END AS first FROM staged)) WINDOW s AS (PARTITION BY "
          "session{1})",
          window.length, by);
  }
  return {};
}

std::string windows_sql(const Case& generated) {
  const auto watermark = last_watermark(generated);
  std::string by, select;
  for (const std::string& column : generated.by) by += ", " + column;
  for (const Aggregate& aggregate : generated.aggregates)
    select += ", " + (aggregate.of_all.empty() ? aggregate.sql : aggregate.of_all) + " AS " + aggregate.name;
  const std::string sql = fmt::format("SELECT ws AS window_start, we AS window_end{0}{1} FROM ({2}) GROUP BY ws, we{0}",
                                      by, select, placed_sql(*generated.window, by));
  std::string where = "TRUE";
  if (!generated.update) where = watermark ? fmt::format("window_end <= {}", *watermark) : "FALSE";
  if (generated.having) where += " AND " + *generated.having;
  return "SELECT * FROM (" + sql + ") WHERE " + where;
}

}  // namespace

std::vector<Json> expected_rows(const Case& generated) {
  load(generated);
  database().run("CREATE OR REPLACE TABLE staged AS SELECT * FROM rows" +
                 (generated.filter ? " WHERE " + *generated.filter : ""));
  if (!generated.dedup_key.empty()) dedup(generated);
  const std::string sql = generated.window
                              ? windows_sql(generated)
                              : "SELECT id, k, v, CAST(a AS VARCHAR) AS a, x, epoch_us(t) AS t FROM staged";
  std::vector<Json> out;
  for (const std::string& line : database().run("SELECT CAST(to_json(r) AS VARCHAR) FROM (" + sql + ") r"))
    out.push_back(Json::parse(line));
  return out;
}

}  // namespace weir::generated
