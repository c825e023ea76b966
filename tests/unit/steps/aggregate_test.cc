#include "steps/aggregate.h"

#include "sql/rows.h"
#include "steps/group_lines.h"
#include "steps/stateful_worker.h"
#include "steps/tumbling_windows.h"

namespace weir {
namespace {

using test::batch_of;
using Lines = std::vector<std::string>;
using std::chrono::microseconds;

constexpr std::int64_t second = 1'000'000;

// Payments: merchant, amount, status, at. `_src` counts from 0.
struct Fixture {
  std::shared_ptr<Session> compute = test::open_session();
  std::shared_ptr<Session> careful = test::open_session(SessionKind::careful);
  const Schema schema{{{"merchant", Type{TypeKind::string}, true},
                       {"amount", Type{TypeKind::int64}, true},
                       {"status", Type{TypeKind::string}, true},
                       {"at", Type{TypeKind::timestamp}, true},
                       {"_src", Type{TypeKind::uint64}, true}}};

  // "('m', 5, 'OK', 3)": the last is a second.
  Batch rows(const std::string& values) {
    const Batch made =
        batch_of(*compute,
                 "SELECT m::VARCHAR AS merchant, a::BIGINT AS amount, s::VARCHAR AS status, make_timestamptz((t * "
                 "1000000)::BIGINT) AS at, (row_number() OVER () - 1)::UBIGINT AS _src FROM (VALUES " +
                     values + ") AS v(m, a, s, t)");
    return Batch(std::make_shared<const Schema>(schema), made.chunks());
  }
  Batch none() { return Batch(std::make_shared<const Schema>(schema), {}); }

