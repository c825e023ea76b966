#pragma once
// Makes batches out of SQL and shows them as text, for tests.

#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "sql/session.h"

namespace weir::test {

inline std::shared_ptr<Session> open_session(SessionKind kind = SessionKind::compute) {
  auto session = Session::open(kind, {});
  if (!session) FAIL(session.error().text());
  return *session;
}

inline Batch batch_of(Session& session, const std::string& sql) {
  auto batch = session.run(sql);
  if (!batch) FAIL(batch.error().text());
  return *batch;
}

// One string a row: "1|x|NULL".
inline std::vector<std::string> lines(Session& session, const Batch& batch) {
  std::string list;
  for (const Column& column : batch.schema().columns())
    list += (list.empty() ? "" : ", ") + ("coalesce(CAST(" + quote_identifier(column.name) + " AS VARCHAR), 'NULL')");
  auto query = session.prepare("SELECT concat_ws('|', " + list + ") AS line FROM input", {{"input", batch.schema()}});
  if (!query) FAIL(query.error().text());
  const auto text = query->run(batch);
  if (!text) FAIL(text.error().text());
  std::vector<std::string> out;
  for (const auto& chunk : text->chunks()) {
    auto* data = static_cast<duckdb_string_t*>(duckdb_vector_get_data(chunk->column(0)));
    for (std::size_t i = 0; i < chunk->rows(); ++i)
      out.emplace_back(duckdb_string_t_data(&data[i]), duckdb_string_t_length(data[i]));
  }
  return out;
}

}  // namespace weir::test
