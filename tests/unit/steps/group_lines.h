#pragma once
// Rows of an aggregate as text: "start|end|merchant|...", times in seconds, "-" for NULL; with the operation where there is one.

#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "data/schema.h"
#include "sql/rows.h"

namespace weir::test {

inline std::vector<std::string> group_lines(Session& session, const Batch& rows) {
  std::string list;
  for (const Column& column : rows.schema().columns()) {
    if (column.name == src_column) continue;
    const std::string name = quote_identifier(column.name);
    list += (list.empty() ? "coalesce(" : ", coalesce(") +
            (column.type.kind == TypeKind::timestamp ? "(epoch_us(" + name + ") / 1000000)::DECIMAL(18,1)" : name) +
            "::VARCHAR, '-')";
  }
  auto query = session.prepare("SELECT concat_ws('|', " + list + ") AS line FROM input", {{"input", rows.schema()}});
  if (!query) FAIL(query.error().text());
  return lines(session, *query->run(rows));
}

}  // namespace weir::test
