#include "steps/session_aggregate.h"

#include "sql/rows.h"
#include "steps/group_lines.h"
#include "steps/stateful_worker.h"

namespace weir {
namespace {

using test::batch_of;
using Lines = std::vector<std::string>;

constexpr std::int64_t second = 1'000'000;

// Clicks: visitor, page, at. `_src` counts from 0. The gap is 10 s.
struct Fixture {
  std::shared_ptr<Session> compute = test::open_session();
  std::shared_ptr<Session> careful = test::open_session(SessionKind::careful);
  const Schema schema{{{"visitor", Type{TypeKind::string}, true},
                       {"page", Type{TypeKind::string}, true},
                       {"at", Type{TypeKind::timestamp}, true},
                       {"_src", Type{TypeKind::uint64}, true}}};

  // "('v', 'p', 3)": the last is a second.
  Batch rows(const std::string& values) {
    const Batch made = batch_of(*compute,
                                "SELECT v::VARCHAR AS visitor, p::VARCHAR AS page, make_timestamptz((t * "
                                "1000000)::BIGINT) AS at, (row_number() OVER () - 1)::UBIGINT AS _src FROM (VALUES " +
                                    values + ") AS v(v, p, t)");
    return Batch(std::make_shared<const Schema>(schema), made.chunks());
  }
  Batch none() { return Batch(std::make_shared<const Schema>(schema), {}); }

