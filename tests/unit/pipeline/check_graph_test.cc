#include "pipeline/check_graph.h"

#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "config/load.h"

namespace weir {
namespace {

const std::string head = R"(version: 1
name: p
connections: { main: { type: kafka, brokers: ["no-such-host.invalid:9092"] } }
sources:
  in:
    type: kafka
    connection: main
    topics: [t]
    format: { type: json, contract: { fields: { id: { type: int64 }, note: { type: string } } } }
    metadata: [offset]
)";

std::vector<std::string> check(const std::string& rest) {
  const auto loaded = load_pipeline_text(head + rest, "p.yaml", "/tmp");
  INFO((loaded ? std::string() : to_string(loaded.error())));
  REQUIRE(loaded);
  SystemClock clock;
  std::vector<std::string> places;
  for (const Error& error : check_graph(loaded->spec, standard_components(), clock)) {
    CHECK(error.fault == Fault::config);
    CHECK_FALSE(error.message.empty());
    places.push_back(error.place);
  }
  return places;
}

using Places = std::vector<std::string>;

}  // namespace

TEST_CASE("a pipeline that is right gives nothing, without its broker") {
  CHECK(check(R"(steps:
  - { name: a, filter: "id > 5 AND _offset >= 0" }
  - { name: b, select: { "*": true, day: "DATE '2026-01-31'" } }
  - { name: c, expect: { e: { check: "day IS NOT NULL" } } }
sinks: { out: { from: c, type: file, path: x, partition_by: [day] } }
)") == Places{});
}

TEST_CASE("every problem of the steps is there at once") {
  CHECK(check(R"(steps:
  - { name: a, filter: "idd > 5" }
  - { name: b, filter: "id +" }
  - { name: c, expect: { e: { check: "nope" }, f: { check: "id > 1" }, g: { check: "note" } } }
sinks: { out: { from: c, type: console } }
)") == Places{"steps.a.filter", "steps.b.filter", "steps.c.expect.e.check", "steps.c.expect.g.check"});
}

TEST_CASE("what only follows from a wrong select is left out") {
  CHECK(check(R"(steps:
  - { name: a, select: { x: "nope" } }
  - { name: b, filter: "x > 1" }
sinks: { out: { from: b, type: file, path: x, partition_by: [y] } }
)") == Places{"steps.a.select.x"});
}

TEST_CASE("a filter that is wrong hides nothing behind it") {
  CHECK(check(R"(steps:
  - { name: a, filter: "nope" }
  - { name: b, select: { x: "id" } }
  - { name: c, filter: "id > 1" }
sinks: { out: { from: c, type: console } }
)") == Places{"steps.a.filter", "steps.c.filter"});
}

TEST_CASE("a sink's columns must be made by somebody") {
  CHECK(check(R"(sinks:
  files: { from: in, type: file, path: x, partition_by: [ID, day] }
  topic: { from: in, type: kafka, connection: main, topic: u, key: nope, headers: { a: note, b: none } }
)") == Places{"sinks.files.partition_by[1]", "sinks.topic.key", "sinks.topic.headers.b"});
}

TEST_CASE("event time is a column of the source that holds times") {
  const std::string rest = R"(
  made: { type: rate, watermark: { column: COLUMN, delay: 1m } }
sinks: { out: { from: made, type: console }, other: { from: in, type: console } }
)";
  const auto with = [&](const std::string& column) {
    std::string text = rest;
    return text.replace(text.find("COLUMN"), 6, column);
  };
  CHECK(check(with("timestamp")) == Places{});
  CHECK(check(with("value")) == Places{"sources.made.watermark.column"});
  CHECK(check(with("at")) == Places{"sources.made.watermark.column"});
}

TEST_CASE("a dedup needs event time, its key and the time's column") {
  const std::string rest = R"(
  made: { type: rate, watermark: { column: timestamp, delay: 1m } }
steps:
  - { name: timeless, from: in, dedup: { key: [id] } }
  - { name: keyless, from: made, dedup: { key: [value, id] } }
  - { name: narrow, from: made, select: { value: value } }
  - { name: blind, dedup: { key: [value] } }
  - { name: good, from: made, dedup: { key: [value] } }
  - { name: after, select: { "*": true, double: "2 * value" } }
sinks: { out: { from: after, type: console }, b: { from: blind, type: console }, c: { from: keyless, type: console }, d: { from: timeless, type: console } }
)";
  CHECK(check(rest) == Places{"steps.timeless.dedup", "steps.keyless.dedup.key", "steps.blind.dedup"});
}

TEST_CASE("an aggregate is checked with its columns, and its updates with their sinks") {
  const std::string rest = R"yaml(
  made: { type: rate, watermark: { column: timestamp, delay: 1m } }
steps:
  - { name: sums, from: made, aggregate: { window: { tumbling: 5m }, by: [{ odd: "value % 2" }], select: { n: "count(*)", s: "sum(value)" } } }
  - { name: rates, select: { window_end: window_end, rate: "s / n" } }
  - { name: unknown, from: made, aggregate: { window: { tumbling: 5m }, by: [id], select: { n: "count(*)" } } }
  - { name: scalar, from: made, aggregate: { window: { tumbling: 5m }, select: { n: "value + 1" } } }
  - { name: timeless, from: in, aggregate: { window: { tumbling: 5m }, select: { n: "count(*)" } } }
  - { name: again, from: sums, aggregate: { window: { tumbling: 1h }, select: { n: "sum(n)" } } }
  - { name: changes, from: made, aggregate: { window: { tumbling: 5m }, select: { n: "count(*)" }, mode: update } }
sinks:
  a: { from: rates, type: file, path: x, partition_by: [window_end] }
  b: { from: changes, type: file, path: y }
  c: { from: changes, type: console }
  d: { from: changes, type: kafka, connection: main, topic: t, key: window_start }
)yaml";
  CHECK(check(rest) == Places{"steps.unknown.aggregate.by.id", "steps.scalar.aggregate.select.n",
                              "steps.timeless.aggregate", "steps.again.aggregate", "sinks.b.from"});
}

TEST_CASE("sessions that may be taken away again need a key in a topic") {
  const std::string rest = R"yaml(
  made: { type: rate, watermark: { column: timestamp, delay: 1m } }
steps:
  - { name: visits, from: made, aggregate: { window: { session: 5m }, by: [value], select: { n: "count(*)" }, mode: update } }
  - { name: shown, select: { id: "concat(value, window_start)", n: n } }
  - { name: once, from: made, aggregate: { window: { session: 5m }, by: [value], select: { n: "count(*)" } } }
  - { name: all, from: made, aggregate: { window: { session: 5m }, by: [value], select: { n: "count(*)" }, mode: complete } }
sinks:
  a: { from: shown, type: kafka, connection: main, topic: t, key: id }
  b: { from: shown, type: kafka, connection: main, topic: u }
  c: { from: visits, type: console }
  d: { from: once, type: kafka, connection: main, topic: v }
  e: { from: visits, type: file, path: x }
)yaml";
  CHECK(check(rest) == Places{"steps.all.aggregate.mode", "sinks.b.key", "sinks.e.from"});
}

}  // namespace weir
