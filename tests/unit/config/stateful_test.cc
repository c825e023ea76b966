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
      "{ window: { sliding: 10m, every: 2m }, by: [a, { b: \"upper(c)\" }], select: { n: count(*), a: max(x) }, late: "
      "drop }");
  CHECK(aggregate.problems() == "");
  CHECK(aggregate.spec.window->every == std::chrono::minutes(2));
  CHECK(aggregate.spec.by[0].column == "a");
  CHECK(aggregate.spec.by[1].expression.at("b") == "upper(c)");
  CHECK(aggregate.spec.select == NamedSql{{"n", "count(*)"}, {"a", "max(x)"}});
  CHECK(aggregate.spec.late == OnLate::drop);
  const auto problems = [](const std::string& yaml) { return ReadBody<AggregateSpec>(yaml).problems(); };
  CHECK(problems("{ window: { tumbling: 5m, session: 1m }, select: { n: x } }")
            .find("body.window: a window is of one kind") != std::string::npos);
  CHECK(
      problems("{ window: { sliding: 5m }, select: { n: x } }").find("body.window.every: a sliding window needs it") !=
      std::string::npos);
  CHECK(problems("{ window: { tumbling: 5m, every: 1m }, select: { n: x } }").find("only a sliding window") !=
        std::string::npos);
  CHECK(problems("{ window: { sliding: 5m, every: 6m }, select: { n: x } }").find("longer than the window") !=
        std::string::npos);
  CHECK(problems("{ window: { session: 5m, offset: 1m }, select: { n: x } }").find("begins with its first row") !=
        std::string::npos);
  CHECK(problems("{ window: { tumbling: 5m }, select: {} }").find("computes nothing") != std::string::npos);
  CHECK(problems("{ window: { tumbling: 5m }, ttl: 1h, select: { n: x } }").find("body.ttl") != std::string::npos);
  CHECK(problems("{ by: [{ a: x, b: y }], mode: update, ttl: 1h, select: { n: x } }")
            .find("body.by[0]: names one column") != std::string::npos);
  CHECK(problems("{ ttl: 1h, select: { n: x } }").find("body.mode: without a window no row is ever final") !=
        std::string::npos);
  CHECK(problems("{ mode: update, select: { n: x } }").find("lint: without a window or ttl") != std::string::npos);
}

}  // namespace weir