  static AggregateOptions options(EmitMode mode = EmitMode::append) {
    AggregateOptions out;
    out.name = "visits";
    out.time = "at";
    out.window.emplace().session = std::chrono::seconds(10);
    out.by = {{"visitor", "visitor"}};
    out.select = {{"n", "count(*)"}, {"pages", "count(DISTINCT page)"}};
    out.mode = mode;
    return out;
  }
  test::StatefulWorker::Make maker(const AggregateOptions& options) {
    return [this, options] {
      auto step = SessionAggregate::make(options, schema, compute, careful);
      if (!step) FAIL(step.error().text());
      return std::unique_ptr<StatefulStep>(std::move(*step));
    };
  }
  Lines lines(const Batch& rows) { return test::group_lines(*compute, rows); }
  static StepTime time(std::optional<std::int64_t> late, std::int64_t watermark) {
    return {late ? std::optional(Micros(*late * second)) : std::nullopt, Micros(watermark * second)};
  }
};

TEST_CASE_METHOD(Fixture, "a session's row comes out once, when the watermark reaches its end") {
  test::StatefulWorker worker(maker(options()));
  StepOutput out =
      worker.run(rows("('b', 'x', 5), ('a', 'x', 0), ('a', 'y', 9.5), ('a', 'x', 19.5), ('a', 'x', 3)"), {});
  CHECK(out.rows.empty());
  CHECK(out.rows.schema() == worker.step().schema());
  CHECK(to_string(worker.step().schema()) ==
        "window_start timestamp, window_end timestamp, visitor string, n int64, pages int64, _src uint64");
  CHECK(out.books.at(0).taken == 5);
  CHECK(out.books.at(0).held == 5);
  CHECK(worker.step().size().rows == 3);
  CHECK_FALSE(worker.step().due(Micros(15 * second - 1)));
  CHECK(worker.step().due(Micros(15 * second)));

  out = worker.run(none(), time({}, 20));
  CHECK(lines(out.rows) == Lines{"0.0|19.5|a|3|2", "5.0|15.0|b|1|1"});
  CHECK(out.rows.src() == std::vector<std::uint64_t>{made_src(0), made_src(1)});
  CHECK(out.books.at(0).released == 2);
  CHECK(out.books.at(0).given == 2);
  out = worker.run(none(), time(20, 30));
  CHECK(lines(out.rows) == Lines{"19.5|29.5|a|1|1"});
  CHECK(worker.step().size().rows == 0);
  CHECK(worker.step().size().bytes == Bytes(0));
  CHECK_FALSE(worker.step().due(Micros(INT64_MAX)));
}

TEST_CASE_METHOD(Fixture, "rows a gap apart are two sessions, less than a gap apart one") {
  test::StatefulWorker worker(maker(options()));
  worker.run(rows("('a', 'x', 0), ('b', 'x', 0), ('a', 'x', 10), ('b', 'x', 9.999999)"), {});
  CHECK(worker.step().size().rows == 3);
  worker.run(rows("('c', 'x', 0), ('d', 'x', 0)"), {});
  worker.run(rows("('c', 'x', 10), ('d', 'x', 9.999999)"), {});
  CHECK(worker.step().size().rows == 6);
}

TEST_CASE_METHOD(Fixture, "update gives the merged session, and takes away those that went into it") {
  test::StatefulWorker worker(maker(options(EmitMode::update)));
  CHECK(lines(worker.run(rows("('a', 'x', 0), ('a', 'y', 15), ('b', 'x', 1)"), {}).rows) ==
        Lines{"0.0|10.0|a|1|1|1", "1.0|11.0|b|1|1|1", "15.0|25.0|a|1|1|1"});
  StepOutput out = worker.run(rows("('a', 'y', 8)"), {});
  CHECK(lines(out.rows) == Lines{"15.0|25.0|a|1|1|2", "0.0|25.0|a|3|2|1"});
  CHECK(out.rows.src() == std::vector<std::uint64_t>{made_src(0), made_src(1)});
  CHECK(out.books.at(0).held == 1);
  CHECK(out.books.at(0).released == 2);
  // It begins earlier: it has another key.
  CHECK(lines(worker.run(rows("('a', 'z', -5)"), {}).rows) == Lines{"0.0|25.0|a|3|2|2", "-5.0|25.0|a|4|3|1"});
  // It goes on: the same key.
  CHECK(lines(worker.run(rows("('a', 'z', 20)"), {}).rows) == Lines{"-5.0|30.0|a|5|3|1"});
  CHECK(worker.run(none(), time({}, 30)).rows.empty());
  CHECK(worker.step().size().rows == 0);
}

TEST_CASE_METHOD(Fixture, "a row is late when a session of its own had ended at the watermark of the batch before") {
  test::StatefulWorker worker(maker(options()));
  worker.run(rows("('a', 'x', 0), ('a', 'x', 9)"), {});
  // Behind the watermark, yet not late: it merges (KAFKA-12718).
  StepOutput out = worker.run(rows("('a', 'x', 8.5), ('b', 'x', 8), ('a', 'x', NULL)"), time(18, 18));
  REQUIRE(out.rejected.size() == 2);
  CHECK(out.rejected[0].code == Code::late_record);
  CHECK(out.rejected[0].src == 1);
  CHECK(out.rejected[0].message ==
        "1970-01-01T00:00:08.000000Z is in a session of its own that ended not after the watermark, "
        "1970-01-01T00:00:18.000000Z");
  CHECK(out.rejected[1].code == Code::null_not_allowed);
  CHECK(lines(worker.run(none(), time(18, 19)).rows) == Lines{"0.0|19.0|a|3|1"});
  AggregateOptions drop = options();
  drop.late = OnLate::drop;
  test::StatefulWorker dropping(maker(drop));
  out = dropping.run(rows("('b', 'x', 8)"), time(18, 18));
  CHECK(out.rejected.empty());
  REQUIRE(out.dropped.size() == 1);
  CHECK(out.dropped[0].rows == 1);
}

TEST_CASE_METHOD(Fixture, "nulls and NaN in keys are keys, before 1970 as after it") {
  AggregateOptions with = options();
  with.by = {{"visitor", "visitor"},
             {"x", "CASE page WHEN 'nan' THEN 'nan'::DOUBLE WHEN '-0' THEN -0.0::DOUBLE ELSE 0 END"}};
  with.select = {{"n", "count(*)"}};
  test::StatefulWorker worker(maker(with));
  const std::string some = "(NULL, 'nan', -7), (NULL, 'nan', -16.5), ('a', '-0', -3), ('a', '0', 4)";
  worker.run(rows(some), {});
  worker.run(rows(some), {});
  CHECK(lines(worker.run(none(), time({}, 100)).rows) == Lines{"-16.5|3.0|-|nan|4", "-3.0|14.0|a|0.0|4"});
}

TEST_CASE_METHOD(Fixture, "a row that cannot be computed is a dead letter and bridges nothing") {
  AggregateOptions with = options();
  with.select = {{"n", "count(*)"}, {"total", "sum(CAST(page AS INTEGER))"}};
  test::StatefulWorker worker(maker(with));
  const StepOutput out = worker.run(rows("('a', '1', 0), ('a', 'oops', 8), ('a', '2', 16)"), {});
  REQUIRE(out.rejected.size() == 1);
  CHECK(out.rejected[0].code == Code::expression_error);
  CHECK(out.rejected[0].field == "total");
  CHECK(out.rejected[0].src == 1);
  CHECK(out.books.at(0).held == 2);
  CHECK(lines(worker.run(none(), time({}, 100)).rows) == Lines{"0.0|10.0|a|1|1", "16.0|26.0|a|1|2"});
}

TEST_CASE_METHOD(Fixture, "what was discarded never happened, and a restart changes nothing") {
  test::StatefulWorker worker(maker(options()));
  worker.run(rows("('a', 'x', 0), ('a', 'y', 15)"), {});
  worker.run_and_discard(rows("('a', 'z', 8), ('b', 'z', 8)"), {});
  CHECK(worker.step().size().rows == 2);
  worker.restart();
  worker.run(rows("('a', 'y', 8)"), {});
  worker.run_and_discard(none(), time({}, 100));
  worker.restart();
  CHECK(lines(worker.run(none(), time({}, 25)).rows) == Lines{"0.0|25.0|a|3|2"});
}

TEST_CASE_METHOD(Fixture, "one session of all rows, where there is no `by`") {
  AggregateOptions with = options();
  with.by = {};
  test::StatefulWorker worker(maker(with));
  worker.run(rows("('a', 'x', 0), ('b', 'y', 15)"), {});
  worker.run(rows("('c', 'z', 7)"), {});
  CHECK(lines(worker.run(none(), time({}, 100)).rows) == Lines{"0.0|25.0|3|3"});
}

TEST_CASE_METHOD(Fixture, "another gap is refused by name") {
  test::StatefulWorker worker(maker(options()));
  worker.run(rows("('a', 'x', 0)"), {});
  AggregateOptions other = options();
  other.window->session = std::chrono::seconds(20);
  const Status opened = worker.reopen_as(maker(other));
  REQUIRE_FALSE(opened);
  CHECK(opened.error().fault == Fault::config);
  CHECK(opened.error().place == "steps.visits.aggregate.window");
}

}  // namespace
}  // namespace weir
