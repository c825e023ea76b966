#include "sql/expression.h"

#include <set>

#include "sql/batch_clock.h"
#include "sql/function_list.h"
#include "sql/rows.h"

using namespace weir;
using namespace weir::test;

namespace {

struct Fixture {
  std::shared_ptr<Session> session = open_session();
  Schema schema{{{"amount", decimal_type(12, 2)},
                 {"currency", {TypeKind::string, 0, 0, {}}},
                 {"Status", {TypeKind::string, 0, 0, {}}},
                 {"flag", {TypeKind::boolean, 0, 0, {}}},
                 {"items", list_type({TypeKind::int32, 0, 0, {}})},
                 {"place", {TypeKind::structure, 0, 0, {{"lat", {TypeKind::float64, 0, 0, {}}}}}},
                 {"raw", {TypeKind::json, 0, 0, {}}},
                 {"event_time", {TypeKind::timestamp, 0, 0, {}}},
                 {"user", {TypeKind::string, 0, 0, {}}}}};

  Expression good(std::string_view text, Wanted wanted = Wanted::value) {
    auto out = check_expression(*session, text, schema, wanted);
    INFO(text);
    if (!out) FAIL(out.error().message);
    return *out;
  }
  std::string bad(std::string_view text, Wanted wanted = Wanted::value) {
    const auto out = check_expression(*session, text, schema, wanted);
    INFO(text);
    REQUIRE(!out);
    CHECK(out.error().fault == Fault::config);
    return out.error().message;
  }
};

}  // namespace

TEST_CASE_METHOD(Fixture, "an expression tells its type and the columns it names") {
  const Expression sum = good("  amount * 2 + length(STATUS) + Amount ");
  CHECK(sum.text == "amount * 2 + length(STATUS) + Amount");
  CHECK(sum.columns == std::vector<std::string>{"amount", "Status"});
  CHECK(good("CAST(event_time AS DATE)").type.kind == TypeKind::date);
  CHECK(good("place.lat > 0", Wanted::condition).columns == std::vector<std::string>{"place"});
  CHECK(good("raw -> '$.a' ->> 'b'").columns == std::vector<std::string>{"raw"});
  CHECK(good("list_transform(items, lambda x: x + length(currency))").columns ==
        std::vector<std::string>{"items", "currency"});
  CHECK(good("list_reduce(items, lambda x, y: x + y)").columns == std::vector<std::string>{"items"});
  CHECK(good("[x * 2 FOR x IN items IF x > 1]").columns == std::vector<std::string>{"items"});
  CHECK(good("\"user\" = 'a' AND user <> 'b'", Wanted::condition).columns == std::vector<std::string>{"user"});
  CHECK(good("amount > 1 -- a note", Wanted::condition).sql() == "(amount > 1 -- a note\n)");
  CHECK(good("{'a': amount, 'b': [1, 2]}").type.kind == TypeKind::structure);
  CHECK(good("1").columns.empty());
  CHECK(good("'; DROP TABLE x; --'").type.kind == TypeKind::string);
  for (const char* text :
       {"currency IN ('EUR', 'USD')", "amount BETWEEN 1 AND 2", "currency LIKE 'E%'", "currency ~ 'E.*'",
        "flag IS NOT TRUE", "NOT flag", "currency IS DISTINCT FROM 'x'", "CASE WHEN flag THEN TRUE ELSE amount > 1 END",
        "coalesce(flag, FALSE)", "TRY(1 / 0) > 1", "event_time > TIMESTAMPTZ '2024-01-01 00:00:00Z'",
        "event_time + INTERVAL 1 DAY > event_time", "items[1] = 2", "extract(year FROM event_time) = 2024",
        "event_time AT TIME ZONE 'Europe/Berlin' > TIMESTAMP '2024-01-01'", "currency COLLATE NOCASE = 'eur'",
        "nullif(currency, '') IS NULL", "list_sum(items) > 1", "list_aggregate(items, 'sum') > 1"})
    good(text, Wanted::condition);
}

