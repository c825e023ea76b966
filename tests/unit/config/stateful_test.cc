#include <string>

#include <catch2/catch.hpp>

#include "config/reader.h"
#include "config/rules.h"
#include "config/stateful_spec.h"
#include "config/yaml_parser.h"

namespace weir {
namespace {

// Reads one body by itself, as a step of the file would.
template <class T>
struct ReadBody {
  LoadOptions options;
  Reading reading{options};
  T spec;

  explicit ReadBody(const std::string& yaml) {
    const SourceFile& file = reading.add_file("f.yaml", "/");
    const Node root = parse_yaml(file, yaml, reading.problems());
    read_value(reading, Cursor{root, "body", root.place}, spec, {});
    if constexpr (std::is_same_v<T, DedupSpec>) {
      check_dedup(reading, spec, "body");
    } else {
      check_aggregate(reading, spec, "body");
    }
  }
  std::string problems() { return to_string(reading.problems()); }
};

}  // namespace

TEST_CASE("a dedup is read and held to its rules") {
  ReadBody<DedupSpec> dedup("{ key: [id, status], keep: first, within: 24h }");
  CHECK(dedup.problems() == "");
  CHECK(dedup.spec.key == std::vector<std::string>{"id", "status"});
  CHECK(dedup.spec.within == std::chrono::hours(24));
  CHECK(ReadBody<DedupSpec>("{ key: [a, a] }").problems() ==
        "f.yaml:1:12: body.key[1]: this column is named twice; remove one\n");
  CHECK(ReadBody<DedupSpec>("{ key: [] }").problems().find("names no column") != std::string::npos);
  CHECK(ReadBody<DedupSpec>("{ keep: last }").problems() ==
        "f.yaml:1:1: body.key: required, but missing; add \"key: [payment_id]\"\nf.yaml:1:9: body.keep: \"last\" is "
        "not known; known here: first\n");
}

TEST_CASE("an aggregate is read and held to its rules") {
  ReadBody<AggregateSpec> aggregate(
      "{ window: { tumbling: 10m, offset: 2m }, by: [a, { b: \"upper(c)\" }], select: { n: count(*), a: max(x) }, "
      "late: "
      "drop }");
  CHECK(aggregate.problems() == "");
  CHECK(aggregate.spec.window.of_time.tumbling == std::chrono::minutes(10));
  CHECK(aggregate.spec.window.of_time.offset == std::chrono::minutes(2));
  CHECK(aggregate.spec.by[0].column == "a");
  CHECK(aggregate.spec.by[1].expression.at("b") == "upper(c)");
  CHECK(aggregate.spec.select == NamedSql{{"n", "count(*)"}, {"a", "max(x)"}});
  CHECK(aggregate.spec.late == OnLate::drop);
  const auto has = [](const std::string& yaml, const std::string& problem) {
    const std::string problems = ReadBody<AggregateSpec>(yaml).problems();
    INFO(problems);
    CHECK(problems.find(problem) != std::string::npos);
  };
  has("{ window: { tumbling: 5m }, select: {} }", "computes nothing");
  has("{ window: { tumbling: 5m }, by: [{ a: x, b: y }], select: { n: x } }", "body.by[0]: names one column");
  has("{ window: { tumbling: 5m, offset: 5m }, select: { n: x } }", "body.window.offset: is a whole window or more");
  has("{ window: { offset: 1m }, select: { n: x } }", "body.window: says no length");
  has("{ window: { tumbling: 5m, sliding: 5m, every: 1m }, select: { n: x } }",
      "body.window.sliding: there is another");
  has("{ window: { sliding: 5m }, select: { n: x } }", "body.window.sliding: says no step; add every");
  has("{ window: { tumbling: 5m, every: 1m }, select: { n: x } }", "body.window.every: goes with sliding");
  has("{ window: { sliding: 5m, every: 6m }, select: { n: x } }", "body.window.every: is longer than the windows");
  has("{ window: { sliding: 24h, every: 1s }, select: { n: x } }", "puts each row into more than 10000 windows");
  has("{ window: { sliding: 5m, every: 1m, offset: 1m }, select: { n: x } }", "body.window.offset: is a whole window");
  has("{ window: { tumbling: 30m, time_zone: Europe/Berlin }, select: { n: x } }",
      "body.window.tumbling: is not of whole");
  has("{ window: { tumbling: 400000d }, select: { n: x } }", "at most a thousand years");
  has("{ window: { session: 5m, offset: 1m }, select: { n: x } }", "a session begins with a row, not by the clock");
  has("{ window: { session: 0s }, select: { n: x } }", "the least is 1ms");
  has("{ window: { session: 5m, tumbling: 5m }, select: { n: x } }", "body.window.session: there is another kind");
  CHECK(ReadBody<AggregateSpec>("{ window: { session: 5m }, select: { n: x } }").problems() == "");
  has("{ window: nine, select: { n: x } }", "did you mean \"none\"?");
  has("{ window: { tumbling: 5m }, ttl: 1h, select: { n: x } }", "body.ttl: goes with window: none");
}

TEST_CASE("an aggregate without a window gives rows that change, and says what grows") {
  const auto problems = [](const std::string& yaml) { return ReadBody<AggregateSpec>(yaml).problems(); };
  CHECK(problems("{ by: [a], select: { n: x }, mode: update, ttl: 24h }") == "");
  CHECK(problems("{ window: none, select: { n: x }, mode: complete }") == "");
  const auto has = [&](const std::string& yaml, const std::string& problem) {
    const std::string found = problems(yaml);
    INFO(found);
    CHECK(found.find(problem) != std::string::npos);
  };
  has("{ by: [a], select: { n: x } }", "body.mode: append gives a row once, when its window is closed");
  has("{ window: none, by: [a], select: { n: x }, mode: append }", "body.mode: append gives a row once");
  has("{ by: [a], select: { n: x }, mode: update }", "body: lint: keeps every key for ever");
  has("{ by: [a], select: { n: x }, mode: complete }", "body.mode: lint: complete gives every key");
  has("{ window: { tumbling: 5m }, select: { n: x }, mode: complete }", "body.mode: lint: complete keeps every window");
}

}  // namespace weir
