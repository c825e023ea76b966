#include "steps/chain_sql.h"

namespace weir {
namespace {

const std::string fate = "\"_weir_fate\"";
const std::string values = "\"_weir_values\"";
const std::string row = quote_identifier(row_column);

void append(std::string& list, const std::string& item) { list += (list.empty() ? "" : ", ") + item; }

std::string as(const std::string& sql, const std::string& name) { return sql + " AS " + quote_identifier(name); }

// TRUE or FALSE, short-circuiting as a WHERE does.
std::string holds(const ChainClause& clause) {
  return "CASE WHEN " + clause.condition.sql() + " THEN TRUE ELSE FALSE END";
}

std::string note(const ChainClause& clause) { return "weir_note(" + std::to_string(clause.failed) + ", " + row + ")"; }

std::string where(const ChainStage& stage) {
  std::string out = "TRUE";
  for (auto clause = stage.clauses.rbegin(); clause != stage.clauses.rend(); ++clause) {
    if (clause->kind == ChainClause::Kind::warn) {
      out = "CASE WHEN CASE WHEN TRY(" + holds(*clause) + ") THEN TRUE ELSE NOT " + note(*clause) + " END THEN " + out +
            " ELSE FALSE END";
    } else {
      out = "CASE WHEN " + clause->condition.sql() + " THEN " + out + " ELSE " + note(*clause) + " END";
    }
  }
  return out;
}

std::string hidden(const ChainPlan& plan) {
  return quote_identifier(src_column) + (plan.has_op ? ", " + quote_identifier(op_column) : "");
}

std::string from(const std::string& inner) {
  return inner == "input" ? " FROM input" : " FROM (" + inner + ") AS _weir_q";
}

}  // namespace

std::string fast_sql(const ChainPlan& plan) {
  const bool only_count = !plan.projects();
  std::string sql = "input";
  for (const ChainStage& stage : plan.stages) {
    const bool last = &stage == &plan.stages.back();
    std::string list;
    for (const ChainColumn& column : stage.columns)
      if (column.live)
        append(list,
               as(column.expression ? column.expression->sql() : quote_identifier(column.from), column.column.name));
    append(list, hidden(plan));
    if (!last) append(list, as("weir_same(" + row + ")", std::string(row_column)));
    if (last && only_count) list = "count(*)";
    sql = "SELECT " + list + from(sql);
    if (!stage.clauses.empty()) sql += " WHERE " + where(stage);
  }
  return sql;
}

namespace {

// The columns that an expression names, as text, for the message.
std::string values_of(const Expression& expression) {
  std::string list;
  for (const std::string& name : expression.columns)
    append(list, "left(CAST(" + quote_identifier(name) + " AS VARCHAR), 65)");
  return "CAST([" + list + "] AS VARCHAR[])";
}

// NULL where the expression cannot be computed, else {v: its value}.
std::string tried(const std::string& expression) {
  return "CASE WHEN " + fate + " IS NULL THEN TRY(struct_pack(v := " + expression + ")) END";
}
std::string value(const std::string& name) { return "struct_extract(" + quote_identifier(name) + ", 'v')"; }

std::string careful_clause(const ChainClause& clause, const std::string& inner) {
  if (clause.kind == ChainClause::Kind::warn)
    return "SELECT *, " +
           as("CASE WHEN " + fate + " IS NULL THEN coalesce(TRY(" + holds(clause) + "), FALSE) END",
              "_weir_w" + std::to_string(clause.failed)) +
           from(inner);
  const std::string sql = "SELECT *, " + as(tried(holds(clause)), "_weir_t") + from(inner);
  const std::string is_null = "\"_weir_t\" IS NULL";
  return "SELECT * EXCLUDE (\"_weir_t\") REPLACE (CASE WHEN " + fate + " IS NOT NULL THEN " + fate + " WHEN " +
         is_null + " THEN " + std::to_string(clause.erring) + "::UINTEGER WHEN NOT " + value("_weir_t") + " THEN " +
         std::to_string(clause.failed) + "::UINTEGER END AS " + fate + ", CASE WHEN " + fate + " IS NULL AND (" +
         is_null + " OR NOT " + value("_weir_t") + ") THEN " + values_of(clause.condition) + " ELSE " + values +
         " END AS " + values + ")" + from(sql);
}

std::string careful_projection(const ChainStage& stage, const std::string& warns, const std::string& inner) {
  std::string attempts, fates, texts, list;
  for (std::size_t i = 0; i < stage.columns.size(); ++i) {
    const ChainColumn& column = stage.columns[i];
    if (!column.live) continue;
    const std::string name = "_weir_c" + std::to_string(i);
    if (!column.expression) {
      append(list, as(quote_identifier(column.from), column.column.name));
      continue;
    }
    append(attempts, as(tried(column.expression->sql()), name));
    fates += " WHEN " + quote_identifier(name) + " IS NULL THEN " + std::to_string(column.erring) + "::UINTEGER";
    texts += " WHEN " + quote_identifier(name) + " IS NULL THEN " + values_of(*column.expression);
    append(list, as(value(name), column.column.name));
  }
  std::string sql = inner;
  if (!attempts.empty()) sql = "SELECT *, " + attempts + from(sql);
  append(list, "CASE WHEN " + fate + " IS NOT NULL THEN " + fate + fates + " END AS " + fate);
  append(list, "CASE WHEN " + fate + " IS NOT NULL THEN " + values + texts + " END AS " + values);
  return "SELECT " + list + warns + from(sql);
}

}  // namespace

std::string careful_sql(const ChainPlan& plan) {
  std::string list, warns;
  for (const std::string& name : plan.stages.front().reads) append(list, quote_identifier(name));
  append(list, "CAST(NULL AS UINTEGER) AS " + fate);
  append(list, "CAST(NULL AS VARCHAR[]) AS " + values);
  std::string sql = "SELECT " + list + " FROM input";
  for (const ChainStage& stage : plan.stages) {
    for (const ChainClause& clause : stage.clauses) {
      sql = careful_clause(clause, sql);
      if (clause.kind == ChainClause::Kind::warn) warns += ", \"_weir_w" + std::to_string(clause.failed) + "\"";
    }
    if (stage.projects) sql = careful_projection(stage, warns, sql);
  }
  return "SELECT " + fate + ", " + values + warns + from(sql);
}

}  // namespace weir