  static AggregateOptions options(std::int64_t length = 10 * second) {
    AggregateOptions out;
    out.name = "totals";
    out.time = "at";
    out.window.emplace();
    out.window->tumbling = microseconds(length);
    out.by = {{"merchant", "merchant"}};
    out.select = {{"n", "count(*)"}, {"total", "sum(amount)"}};
    return out;
  }
  test::StatefulWorker::Make maker(const AggregateOptions& options) {
    return [this, options] {
      auto step = Aggregate::make(options, schema, compute, careful);
      if (!step) FAIL(step.error().text());
      return std::unique_ptr<StatefulStep>(std::move(*step));
    };
  }
  Error refused(const AggregateOptions& options) {
    auto step = Aggregate::make(options, schema, compute, careful);
    REQUIRE(!step);
    CHECK(step.error().fault == Fault::config);
    return step.error();
  }
  Lines lines(const Batch& rows) {
    Lines out = test::group_lines(*compute, rows);
    for (std::string& line : out)  // NaN has a sign, which means nothing
      for (std::size_t at = 0; (at = line.find("-nan")) != std::string::npos;) line.erase(at, 1);
    return out;
  }
  static StepTime time(std::optional<std::int64_t> late, std::int64_t watermark) {
    return {late ? std::optional(Micros(*late * second)) : std::nullopt, Micros(watermark * second)};
  }
};

TEST_CASE_METHOD(Fixture, "a window's rows come out once, when the watermark reaches its end") {
  test::StatefulWorker worker(maker(options()));
  StepOutput out =
      worker.run(rows("('b', 1, 'OK', 1), ('a', 2, 'OK', 9.9), ('b', 3, 'OK', 10), ('b', 4, 'OK', 5)"), {});
  CHECK(out.rows.empty());
  CHECK(out.rows.schema() == worker.step().schema());
  CHECK(to_string(worker.step().schema()) ==
        "window_start timestamp, window_end timestamp, merchant string, n int64, total int64, _src uint64");
  CHECK(out.books.at(0).taken == 4);
  CHECK(out.books.at(0).held == 4);
  CHECK(out.books.at(0).given == 0);
  CHECK_FALSE(worker.step().due(Micros(10 * second - 1)));
  CHECK(worker.step().due(Micros(10 * second)));

  out = worker.run(none(), time({}, 9));
  CHECK(out.rows.empty());
  out = worker.run(rows("('a', 5, 'OK', 2)"), time(9, 10));
  CHECK(lines(out.rows) == Lines{"0.0|10.0|a|2|7", "0.0|10.0|b|2|5"});
  CHECK(out.rows.src() == std::vector<std::uint64_t>{made_src(0), made_src(1)});
  CHECK(out.books.at(0).taken == 1);
  CHECK(out.books.at(0).held == 1);
  CHECK(out.books.at(0).released == 2);
  CHECK(out.books.at(0).given == 2);
  CHECK(worker.step().size().rows == 1);
  out = worker.run(none(), time(10, 20));
  CHECK(lines(out.rows) == Lines{"10.0|20.0|b|1|3"});
  CHECK(worker.step().size().rows == 0);
  CHECK_FALSE(worker.step().due(Micros(INT64_MAX)));
}

TEST_CASE_METHOD(Fixture, "update gives the groups that changed, as upserts, and forgets closed windows") {
  AggregateOptions with = options();
  with.mode = EmitMode::update;
  test::StatefulWorker worker(maker(with));
  CHECK(lines(worker.run(rows("('b', 1, 'OK', 1), ('a', 2, 'OK', 12), (NULL, 2, 'OK', 3)"), {}).rows) ==
        Lines{"0.0|10.0|-|1|2|1", "0.0|10.0|b|1|1|1", "10.0|20.0|a|1|2|1"});
  CHECK(worker.run(none(), time({}, 5)).rows.empty());
  const StepOutput out = worker.run(rows("('b', 5, 'OK', 9)"), time(5, 10));
  CHECK(lines(out.rows) == Lines{"0.0|10.0|b|2|6|1"});
  CHECK(out.books.at(0).held == 1);
  CHECK(out.books.at(0).released == 1);
  CHECK(worker.step().size().rows == 1);
  CHECK(worker.step().due(Micros(20 * second)));
  CHECK(worker.run(none(), time(10, 20)).rows.empty());
  CHECK(worker.step().size().rows == 0);
}

TEST_CASE_METHOD(Fixture, "a row is late when its window had ended at the watermark of the batch before") {
  const Batch some = rows("('a', 1, 'OK', 9), ('a', 1, 'OK', 10), ('a', 1, 'OK', NULL)");
  {
    test::StatefulWorker worker(maker(options()));
    const StepOutput out = worker.run(some, time(10, 12));
    REQUIRE(out.rejected.size() == 2);
    CHECK(out.rejected[0].code == Code::late_record);
    CHECK(out.rejected[0].src == 0);
    CHECK(out.rejected[0].field == "at");
    CHECK(out.rejected[0].step == "totals");
    CHECK(out.rejected[0].message ==
          "1970-01-01T00:00:09.000000Z is in a window that ended not after the watermark, 1970-01-01T00:00:10.000000Z");
    CHECK(out.rejected[1].code == Code::null_not_allowed);
    CHECK(out.rejected[1].src == 2);
    CHECK(out.books.at(0).held == 1);
  }
  AggregateOptions with = options();
  with.late = OnLate::drop;
  test::StatefulWorker worker(maker(with));
  const StepOutput out = worker.run(some, time(10, 12));
  CHECK(out.rejected.size() == 1);
  REQUIRE(out.dropped.size() == 1);
  CHECK(out.dropped[0].reason == DropReason::late);
  CHECK(out.dropped[0].step == "totals");
  CHECK(out.dropped[0].rows == 1);
  CHECK(lines(worker.run(none(), time(12, 20)).rows) == Lines{"10.0|20.0|a|1|1"});
}

TEST_CASE_METHOD(Fixture, "a row of a window that closes with its own batch is in it") {
  test::StatefulWorker worker(maker(options()));
  CHECK(lines(worker.run(rows("('a', 1, 'OK', 9)"), time(9, 10)).rows) == Lines{"0.0|10.0|a|1|1"});
  CHECK(worker.step().size().rows == 0);
}

TEST_CASE_METHOD(Fixture, "windows before 1970, and moved by an offset") {
  const Batch some =
      rows("('a', 1, 'OK', -0.000001), ('a', 2, 'OK', -10), ('a', 3, 'OK', -10.000001), ('a', 4, 'OK', 0)");
  {
    test::StatefulWorker worker(maker(options()));
    CHECK(lines(worker.run(some, time({}, 100)).rows) ==
          Lines{"-20.0|-10.0|a|1|3", "-10.0|0.0|a|2|3", "0.0|10.0|a|1|4"});
  }
  for (const std::int64_t offset : {3, 13, -7}) {
    AggregateOptions with = options();
    with.window->offset = microseconds(offset * second);
    test::StatefulWorker worker(maker(with));
    CHECK(lines(worker.run(some, time({}, 2)).rows) == Lines{"-17.0|-7.0|a|2|5"});
    CHECK(lines(worker.run(none(), time(2, 3)).rows) == Lines{"-7.0|3.0|a|2|5"});
    CHECK(worker.step().size().rows == 0);
  }
}

TEST_CASE("the start of a window, by a search over all of them") {
  for (const std::int64_t length : {1, 2, 7, 1000}) {
    for (const std::int64_t offset : {0, 1, -1, 5, 999, -12345}) {
      const TumblingWindows windows{microseconds(length), microseconds(offset)};
      std::int64_t start = offset;
      while (start > -3000) start -= length;
      for (std::int64_t t = start; t < 3000; ++t) {
        if (t == start + length) start = t;
        REQUIRE(windows.start_of(Micros(t)) == Micros(start));
        REQUIRE(windows.first_open(Micros(t)) == Micros(start));
      }
    }
  }
  const TumblingWindows windows{microseconds(7), microseconds(3)};
  for (const std::int64_t far :
       {-(std::int64_t{1} << 40), std::int64_t{1} << 40, std::int64_t{-9'000'000'000'000'000'000}}) {
    const std::int64_t start = windows.start_of(Micros(far)).value;
    CHECK((start <= far && far < start + 7 && (start - 3) % 7 == 0));
  }
  CHECK(windows.first_open(Micros(INT64_MIN)) <= windows.least());
  CHECK(windows.first_open(Micros(INT64_MAX)) > Micros(INT64_MAX - 20));
}

TEST_CASE_METHOD(Fixture, "an event time without a window that can be written is a dead letter") {
  test::StatefulWorker worker(maker(options()));
  const Batch odd = batch_of(*compute,
                             "SELECT 'a' AS merchant, 1::BIGINT AS amount, 'OK' AS status, v::TIMESTAMPTZ AS at, "
                             "0::UBIGINT AS _src FROM (VALUES ('infinity'), ('-infinity'), ('2000-01-01')) AS t(v)");
  const StepOutput out = worker.run(Batch(std::make_shared<const Schema>(schema), odd.chunks()), time({}, 0));
  REQUIRE(out.rejected.size() == 2);
  CHECK(out.rejected[0].code == Code::value_out_of_range);
  CHECK(out.books.at(0).held == 1);
  CHECK(worker.run(none(), {{}, Micros(INT64_MAX)}).rows.rows() == 1);
}

TEST_CASE_METHOD(Fixture, "a row that cannot be computed is a dead letter and counts nowhere") {
  AggregateOptions with = options();
  with.by = {{"m", "upper(merchant)"}};
  with.select = {{"n", "count(*)"}, {"code", "sum(CAST(status AS INTEGER)) FILTER (WHERE amount > 0)"}};
  test::StatefulWorker worker(maker(with));
  const StepOutput out =
      worker.run(rows("('a', 1, '7', 1), ('a', 1, 'x', 2), ('a', 0, 'y', 3), ('b', 1, 'z', 4)"), time({}, 10));
  CHECK(lines(out.rows) == Lines{"0.0|10.0|A|2|7"});
  REQUIRE(out.rejected.size() == 2);
  CHECK(out.rejected[0].code == Code::expression_error);
  CHECK(out.rejected[0].src == 1);
  CHECK(out.rejected[0].field == "code");
  CHECK(out.rejected[0].step == "totals");
  CHECK(out.rejected[0].message.find("the expression cannot be computed: ") == 0);
  CHECK(out.rejected[0].message.find("status = x") != std::string::npos);
  CHECK(out.rejected[1].src == 3);
  CHECK(out.books.at(0).taken == 4);
  CHECK(out.books.at(0).held == 2);
}

TEST_CASE_METHOD(Fixture, "a batch of nothing but rows that cannot be computed gives no group") {
  AggregateOptions with = options();
  with.by = {{"code", "CAST(status AS INTEGER)"}};
  test::StatefulWorker worker(maker(with));
  const StepOutput out = worker.run(rows("('a', 1, 'x', 1)"), time({}, 10));
  CHECK(out.rejected.at(0).field == "code");
  CHECK(out.rows.empty());
  CHECK(worker.step().size().rows == 0);
  CHECK_FALSE(worker.step().due(Micros(INT64_MAX)));
}

TEST_CASE_METHOD(Fixture, "without by there is one group a window, and only sets are enough") {
  AggregateOptions with = options();
  with.by = {};
  with.select = {{"kinds", "count(DISTINCT status)"}};
  test::StatefulWorker worker(maker(with));
  worker.run(rows("('a', 1, 'x', 1), ('b', 1, 'y', 1), ('b', 1, NULL, 11)"), {});
  CHECK(worker.step().size().rows == 4);  // two windows, two members
  CHECK(lines(worker.run(rows("('a', 1, 'x', 1)"), time({}, 20)).rows) == Lines{"0.0|10.0|2", "10.0|20.0|0"});
  CHECK(worker.step().size().rows == 0);
}

TEST_CASE_METHOD(Fixture, "a key may have the name of a column that it is made of, and any other") {
  AggregateOptions with = options();
  with.by = {{"amount", "amount // 10"}, {"He said \"max\"", "MERCHANT"}};
  with.select = {
      {"total", "sum(amount)"}, {"tens", "amount * count(*)"}, {"Select", "max(status) || \"He said \"\"max\"\"\""}};
  test::StatefulWorker worker(maker(with));
  CHECK(lines(worker.run(rows("('a', 11, 'x', 1), ('a', 12, 'y', 1), ('a', 25, 'z', 1)"), time({}, 10)).rows) ==
        Lines{"0.0|10.0|1|a|23|2|ya", "0.0|10.0|2|a|25|2|za"});
}

TEST_CASE_METHOD(Fixture, "the value that goes with the largest and the least, over batches") {
  AggregateOptions with = options();
  with.by = {};
  with.select = {{"last", "max_by(merchant, \"at\")"},
                 {"cheapest", "min_by(merchant, amount) FILTER (WHERE status = 'x')"}};
  test::StatefulWorker worker(maker(with));
  worker.run(rows("('a', 5, 'y', 3), ('b', 4, 'x', 2), (NULL, 1, 'x', 9)"), {});
  worker.run(rows("('c', 3, 'y', 4), ('d', NULL, 'x', 1), ('e', 1, 'y', 11)"), {});
  worker.restart();
  CHECK(lines(worker.run(rows("('f', 4, 'x', 1), ('g', 5, 'x', 0)"), time({}, 20)).rows) ==
        Lines{"0.0|10.0|c|b", "10.0|20.0|e|-"});
}

TEST_CASE_METHOD(Fixture, "state is empty after the watermark has passed many keys") {
  AggregateOptions with = options();
  with.by = {{"k", "amount"}};
  test::StatefulWorker worker(maker(with));
  for (int n = 0; n < 5; ++n) {
    const Batch many =
        batch_of(*compute, "SELECT 'a' AS merchant, range::BIGINT AS amount, 'x' AS status, make_timestamptz((" +
                               std::to_string(n) +
                               " + range % 100)::BIGINT * 1000000) AS at, range::UBIGINT AS _src FROM range(20000)");
    worker.run(Batch(std::make_shared<const Schema>(schema), many.chunks()), {});
  }
  CHECK(worker.step().size().rows > 20'000);
  CHECK(worker.run(none(), time({}, 200)).rows.rows() > 20'000);
  CHECK(worker.step().size().rows == 0);
  CHECK(worker.step().size().bytes == Bytes(0));
  CHECK(worker.step().size().memory.value < 10'000);
}

TEST_CASE_METHOD(Fixture, "a discarded batch leaves no trace") {
  AggregateOptions with = options();
  with.select = {{"n", "count(*)"}, {"kinds", "count(DISTINCT status)"}};
  test::StatefulWorker worker(maker(with));
  worker.run_and_discard(rows("('a', 1, 'x', 1)"), time({}, 5));
  CHECK(worker.step().size().rows == 0);
  CHECK_FALSE(worker.step().due(Micros(INT64_MAX)));
  worker.run(rows("('a', 1, 'x', 1), ('b', 1, 'x', 12)"), {});
  worker.run_and_discard(rows("('a', 1, 'y', 2), ('b', 1, 'x', 13), ('c', 1, 'z', 0)"), time({}, 10));
  CHECK(worker.step().due(Micros(10 * second)));
  CHECK(lines(worker.run(rows("('a', 1, 'y', 2)"), time({}, 20)).rows) == Lines{"0.0|10.0|a|2|2", "10.0|20.0|b|1|1"});
}

TEST_CASE_METHOD(Fixture, "the watermark passed on is that of the windows' last microsecond") {
  test::StatefulWorker worker(maker(options()));
  CHECK(worker.step().watermark_out(std::nullopt) == std::nullopt);
  CHECK(worker.step().watermark_out(Micros(10)) == Micros(9));
  CHECK(worker.step().watermark_out(Micros(INT64_MIN)) == Micros(INT64_MIN));
}

TEST_CASE_METHOD(Fixture, "a result beyond its type stops the pipeline and says which") {
  AggregateOptions with = options();
  with.select = {{"n", "count(*)"}, {"total", "sum(amount)"}};
  test::StatefulWorker worker(maker(with));
  const std::string most = "9223372036854775807";
  worker.run(rows("('b', 1, 'OK', 0), ('c', " + most + ", 'OK', 1)"), {});
  worker.run(rows("('c', " + most + ", 'OK', 11), ('c', -5, 'OK', 2), ('c', 5, 'OK', 3)"), {});  // back within the type
  const auto out = worker.attempt(rows("('c', 1, 'OK', 12)"), time({}, 20));
  REQUIRE(!out);
  CHECK(out.error().fault == Fault::config);
  CHECK(out.error().place == "steps.totals.aggregate.select.total");
  INFO(out.error().message);
  CHECK(out.error().message.find("cannot be computed for a group of the window that begins 1970-01-01T00:00:10") == 0);
  CHECK(out.error().message.find("in: sum(amount)") != std::string::npos);
  worker.step().discard();
  CHECK(worker.run(none(), time({}, 10)).rows.rows() == 2);
}

TEST_CASE_METHOD(Fixture, "sums of decimals and doubles at their ends") {
  const std::string nines(38, '9');
  AggregateOptions with = options();
  with.select = {{"d", "sum(CAST(status AS DECIMAL(38,0)))"}};
  {
    test::StatefulWorker worker(maker(with));
    CHECK(lines(worker.run(rows("('a', 1, '" + nines + "', 0), ('a', 1, '1', 1), ('a', 1, '-2', 2)"), time({}, 10))
                    .rows) == Lines{"0.0|10.0|a|" + nines.substr(1) + "8"});
    const auto out = worker.attempt(rows("('a', 1, '" + nines + "', 10), ('a', 1, '1', 11)"), time({}, 20));
    REQUIRE(!out);
    CHECK(out.error().fault == Fault::config);
    CHECK(out.error().place == "steps.totals.aggregate.select.d");
    CHECK(out.error().message.find("a sum has more than the 38 digits") == 0);
  }
  {
    test::StatefulWorker worker(maker(with));  // beyond 128 bits, within a batch and over two
    const auto out = worker.attempt(rows("('a', 1, '" + nines + "', 0), ('a', 1, '" + nines + "', 1)"), {});
    REQUIRE(!out);
    CHECK(out.error().fault == Fault::config);
    worker.step().discard();
    worker.run(rows("('a', 1, '" + nines + "', 0)"), {});
    const auto later = worker.attempt(rows("('a', 1, '" + nines + "', 0)"), {});
    REQUIRE(!later);
    CHECK(later.error().fault == Fault::config);
    INFO(later.error().message);
    CHECK(later.error().message.find("what is kept of a group is beyond its bounds") == 0);
  }
  with.select = {
      {"s", "sum(CAST(status AS DOUBLE))"}, {"m", "max(CAST(status AS DOUBLE))"}, {"a", "avg(CAST(status AS DOUBLE))"}};
  test::StatefulWorker worker(maker(with));
  worker.run(rows("('nan', 1, 'NaN', 0), ('inf', 1, '1e308', 0), ('both', 1, 'inf', 0), ('zero', 1, '-0.0', 0)"), {});
  CHECK(lines(worker
                  .run(rows("('nan', 1, '1', 0), ('inf', 1, '1e308', 0), ('both', 1, '-inf', 0), ('none', 1, NULL, 0)"),
                       time({}, 10))
                  .rows) == Lines{"0.0|10.0|both|nan|inf|nan", "0.0|10.0|inf|inf|1e+308|inf",
                                  "0.0|10.0|nan|nan|nan|nan", "0.0|10.0|none|-|-|-", "0.0|10.0|zero|0.0|-0.0|0.0"});
}

TEST_CASE_METHOD(Fixture, "what cannot be asked is refused with its place and what is there") {
  AggregateOptions with = options();
  with.window.reset();
  CHECK(refused(with).text().find("steps.totals.aggregate.window: ") == 0);
  with = options();
  with = options(0);
  CHECK(refused(with).message == "a window needs a length above zero");
  with = options();
  with.mode = EmitMode::complete;
  CHECK(refused(with).text().find("steps.totals.aggregate.mode: complete is not there yet") == 0);
  with = options();
  with.time = "amount";
  CHECK(refused(with).message.find("needs the event time 'amount' as a timestamp column") == 0);
  with = options();
  with.by = {{"x", "mercant"}};
  CHECK(refused(with).text().find("steps.totals.aggregate.by.x: there is no column \"mercant\"") == 0);
  with.by = {{"Window_End", "merchant"}};
  CHECK(refused(with).message.find("is there twice") != std::string::npos);
  with.by = {{"_src", "merchant"}};
  CHECK(refused(with).message.find("is Weir's own") != std::string::npos);
  with.by = {{"#0", "merchant"}};
  CHECK(refused(with).message.find("is Weir's own") != std::string::npos);
  with.by = {{"list", "[merchant]"}};
  CHECK(refused(with).place == "steps.totals.aggregate.by.list");
  with = options();
  with.select = {{"n", "count(*)"}, {"lists", "count(DISTINCT [merchant])"}};
  CHECK(refused(with).place == "steps.totals.aggregate.select.lists");
  with = options();
  with.select = {};
  CHECK(refused(with).message == "needs a column");
  with.select = {{"n", "count(*)"}, {"m", "sum(status)"}};
  CHECK(refused(with).text() ==
        "steps.totals.aggregate.select.m: sum() does not take string, at character 1 of: sum(status)");
  with.select = {{"n", "count(*)"}, {"N", "sum(amount)"}};
  CHECK(refused(with).place == "steps.totals.aggregate.select.N");
}

TEST_CASE_METHOD(Fixture, "state that was made with something else is refused, with the field and the ways out") {
  AggregateOptions with = options();
  with.select = {{"n", "count(*)"}, {"mean", "avg(amount)"}, {"kinds", "count(DISTINCT status)"}};
  test::StatefulWorker worker(maker(with));
  worker.run(rows("('a', 4, 'x', 1)"), {});
  const auto refusal = [&](const AggregateOptions& changed) {
    const Status opened = worker.reopen_as(maker(changed));
    REQUIRE(!opened);
    CHECK(opened.error().fault == Fault::config);
    CHECK(opened.error().message.find("`state: reset`") != std::string::npos);
    return opened.error();
  };
  AggregateOptions other = with;
  other.window->tumbling = microseconds(20 * second);
  CHECK(refusal(other).place == "steps.totals.aggregate.window");
  CHECK(refusal(other).message.find("it was tumbling: 10s, offset: 0s, now it is tumbling: 20s, offset: 0s") !=
        std::string::npos);
  other = with;
  other.window->offset = microseconds(1);
  CHECK(refusal(other).place == "steps.totals.aggregate.window");
  other = with;
  other.by = {{"merchant", "upper(merchant)"}};
  CHECK(refusal(other).place == "steps.totals.aggregate.by");
  other.by = {};
  CHECK(refusal(other).message.find("now it is nothing") != std::string::npos);
  other = with;
  other.select[1].second = "avg(amount + 1)";  // of the same types
  const Error select = refusal(other);
  CHECK(select.place == "steps.totals.aggregate.select");
  INFO(select.message);
  CHECK(select.message.find("it was count(*), sum(amount), count(amount), count(DISTINCT status), now it is count(*), "
                            "sum((amount + 1)),") != std::string::npos);
  other = with;
  other.select[2].second = "count(DISTINCT merchant)";
  CHECK(refusal(other).place == "steps.totals.aggregate.select");
  other = with;
  other.select.emplace_back("total", "max(amount)");
  CHECK(refusal(other).place == "steps.totals.aggregate.select");
  other = with;
  other.mode = EmitMode::update;
  CHECK(refusal(other).place == "steps.totals.aggregate.mode");

  // What is made of the same kept columns is free, and a moved name, too.
  other = with;
  other.window->offset = microseconds(-20 * second);
  other.select = {{"rows", "2 * count( * )"},
                  {"mean", "avg( amount )"},
                  {"total", "sum(amount)"},
                  {"kinds", "count(DISTINCT status)"}};
  const Status opened = worker.reopen_as(maker(other));
  REQUIRE(opened);
  CHECK(lines(worker.run(none(), time({}, 10)).rows) == Lines{"0.0|10.0|a|2|4.0|4|1"});
}

TEST_CASE_METHOD(Fixture, "rows that change are not counted again") {
  Schema changing = schema;
  changing.add({"_op", Type{TypeKind::uint8}, true});
  CHECK(Aggregate::make(options(), changing, compute, careful).error().message.find("reads rows that change") == 0);
}

TEST_CASE_METHOD(Fixture, "a window's rows go through a second aggregate") {
  AggregateOptions first = options();
  AggregateOptions second_step = options(20 * second);
  second_step.name = "sums";
  second_step.time = "window_start";
  second_step.by = {};
  second_step.select = {{"groups", "count(*)"}, {"rows", "sum(n)"}, {"ends", "max(window_end)"}};
  auto made = Aggregate::make(first, schema, compute, careful);
  REQUIRE(made);
  auto refused_name = Aggregate::make(second_step, (*made)->schema(), compute, careful);
  REQUIRE(refused_name);
  CHECK(to_string((*refused_name)->schema().visible()) ==
        "window_start timestamp, window_end timestamp, groups int64, rows int64, ends timestamp");
  test::StatefulWorker worker(maker(first));
  const StepOutput out = worker.run(rows("('a', 1, 'x', 1), ('b', 1, 'y', 1), ('b', 1, NULL, 11)"), time({}, 100));
  test::StatefulWorker next([&] {
    return std::unique_ptr<StatefulStep>(std::move(*Aggregate::make(second_step, (*made)->schema(), compute, careful)));
  });
  CHECK(lines(next.run(out.rows, time({}, 100)).rows) == Lines{"0.0|20.0|3|3|20.0"});
}

}  // namespace
}  // namespace weir