TEST_CASE_METHOD(Fixture, "no text escapes from its place") {
  for (const char* text : {"1) ; DROP TABLE x; SELECT (1",
                           "1; SELECT 2",
                           "1) FROM (SELECT 1",
                           "1 FROM range(3)",
                           "1 AS x",
                           "1, 2",
                           "amount) + (amount",
                           "1) UNION SELECT (2",
                           "1 UNION SELECT 2",
                           "1 LIMIT 1",
                           "1 ORDER BY 1",
                           "1 WHERE flag",
                           "1 GROUP BY ALL",
                           "*",
                           "items.*",
                           "1) /* ",
                           "/* */",
                           "-- only a note",
                           "1) -- ",
                           "COLUMNS(*)",
                           "DISTINCT 1",
                           "DISTINCT (1)",
                           "1 USING SAMPLE 1",
                           "#1",
                           "$1",
                           "?",
                           "DEFAULT",
                           "(SELECT 1)",
                           "EXISTS (SELECT 1)",
                           "amount IN (SELECT 1)",
                           "ARRAY(SELECT 1)",
                           "1 QUALIFY TRUE",
                           "row_number() OVER ()",
                           "sum(amount) OVER ()",
                           "WITH x AS (SELECT 1) SELECT 1",
                           "INSERT INTO x VALUES (1)",
                           "ALL 1",
                           "",
                           "   ",
                           "amount >",
                           "'open"})
    bad(text);
  bad(std::string("1\0 + 1", 6));
  bad(std::string(70'000, '1'));
  std::string deep = "1";
  for (int i = 0; i < 5000; ++i) deep = "(" + deep + ")";
  check_expression(*session, deep, schema, Wanted::value);  // either way, but it must come back
  CHECK(good("amount").text == "amount");                   // and the session still works
}

TEST_CASE_METHOD(Fixture, "what is not deterministic or not a value is refused, with the way out") {
  CHECK(
      bad("current_time") ==
      "current_time reads the clock, so that a replay would give other rows; use now(), which is the batch's clock, or "
      "a time of the record, at character 1 of: current_time");
  CHECK(bad("amount > 0 AND current_time > TIME '12:00:00'").find("at character 16 of:") != std::string::npos);
  CHECK(bad("random() > 0.5").find("derive it from columns") != std::string::npos);
  CHECK(bad("sum(amount)").find("belongs in an aggregate step") != std::string::npos);
  CHECK(bad("count(*)").find("belongs in an aggregate step") != std::string::npos);
  CHECK(bad("unnest(items)").find("one value") != std::string::npos);
  CHECK(bad("list_transform(items, lambda x: x + random())").find("random()") != std::string::npos);
  CHECK(bad("age(event_time)").find("give it two") != std::string::npos);
  CHECK(bad("list_aggregate(items, 'reservoir_quantile', 0.5)").find("draws lots") != std::string::npos);
  CHECK(bad("list_aggregate(items, currency)").find("named in quotes") != std::string::npos);
  CHECK(bad("length(DISTINCT currency)").find("belong to aggregates") != std::string::npos);
  for (const char* name : {"uuid()",
                           "getvariable('x')",
                           "current_setting('threads')",
                           "nextval('x')",
                           "error('x')",
                           "version()",
                           "txid_current()",
                           "ago(INTERVAL 1 DAY)",
                           "current_user",
                           "read_text('/etc/passwd')",
                           "getenv('HOME')",
                           "sleep_ms(1)",
                           "json_serialize_sql('SELECT 1')",
                           "query('SELECT 1')",
                           "weir_input(1)",
                           "$1 + 1",
                           "$weir_then",
                           "now(1)",
                           "pg_sleep(1)",
                           "system.main.upper('a')",
                           "a.upper('b')"})
    bad(name);
}

TEST_CASE_METHOD(Fixture, "now() and its like are the batch's clock, in UTC, also within TRY") {
  const Batch one = batch_of(*session, "SELECT 1 AS id");
  const auto value = [&](const std::string& text, SessionKind kind) {
    auto with = open_session(kind);
    const auto checked = check_expression(*with, text, one.schema(), Wanted::value);
    if (!checked) FAIL(checked.error().message);
    // What was put in is itself an expression that can be checked: an aggregate's argument goes through a chain.
    CHECK(check_expression(*with, checked->sql(), one.schema(), Wanted::value));
    auto query =
        with->prepare("SELECT CAST(TRY(" + checked->sql() + ") AS VARCHAR) AS v FROM input", {{"input", one.schema()}});
    if (!query) FAIL(query.error().message);
    CHECK(query->run(one).error().fault == Fault::internal);  // there is no batch
    std::string out;
    for (const std::int64_t now : {std::int64_t{1'709'214'330'123'456}, std::int64_t{-1}}) {
      const BatchClock clock{Micros(now)};
      const auto rows = query->run(one);
      if (!rows) FAIL(rows.error().message);
      out += (out.empty() ? "" : " | ") + lines(*with, *rows).at(0);
    }
    return out;
  };
  for (const SessionKind kind : {SessionKind::compute, SessionKind::careful}) {
    CHECK(value("now()", kind) == "2024-02-29 13:45:30.123456+00 | 1969-12-31 23:59:59.999999+00");
    CHECK(value("current_timestamp", kind) == "2024-02-29 13:45:30.123456+00 | 1969-12-31 23:59:59.999999+00");
    CHECK(value("transaction_timestamp()", kind) == "2024-02-29 13:45:30.123456+00 | 1969-12-31 23:59:59.999999+00");
    CHECK(value("today()", kind) == "2024-02-29 | 1969-12-31");
    CHECK(value("CURRENT_DATE + id", kind) == "2024-03-01 | 1970-01-01");
    CHECK(value("localtimestamp", kind) == "2024-02-29 13:45:30.123456 | 1969-12-31 23:59:59.999999");
    CHECK(value("localtime", kind) == "13:45:30.123456 | 23:59:59.999999");
    CHECK(value("CASE WHEN id = 1 AND now() > TIMESTAMPTZ '2000-01-01' THEN 'new' ELSE 'old' END", kind) ==
          "new | old");
  }
  CHECK(bad("list_transform([1], lambda x: x + epoch(now()))").find("now() beside a lambda") == 0);
  const Batch own = batch_of(*session, "SELECT 5 AS today, 6 AS now");
  const auto column = check_expression(*session, "today + now", own.schema(), Wanted::value);
  REQUIRE(column);
  CHECK(column->columns == std::vector<std::string>{"today", "now"});
}

TEST_CASE_METHOD(Fixture, "messages name the place and the nearest name") {
  CHECK(bad("amont > 1") == "there is no column \"amont\" here; nearest: \"amount\", at character 1 of: amont > 1");
  CHECK(bad("currency = 'é' AND amont > 1").find("at character 20 of:") != std::string::npos);
  CHECK(bad("uper(currency)") == "there is no function uper(); nearest: upper(), at character 1 of: uper(currency)");
  CHECK(bad("zzzzzz > 1").find("columns: amount, currency, Status") != std::string::npos);
  CHECK(bad("amount", Wanted::condition) == "must be TRUE or FALSE, but is of type decimal(12,2), in: amount");
  CHECK(bad("amount > 1 +") == "syntax error at end of input, at character 13 of: amount > 1 +");
  CHECK(bad("items || amount > 1").find("LINE") == std::string::npos);
  CHECK(bad("upper(amount, 2)") ==
        "No function matches the given name and argument types 'upper(DECIMAL(12,2), INTEGER_LITERAL)', at character 1 "
        "of: upper(amount, 2)");
  CHECK(bad("_src + 1").find("there is no column") != std::string::npos);
  CHECK(bad("currency::ENUM('a')").find("CAST it to a listed one") != std::string::npos);
}

TEST_CASE_METHOD(Fixture, "the list of functions is closed and holds what DuckDB calls consistent") {
  std::set<std::string> consistent, unlisted;
  for (const std::string& name :
       lines(*session, batch_of(*session,
                                "SELECT DISTINCT lower(function_name) AS n FROM duckdb_functions() WHERE "
                                "(function_type = 'scalar' AND stability = 'CONSISTENT') OR function_type = 'macro'")))
    consistent.insert(name);
  const std::set<std::string> syntax{"row", "struct_pack", "list_value"};  // written as (1, 2), {a: 1}, [1]
  for (const std::string_view name : allowed_functions()) {
    INFO(name);
    CHECK((consistent.contains(std::string(name)) || syntax.contains(std::string(name))));
    CHECK(why_refused(name).empty());
  }
  // What a new DuckDB brings shows up here: put it into the list or leave it out on purpose.
  for (const std::string& name : consistent)
    if (!is_allowed_function(name) && !name.starts_with("icu_collate_") && !name.starts_with("__internal") &&
        !name.starts_with("pg_") && !name.starts_with("has_") && !name.starts_with("inet_") &&
        !name.starts_with("st_") && !name.starts_with("variant_"))
      unlisted.insert(name);
  const std::set<std::string> on_purpose{"ago",
                                         "alias",
                                         "can_cast_implicitly",
                                         "cast_to_type",
                                         "col_description",
                                         "combine",
                                         "constant_or_null",
                                         "create_sort_key",
                                         "current_catalog",
                                         "current_database",
                                         "current_localtime",
                                         "current_localtimestamp",
                                         "current_query",
                                         "current_role",
                                         "current_schema",
                                         "current_schemas",
                                         "current_setting",
                                         "current_user",
                                         "enum_code",
                                         "enum_first",
                                         "enum_last",
                                         "enum_range",
                                         "enum_range_boundary",
                                         "finalize",
                                         "format_pg_type",
                                         "format_type",
                                         "generate_subscripts",
                                         "geomean",
                                         "geometric_mean",
                                         "get_block_size",
                                         "get_type",
                                         "getvariable",
                                         "hash",
                                         "icu_sort_key",
                                         "is_histogram_other_bin",
                                         "json_deserialize_sql",
                                         "json_group_array",
                                         "json_group_object",
                                         "json_group_structure",
                                         "json_serialize_plan",
                                         "json_serialize_sql",
                                         "make_type",
                                         "map_to_pg_oid",
                                         "obj_description",
                                         "parse_duckdb_log_message",
                                         "regexp_split_to_table",
                                         "remap_struct",
                                         "replace_type",
                                         "session_user",
                                         "shobj_description",
                                         "switch",
                                         "timetz_byte_comparable",
                                         "union_extract",
                                         "union_tag",
                                         "union_value",
                                         "unpivot_list",
                                         "user",
                                         "vector_type",
                                         "version",
                                         "wavg",
                                         "weighted_avg",
                                         "weir_few",
                                         "weir_hll_count",
                                         "weir_quantile"};
  CHECK(unlisted == on_purpose);
}

TEST_CASE_METHOD(Fixture, "the left side of a condition guards the right one, whatever DuckDB would swap") {
  const auto sql = [&](const char* text) { return good(text, Wanted::condition).sql(); };
  CHECK(sql("amount > 1 AND currency IN ('EUR', 'USD') AND flag") ==
        "(amount > 1 AND currency IN ('EUR', 'USD') AND flag\n)");
  CHECK(sql("flag AND CAST(amount AS DECIMAL(4,2)) > 1") ==
        "(CASE  WHEN (flag) THEN ((CAST(amount AS DECIMAL(4,2)) > 1)) ELSE CAST('f' AS BOOLEAN) END\n)");
  CHECK(sql("flag OR CAST(amount AS DECIMAL(4,2)) > 1")
            .find("CASE  WHEN (flag) THEN (CAST('t' AS BOOLEAN)) ELSE (CAST(amount") == 1);
  CHECK(sql("amount BETWEEN 0 AND CAST(amount AS DECIMAL(4,2))").find("CASE") == 1);
  CHECK(sql("amount IN (1, CAST(amount AS DECIMAL(4,2)))").find("CASE") == 1);
  CHECK(sql("NOT (flag AND CAST(amount AS DECIMAL(4,2)) > 1)").find("CASE") == std::string::npos);
  CHECK(good("CASE WHEN flag AND CAST(amount AS DECIMAL(4,2)) > 1 THEN 1 END").sql().find("CASE  WHEN (CASE") == 1);
  CHECK(sql("flag AND (raw -> '$.a') IS NOT NULL AND list_sum(items) > 1").find("CASE") == 1);
  CHECK(sql("flag AND list_sum(list_transform(items, lambda x: x + 1)) > 1").find("CASE") == std::string::npos);
}
